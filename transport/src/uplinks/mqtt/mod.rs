//! MQTT 3.1.1: one frame a message, over any stream.
//!
//! Frames go to `spandrel/<device>/up`, what the collector says comes from `spandrel/<device>/down`.
//!
//! | stream | connector |
//! |---|---|
//! | TCP over embassy-net | [`Timed`] of a [`TcpDial`], feature `embassy-net` |
//! | any other of embedded-io-async, TLS for example | [`Timed`] of a [`Dial`] of yours, the same feature |
//! | TCP over the standard library | [`StdTcp`], feature `std` |
//!
//! While there is no broker nothing is sent, the ring fills, and the broker is tried again after 1 s,
//! then ever more rarely up to 64 s.
//! A frame is not copied: it is written from the reporter's buffer, and stays there until the broker
//! has taken it over. So the uplink's RAM is some 500 bytes, of which 272 are for what comes down.

mod connector;
mod flight;
mod settings;
#[cfg(feature = "std")]
mod std_tcp;
#[cfg(feature = "embassy-net")]
mod timed;

pub use connector::{Closed, Connector};
pub use settings::{MqttError, MqttEvent, MqttSettings};
#[cfg(feature = "std")]
pub use std_tcp::{StdTcp, spawn};
#[cfg(feature = "embassy-net")]
pub use timed::{Dial, TcpDial, Timed};

use crate::Uplink;
use crate::mqtt::{Inbox, Login, Malformed, Packet, PacketId, Qos, Topics, write};
use core::time::Duration;
use flight::Flight;
use spandrel::DeviceId;

/// The longest frame. One that is longer than the reporter's buffer does not come about.
pub const MTU: usize = 4096;

/// The longest message that comes down, all of it: the largest frame down that the wire format allows,
/// sealed, and the longest topic.
const INBOX_LEN: usize = 272;

/// How long a broker may take for an answer before it is taken for dead.
const ANSWER_WITHIN_US: u64 = 10_000_000;
/// How long a frame waits for its PUBACK before the reporter may look after something else.
const ACK_WITHIN_US: u64 = 100_000;
/// How long after a failure the broker is tried again: at first, and at most.
const FIRST_RETRY_US: u64 = 1_000_000;
const LAST_RETRY_US: u64 = FIRST_RETRY_US << 6;

