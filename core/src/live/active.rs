//! The active span: the parent of spans that name none.

use super::recorder::ActiveSlot;
use super::span::Span;
use super::tracer::Tracer;
use core::marker::PhantomData;
use core::sync::atomic::Ordering::Relaxed;

/// Bits of a slot's key beside its owner: the span is not sampled, its trace is remote or debugged.
pub(crate) const KEY_UNSAMPLED: u32 = 1 << 16;
pub(crate) const KEY_REMOTE: u32 = 1 << 17;
pub(crate) const KEY_DEBUG: u32 = 1 << 18;

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

/// What the slot says of a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Active {
    pub(crate) key: u32,
    pub(crate) own: u32,
    pub(crate) trace: [u32; 4],
}

impl Active {
    fn load(slot: &ActiveSlot) -> Self {
        Self {
            key: slot.key.load(Relaxed),
            own: slot.own.load(Relaxed),
            trace: [0, 1, 2, 3].map(|at: usize| slot.trace.get(at).map_or(0, |w| w.load(Relaxed))),
        }
    }

    fn store(&self, slot: &ActiveSlot) {
        // No key while the rest is written: an interrupt that looks finds nothing of its own
        // either way, but one that a reset cut off must not be taken for whole.
        slot.key.store(0, Relaxed);
        slot.own.store(self.own, Relaxed);
        slot.trace.iter().zip(self.trace).for_each(|(to, word)| to.store(word, Relaxed));
        slot.key.store(self.key, Relaxed);
    }

    /// The active span of this context, if it has one.
    pub(crate) fn current(tracer: &'static Tracer) -> Option<Self> {
        let active = with_slot(tracer, Self::load);
        (active.key & 0xffff == context()).then_some(active)
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
    pub(crate) fn new(span: &'a Span) -> Self {
        let active = span.as_active();
        let before = with_slot(span.tracer(), |slot| {
            let before = Active::load(slot);
            active.store(slot);
            before
        });
        Self { span, before, not_send: PhantomData }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let own = self.span.number();
        with_slot(self.span.tracer(), |slot| {
            let mine =
                slot.own.load(Relaxed) == own && slot.key.load(Relaxed) & 0xffff == context();
            if mine {
                self.before.store(slot);
            }
        });
    }
}
