//! The connection: how it is made, kept and given up.

use super::{Closed, Connector, MqttEvent, MqttUplink};
use crate::mqtt::{Malformed, Packet, PacketId, write};
use core::time::Duration;

/// How long a broker may take for an answer before it is taken for dead.
const ANSWER_WITHIN_US: u64 = 10_000_000;
/// How long after a failure the broker is tried again: at first, and at most.
pub(super) const FIRST_RETRY_US: u64 = 1_000_000;
const LAST_RETRY_US: u64 = FIRST_RETRY_US << 6;

const SUBSCRIBE_ID: PacketId = PacketId::MIN;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is no connection before this time.
    Away { until_us: u64 },
    /// The broker has not answered yet to what it was told then.
    Greeting { since_us: u64 },
    /// The broker lets us in, since then.
    Ready { since_us: u64 },
}

impl<C: Connector> MqttUplink<'_, C> {
    /// Sees to the connection: makes it, and ends it where the broker is silent. True where there is one.
    pub(super) async fn look_after(&mut self) -> bool {
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
    pub(super) async fn write(&mut self, head: &[u8], frame: &[u8]) -> Result<(), Closed> {
        self.is_writing = true;
        let mut written = Ok(());
        for bytes in [head, frame] {
            if written.is_ok() && !bytes.is_empty() {
                written = self.connector.write(bytes, self.settings.patience).await;
            }
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

    pub(super) fn forget(&mut self) {
        self.inbox.clear();
        self.pinged_us = None;
        self.is_writing = false;
        self.flight.lost();
    }

    /// Takes what comes within some time, and answers it.
    pub(super) async fn hear(&mut self, within_us: u64) {
        let space = self.inbox.space();
        match self.connector.read(space, Duration::from_micros(within_us)).await {
            Ok(0) => return,
            Ok(count) => {
                self.inbox.filled(count);
                self.heard_us = self.connector.now_us();
            }
            Err(Closed) => return self.lose(),
        }
        let mut buffer = [0; write::MAX_HEAD];
        while let Some(answer) = self.take(&mut buffer) {
            // If that fails the inbox is empty, too.
            let _ = self.write(answer, &[]).await;
        }
    }

    /// Does what the packets in the inbox say, up to one that wants an answer: gives that.
    fn take<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        loop {
            let packet = match self.inbox.next() {
                Ok(packet) => packet?,
                Err(Malformed) => {
                    self.lose();
                    return None;
                }
            };
            match (packet, self.state) {
                (Packet::ConnAck(Ok(())), State::Greeting { .. }) => {
                    self.state = State::Ready { since_us: self.heard_us };
                    self.said_us = self.heard_us;
                    (self.settings.on_event)(MqttEvent::Connected);
                    return write::subscribe_down(&self.topics, self.device, SUBSCRIBE_ID, buffer);
                }
                (Packet::ConnAck(Err(refusal)), State::Greeting { .. }) => {
                    (self.settings.on_event)(MqttEvent::Refused(refusal));
                    self.lose();
                }
                // Nothing may come before it, and nothing like it after it.
                (_, State::Greeting { .. }) | (Packet::ConnAck(_), _) => self.lose(),
                (Packet::Publish { packet_id, .. }, _) => {
                    self.inbox.hold();
                    if let Some(packet_id) = packet_id {
                        return acknowledgement(packet_id, buffer);
                    }
                }
                (Packet::TooLong { packet_id }, _) => {
                    if let Some(packet_id) = packet_id {
                        return acknowledgement(packet_id, buffer);
                    }
                }
                (Packet::PubAck(packet_id), _) => self.flight.acknowledged(packet_id),
                (Packet::SubAck(_, true), _) => {}
                (Packet::SubAck(_, false), _) => (self.settings.on_event)(MqttEvent::NoDownlink),
                (Packet::PingResp, _) => self.pinged_us = None,
            }
        }
    }
}

/// A broker that sends at QoS 1 what was asked for at QoS 0 is answered all the same.
fn acknowledgement(packet_id: PacketId, buffer: &mut [u8]) -> Option<&[u8]> {
    let buffer = buffer.get_mut(..4)?;
    buffer.copy_from_slice(&write::puback(packet_id));
    Some(buffer)
}
