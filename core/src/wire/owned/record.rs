//! Reading a record; the mirror of `record::write`.
#![expect(clippy::cast_possible_truncation, reason = "codes are taken apart")]

use super::Numbers;
use super::records::Simple;
use super::value::{each_value, name, values};
use crate::TraceId;
use crate::wire::codec::{Codec, LOW_BITS, REMOTE, site_code};
use crate::wire::record::{code, flag};
use crate::wire::value::next;
use crate::wire::{
    Clock, ClockEvent, DataHead, Define, Fragment, FragmentOf, Log, Parent, Part, PartKey, Record,
    Reference, Shape, SiteRef, SpanHead, SpanRecord, TraceRef, Value, Values, record_number,
};
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

// Which bits of a record's first byte are one field.
const OWN: u8 = 0b11;
const PARENT: u8 = 0b1100;
const PARENT_NONE: u8 = 0;
const KEY: u8 = 0b1100;
const KIND: u8 = 0b1111_0000;
/// Those of spans are below.
const NO_SPAN: u8 = 1 << 7;

/// Reads the records of a frame, one after the other.
#[derive(Debug)]
pub(super) struct Reader {
    codec: Codec,
    numbers: Numbers,
    /// What numbers are relative to at first: the low bits of one.
    first: u32,
}

impl Reader {
    /// At the start of a frame with this head.
    pub(super) fn new(head: &DataHead) -> Self {
        let first = head.last_number as u32 & LOW_BITS;
        let numbers = Numbers { last: head.last_number, record: head.first_record };
        Self { codec: Codec::new(first), numbers, first }
    }

    /// At the start of a record that came in fragments.
    pub(super) fn of_fragments(first_record: u64, last_number: u64) -> Self {
        let numbers = Numbers { last: last_number, record: first_record };
        Self { codec: Codec::new(0), numbers, first: 0 }
    }

