//! As much of the protobuf wire format as OTLP needs, read in place and written into one buffer.
//!
//! OTLP's messages are few and they are the collector's hottest path, so there are no generated types
//! to fill and drop: what comes is read where it lies, and what goes is written as it is walked.

/// Writes fields in the order in which they are called. Defaults (0, empty) are left out, as
/// proto3 does.
#[derive(Debug, Default)]
pub struct Writer {
    buf: Vec<u8>,
}

impl Writer {
    /// A writer with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { buf: Vec::with_capacity(bytes) }
    }

    /// A writer that goes on behind what is there.
    #[must_use]
    pub(crate) fn behind(buf: Vec<u8>) -> Self {
        Self { buf }
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.buf
    }

    /// How many bytes were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buf.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    fn tag(&mut self, field: u32, wire_type: u32) {
        self.raw_varint(u64::from(field << 3 | wire_type));
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.buf.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.buf.push(value.to_le_bytes()[0]);
    }

    /// A `uint32`, `uint64`, `bool`, enum or non-negative `int64`; left out if 0.
    pub fn varint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.varint_always(field, value);
        }
    }

    /// The same, written also if it is 0: a field of a `oneof` says which one it is.
    pub fn varint_always(&mut self, field: u32, value: u64) {
        self.tag(field, 0);
        self.raw_varint(value);
    }

    /// A `fixed64`; left out if 0.
    pub fn fixed64(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.fixed64_always(field, value);
        }
    }

    /// A `fixed64` or the bits of a `double`, written also if it is 0.
    pub fn fixed64_always(&mut self, field: u32, value: u64) {
        self.tag(field, 1);
        self.buf.extend_from_slice(&value.to_le_bytes());
    }

    /// A `fixed32`; left out if 0.
    pub fn fixed32(&mut self, field: u32, value: u32) {
        if value != 0 {
            self.tag(field, 5);
            self.buf.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// `bytes` or a `string`; left out if empty.
    pub fn bytes(&mut self, field: u32, value: &[u8]) {
        if !value.is_empty() {
            self.bytes_always(field, value);
        }
    }

    /// The same, written also if it is empty.
    pub fn bytes_always(&mut self, field: u32, value: &[u8]) {
        self.tag(field, 2);
        self.raw_varint(value.len() as u64);
        self.buf.extend_from_slice(value);
    }

    /// A field as it was read, whatever it is, written also if it is 0 or empty.
    pub fn field(&mut self, number: u32, field: Field<'_>) {
        match field {
            Field::Varint(value) => self.varint_always(number, value),
            Field::Fixed64(value) => self.fixed64_always(number, value),
            Field::Bytes(value) => self.bytes_always(number, value),
            Field::Fixed32(value) => {
                self.tag(number, 5);
                self.buf.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    /// Fields that somebody has written already.
    pub fn raw(&mut self, fields: &[u8]) {
        self.buf.extend_from_slice(fields);
    }

    /// The begin of a message of so many bytes, which follow.
    pub(crate) fn begin(&mut self, field: u32, len: usize) {
        self.tag(field, 2);
        self.raw_varint(len as u64);
    }

    /// A message whose fields `write` writes.
    ///
    /// Its length is known only afterwards; one byte is kept for it, which is enough for most, and
    /// the body moves up where it is not.
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, 2);
        let place = self.buf.len();
        self.buf.push(0);
        write(self);
        let len = self.buf.len() - place - 1;
        if let (Ok(len @ ..0x80), Some(byte)) = (u8::try_from(len), self.buf.get_mut(place)) {
            *byte = len;
            return;
        }
        let mut length = Self::default();
        length.raw_varint(len as u64);
        self.buf.splice(place..=place, length.buf);
    }
}

/// How many bytes a number takes.
#[must_use]
pub(crate) fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// One field of a message that somebody else wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A number of variable length.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// A string, bytes or a message.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

/// Bytes that are no protobuf: a field is cut off, or of a kind that nothing uses any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no protobuf message: a field is cut off or of an unknown wire type")]
pub struct Malformed;

/// Reads the fields of a message; whoever asks on after an error gets nothing more.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads `message`.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn varint(&mut self) -> Option<u64> {
        // Most are of one byte.
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Some((*byte).into());
        }
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// A field with a short number and, if it has one, a short length, as most are.
    #[inline]
    fn short(&mut self) -> Option<(u32, Field<'a>)> {
        let [tag @ 8..0x80, rest @ ..] = self.rest else { return None };
        let (field, rest) = match (tag & 7, rest) {
            (2, [length @ ..0x80, rest @ ..]) => {
                let (taken, rest) = rest.split_at_checked(usize::from(*length))?;
                (Field::Bytes(taken), rest)
            }
            (0, [value @ ..0x80, rest @ ..]) => (Field::Varint((*value).into()), rest),
            (1, _) => {
                let (taken, rest) = rest.split_first_chunk()?;
                (Field::Fixed64(u64::from_le_bytes(*taken)), rest)
            }
            _ => return None,
        };
        self.rest = rest;
        Some(((*tag >> 3).into(), field))
    }

    fn field(&mut self) -> Option<(u32, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return None,
        };
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number != 0)?;
        Some((number, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        if let Some(field) = self.short() {
            return Some(Ok(field));
        }
        let field = self.field().ok_or(Malformed);
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_encoding_is_the_specification_s() {
        let mut writer = Writer::default();
        writer.varint(1, 150);
        writer.bytes(2, b"testing");
        writer.message(3, |inner| inner.varint(1, 150));
        writer.varint(4, 0);
        let expected = b"\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01";
        assert_eq!(writer.into_bytes(), expected);
    }

    #[test]
    fn the_length_of_a_message_takes_as_many_bytes_as_it_needs() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            let mut writer = Writer::default();
            writer.message(1, |inner| inner.raw(&vec![7; length]));
            let mut expected = Writer::default();
            expected.bytes_always(1, &vec![7; length]);
            assert_eq!(writer.into_bytes(), expected.into_bytes(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, long in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut writer = Writer::default();
            writer.message(1, |inner| {
                inner.varint_always(2, number);
                inner.bytes_always(3, &long);
                inner.fixed64_always(4, number);
            });
            let bytes = writer.into_bytes();
            let outer: Vec<_> = Fields::new(&bytes).collect();
            let [Ok((1, Field::Bytes(message)))] = outer.as_slice() else { panic!("{outer:?}") };
            let inner: Result<Vec<_>, _> = Fields::new(message).collect();
            let expected =
                [(2, Field::Varint(number)), (3, Field::Bytes(&long)), (4, Field::Fixed64(number))];
            prop_assert_eq!(inner.as_deref(), Ok(&expected[..]));
            let mut again = Writer::default();
            expected.into_iter().for_each(|(number, field)| again.field(number, field));
            prop_assert_eq!(again.into_bytes(), message.to_vec());
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let fields: Vec<_> = Fields::new(&bytes).collect();
            prop_assert!(fields.len() <= bytes.len());
            let errors = fields.iter().filter(|field| field.is_err()).count();
            prop_assert!(errors == usize::from(fields.last().is_some_and(Result::is_err)));
        }

        #[test]
        fn what_is_cut_off_is_an_error(long in prop::collection::vec(any::<u8>(), 1..300), cut: prop::sample::Index) {
            let mut writer = Writer::default();
            writer.bytes(3, &long);
            let bytes = writer.into_bytes();
            let cut = 1 + cut.index(bytes.len() - 1);
            prop_assert_eq!(Fields::new(&bytes[..cut]).last(), Some(Err(Malformed)));
        }
    }
}
