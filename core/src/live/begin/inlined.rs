//! A child of the active span, where the profile asks for speed: all of it inlined.

use super::super::active::Usual;
use super::super::home::Home;
use super::super::open::{Open, UNNUMBERED, fits_short, mark};
use super::super::recorder::count;
use super::super::ring::SHORT;
use super::super::time::{LONG_WAY, Moment};
use super::super::tracer::Tracer;
use crate::site::SiteStart;
use crate::tags::{INLINE_WORDS, TagList};
use core::cell::Cell;
use core::mem::MaybeUninit;

impl Open {
    /// A child of the active span, or a root where none is active.
    #[inline(always)]
    pub(super) fn child<T: TagList>(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        tags: T,
    ) -> Self {
        let active = Usual::of(tracer);
        let Usual { other, own: parent, root: trace } = active;
        if other == 0 && fits_short::<T>() {
            let mut open = Self::with_tags(tracer, site, tags);
            open.parent = parent;
            open.trace.set(trace);
            open.begin(Moment::now(tracer.recorder.state(), &tracer.clock));
            tracer.recorder.claim_leaf(&open);
            return open;
        }
        if other == mark::UNSAMPLED {
            return Self::unsampled(tracer, 0, UNNUMBERED, parent, trace);
        }
        if active.is_none()
            && !tracer.is_asleep()
            && let Some((number, is_sampled)) = tracer.sample_root()
        {
            return if is_sampled {
                Self::sampled_root(tracer, site, tags, number).no_leaf()
            } else {
                Self::unsampled(tracer, mark::PLAIN, number.max(UNNUMBERED), 0, number)
            };
        }
        Self::otherwise(tracer, site, tags).no_leaf()
    }

    /// Nothing but constants, so that the compiler sees that there will be no record.
    #[inline(always)]
    fn unsampled(tracer: &'static Tracer, marks: u32, own: u32, parent: u32, trace: u32) -> Self {
        count(&tracer.recorder.state().sampled_out, 1);
        Self {
            tracer,
            first: Cell::new(mark::UNSAMPLED | marks),
            own: Cell::new(own),
            home: Home::new(),
            kinds: Cell::new(LONG_WAY.into()),
            start: 0,
            parent,
            trace: Cell::new(trace),
            words: [MaybeUninit::uninit(); INLINE_WORDS],
        }
    }

    /// A root with the number that the sampler asked for.
    #[cold]
    #[inline(never)]
    fn sampled_root<T: TagList>(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        tags: T,
        number: u32,
    ) -> Self {
        Self::with(tracer, site, tags, |open| {
            open.begin_with(0);
            open.mark(0);
            open.set_number(number);
            open.settle();
        })
    }

    #[cold]
    #[inline(never)]
    fn otherwise<T: TagList>(tracer: &'static Tracer, site: &'static SiteStart, tags: T) -> Self {
        Self::with(tracer, site, tags, |open| {
            open.first.set(open.first.get() & !SHORT);
            open.begin_active();
        })
    }
}
