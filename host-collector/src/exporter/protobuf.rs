//! As much of the protobuf wire format as OTLP needs, written straight into one buffer.
//!
//! OTLP's messages are few and its export is the collector's hottest path, so there are no
//! generated types to fill and drop: the model is written as it is walked.

/// Writes fields in the order in which they are called. Defaults (0, empty) are left out, as
/// proto3 does.
#[derive(Debug, Default)]
pub struct Writer {
    buf: Vec<u8>,
}

impl Writer {
    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.buf
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

    /// A message whose fields `write` writes.
    ///
    /// Its length is known only afterwards; one byte is kept for it, which is enough for most, and
    /// the body moves up where it is not.
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, 2);
        let place = self.buf.len();
        self.buf.push(0);
        write(self);
        let mut length = Self::default();
        length.raw_varint((self.buf.len() - place - 1) as u64);
        self.buf.splice(place..=place, length.buf);
    }
}

/// One field of a message that somebody else wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A varint or a fixed-size number.
    Number(u64),
    /// A string, bytes or a message.
    Bytes(&'a [u8]),
}

/// Reads the fields of a message; ends at the first byte that makes no sense.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `message`.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn varint(&mut self) -> Option<u64> {
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
}

impl<'a> Iterator for Reader<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let little_endian =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Number(little_endian(self.take(8)?)),
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Number(little_endian(self.take(4)?)),
            _ => return None,
        };
        Some((tag >> 3, field))
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
            let outer: Vec<_> = Reader::new(&bytes).collect();
            let [(1, Field::Bytes(message))] = outer.as_slice() else { panic!("{outer:?}") };
            let inner: Vec<_> = Reader::new(message).collect();
            let number = Field::Number(number);
            prop_assert_eq!(inner, [(2, number), (3, Field::Bytes(&long)), (4, number)]);
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(Reader::new(&bytes).count() <= bytes.len());
        }
    }
}
