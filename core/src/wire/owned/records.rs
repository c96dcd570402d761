//! A data frame record by record, without a list of them: for frames of finished spans, which most are.

use super::cursor::{Cursor, Malformed};
use super::record::Reader;
use crate::wire::frame::{DataHead, FrameKind, Head};
use crate::wire::value::next;
use crate::wire::{Define, SpanHead, Value};

/// A record of a frame that holds nothing but finished spans and definitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Simple<'a> {
    /// A finished span, less its values.
    Span(SpanHead),
    /// What a number stands for.
    Define(Define<'a>),
}

/// The records of a data frame, one after the other.
///
/// It reads what [`decode`](crate::wire::decode) reads, to the bit, and gives up where there is anything but
/// finished spans and definitions: whoever asks it turns to `decode` then.
///
/// ```
/// use spandrel::wire::{Body, Data, DataHead, Frame, Records};
/// let body = Body::Data(Data { head: DataHead { packet: 7, ..DataHead::default() }, records: vec![] });
/// let bytes = Frame { session_tag: [1, 2, 3, 4], body }.to_bytes().unwrap();
/// let mut records = Records::of(&bytes).unwrap();
/// assert_eq!((records.session_tag(), records.head().packet), ([1, 2, 3, 4], 7));
/// assert!(records.next_record(|_| ()).is_none() && records.is_whole());
/// ```
#[derive(Debug)]
pub struct Records<'a> {
    session_tag: [u8; 4],
    head: DataHead,
    reader: Reader,
    from: Cursor<'a>,
    left: u8,
    is_good: bool,
}

impl<'a> Records<'a> {
    /// Those of a frame; none where it is no data frame of this version.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let head = Head::parse(*bytes.first()?).ok()?;
        (head.kind == FrameKind::Data as u8).then_some(())?;
        let mut from = Cursor { rest: bytes.get(1..)? };
        let (session_tag, head) = Self::start(&mut from).ok()?;
        let reader = Reader::new(&head);
        Some(Self { session_tag, head, reader, from, left: head.count, is_good: true })
    }

    fn start(from: &mut Cursor<'a>) -> Result<([u8; 4], DataHead), Malformed> {
        Ok((next(from)?, next(from)?))
    }

    /// See [`crate::Session::tag`].
    #[must_use]
    pub const fn session_tag(&self) -> [u8; 4] {
        self.session_tag
    }

    /// What stands before the records.
    #[must_use]
    pub const fn head(&self) -> &DataHead {
        &self.head
    }

    /// The next record; values of a span are given to `on_value`. None at the end, and where there is
    /// something else.
    #[inline]
    pub fn next_record(&mut self, on_value: impl FnMut(Value<'a>)) -> Option<Simple<'a>> {
        self.left = self.left.checked_sub(1)?;
        let record = self.reader.simple(&mut self.from, on_value).ok().flatten();
        self.is_good &= record.is_some();
        record
    }

    /// Whether all of the frame was read, and nothing else was in it.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_good && self.left == 0 && self.from.rest.is_empty()
    }
}
