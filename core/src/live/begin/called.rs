//! A child of the active span, where size counts: a call site only puts the values into the span.

use super::super::home::Home;
use super::super::open::{Open, fits_short, form, put_tags};
use super::super::tracer::Tracer;
use super::super::{active::Usual, record};
use crate::site::SiteStart;
use crate::tags::{INLINE_WORDS, TagList};
use core::cell::Cell;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::{Acquire, Relaxed};
use core::sync::atomic::compiler_fence;

impl Open {
    /// A child of the active span, or a root where none is active.
    #[inline(always)]
    pub(super) fn child<T: TagList>(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        tags: T,
    ) -> Self {
        if !fits_short::<T>() {
            return Self::with(tracer, site, tags, Self::begin_active);
        }
        let (first, kinds) = form(tags);
        // The upper half of the first word, in the lower half, and the string's length.
        let form = first >> 16 | kinds;
        let mut words = [MaybeUninit::uninit(); INLINE_WORDS];
        if T::INLINE_WORDS == 0 {
            return begin_child::<false>(tracer, site, form, &words);
        }
        put_tags(tags, &mut words);
        begin_child::<true>(tracer, site, form, &words)
    }
}

/// A child with these values, if it has any.
#[inline(never)]
fn begin_child<const VALUES: bool>(
    tracer: &'static Tracer,
    site: &'static SiteStart,
    form: u32,
    words: &[MaybeUninit<u32>; INLINE_WORDS],
) -> Open {
    let state = tracer.recorder.state();
    let active = Usual::of(tracer);
    if active.other != 0 {
        return begin_otherwise(tracer, site, form, words);
    }
    // Else the compiler would make each instruction that follows a conditional one, and every
    // fourth one more.
    compiler_fence(Acquire);
    let half_wraps = u32::from(state.half_wraps.load(Relaxed));
    // SAFETY: where a clock is a function, the key says so.
    let start = unsafe { tracer.clock.register_now() };
    let mut open = Open {
        tracer,
        first: Cell::new(form << 16 | site.bits()),
        own: Cell::new(0),
        home: Home::new(),
        kinds: Cell::new(form >> 16 << 16 | half_wraps),
        start,
        parent: active.own,
        trace: Cell::new(active.root),
        words: [MaybeUninit::uninit(); INLINE_WORDS],
    };
    if VALUES {
        let used = open.words.iter_mut().zip(words).take(record::SHORT_VALUES);
        used.for_each(|(to, word)| *to = *word);
    }
    open
}

/// A child whose tracer has a table of open spans or a clock that is a function, or that is not
/// sampled; or of anything else.
#[cold]
#[inline(never)]
fn begin_otherwise(
    tracer: &'static Tracer,
    site: &'static SiteStart,
    form: u32,
    words: &[MaybeUninit<u32>; INLINE_WORDS],
) -> Open {
    let mut open = Open {
        tracer,
        first: Cell::new(form << 16 | site.bits()),
        own: Cell::new(0),
        home: Home::new(),
        kinds: Cell::new(form >> 16 << 16),
        start: 0,
        parent: 0,
        trace: Cell::new(0),
        words: *words,
    };
    open.begin_active();
    open
}