    /// Reads the next record.
    pub(super) fn record<'a, S: SeqAccess<'a>>(
        &mut self,
        from: &mut S,
    ) -> Result<Record<'a>, S::Error> {
        let flags: u8 = next(from)?;
        let record = match flags & KIND {
            ..NO_SPAN => Record::Span(self.span(flags, from)?),
            flag::SITE_DEFINITION | flag::NAME_DEFINITION => Record::Define(define(flags, from)?),
            flag::PART => {
                let own = self.other(flags, from)?;
                let (key, values) = self.keyed(flags, from)?;
                Record::Part(Part { own, key, values })
            }
            flag::LOG => {
                let more = flags & flag::LOW_NEW == 0;
                let own = self.other(flags | flag::LOW_NEW, from)?;
                let time_ticks = self.time(from)?;
                let (key, values) = self.keyed(flags, from)?;
                Record::Log(Log { own, time_ticks, more, key, values })
            }
            flag::REFERENCE => {
                let own = self.other(flags, from)?;
                self.given_trace(None, from)?;
                let follows_from = flags & flag::LOW_FOLLOWS_FROM != 0;
                let trace = self.remote();
                Record::Reference(Reference { own, trace, span: next(from)?, follows_from })
            }
            flag::FRAGMENT => {
                self.codec.restart(self.first);
                let of = match flags & (flag::LOW_DEFINITION | flag::LOW_NAME) {
                    0 => FragmentOf::Record,
                    flag::LOW_DEFINITION => FragmentOf::Site(next(from)?),
                    flag::LOW_NAME => return Err(S::Error::custom("a fragment of nothing")),
                    _ => FragmentOf::Name(next(from)?),
                };
                let is_last = flags & flag::LOW_LAST != 0;
                Record::Fragment(Fragment { of, offset: next(from)?, is_last, bytes: next(from)? })
            }
            flag::CLOCK => {
                let time_ticks = self.time(from)?;
                Record::Clock(Clock { time_ticks, event: clock_event(flags, from)? })
            }
            _ => return Err(S::Error::custom("unknown kind of record")),
        };
        self.numbers.record = self.numbers.record.wrapping_add(record.ends_number().into());
        Ok(record)
    }

    /// The number of what is no span, which is that of one.
    fn other<'a, S: SeqAccess<'a>>(&mut self, flags: u8, from: &mut S) -> Result<u64, S::Error> {
        match flags & OWN {
            flag::OWN_SAME => {}
            flag::OWN_GIVEN => self.codec.own = beside(self.codec.own, next(from)?),
            _ => return Err(S::Error::custom("unknown form of a number")),
        }
        self.whole(self.codec.own)
    }

    fn span<'a, S: SeqAccess<'a>>(
        &mut self,
        flags: u8,
        from: &mut S,
    ) -> Result<SpanRecord<'a>, S::Error> {
        let head = self.span_head(flags, from)?;
        Ok(SpanRecord { head, values: values(head.site.shape, from)? })
    }

    /// The next record: of a span the head, whose values are given to `on_value` one by one; none where
    /// it is neither a span nor a definition.
    #[inline]
    pub(super) fn simple<'a, S: SeqAccess<'a>>(
        &mut self,
        from: &mut S,
        on_value: impl FnMut(Value<'a>),
    ) -> Result<Option<Simple<'a>>, S::Error> {
        let flags: u8 = next(from)?;
        match flags & KIND {
            ..NO_SPAN => {
                let head = self.span_head(flags, from)?;
                each_value(head.site.shape, from, on_value)?;
                self.numbers.record = self.numbers.record.wrapping_add(1);
                Ok(Some(Simple::Span(head)))
            }
            flag::SITE_DEFINITION | flag::NAME_DEFINITION => {
                define(flags, from).map(|define| Some(Simple::Define(define)))
            }
            _ => Ok(None),
        }
    }

    #[inline]
    fn span_head<'a, S: SeqAccess<'a>>(
        &mut self,
        flags: u8,
        from: &mut S,
    ) -> Result<SpanHead, S::Error> {
        let (last_own, last_parent) = (self.codec.own, self.codec.parent);
        let is_records = flags & OWN == flag::OWN_RECORD;
        let own = match flags & OWN {
            flag::OWN_RECORD => 0,
            flag::OWN_PARENT => last_parent,
            flag::OWN_SAME => last_own,
            _ => beside(last_own, next(from)?),
        };
        let whole_own = if is_records {
            record_number(self.numbers.record)
        } else {
            self.codec.own = own;
            self.whole(own)?
        };
        let near = if is_records { last_own } else { beside(own, -1) };
        let parent = match flags & PARENT {
            PARENT_NONE => None,
            flag::PARENT_SAME => Some(last_parent),
            flag::PARENT_NEAR => Some(near),
            _ => Some(match next(from)? {
                0 => SOMEWHERE_ELSE,
                distance => beside(last_parent, distance),
            }),
        };
        let local = parent.filter(|parent| *parent != SOMEWHERE_ELSE);
        if let Some(parent) = local {
            self.codec.parent = parent;
        }
        if flags & flag::TRACE != 0 {
            self.given_trace(local, from)?;
        } else if parent.is_none() {
            self.codec.trace = own;
        }
        let trace = match self.codec.trace {
            REMOTE => TraceRef::Remote(self.remote()),
            _ if parent.is_none() => TraceRef::Own(whole_own),
            _ if local.is_none() => return Err(S::Error::custom("a parent outside the trace")),
            root => TraceRef::Own(self.whole(root)?),
        };
        let site = if flags & flag::SITE != 0 { self.given_site(from)? } else { self.site()? };
        let extra: u8 = if flags & flag::EXTRA != 0 { next(from)? } else { 0 };
        Ok(SpanHead {
            own: whole_own,
            parent: match (parent, local) {
                (None, _) => Parent::None,
                (_, None) => Parent::Remote,
                (_, Some(parent)) => Parent::Local(self.whole(parent)?),
            },
            trace,
            site,
            parts: if extra & flag::PARTS != 0 { next(from)? } else { 0 },
            start_ticks: self.time(from)?,
            duration_ticks: next(from)?,
            ambiguous: extra & flag::AMBIGUOUS != 0,
            cut_off: extra & flag::CUT_OFF != 0,
        })
    }

    fn keyed<'a, S: SeqAccess<'a>>(
        &mut self,
        flags: u8,
        from: &mut S,
    ) -> Result<(PartKey<'a>, Values<'a>), S::Error> {
        let key = match flags & KEY {
            flag::KEY_SAME => PartKey::Site(self.site()?),
            flag::KEY_SITE => PartKey::Site(self.given_site(from)?),
            flag::KEY_NAME => PartKey::Name(name(from)?, Shape(next(from)?)),
            _ => return Err(S::Error::custom("unknown form of a key")),
        };
        Ok((key, values(key.shape(), from)?))
    }

    fn time<'a, S: SeqAccess<'a>>(&mut self, from: &mut S) -> Result<u64, S::Error> {
        self.codec.time = self.codec.time.wrapping_add_signed(next(from)?);
        Ok(self.codec.time)
    }

    /// A trace: a remote one, or one whose root is somewhere above this parent.
    fn given_trace<'a, S: SeqAccess<'a>>(
        &mut self,
        parent: Option<u32>,
        from: &mut S,
    ) -> Result<(), S::Error> {
        const LAST: u32 = code::REMOTE as u32;
        const NEW: u32 = code::NEW_REMOTE as u32;

        self.codec.trace = match (next(from)?, parent) {
            (LAST, _) => REMOTE,
            (NEW, _) => {
                self.codec.remote = TraceId(next(from)?).words();
                REMOTE
            }
            (distance, Some(parent)) if distance & 1 == 0 => {
                parent.wrapping_sub(distance >> 1) & LOW_BITS
            }
            _ => return Err(S::Error::custom("no such trace")),
        };
        Ok(())
    }

    /// The last remote trace.
    fn remote(&self) -> TraceId {
        TraceId::of_words(self.codec.remote)
    }

    fn given_site<'a, S: SeqAccess<'a>>(&mut self, from: &mut S) -> Result<SiteRef, S::Error> {
        let index: u8 = next(from)?;
        let codec = &mut self.codec;
        match usize::from(index).cmp(&codec.sites.len()) {
            core::cmp::Ordering::Less => codec.site = index,
            core::cmp::Ordering::Equal => {
                let code = site_code(next(from)?, Shape(next(from)?));
                codec.site(code).ok_or_else(|| S::Error::custom("too many sites"))?;
            }
            core::cmp::Ordering::Greater => return Err(S::Error::custom("no such site")),
        }
        self.site()
    }

    /// The last site.
    fn site<E: serde::de::Error>(&self) -> Result<SiteRef, E> {
        let code = self.codec.sites.get(usize::from(self.codec.site));
        let code = code.ok_or_else(|| E::custom("no site was said"))?;
        Ok(SiteRef { id: *code as u16, shape: Shape((code >> 16) as u32) })
    }

    fn whole<E: serde::de::Error>(&self, low: u32) -> Result<u64, E> {
        self.numbers.whole(low).ok_or_else(|| E::custom("a number that no span has"))
    }
}

