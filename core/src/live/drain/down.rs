//! What the collector says to the device, and what the device answers.

use super::super::control::Controlled;
use super::Drain;
#[cfg(feature = "auth")]
use super::sealed;
use crate::site::table;
#[cfg(feature = "retained")]
use crate::wire::DecodeError;
use crate::wire::{Asked, Pong, Said, Writer, read_downlink};

impl Drain {
    /// Reads a frame that came down; says what the reporter is to do.
    ///
    /// What is malformed or meant for another session asks for nothing; nor does what is not sealed with
    /// the tracer's key, if it has one, unless it asks for a hello.
    pub fn on_downlink(&mut self, bytes: &[u8]) -> Asked {
        #[cfg(feature = "auth")]
        let mut room = sealed::Room::new();
        #[cfg(feature = "auth")]
        let bytes = match self.tracer.sealing() {
            Some(sealing) => sealing.open(self, bytes, &mut room),
            None => bytes,
        };
        let is_broken = self.is_broken();
        let names = &mut self.names;
        let ask = |is_name, id| {
            // Whoever does not get it asks again.
            if !is_broken {
                names.ask(is_name, id, table());
            }
        };
        match read_downlink(bytes, Some(self.tag), ask) {
            Ok((_, Said::HelloSeen)) => Asked::HelloSeen,
            Ok((_, Said::SendHello)) => Asked::Hello,
            Ok((_, Said::Ping(id))) => Asked::Pong(id),
            Ok((_, Said::SetHandle(handle))) => {
                self.tracer.set_handle(handle);
                Asked::Nothing
            }
            #[cfg(feature = "retained")]
            Err(DecodeError::OtherSession) => {
                self.on_downlink_of_earlier(bytes);
                Asked::Nothing
            }
            Ok((_, Said::Ack(ack))) => {
                if let Some(held) = self.tracer.held() {
                    (held.on_ack)(self, held.window, ack);
                }
                Asked::Nothing
            }
            Ok((_, Said::Control(bytes))) => match self.tracer.control() {
                Some(control) => (control.on_control)(self, control.cell, bytes),
                None => Asked::Nothing,
            },
            Ok((_, Said::Challenge(challenge))) => {
                self.note_challenge(challenge);
                Asked::Nothing
            }
            Ok((_, Said::SendDefinitions)) | Err(_) => Asked::Nothing,
        }
    }

    /// Answers the ping with this number, received at `received_ticks` of [`Drain::now_ticks`].
    ///
    /// To be called just before sending, since the answer says when it was sent. None where the
    /// buffer is shorter than [`MIN_MTU`](crate::wire::MIN_MTU).
    pub fn pong<'b>(
        &mut self,
        buffer: &'b mut [u8],
        id: u32,
        received_ticks: u64,
    ) -> Option<&'b [u8]> {
        let packet = self.packet;
        let sent_ticks = self.now_ticks();
        let mut out = Writer::new(self.room(buffer)?);
        Pong { packet, id, received_ticks, sent_ticks }.write(self.tag, &mut out);
        let len = out.finish()?.len();
        self.sent(buffer, len)
    }

    /// Whether a command of the collector is to be answered, see [`Drain::answer`].
    pub fn is_answer_due(&self) -> bool {
        self.tracer.control().is_some_and(Controlled::is_answer_due)
    }

    /// Answers the last command of the collector; none where no answer is due, or the buffer is shorter
    /// than [`MIN_MTU`](crate::wire::MIN_MTU).
    pub fn answer<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let control = self.tracer.control().filter(|control| control.is_answer_due())?;
        let mut out = Writer::new(self.room(buffer)?);
        (control.answer)(self, control.cell, &mut out);
        let len = out.finish()?.len();
        self.sent(buffer, len)
    }

    /// Notes what hellos give back from now on, if they are sealed.
    pub(super) fn note_challenge(&mut self, _challenge: [u8; 8]) {
        #[cfg(feature = "auth")]
        self.sealed.note_challenge(_challenge);
    }

    /// What a hello gives back: nothing without a key, since it would prove nothing.
    pub(super) fn challenge(&self) -> Option<[u8; 8]> {
        #[cfg(feature = "auth")]
        if self.tracer.sealing().is_some() {
            return self.sealed.challenge();
        }
        None
    }
}
