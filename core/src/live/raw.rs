//! Values on their way from a call to a record that is not short.

use super::open::words_of;
use crate::tags::{POINTER_WORDS, TagList, TagValue, Words};
use crate::wire::{MAX_VALUES, Shape, Type};
use core::mem::MaybeUninit;

/// Words of as many values as there can be, in their raw form.
const MAX_RAW_WORDS: usize = MAX_VALUES * (POINTER_WORDS + 1);

/// The greatest length of a static string that fits the byte beside the shape. A longer one is cut:
/// its length is said to be one more.
pub(crate) const MAX_INLINE_STR: usize = 254;

/// Values in their raw form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) shape: Shape,
    pub(crate) words: &'a [u32],
}

impl<'a> Raw<'a> {
    /// Calls `f` with the type and the words of each value.
    pub(crate) fn each(self, mut f: impl FnMut(u32, &'a [u32])) {
        let mut rest = self.words;
        self.shape.each(|ty| {
            // Strings and bytes have the greatest types.
            let len = if ty >= Type::Static as u32 { POINTER_WORDS + 1 } else { words_of(ty) };
            let (words, more) = rest.split_at_checked(len).unwrap_or_default();
            rest = more;
            f(ty, words);
        });
    }
}

/// The memory for a [`Raw`].
pub(crate) struct RawWords {
    words: [MaybeUninit<u32>; MAX_RAW_WORDS],
    len: usize,
}

impl RawWords {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { words: [const { MaybeUninit::uninit() }; MAX_RAW_WORDS], len: 0 }
    }

    /// The values of a call.
    #[inline(always)]
    pub(crate) fn list<T: TagList>(&mut self, list: T) -> Raw<'_> {
        list.put_raw(self);
        self.raw(T::SHAPE)
    }

    /// One value.
    #[inline(always)]
    pub(crate) fn value<V: TagValue>(&mut self, value: V) -> Raw<'_> {
        value.put_raw(self);
        self.raw(Shape(V::TYPE as u32))
    }

    /// What was put into it.
    #[inline(always)]
    pub(crate) fn raw(&self, shape: Shape) -> Raw<'_> {
        // SAFETY: the first `len` words are written, and `len` is not above their number.
        let words = unsafe { core::slice::from_raw_parts(self.words.as_ptr().cast(), self.len) };
        Raw { shape, words }
    }
}

impl Words for RawWords {
    #[inline(always)]
    fn put(&mut self, word: u32) {
        if let Some(slot) = self.words.get_mut(self.len) {
            slot.write(word);
            self.len += 1;
        }
    }
}
