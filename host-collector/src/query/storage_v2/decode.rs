//! What is asked, out of protobuf.
//!
//! A field that nobody knows is ignored, as protobuf has it, but for those that would ask for something
//! else than is answered: these are refused.

use crate::model::{AttributeView, TraceId, ValueView};
use crate::protobuf::{Field, Fields};
use crate::query::jaeger::durations;
use crate::query::{Failure, MOST_TRACES};
use crate::storage::{Matching, Search, Tag, Window};
use std::collections::BTreeMap;

/// Go's zero time, the first second of the year 1: what a Jaeger writes where no time is told.
const NO_TIME_S: i64 = -62_135_596_800;
const SECOND_NS: i128 = 1_000_000_000;

fn other(message: &str, number: u32) -> Failure {
    Failure::bad(format!("no {message}: its field {number} is of another type"))
}

fn text(bytes: &[u8]) -> Result<&str, Failure> {
    str::from_utf8(bytes).map_err(|_| Failure::bad("a text is no UTF-8"))
}

/// A `GetServicesRequest`, which says nothing.
pub(super) fn nothing(message: &[u8]) -> Result<(), Failure> {
    Fields::new(message).try_for_each(|field| field.map(drop))?;
    Ok(())
}

/// A `GetTracesRequest`: ids of traces. When these may have been is a help that the store does not need.
pub(super) fn ids(message: &[u8]) -> Result<Vec<TraceId>, Failure> {
    let mut ids = Vec::new();
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(one)) => ids.push(id(one)?),
            (number @ 1, _) => return Err(other("GetTracesRequest", number)),
            _ => {}
        }
        if ids.len() > MOST_TRACES {
            let why = format!("these are more than {MOST_TRACES} traces: ask for less at a time");
            return Err(Failure::bad(why));
        }
    }
    Ok(ids)
}

/// Of an id that is too short the rest is zeros, and of one that is too long the rest is left out, as
/// Jaeger has it.
fn id(message: &[u8]) -> Result<TraceId, Failure> {
    let mut id = [0; 16];
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(bytes)) => {
                id = [0; 16];
                id.iter_mut().zip(bytes).for_each(|(byte, given)| *byte = *given);
            }
            (2 | 3, Field::Bytes(told)) => drop(time_ns(told)?),
            (number @ 1..=3, _) => return Err(other("GetTraceParams", number)),
            _ => {}
        }
    }
    Ok(TraceId(id))
}

/// A `GetOperationsRequest`: a service, and a kind or none.
pub(super) fn operations(message: &[u8]) -> Result<(&str, &str), Failure> {
    let (mut service, mut kind) = ("", "");
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(name)) => service = text(name)?,
            (2, Field::Bytes(name)) => kind = text(name)?,
            (number @ 1..=2, _) => return Err(other("GetOperationsRequest", number)),
            _ => {}
        }
    }
    Ok((service, kind))
}

/// A `GetDependenciesRequest`: from when, and until when if that is told.
pub(super) fn window(message: &[u8]) -> Result<Window, Failure> {
    let (mut start, mut end) = (None, None);
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(time)) => start = time_ns(time)?,
            (2, Field::Bytes(time)) => end = time_ns(time)?,
            (number @ 1..=2, _) => return Err(other("GetDependenciesRequest", number)),
            _ => {}
        }
    }
    let min = start.ok_or_else(|| Failure::bad("start time is required: set start_time"))?;
    let max = end.unwrap_or(u64::MAX);
    if max < min {
        return Err(Failure::bad("end time must be greater than start time"));
    }
    Ok(Window { min, max })
}

/// What a `FindTracesRequest` and its like search for.
pub(super) fn search(message: &[u8]) -> Result<Search, Failure> {
    let mut query = None;
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(parameters)) => query = Some(parameters),
            (number @ 1, _) => return Err(other("FindTracesRequest", number)),
            _ => {}
        }
    }
    parameters(query.ok_or_else(|| Failure::bad("nothing is asked for: set query"))?)
}

