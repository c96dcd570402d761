//! The active span: the parent of spans that name none.

use super::recorder::{ActiveSlot, RecorderRef};
use super::span::Span;
use super::tracer::Tracer;
use crate::Clock;
use core::marker::PhantomData;
use core::sync::atomic::Ordering::Relaxed;

/// The bits of a slot's key that name its owner. Beside them are the [marks](mark) of the span that
/// its children have too.
pub(crate) const CONTEXT: u32 = 0xffff;
/// Its tracer has a table of open spans, or a clock that is a function: where a span's start is not
/// inlined it need then not ask for either.
const KEY_APART: u32 = 1 << 16;

/// What of the key depends on the tracer alone.
pub(crate) const fn key(recorder: &RecorderRef, clock: &Clock) -> u32 {
    let is_apart = recorder.has_slots() || !clock.has_register();
    if cfg!(speed) || !is_apart { 0 } else { KEY_APART }
}

/// The number of the context that runs, from 1.
///
/// On Cortex-M it is one more than the number of the exception, so an interrupt has no active span
/// until it makes one. On a host each thread has a slot of its own.
#[inline(always)]
pub(crate) fn context() -> u32 {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let exception: u32;
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!(
                "mrs {}, IPSR", out(reg) exception, options(nomem, nostack, preserves_flags)
            );
        }
        exception + 1
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    1
}

/// Calls `f` with the slot of the thread.
#[cfg(feature = "std")]
pub(crate) fn with_slot<R>(tracer: &'static Tracer, f: impl FnOnce(&ActiveSlot) -> R) -> R {
    use core::cell::Cell;

    std::thread_local! {
        static SLOT: (Cell<usize>, ActiveSlot) = const { (Cell::new(0), ActiveSlot::new()) };
    }

    SLOT.with(|(owner, slot)| {
        let tracer = core::ptr::from_ref(tracer).addr();
        if owner.replace(tracer) != tracer {
            // Another tracer's span is nobody's parent here.
            slot.key.store(0, Relaxed);
        }
        f(slot)
    })
}

/// Calls `f` with the slot of the core.
#[cfg(not(feature = "std"))]
#[inline(always)]
pub(crate) fn with_slot<R>(tracer: &'static Tracer, f: impl FnOnce(&ActiveSlot) -> R) -> R {
    f(&tracer.recorder.state().active)
}

/// What a slot says of a span.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Active {
    pub(crate) key: u32,
    pub(crate) own: u32,
    pub(crate) trace: [u32; 4],
}

impl Active {
    #[cfg_attr(not(speed), inline(never))]
    fn load(slot: &ActiveSlot) -> Self {
        let [a, b, c, d] = &slot.trace;
        Self {
            key: slot.key.load(Relaxed),
            own: slot.own.load(Relaxed),
            trace: [a.load(Relaxed), b.load(Relaxed), c.load(Relaxed), d.load(Relaxed)],
        }
    }

    /// An interrupt that comes in between finds nothing of its own, since the key names its owner.
    #[cfg_attr(not(speed), inline(never))]
    fn store(&self, slot: &ActiveSlot) {
        let ([a, b, c, d], trace) = (&slot.trace, self.trace);
        slot.key.store(self.key, Relaxed);
        slot.own.store(self.own, Relaxed);
        a.store(trace[0], Relaxed);
        b.store(trace[1], Relaxed);
        c.store(trace[2], Relaxed);
        d.store(trace[3], Relaxed);
    }

    /// What is active, be it of this context or of another.
    pub(crate) fn of(tracer: &'static Tracer) -> Self {
        with_slot(tracer, Self::load)
    }

    /// Whether it is of this context.
    pub(crate) fn is_ours(&self) -> bool {
        self.key & CONTEXT == context()
    }
}

/// Keeps a span active until it is dropped; made by [`Span::enter`].
///
/// Guards end in the opposite order of their making. Where one ends out of turn, while another is
/// active, it leaves that one active; whatever the last one found active when it was made is active
/// again behind it. It is not `Send`: what is active belongs to a thread or an interrupt.
#[derive(Debug)]
#[must_use = "the span is active only as long as the guard lives"]
pub struct Scope<'a> {
    span: &'a Span,
    before: Active,
    not_send: PhantomData<*const ()>,
}

impl<'a> Scope<'a> {
    #[cfg_attr(not(speed), inline(never))]
    pub(crate) fn new(span: &'a Span) -> Self {
        let active = span.as_active();
        with_slot(span.tracer(), |slot| {
            let before = Active::load(slot);
            active.store(slot);
            Self { span, before, not_send: PhantomData }
        })
    }
}

impl Drop for Scope<'_> {
    #[cfg_attr(not(speed), inline(never))]
    fn drop(&mut self) {
        let own = self.span.number();
        with_slot(self.span.tracer(), |slot| {
            let mine =
                slot.own.load(Relaxed) == own && slot.key.load(Relaxed) & CONTEXT == context();
            if mine {
                self.before.store(slot);
            }
        });
    }
}
