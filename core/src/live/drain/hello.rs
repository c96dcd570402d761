//! The hello, with a piece of the description of the process.

use super::super::time::Moment;
use super::Drain;
use super::window::{Window, write};
use crate::site::table;
use crate::wire::{FrameKind, Hello, Losses, Process};
use serde::Serialize;

/// The longest piece whose length takes one byte.
const MAX_PIECE: usize = 127;

impl<const NAMES: usize> Drain<NAMES> {
    /// Says who speaks, and has a share of the definitions go up again.
    ///
    /// To be sent once a second until the collector has seen it, or ever where nothing comes down:
    /// a collector that comes late then knows everything within ten seconds. None where the buffer
    /// is shorter than [`MIN_MTU`](crate::wire::MIN_MTU).
    pub fn hello<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        self.names.rotate();
        let total = self.describe(&mut [], 0)?;
        let offset = if self.process_told < total { self.process_told } else { 0 };
        #[expect(clippy::cast_possible_truncation, reason = "a description is below 4 GiB")]
        let mut hello = Hello {
            packet: self.packet,
            device: self.tracer.device().0,
            session: self.tracer.session_number().get(),
            clock_hz: self.tracer.clock.hz(),
            sent_ticks: self.now_ticks(),
            flags: if self.is_kept() { Hello::KEPT } else { 0 },
            sites: table().units(),
            losses: self.losses(),
            process_total: total as u32,
            process_offset: offset as u32,
            process: &[],
        };
        let tag = self.tag();
        let mut len = write(&(FrameKind::Hello.head(), tag, hello), buffer)?;
        if buffer.len() - len < 2 {
            // Data frames say the counts too.
            hello.losses = Losses::default();
            len = write(&(FrameKind::Hello.head(), tag, hello), buffer)?;
        }
        // The frame ends in the length of an empty piece: one byte, which is now known better.
        let room = buffer.get_mut(len..)?;
        let piece = room.len().min(MAX_PIECE).min(total - offset);
        self.describe(room.get_mut(..piece)?, offset)?;
        *buffer.get_mut(len - 1)? = u8::try_from(piece).ok()?;
        self.process_told = offset + piece;
        self.packet = self.packet.wrapping_add(1);
        buffer.get(..len + piece)
    }

    /// Whether the hellos have told the whole description since it last began.
    pub fn is_described(&self) -> bool {
        self.describe(&mut [], 0).is_some_and(|total| self.process_told >= total)
    }

    fn is_kept(&self) -> bool {
        Moment::now(self.tracer.recorder.state(), &self.tracer.clock).is_kept()
    }

    /// Writes what of the description lies behind `from`; says how long the whole is.
    fn describe(&self, bytes: &mut [u8], from: usize) -> Option<usize> {
        let tracer = self.tracer;
        let process = Process { service: tracer.service, build: tracer.build, tags: tracer.tags };
        let mut out = postcard::Serializer { output: Window::new(bytes, from) };
        process.serialize(&mut out).ok()?;
        Some(out.output.at)
    }
}
