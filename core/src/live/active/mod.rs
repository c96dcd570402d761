//! The active span: the parent of spans that name none.
//!
//! Contexts nest like the interrupts they are: each ends before what it interrupted goes on, and so
//! each puts back what it found. A slot's key names its owner, so whatever another context left there
//! is not taken for one's own. Where contexts do not nest (threads, cores) each has a slot of its own.

mod scope;

use super::open::mark;
use super::recorder::RecorderRef;
use super::tracer::Tracer;
use crate::{Clock, SpanContext, SpanId, TraceFlags, TraceId};
use core::sync::atomic::AtomicU32;
#[cfg(own_slots)]
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering::Relaxed;

pub use scope::Scope;
#[cfg(speed)]
pub(in crate::live) use scope::UsualScope;

/// The bits of a slot's key that name its owner. Beside them are the [marks](mark) of the span that
/// its children have too, and where its baggage is.
const CONTEXT: u32 = 0xffff;
/// There is something.
const OCCUPIED: u32 = mark::PLAIN;
/// What of a key says whose it is.
const OWNED: u32 = CONTEXT | OCCUPIED;
/// Its tracer has a table of open spans, or a clock that is a function: where a span's start is not
/// inlined it need then not ask for either.
const KEY_APART: u32 = 1 << 16;

/// What of the key depends on the tracer alone.
pub(crate) const fn key(recorder: &RecorderRef, clock: &Clock) -> u32 {
    let is_apart = recorder.has_slots() || !clock.has_register();
    if cfg!(speed) || !is_apart { 0 } else { KEY_APART }
}

/// Room for what is active in contexts that nest.
///
/// A recorder has one. Threads of a host and contexts that [`contexts!`](crate::contexts) tells apart
/// have one each, for all tracers.
#[derive(Debug)]
#[repr(C)]
pub struct ContextSlot {
    /// [`OCCUPIED`], the owner, and what kind of span it is; 0 where there is none.
    key: AtomicU32,
    /// The span's number.
    own: AtomicU32,
    /// The number of its root; for a remote trace the four words of the trace id.
    trace: [AtomicU32; 4],
    /// The address of the tracer whose span it is.
    #[cfg(own_slots)]
    tracer: AtomicUsize,
}

impl ContextSlot {
    /// Room where nothing is active.
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            key: AtomicU32::new(0),
            own: AtomicU32::new(0),
            trace: [const { AtomicU32::new(0) }; 4],
            #[cfg(own_slots)]
            tracer: AtomicUsize::new(0),
        }
    }

    /// The address of the tracer whose span it is, if that has to be asked.
    #[inline(always)]
    fn owner(&self) -> usize {
        #[cfg(own_slots)]
        return self.tracer.load(Relaxed);
        #[cfg(not(own_slots))]
        0
    }

    /// Whether it says this number of this tracer's. No other span has it, so the context need not be
    /// asked.
    #[inline(always)]
    fn shows(&self, own: u32, tracer: &'static Tracer) -> bool {
        self.own.load(Relaxed) == own && self.owner() == owner(tracer)
    }

    #[cfg(any(own_slots, speed))]
    #[inline(always)]
    fn set_owner(&self, _owner: usize) {
        #[cfg(own_slots)]
        self.tracer.store(_owner, Relaxed);
    }
}

/// What stands for a tracer in a slot.
#[inline(always)]
pub(super) fn owner(tracer: &'static Tracer) -> usize {
    if cfg!(own_slots) { core::ptr::from_ref(tracer).addr() } else { 0 }
}

/// Calls `f` with the slot of the context that runs, and the number of the context.
#[cfg(feature = "contexts")]
#[inline(always)]
fn with_slot<R>(_: &'static Tracer, f: impl FnOnce(&ContextSlot, u32) -> R) -> R {
    let (slot, level) = crate::contexts::current();
    f(slot, u32::from(level))
}

/// The same; each thread has a slot.
#[cfg(all(feature = "std", not(feature = "contexts")))]
fn with_slot<R>(_: &'static Tracer, f: impl FnOnce(&ContextSlot, u32) -> R) -> R {
    std::thread_local! {
        static SLOT: ContextSlot = const { ContextSlot::new() };
    }

    SLOT.with(|slot| f(slot, 0))
}