fn parameters(message: &[u8]) -> Result<Search, Failure> {
    let mut search = Search { matching: Matching::PerSpan, ..Search::default() };
    let named = |bytes| text(bytes).map(|name| (!name.is_empty()).then(|| name.to_owned()));
    let mut tags = BTreeMap::new();
    let (mut shortest, mut longest, mut depth) = (0, 0, 0);
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(name)) => search.service = named(name)?,
            (2, Field::Bytes(name)) => search.operation = named(name)?,
            (3, Field::Bytes(attribute)) => tags.extend(tag(attribute)?),
            (4, Field::Bytes(time)) => search.start.min = time_ns(time)?.unwrap_or(0),
            (5, Field::Bytes(time)) => search.start.max = time_ns(time)?.unwrap_or(u64::MAX),
            (6, Field::Bytes(time)) => shortest = duration_ns(time)?,
            (7, Field::Bytes(time)) => longest = duration_ns(time)?,
            (8, Field::Varint(number)) => depth = int32(number),
            (9, Field::Bytes(_)) => {
                return Err(Failure::bad("there are no filters here: search by the other fields"));
            }
            (10, Field::Bytes(_)) => {
                return Err(Failure::bad("there are no pages here: ask for all by search_depth"));
            }
            (number @ 1..=10, _) => return Err(other("TraceQueryParameters", number)),
            _ => {}
        }
    }
    let is_wanted = |limit: &usize| (1..=MOST_TRACES).contains(limit);
    search.limit = usize::try_from(depth).ok().filter(is_wanted).ok_or_else(|| {
        Failure::bad(format!("search_depth is {depth}: it is how many traces, 1 to {MOST_TRACES}"))
    })?;
    search.duration = durations(shortest, longest);
    search.tags = tags.into_iter().map(|(key, value)| Tag { key, value: Some(value) }).collect();
    Ok(search)
}

/// A key, and the text of its value; none where it has no value.
fn tag(attribute: &[u8]) -> Result<Option<(String, String)>, Failure> {
    let checked = AttributeView::check(attribute).map_err(|why| Failure::bad(why.to_string()))?;
    let attribute = checked.ok_or_else(|| Failure::bad("an attribute is no UTF-8"))?;
    Ok(match attribute.value() {
        ValueView::Empty => None,
        value => Some((attribute.key().to_owned(), value.to_text().into_owned())),
    })
}

/// Seconds and nanoseconds of a `Timestamp` or a `Duration`.
fn parts(message: &[u8]) -> Result<(i64, i32), Failure> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::new(message) {
        match field? {
            (1, Field::Varint(number)) => seconds = number.cast_signed(),
            (2, Field::Varint(number)) => nanos = int32(number),
            (number @ 1..=2, _) => return Err(other("Timestamp or Duration", number)),
            _ => {}
        }
    }
    if nanos.unsigned_abs() > 999_999_999 {
        return Err(Failure::bad("the nanoseconds of a time are more than a second"));
    }
    Ok((seconds, nanos))
}

/// As protobuf has it: the lower half of what was sent.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn int32(number: u64) -> i32 {
    number as i32
}

/// None where no time is told; what is before 1970 is then.
fn time_ns(message: &[u8]) -> Result<Option<u64>, Failure> {
    let (seconds, nanos) = parts(message)?;
    if (seconds, nanos) == (NO_TIME_S, 0) {
        return Ok(None);
    }
    let time_ns = i128::from(seconds) * SECOND_NS + i128::from(nanos);
    Ok(Some(u64::try_from(time_ns.max(0)).unwrap_or(u64::MAX)))
}

