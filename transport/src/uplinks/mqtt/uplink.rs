//! [`MqttUplink`]: frames to messages and back.

use super::connection::{FIRST_RETRY_US, State};
use super::flight::Flight;
use super::{Connector, MqttError, MqttSettings};
use crate::Uplink;
use crate::mqtt::{Inbox, Login, Packet, Qos, Topics, write};
use core::time::Duration;
use spandrel::DeviceId;

/// The longest frame. One that is longer than the reporter's buffer does not come about.
pub const MTU: usize = 4096;

/// The longest message that comes down, all of it: the largest frame down that the wire format allows,
/// sealed, and the longest topic.
const INBOX_LEN: usize = 272;

/// How long a frame waits for its PUBACK before the reporter may look after something else.
const ACK_WITHIN_US: u64 = 100_000;

/// A device's end of an MQTT connection.
///
/// ```no_run
/// # use core::time::Duration;
/// # use spandrel::{Clock, Recorder, Tracer};
/// # use spandrel_transport::{Reporter, Settings, uplinks::mqtt::{Connector, MqttSettings, MqttUplink}};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// async fn report(broker: impl Connector) {
///     let settings = MqttSettings { user: Some("sensor"), ..MqttSettings::DEFAULT };
///     let Ok(uplink) = MqttUplink::new(broker, TRACER.device(), settings) else { return };
///     let mut buffer = [0; 508];
///     let Ok(mut reporter) = Reporter::new(&TRACER, uplink, &mut buffer, Settings::DEFAULT) else {
///         return;
///     };
///     reporter.run().await
/// }
/// ```
///
/// All of it may be dropped at any time. A message that was being written then ends the connection.
#[derive(Debug)]
pub struct MqttUplink<'a, C> {
    pub(super) connector: C,
    pub(super) device: DeviceId,
    pub(super) topics: Topics<'a>,
    pub(super) settings: MqttSettings<'a>,
    pub(super) inbox: Inbox<[u8; INBOX_LEN]>,
    pub(super) state: State,
    pub(super) retry_us: u64,
    /// When the broker was last heard, told something, and asked whether it is there.
    pub(super) heard_us: u64,
    pub(super) said_us: u64,
    pub(super) pinged_us: Option<u64>,
    /// A message is being written: if nobody came back to say that it is not, it is broken.
    pub(super) is_writing: bool,
    pub(super) flight: Flight,
}

impl<'a, C: Connector> MqttUplink<'a, C> {
    /// An uplink that is not connected; the reporter's first turn connects it.
    ///
    /// # Errors
    /// Where the prefix is no beginning of a topic, or the login too long.
    pub fn new(
        connector: C,
        device: DeviceId,
        settings: MqttSettings<'a>,
    ) -> Result<Self, MqttError> {
        let topics = Topics::new(settings.prefix).map_err(MqttError::Prefix)?;
        let mut uplink = Self {
            connector,
            device,
            topics,
            settings,
            inbox: Inbox::new([0; INBOX_LEN]),
            state: State::Away { until_us: 0 },
            retry_us: FIRST_RETRY_US,
            heard_us: 0,
            said_us: 0,
            pinged_us: None,
            is_writing: false,
            flight: Flight::default(),
        };
        uplink.greeting().ok_or(MqttError::LoginTooLong)?;
        Ok(uplink)
    }

    /// Whether the broker has let the device in, as far as is known.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    /// Says goodbye, so that the broker does not publish the will. What follows connects again.
    pub async fn disconnect(&mut self) {
        if self.is_ready() && self.write(&write::DISCONNECT, &[]).await.is_ok() {
            self.connector.close();
            self.forget();
            self.state = State::Away { until_us: 0 };
        }
    }

    /// CONNECT, in the buffer for what comes in: nothing comes before it was sent.
    pub(super) fn greeting(&mut self) -> Option<&[u8]> {
        let client_id = write::device_client_id(self.device);
        let MqttSettings { keep_alive_s, user, password, will, .. } = self.settings;
        let login = Login { client_id: &client_id, keep_alive_s, user, password, will };
        write::connect(&login, self.inbox.clear())
    }

    /// Waits for the PUBACK of this frame; false where it does not come now.
    async fn is_acknowledged(&mut self) -> bool {
        let end_us = self.connector.now_us() + ACK_WITHIN_US;
        while self.flight.waits(|_| true) {
            let left_us = end_us.saturating_sub(self.connector.now_us());
            if left_us == 0 {
                return false;
            }
            self.hear(left_us).await;
        }
        self.flight.take_acknowledged()
    }
}

impl<C: Connector> Uplink for MqttUplink<'_, C> {
    fn mtu(&self) -> usize {
        MTU
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        if self.is_writing || !self.is_ready() {
            return false;
        }
        let delivery = match self.settings.qos {
            Qos::AtMostOnce => write::Delivery::AtMostOnce,
            Qos::AtLeastOnce if self.flight.is_written(frame) => {
                return self.is_acknowledged().await;
            }
            Qos::AtLeastOnce => {
                let (packet_id, again) = self.flight.begin(frame);
                write::Delivery::AtLeastOnce { packet_id, again }
            }
        };
        let mut buffer = [0; write::MAX_HEAD];
        let head = write::publish_up(&self.topics, self.device, delivery, frame.len(), &mut buffer);
        if self.write(head.unwrap_or_default(), frame).await.is_err() {
            return false;
        }
        match self.settings.qos {
            Qos::AtMostOnce => true,
            Qos::AtLeastOnce => {
                self.flight.written(self.connector.now_us());
                self.is_acknowledged().await
            }
        }
    }

    /// Makes the connection too, which may take longer: [`MqttSettings::patience`].
    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        let within_us = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
        let end_us = self.connector.now_us().saturating_add(within_us);
        loop {
            if let Some(Packet::Publish { payload, .. }) = self.inbox.held()
                && !buffer.is_empty()
            {
                let to = buffer.get_mut(..payload.len());
                let taken = to.map(|to| {
                    to.copy_from_slice(payload);
                    payload.len()
                });
                self.inbox.release();
                return taken;
            }
            let is_there = self.look_after().await;
            let left_us = end_us.saturating_sub(self.connector.now_us());
            let waits = self.flight.waits(|_| true);
            if left_us == 0 {
                return None;
            }
            if is_there {
                self.hear(left_us).await;
            } else {
                self.connector.pause(Duration::from_micros(left_us)).await;
            }
            if waits && !self.flight.waits(|_| true) {
                // The reporter has the next frame ready.
                return None;
            }
        }
    }
}
