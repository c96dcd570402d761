//! The pool of baggage.
//!
//! An item never changes: setting one puts a new item in front of those that the span has, and
//! children share what is there, so nothing is ever copied. An item counts who refers to it, a span or
//! another item; with the last of them it is free again, and its generation goes up, so that whoever
//! still has a handle finds that it is stale.
//!
//! Counts change within critical sections, which order everything else: an item is written by the
//! one who claimed it, before anybody else knows its place, and only read until it is free again.

use super::mask;
use super::recorder::count;
use crate::carrier::{NoRoom, TextReader, TextWriter};
use crate::{Baggage, BaggageError};
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU16, AtomicU32};

/// Room for items of baggage.
///
/// `ITEMS` is how many there can be at once in all spans, up to 255; what a span hands down to its
/// children counts once. `BYTES` is how long key and value of one may be together, each up to 255. An
/// item takes 8 bytes more. All of it is zero at first (`.bss`). One pool belongs to one tracer.
///
/// ```
/// use spandrel::{BaggagePool, Clock, Recorder, Tracer, span};
///
/// static RECORDER: Recorder<1024> = Recorder::new();
/// static BAGGAGE: BaggagePool<8> = BaggagePool::new();
/// static TRACER: Tracer =
///     Tracer::new("sensor", &RECORDER, Clock::monotonic()).baggage(&BAGGAGE);
///
/// let request = span!(TRACER, "request");
/// request.set_baggage_item("special_id", "vsid1738")?;
/// let child = span!(TRACER, child_of: &request, "child");
/// assert_eq!(child.baggage_item("special_id"), Some("vsid1738"));
/// # Ok::<(), spandrel::BaggageError>(())
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct BaggagePool<const ITEMS: usize, const BYTES: usize = 64> {
    counts: Counts,
    items: [Item<BYTES>; ITEMS],
}

/// What did not go well.
#[derive(Debug)]
#[repr(C)]
struct Counts {
    /// Items that found no room.
    full: AtomicU32,
    /// Handles that were stale.
    stale: AtomicU32,
}

#[derive(Debug)]
#[repr(C)]
struct Item<const BYTES: usize> {
    head: Head,
    /// The key, and then the value.
    bytes: UnsafeCell<[u8; BYTES]>,
}

#[derive(Debug)]
#[repr(C)]
struct Head {
    /// Generation 16 | how often it is referred to 16: 0 where it is free.
    state: AtomicU32,
    /// The place of the next item; 0 where there is none.
    next: AtomicU16,
    /// Length of the value 8 | length of the key 8.
    lens: AtomicU16,
}

// SAFETY: see the head of the module.
unsafe impl<const BYTES: usize> Sync for Item<BYTES> {}

/// Those bits of a state that count who refers to the item.
const REFERENCES: u32 = 0xffff;

impl<const BYTES: usize> Item<BYTES> {
    const fn new() -> Self {
        let head =
            Head { state: AtomicU32::new(0), next: AtomicU16::new(0), lens: AtomicU16::new(0) };
        Self { head, bytes: UnsafeCell::new([0; BYTES]) }
    }
}

impl<const ITEMS: usize, const BYTES: usize> BaggagePool<ITEMS, BYTES> {
    /// A pool whose items are free.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(ITEMS < 256, "a pool has at most 255 items") }
        const { assert!(BYTES <= 510, "an item is at most 510 bytes long") }
        Self {
            counts: Counts { full: AtomicU32::new(0), stale: AtomicU32::new(0) },
            items: [const { Item::new() }; ITEMS],
        }
    }

    /// What a tracer takes: the pool without its size.
    #[cfg(feature = "baggage")]
    pub(crate) const fn by_ref(&'static self) -> PoolRef {
        let items = core::ptr::from_ref(&self.items).cast();
        PoolRef { counts: &self.counts, items, len: ITEMS, bytes: BYTES }
    }
}

impl<const ITEMS: usize, const BYTES: usize> Default for BaggagePool<ITEMS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

/// A pool of whatever size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolRef {
    counts: &'static Counts,
    items: *const u8,
    len: usize,
    bytes: usize,
}