const SUBSCRIBE_ID: PacketId = PacketId::MIN;

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
    connector: C,
    device: DeviceId,
    topics: Topics<'a>,
    settings: MqttSettings<'a>,
    inbox: Inbox<[u8; INBOX_LEN]>,
    state: State,
    retry_us: u64,
    /// When the broker was last heard, told something, and asked whether it is there.
    heard_us: u64,
    said_us: u64,
    pinged_us: Option<u64>,
    /// A message is being written: if nobody came back to say that it is not, it is broken.
    is_writing: bool,
    flight: Flight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There is no connection before this time.
    Away { until_us: u64 },
    /// The broker has not answered yet to what it was told then.
    Greeting { since_us: u64 },
    /// The broker lets us in, since then.
    Ready { since_us: u64 },
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
    fn greeting(&mut self) -> Option<&[u8]> {
        let client_id = write::device_client_id(self.device);
        let MqttSettings { keep_alive_s, user, password, will, .. } = self.settings;
        let client_id = core::str::from_utf8(&client_id).ok()?;
        let login = Login { client_id, keep_alive_s, user, password, will };
        write::connect(&login, self.inbox.clear())
    }

    /// Sees to the connection: makes it, and ends it where the broker is silent. True where there is one.
    async fn look_after(&mut self) -> bool {
        let now_us = self.connector.now_us();
        let is_late = |since_us: u64| now_us.saturating_sub(since_us) > ANSWER_WITHIN_US;
        if self.is_writing || self.pinged_us.is_some_and(is_late) || self.flight.waits(is_late) {
            self.lose();
        }
        match self.state {
            State::Away { until_us } if now_us < until_us => {}
            State::Away { .. } => self.connect().await,
            State::Greeting { since_us } if is_late(since_us) => self.lose(),
            State::Greeting { .. } => {}
            State::Ready { .. } => {
                let half_us = u64::from(self.settings.keep_alive_s) * 500_000;
                let last_us = self.heard_us.min(self.said_us);
                let is_silent = half_us != 0 && now_us.saturating_sub(last_us) >= half_us;
                if is_silent && self.pinged_us.is_none() {
                    self.pinged_us = Some(now_us);
                    let _ = self.write(&write::PING, &[]).await;
                }
            }
        }
        !matches!(self.state, State::Away { .. })
    }

    async fn connect(&mut self) {
        // If nobody comes back here, the next look closes what was half done.
        self.is_writing = true;
        let is_open = self.connector.open(self.settings.patience).await;
        self.is_writing = false;
        let now_us = self.connector.now_us();
        self.state = State::Greeting { since_us: now_us };
        if !is_open {
            return self.lose();
        }
        let patience = self.settings.patience;
        self.is_writing = true;
        // Written by fields, since the bytes lie in the inbox.
        let len = self.greeting().map_or(0, <[u8]>::len);
        let greeting = self.inbox.clear().get(..len).unwrap_or_default();
        let is_written = self.connector.write(greeting, patience).await.is_ok();
        self.is_writing = false;
        if !is_written {
            self.lose();
        }
    }

    /// Writes a head and a frame, or loses the connection.
    async fn write(&mut self, head: &[u8], frame: &[u8]) -> Result<(), Closed> {
        let patience = self.settings.patience;
        self.is_writing = true;
        let mut written = self.connector.write(head, patience).await;
        if written.is_ok() && !frame.is_empty() {
            written = self.connector.write(frame, patience).await;
        }
        self.is_writing = false;
        match written {
            Ok(()) => self.said_us = self.connector.now_us(),
            Err(Closed) => self.lose(),
        }
        written
    }

    fn lose(&mut self) {
        let now_us = self.connector.now_us();
        self.connector.close();
        if let State::Ready { since_us } = self.state
            && now_us.saturating_sub(since_us) > self.retry_us
        {
            self.retry_us = FIRST_RETRY_US;
        }
        // Devices that lost their broker together do not come back together.
        let spread_us = (self.device.0 ^ self.device.0 >> 32) & 0xff;
        let spread_us = self.retry_us / 1024 * spread_us;
        self.state = State::Away { until_us: now_us + self.retry_us + spread_us };
        self.retry_us = (self.retry_us * 2).min(LAST_RETRY_US);
        self.forget();
        (self.settings.on_event)(MqttEvent::Lost);
    }

    fn forget(&mut self) {
        self.inbox.clear();
        self.pinged_us = None;
        self.is_writing = false;
        self.flight.lost();
    }

    /// Takes what comes within some time; stops where a frame is there or a frame was taken over.
    async fn hear(&mut self, within_us: u64) {
        let space = self.inbox.space();
        match self.connector.read(space, Duration::from_micros(within_us)).await {
            Ok(0) => return,
            Ok(count) => {
                self.inbox.filled(count);
                self.heard_us = self.connector.now_us();
            }
            Err(Closed) => return self.lose(),
        }
        loop {
            let packet = match self.inbox.next() {
                Ok(None) => return,
                Ok(Some(packet)) => packet,
                Err(Malformed) => return self.lose(),
            };
            match (packet, self.state) {
                (Packet::ConnAck(answer), State::Greeting { .. }) => self.on_answer(answer).await,
                // Nothing may come before it, and nothing like it after it.
                (_, State::Greeting { .. }) | (Packet::ConnAck(_), _) => return self.lose(),
                (Packet::Publish { packet_id, .. }, _) => {
                    self.inbox.hold();
                    self.on_publish(packet_id).await;
                }
                (Packet::TooLong { packet_id }, _) => self.on_publish(packet_id).await,
                (Packet::PubAck(packet_id), _) => self.flight.acknowledged(packet_id),
                (Packet::SubAck(_, true), _) => {}
                (Packet::SubAck(_, false), _) => (self.settings.on_event)(MqttEvent::NoDownlink),
                (Packet::PingResp, _) => self.pinged_us = None,
            }
        }
    }

    async fn on_answer(&mut self, answer: Result<(), crate::mqtt::Refusal>) {
        match answer {
            Ok(()) => {
                let now_us = self.connector.now_us();
                self.state = State::Ready { since_us: now_us };
                (self.heard_us, self.said_us) = (now_us, now_us);
                (self.settings.on_event)(MqttEvent::Connected);
                let mut buffer = [0; write::MAX_HEAD];
                let asked =
                    write::subscribe_down(&self.topics, self.device, SUBSCRIBE_ID, &mut buffer);
                let _ = self.write(asked.unwrap_or_default(), &[]).await;
            }
            Err(refusal) => {
                (self.settings.on_event)(MqttEvent::Refused(refusal));
                self.lose();
            }
        }
    }

    /// A broker that sends at QoS 1 what was asked for at QoS 0 is answered all the same.
    async fn on_publish(&mut self, packet_id: Option<PacketId>) {
        if let Some(packet_id) = packet_id {
            let _ = self.write(&write::puback(packet_id), &[]).await;
        }
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
        let head =
            write::publish_up(&self.topics, self.device, delivery, frame.len(), &mut buffer);
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