fn duration_ns(message: &[u8]) -> Result<i64, Failure> {
    let (seconds, nanos) = parts(message)?;
    // A Jaeger hands on what is less than nothing.
    let duration_ns = i128::from(seconds) * SECOND_NS + i128::from(nanos);
    let (least, most) = (i64::MIN.into(), i64::MAX.into());
    Ok(i64::try_from(duration_ns.clamp(least, most)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::Writer;
    use proptest::prelude::*;

    fn message(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut out = Writer::default();
        write(&mut out);
        out.into_bytes()
    }

    fn asked(write: impl FnOnce(&mut Writer)) -> Result<Search, Failure> {
        search(&message(|out| out.message(1, write)))
    }

    fn time(out: &mut Writer, field: u32, seconds: i64, nanos: u64) {
        out.message(field, |out| {
            out.varint(1, seconds.cast_unsigned());
            out.varint(2, nanos);
        });
    }

    #[test]
    fn what_a_jaeger_leaves_open_is_open() {
        let search = asked(|out| {
            time(out, 4, NO_TIME_S, 0);
            time(out, 5, NO_TIME_S, 0);
            time(out, 6, -5, 0);
            time(out, 7, 0, 0);
            out.varint(8, 7);
        });
        assert_eq!(search, Ok(Search { limit: 7, ..Search::default() }));
        let none = asked(|out| {
            time(out, 7, i64::MIN, 0);
            out.varint(8, 7);
        });
        assert_eq!(none.unwrap().duration, Window { min: 0, max: 0 });
    }

    #[test]
    fn values_of_any_type_are_looked_for_as_they_are_shown_and_the_last_of_a_key_counts() {
        let tag = |out: &mut Writer, write: &dyn Fn(&mut Writer)| {
            out.message(3, |out| {
                out.bytes(1, b"k");
                out.message(2, |out| write(out));
            });
        };
        let found = |write: &dyn Fn(&mut Writer)| {
            let search = asked(|out| {
                tag(out, &|out| out.bytes_always(1, b"before"));
                tag(out, write);
                out.varint(8, 1);
            });
            search.unwrap().tags.pop().and_then(|tag| tag.value).unwrap()
        };
        assert_eq!(found(&|out| out.varint_always(2, 0)), "false");
        assert_eq!(found(&|out| out.varint_always(3, u64::MAX)), "-1");
        assert_eq!(found(&|out| out.fixed64_always(4, 0.5_f64.to_bits())), "0.5");
        assert_eq!(found(&|out| out.bytes_always(7, &[1, 2])), "AQI=");
        assert_eq!(found(&|out| out.bytes_always(1, b"")), "");
        assert_eq!(found(&|_| {}), "before", "it has no value");
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_says_why() {
        let bad = |write: &dyn Fn(&mut Writer)| {
            let failure = asked(|out| {
                out.varint(8, 5);
                write(out);
            });
            let failure = failure.unwrap_err();
            assert_eq!(failure.status, 400);
            failure.message
        };
        assert!(bad(&|out| out.varint_always(8, 0)).contains("search_depth is 0"));
        assert!(bad(&|out| out.varint(8, 10_001)).contains("1 to 10000"));
        assert!(bad(&|out| out.varint(8, (-1_i64).cast_unsigned())).contains("is -1"));
        assert!(bad(&|out| out.bytes(9, b"x")).contains("filters"));
        assert!(bad(&|out| out.bytes(10, b"x")).contains("pages"));
        assert!(bad(&|out| out.bytes(1, b"\xff")).contains("UTF-8"));
        assert!(bad(&|out| out.varint(1, 3)).contains("field 1 is of another type"));
        assert!(bad(&|out| time(out, 4, 1, 1 << 31)).contains("more than a second"));
        assert!(search(b"").unwrap_err().message.contains("set query"));
        assert!(window(b"").unwrap_err().message.contains("start time is required"));
        let none = message(|out| (0..=MOST_TRACES).for_each(|_| out.bytes_always(1, b"")));
        assert!(ids(&none).unwrap_err().message.contains("ask for less"));
    }

    #[test]
    fn ids_of_another_length_are_filled_up_or_cut() {
        let one = |bytes: &[u8]| {
            let read = ids(&message(|out| out.message(1, |out| out.bytes(1, bytes)))).unwrap();
            read[0].0
        };
        assert_eq!(one(&[7; 16]), [7; 16]);
        assert_eq!(one(&[7; 20]), [7; 16]);
        assert_eq!(one(&[7]), [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let query = message(|out| out.bytes_always(1, &bytes));
            for bytes in [&bytes, &query] {
                let _ = (nothing(bytes), ids(bytes), operations(bytes), window(bytes));
                if let Ok(search) = search(bytes) {
                    prop_assert!((1..=MOST_TRACES).contains(&search.limit));
                }
            }
        }

        #[test]
        fn what_is_told_is_searched_for(
            service in "[a-z]{1,8}",
            operation in "[a-z]{0,8}",
            tags in prop::collection::btree_map("[a-z]{1,4}", "[ -~]{0,8}", 0..4),
            times in (0..1_i64 << 33, 0..1_000_000_000_u64, 0..1_i64 << 33),
            durations in (1..1000_i64, 1..1000_i64),
            limit in 1..=MOST_TRACES,
        ) {
            let search = asked(|out| {
                out.bytes(1, service.as_bytes());
                out.bytes(2, operation.as_bytes());
                for (key, value) in &tags {
                    out.message(3, |out| {
                        out.bytes(1, key.as_bytes());
                        out.message(2, |out| out.bytes_always(1, value.as_bytes()));
                    });
                }
                time(out, 4, times.0, times.1);
                time(out, 5, times.2, 0);
                time(out, 6, durations.0, 0);
                time(out, 7, durations.1, 0);
                out.varint(8, limit as u64);
                out.varint(77, 1);
            });
            let ns = |seconds: i64| seconds.cast_unsigned() * 1_000_000_000;
            let tag = |(key, value)| Tag { key, value: Some(value) };
            prop_assert_eq!(search, Ok(Search {
                service: Some(service),
                operation: (!operation.is_empty()).then_some(operation),
                tags: tags.into_iter().map(tag).collect(),
                start: Window { min: ns(times.0) + times.1, max: ns(times.2) },
                duration: Window { min: ns(durations.0), max: ns(durations.1) },
                limit,
                ..Search::default()
            }));
        }
    }
}