// SAFETY: it stands for a `&'static BaggagePool`, and pools are `Sync`.
unsafe impl Sync for PoolRef {}
// SAFETY: as above.
unsafe impl Send for PoolRef {}

/// An item of whatever length: where it begins. Not a reference to its head, from which there would be
/// no way to its bytes.
#[derive(Clone, Copy)]
struct ItemRef(*const u8);

impl ItemRef {
    fn head(self) -> &'static Head {
        // SAFETY: an item begins with its head, and lives for ever.
        unsafe { &*self.0.cast() }
    }

    fn bytes(self) -> *mut u8 {
        // SAFETY: they stand behind the head.
        unsafe { self.0.add(size_of::<Head>()).cast_mut() }
    }
}

impl PoolRef {
    /// The item at a place, from 1.
    fn item(&self, place: usize) -> Option<ItemRef> {
        let index = place.checked_sub(1).filter(|index| *index < self.len)?;
        let stride = (size_of::<Head>() + self.bytes).next_multiple_of(align_of::<Head>());
        // SAFETY: below the number of items.
        Some(ItemRef(unsafe { self.items.add(index * stride) }))
    }

    /// The head of the item at a place, from 1.
    fn head(&self, place: usize) -> Option<&'static Head> {
        self.item(place).map(ItemRef::head)
    }

    /// Puts an item in front of those at `next`, and gives its place. What refers to `next` is now the
    /// item; on an error it is still the caller.
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    pub(crate) fn put(&self, next: usize, key: &str, value: &str) -> Result<usize, BaggageError> {
        let (key_len, value_len) = (key.len(), value.len());
        if key_len > 255 || value_len > 255 || key_len + value_len > self.bytes {
            count(&self.counts.full, 1);
            return Err(BaggageError::TooLong);
        }
        for place in 1..=self.len {
            let Some(item) = self.item(place) else { break };
            let head = item.head();
            let is_ours = mask::with(|_| {
                let state = head.state.load(Relaxed);
                if state & REFERENCES == 0 {
                    head.state.store(state | 1, Relaxed);
                }
                state & REFERENCES == 0
            });
            if is_ours {
                head.next.store(next as u16, Relaxed);
                head.lens.store((value_len << 8 | key_len) as u16, Relaxed);
                let to = item.bytes();
                for (at, byte) in key.bytes().chain(value.bytes()).enumerate() {
                    // SAFETY: below the length of an item; nobody else knows of it yet.
                    unsafe { to.add(at).write(byte) };
                }
                return Ok(place);
            }
        }
        count(&self.counts.full, 1);
        Err(BaggageError::Full)
    }

    /// Refers to an item once more, if it is not free.
    pub(crate) fn hold(&self, place: usize) -> bool {
        self.hold_if(place, |_| true)
    }

    /// Refers to the item that a handle names; gives its place.
    pub(crate) fn claim(&self, baggage: Baggage) -> Result<usize, BaggageError> {
        let place = (baggage.0 & 0xffff) as usize;
        if self.hold_if(place, |generation| generation == baggage.0 >> 16) {
            return Ok(place);
        }
        count(&self.counts.stale, 1);
        Err(BaggageError::Stale)
    }

    fn hold_if(&self, place: usize, is_meant: impl FnOnce(u32) -> bool) -> bool {
        let Some(head) = self.head(place) else { return false };
        mask::with(|_| {
            let state = head.state.load(Relaxed);
            let references = state & REFERENCES;
            let holds = references != 0 && references != REFERENCES && is_meant(state >> 16);
            if holds {
                head.state.store(state + 1, Relaxed);
            }
            holds
        })
    }

    /// Refers to an item once less. With the last that did it is free, and so is what it refers to.
    pub(crate) fn release(&self, mut place: usize) {
        while let Some(head) = self.head(place) {
            // While there is a reference it does not change.
            let next = head.next.load(Relaxed);
            let is_free = mask::with(|_| {
                let state = head.state.load(Relaxed);
                let is_last = state & REFERENCES == 1;
                let state = if is_last { (state | REFERENCES).wrapping_add(1) } else { state - 1 };
                head.state.store(state, Relaxed);
                is_last
            });
            if !is_free {
                return;
            }
            place = next.into();
        }
    }

    /// What names an item that the caller holds.
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    pub(crate) fn handle(&self, place: usize) -> Baggage {
        match self.head(place) {
            Some(head) => Baggage(head.state.load(Relaxed) & !REFERENCES | place as u32),
            None => Baggage::NONE,
        }
    }

    /// Items that found no room, and handles that were stale.
    pub(crate) fn losses(&self) -> [u32; 2] {
        [self.counts.full.load(Relaxed), self.counts.stale.load(Relaxed)]
    }

    /// The items from a place on, of which some may have a key that came before.
    ///
    /// # Safety
    /// Somebody holds the first as long as 'a.
    unsafe fn all<'a>(self, mut place: usize) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        core::iter::from_fn(move || {
            let item = self.item(place)?;
            let head = item.head();
            place = head.next.load(Relaxed).into();
            let lens = usize::from(head.lens.load(Relaxed));
            let (key, value) = (lens & 0xff, lens >> 8);
            // SAFETY: an item that is held is not written, and holds two strings so long.
            Some(unsafe {
                let bytes = item.bytes().cast_const();
                let text = |at, len| {
                    core::str::from_utf8_unchecked(core::slice::from_raw_parts(bytes.add(at), len))
                };
                (text(0, key), text(key, value))
            })
        })
    }

    /// The items from a place on, the last set first, and each key once.
    ///
    /// # Safety
    /// As for [`PoolRef::all`].
    pub(crate) unsafe fn items<'a>(
        self,
        place: usize,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        // SAFETY: promised by the caller.
        let all = unsafe { self.all(place) };
        let before = all.clone();
        all.enumerate().filter_map(move |(at, (key, value))| {
            let is_old = before.clone().take(at).any(|(known, _)| known == key);
            (!is_old).then_some((key, value))
        })
    }
}

