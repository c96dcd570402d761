//! Values of tags and fields as words: what the hot path stores instead of encoding.
//!
//! They have two forms. *Inline* is what a span keeps in itself: of a static string only the
//! address, since its length fits beside the shape. *Raw* is what a call passes on where that is
//! not possible: each string with its length, a copied one by its address.

use crate::wire::{Shape, Type};

/// Words of a pointer.
pub(crate) const POINTER_WORDS: usize = size_of::<usize>() / 4;

/// Words in a span for its first values: two numbers, or a number and a static string.
pub(crate) const INLINE_WORDS: usize = 2 + POINTER_WORDS;

/// More inline words than there are: a value that is never kept in the span.
const NEVER: usize = INLINE_WORDS + 1;

/// The longest copied string, and most bytes, in bytes; what is longer is cut, between characters, and
/// counted, and its span says so.
pub const MAX_COPIED_LEN: usize = 128;

/// A string that does not live as long as the program: it is copied, up to [`MAX_COPIED_LEN`].
///
/// ```
/// # use spandrel::{Copied, TagValue};
/// fn tag_value(name: &str) -> impl TagValue {
///     Copied(name)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Copied<'a>(pub &'a str);

/// Bytes: copied, up to [`MAX_COPIED_LEN`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bytes<'a>(pub &'a [u8]);

/// Takes words: no more than it was promised to be given.
#[doc(hidden)]
pub trait Words {
    /// Takes one.
    fn put(&mut self, word: u32);
}

/// What can be the value of a tag or of a log field.
///
/// `bool`; integers of up to 64 bits; `f32` and `f64`; `&'static str`, of which only the address is
/// recorded; [`Copied`] for other strings; [`Bytes`]. The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a tag or of a log field",
    label = "neither a number, a `bool` nor a `&'static str`",
    note = "a string that does not live for ever is recorded by `Copied(&text)`"
)]
pub trait TagValue: Copy + sealed::Sealed {
    #[doc(hidden)]
    const TYPE: Type;
    #[doc(hidden)]
    const INLINE_WORDS: usize;
    /// Whether it is copied.
    #[doc(hidden)]
    const HAS_TEXT: bool = false;
    /// Bytes of a static string, else 0.
    #[doc(hidden)]
    #[inline(always)]
    fn static_len(self) -> usize {
        0
    }
    #[doc(hidden)]
    fn put_inline(self, out: &mut impl Words);
    #[doc(hidden)]
    #[inline(always)]
    fn put_raw(self, out: &mut impl Words) {
        self.put_inline(out);
    }
}

/// The values that one macro call gives: a tuple of up to eight.
#[doc(hidden)]
pub trait TagList: Copy {
    const SHAPE: Shape;
    /// Whether a span can keep the values in itself, static strings' length permitting.
    const INLINE: bool;
    const INLINE_WORDS: usize;
    /// Whether there are copied strings.
    const HAS_TEXT: bool;
    fn static_len(self) -> usize;
    fn put_inline(self, out: &mut impl Words);
    fn put_raw(self, out: &mut impl Words);
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! word_values {
    ($($ty:ty as $kind:ident: |$value:ident| [$($word:expr),+];)*) => {$(
        impl sealed::Sealed for $ty {}
        impl TagValue for $ty {
            const TYPE: Type = Type::$kind;
            const INLINE_WORDS: usize = [$(stringify!($word)),+].len();
            #[inline(always)]
            #[allow(
                clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_lossless,
                clippy::allow_attributes,
                reason = "words are bits; which of the casts lose some depends on the type"
            )]
            fn put_inline(self, out: &mut impl Words) {
                let $value = self;
                $(out.put($word);)+
            }
        }
    )*};
}