/// What stands for a parent that is no span of the session.
const SOMEWHERE_ELSE: u32 = u32::MAX;

fn define<'a, S: SeqAccess<'a>>(flags: u8, from: &mut S) -> Result<Define<'a>, S::Error> {
    let is_name = flags & KIND == flag::NAME_DEFINITION;
    let by_address = flags & flag::LOW_BY_ADDRESS != 0;
    if by_address && !is_name {
        return Err(S::Error::custom("a site by its address"));
    }
    Ok(Define { is_name, by_address, id: next(from)?, bytes: next(from)? })
}

fn clock_event<'a, S: SeqAccess<'a>>(flags: u8, from: &mut S) -> Result<ClockEvent, S::Error> {
    Ok(match flags & !KIND {
        flag::CLOCK_PAUSED => ClockEvent::Paused { ns: next(from)? },
        flag::CLOCK_RATE => ClockEvent::Rate { hz: next(from)? },
        flag::CLOCK_STEPPED => ClockEvent::Stepped,
        flag::CLOCK_WALL => ClockEvent::Wall { unix_ns: next(from)?, error_ns: next(from)? },
        _ => return Err(S::Error::custom("unknown event of a clock")),
    })
}

/// A number so far from another.
fn beside(number: u32, distance: i32) -> u32 {
    number.wrapping_add_signed(distance) & LOW_BITS
}

/// Reads the one record that there is.
impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Record<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_tuple(usize::MAX, self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Record<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record of a spandrel frame")
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut from: S) -> Result<Self::Value, S::Error> {
        self.record(&mut from)
    }
}