/// Baggage that is kept: it is not free as long as this lives. Made by
/// [`Tracer::hold_baggage`](crate::Tracer::hold_baggage).
///
/// A carrier reads it, and writes into it:
///
/// ```
/// # use spandrel::{BaggagePool, Clock, Recorder, Tracer};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static BAGGAGE: BaggagePool<8> = BaggagePool::new();
/// # static TRACER: Tracer =
/// #     Tracer::new("sensor", &RECORDER, Clock::monotonic()).baggage(&BAGGAGE);
/// use spandrel::{carrier::uber, span};
///
/// let headers = [("uber-trace-id", "2a:7:0:1"), ("uberctx-special_id", "vsid1738")];
/// let mut context = uber::extract(&headers)?.expect("it is there");
/// let mut baggage = TRACER.hold_baggage(&context).expect("there is a pool");
/// uber::extract_baggage(&headers, &mut baggage);
/// context.baggage = baggage.handle();
///
/// let span = span!(TRACER, child_of: context, "answer");
/// assert_eq!(span.baggage_item("special_id"), Some("vsid1738"));
/// # Ok::<_, spandrel::carrier::ExtractError>(())
/// ```
///
/// Callable from every context; each item costs one look for it.
#[derive(Debug)]
pub struct HeldBaggage {
    pool: PoolRef,
    place: usize,
}

impl HeldBaggage {
    /// Baggage at a place, a reference to which is handed over.
    pub(crate) fn new(pool: PoolRef, place: usize) -> Self {
        Self { pool, place }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// All items, the last set first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        // SAFETY: this holds it.
        unsafe { self.pool.items(self.place) }
    }

    /// What of a context names it.
    #[must_use]
    pub fn handle(&self) -> Baggage {
        self.pool.handle(self.place)
    }

    /// Adds an item in front.
    ///
    /// # Errors
    /// Where there is no room, which is counted.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), BaggageError> {
        self.place = self.pool.put(self.place, key, value)?;
        Ok(())
    }
}

impl TextReader for HeldBaggage {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        self.iter().for_each(|(key, value)| each(key, value));
    }
}

/// Takes what a carrier's `extract_baggage` finds.
impl TextWriter for HeldBaggage {
    fn set(&mut self, key: &str, value: &str) -> Result<(), NoRoom> {
        self.put(key, value).map_err(|_| NoRoom)
    }
}

impl Drop for HeldBaggage {
    fn drop(&mut self) {
        self.pool.release(self.place);
    }
}
