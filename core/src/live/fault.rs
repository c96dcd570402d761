//! Sending what is left after a fault: in a panic handler or a fault handler, where no task runs again.

#[cfg(feature = "fault-flush")]
use super::{drain::Drain, names::Names, tracer::Tracer};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// How far the reporter is, for [`Tracer::flush_after_fault`]; 12 bytes of RAM, all zero at first.
#[derive(Debug)]
pub struct FaultPoint {
    packet: AtomicU32,
    record: super::Halves,
}

impl FaultPoint {
    /// Of a reporter that has sent nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for statics alone")]
    pub const fn new() -> Self {
        Self { packet: AtomicU32::new(0), record: super::Halves::new() }
    }

    /// Notes the numbers of the next packet and record. For the one drain alone.
    pub(super) fn note(&self, packet: u32, record: u64) {
        self.packet.store(packet, Relaxed);
        self.record.store(record);
    }
}

#[cfg(feature = "fault-flush")]
impl Tracer {
    /// Notes how far the reporter is, so that [`Tracer::flush_after_fault`] can go on from there.
    #[must_use]
    pub const fn fault_point(mut self, point: &'static FaultPoint) -> Self {
        self.optional.fault_point = Some(point);
        self
    }

    /// Sends what is recorded, from a panic handler or a fault handler: gives frame after frame to `send`,
    /// which blocks until the link has it, or gives false where it cannot be sent; says how many went.
    ///
    /// Nothing is sent where no [`Tracer::fault_point`] was given. What the reporter had taken and not
    /// sent is lost, and known to be lost by its numbers. Over a stream, `send` writes the frame as
    /// `spandrel_transport::framing` encodes it. The buffer has at least
    /// [`MIN_MTU`](crate::wire::MIN_MTU) bytes.
    ///
    /// # Safety
    /// Nobody drains this tracer from now on: the reporter's task does not run again, on no core.
    pub unsafe fn flush_after_fault(
        &'static self,
        buffer: &mut [u8],
        mut send: impl FnMut(&[u8]) -> bool,
    ) -> usize {
        let Some(point) = self.noted_point() else { return 0 };
        // SAFETY: promised by the caller: nobody else looks at the table any more.
        let names = unsafe { self.recorder.names() };
        let mut drain = Drain::new(self, Names::new(names));
        // A packet may have been under way when the fault came: its number is not used again.
        drain.resume(point.packet.load(Relaxed).wrapping_add(1), point.record.load());
        let mut sent = 0;
        let mut is_told = false;
        loop {
            let frame = if is_told { drain.frame(buffer) } else { drain.hello(buffer) };
            let Some(frame) = frame else { return sent };
            if !send(frame) {
                return sent;
            }
            sent += 1;
            is_told = is_told || drain.is_described();
        }
    }
}