/// The same. On Cortex-M the context is the number of the exception, so an interrupt
/// has no active span until it makes one.
#[cfg(not(own_slots))]
#[inline(always)]
fn with_slot<R>(tracer: &'static Tracer, f: impl FnOnce(&ContextSlot, u32) -> R) -> R {
    #[cfg(not(feature = "retained"))]
    let slot = &tracer.recorder.state().active;
    #[cfg(feature = "retained")]
    let slot = tracer.recorder.active;
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let exception: u32;
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!(
                "mrs {}, IPSR", out(reg) exception, options(pure, nomem, nostack, preserves_flags)
            );
        }
        f(slot, exception)
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    f(slot, 0)
}

/// What is active, as far as the usual child needs it.
pub(super) struct Usual {
    /// The key less the context: 0 where a span of this context is active that has no marks, nor its
    /// tracer a table of open spans or a clock that is a function.
    pub(super) other: u32,
    pub(super) own: u32,
    pub(super) root: u32,
}

impl Usual {
    #[inline(always)]
    pub(super) fn of(tracer: &'static Tracer) -> Self {
        with_slot(tracer, |slot, context| {
            let key = if slot.owner() == owner(tracer) { slot.key.load(Relaxed) } else { 0 };
            let (own, root) = (slot.own.load(Relaxed), slot.trace[0].load(Relaxed));
            Self { other: key ^ (context | OCCUPIED), own, root }
        })
    }

    /// Whether nothing of this context is active.
    #[cfg(speed)]
    #[inline(always)]
    pub(super) fn is_none(&self) -> bool {
        // `KEY_APART`, which lies between, is never set where this is asked.
        self.other & (OWNED | KEY_APART) != 0
    }
}

/// Has the children of a span that is active see its marks as they are now.
#[cfg(feature = "baggage")]
pub(super) fn see_again(tracer: &'static Tracer, active: &Active) {
    with_slot(tracer, |slot, context| {
        if slot.shows(active.own, tracer) {
            slot.key.store(active.key | context, Relaxed);
        }
    });
}

/// What a slot says: a span as its children see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Active {
    /// What children [have too](mark::inherited) and, in a slot, what says whose it is.
    pub(crate) key: u32,
    pub(crate) own: u32,
    /// The number of its root, or the four words of a remote trace.
    pub(crate) trace: [u32; 4],
    #[cfg(own_slots)]
    pub(crate) owner: usize,
}

impl Active {
    /// What is active in this context.
    #[inline(never)]
    pub(crate) fn of(tracer: &'static Tracer) -> Option<Self> {
        with_slot(tracer, |slot, context| {
            let active = Self::load(slot);
            let is_ours = slot.owner() == owner(tracer) && active.key & OWNED == context | OCCUPIED;
            is_ours.then_some(active)
        })
    }

    #[cfg_attr(not(speed), inline(never))]
    fn load(slot: &ContextSlot) -> Self {
        Self {
            key: slot.key.load(Relaxed),
            own: slot.own.load(Relaxed),
            trace: slot.trace.each_ref().map(|word| word.load(Relaxed)),
            #[cfg(own_slots)]
            owner: slot.owner(),
        }
    }

    #[cfg_attr(not(speed), inline(never))]
    fn store(&self, slot: &ContextSlot) {
        #[cfg(own_slots)]
        slot.set_owner(self.owner);
        slot.key.store(self.key, Relaxed);
        slot.own.store(self.own, Relaxed);
        slot.trace.iter().zip(self.trace).for_each(|(to, word)| to.store(word, Relaxed));
    }

    /// What of it crosses a boundary.
    pub(crate) fn context(&self, tracer: &Tracer) -> SpanContext {
        let (device, session) = (tracer.device(), tracer.session_number());
        let trace_id = if self.key & mark::REMOTE != 0 {
            TraceId::of_words(self.trace)
        } else {
            let [root, ..] = self.trace;
            TraceId::expand(device, session, tracer.widen_number(root))
        };
        let debug = if self.key & mark::DEBUG != 0 { TraceFlags::DEBUG.0 } else { 0 };
        let sampled = if self.key & mark::UNSAMPLED == 0 { TraceFlags::SAMPLED.0 } else { 0 };
        let span_id = SpanId::expand(device, session, tracer.widen_number(self.own));
        let mut context = SpanContext::new(trace_id, span_id, TraceFlags(sampled | debug));
        if let Some(pool) = tracer.pool()
            && mark::has_baggage(self.key)
        {
            context.baggage = pool.handle((self.key >> mark::BAGGAGE_SHIFT) as usize);
        }
        context
    }
}