word_values! {
    bool as Bool: |v| [v as u32];
    i8 as I32: |v| [v as u32];
    i16 as I32: |v| [v as u32];
    i32 as I32: |v| [v as u32];
    u8 as U32: |v| [v as u32];
    u16 as U32: |v| [v as u32];
    u32 as U32: |v| [v];
    i64 as I64: |v| [v as u32, (v >> 32) as u32];
    u64 as U64: |v| [v as u32, (v >> 32) as u32];
    isize as I64: |v| [v as u32, (v as i64 >> 32) as u32];
    usize as U64: |v| [v as u32, (v as u64 >> 32) as u32];
    f32 as F32: |v| [v.to_bits()];
    f64 as F64: |v| [v.to_bits() as u32, (v.to_bits() >> 32) as u32];
}

impl sealed::Sealed for &'static str {}
impl TagValue for &'static str {
    const TYPE: Type = Type::Static;
    const INLINE_WORDS: usize = POINTER_WORDS;
    #[inline(always)]
    fn static_len(self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn put_inline(self, out: &mut impl Words) {
        put_pointer(self.as_ptr(), out);
    }
    #[inline(always)]
    fn put_raw(self, out: &mut impl Words) {
        put_slice(self.as_bytes(), out);
    }
}

impl sealed::Sealed for Copied<'_> {}
impl TagValue for Copied<'_> {
    const TYPE: Type = Type::Text;
    const INLINE_WORDS: usize = NEVER;
    const HAS_TEXT: bool = true;
    #[inline(always)]
    fn put_inline(self, out: &mut impl Words) {
        put_slice(self.0.as_bytes(), out);
    }
}

impl sealed::Sealed for Bytes<'_> {}
impl TagValue for Bytes<'_> {
    const TYPE: Type = Type::Bytes;
    const INLINE_WORDS: usize = NEVER;
    const HAS_TEXT: bool = true;
    #[inline(always)]
    fn put_inline(self, out: &mut impl Words) {
        put_slice(self.0, out);
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "no slice is 4 GiB long")]
fn put_slice(bytes: &[u8], out: &mut impl Words) {
    put_pointer(bytes.as_ptr(), out);
    out.put(bytes.len() as u32);
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a word is the low half on 64-bit hosts")]
fn put_pointer(pointer: *const u8, out: &mut impl Words) {
    let address = pointer.expose_provenance();
    out.put(address as u32);
    if POINTER_WORDS > 1 {
        out.put((address as u64 >> 32) as u32);
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident)*;)*) => {$(
        #[allow(
            non_snake_case, unused_variables, clippy::allow_attributes,
            reason = "values are named as their types are; the empty tuple has none"
        )]
        impl<$($name: TagValue),*> TagList for ($($name,)*) {
            #[allow(
                clippy::indexing_slicing, clippy::allow_attributes,
                reason = "evaluated at compile time; the empty tuple does not index"
            )]
            const SHAPE: Shape = {
                let types: [u32; $count] = [$($name::TYPE as u32),*];
                let (mut shape, mut at) = (0, types.len());
                while at > 0 {
                    at -= 1;
                    shape = shape << 4 | types[at];
                }
                Shape(shape)
            };
            const INLINE_WORDS: usize = 0 $(+ $name::INLINE_WORDS)*;
            const HAS_TEXT: bool = false $(|| $name::HAS_TEXT)*;
            const INLINE: bool = {
                let statics = 0 $(+ matches!($name::TYPE, Type::Static) as usize)*;
                // Beside the count of half wraps there is room for two types and one length.
                $count <= 2 && statics <= 1 && Self::INLINE_WORDS <= INLINE_WORDS
            };
            #[inline(always)]
            fn static_len(self) -> usize {
                let ($($name,)*) = self;
                0 $(+ $name.static_len())*
            }
            #[inline(always)]
            fn put_inline(self, out: &mut impl Words) {
                let ($($name,)*) = self;
                $($name.put_inline(out);)*
            }
            #[inline(always)]
            fn put_raw(self, out: &mut impl Words) {
                let ($($name,)*) = self;
                $($name.put_raw(out);)*
            }
        }
    )*};
}

tuples! {
    0: ;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}
