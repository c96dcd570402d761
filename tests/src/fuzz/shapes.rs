//! The shape of a trace, as the terminal reads it of whoever says that it is a collector.

use spandrel_collector::model::TraceId;
use spandrel_collector::query::{MOST_TRACES, Request, answer};
use spandrel_collector::storage::{Reader as _, Search};
use spandrel_collector::terminal::Shape;

use super::queries::{STORE, context};
use super::{piece, pieces};

/// The narrowest screen, and one on which names are whole.
const WIDTHS: [usize; 2] = [20, 90];

/// Reads bytes as pages of a trace, one after the other, and shows what they are.
///
/// # Panics
/// If a line is longer than the screen is wide or acts on a terminal, or what is said to be JSON is none.
pub(super) fn run(data: &[u8]) {
    let mut shape = Shape::default();
    let mut columns = WIDTHS[0];
    for (choice, page) in pieces(data) {
        columns = WIDTHS[usize::from(choice % 2)];
        if shape.add(page).is_err() {
            break;
        }
    }
    let plain = shape.drawn(columns, false);
    assert!(plain.is_ascii(), "{plain:?}");
    assert!(plain.lines().all(|line| line.len() <= columns), "longer than {columns}: {plain}");
    let drawn = shape.drawn(columns, true);
    assert!(!drawn.contains(|letter: char| letter.is_control() && letter != '\n'), "{drawn:?}");
    let mut json = Vec::new();
    shape.write_json(&mut json).expect("memory takes it");
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(&json);
    read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&json)));
}

/// What a collector answers of all traces that it has of the vectors, and one in two pages.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let all = Search { limit: MOST_TRACES, ..Search::default() };
    let found = STORE.find(&all).expect("it is in memory");
    let page = |trace: TraceId| {
        let path = format!("/api/spandrel/v1/traces/{trace}");
        let request = Request { method: "GET", path: &path, query: &[], body: &[] };
        answer(&request, &**STORE, &context()).map(|answer| answer.body)
    };
    let pages = found.iter().filter_map(|found| page(found.trace_id));
    let mut corpus: Vec<_> = pages.map(|page| piece(1, &page)).collect();
    corpus.push([piece(0, &small(0)), piece(0, &small(1))].concat());
    corpus.retain(|input| input.len() <= super::MAX_LEN);
    corpus
}

/// One of two pages of one row each, the second of which refers to the first and has lost something.
fn small(first: u8) -> Vec<u8> {
    // Of the first page these are empty.
    let of_second = |byte: u8| vec![byte; usize::from(first)];
    let columns = [
        ("id", vec![7; 8]),
        ("depth", vec![first]),
        ("start", vec![2]),
        ("duration", vec![9]),
        ("self", vec![9]),
        ("name", vec![0]),
        ("process", vec![0]),
        ("kind", vec![2]),
        ("flags", vec![8]),
        ("link.row", of_second(1)),
        ("link.to", of_second(1)),
        ("link.type", of_second(0)),
        ("link.trace", of_second(0)),
        ("link.span", of_second(0)),
        ("gap.row", of_second(1)),
        ("gap.from", of_second(0)),
        ("gap.to", of_second(8)),
        ("gap.records", of_second(3)),
    ];
    let lengths = columns.each_ref().map(|(name, bytes)| serde_json::json!([name, bytes.len()]));
    let head = serde_json::json!({
        "version": 1, "trace": "07", "revision": "r", "spans": 2, "first": first, "rows": 1, "pages": 2,
        "base_ns": "1", "extent_ns": "20", "strings": ["follows_from"],
        "processes": [{"service": "a", "attributes": [["clock.error_us", "int64", "1"]], "warnings": ["!"]}],
        "columns": lengths.to_vec(),
    });
    let head = head.to_string().into_bytes();
    let length = u32::try_from(head.len()).unwrap_or(0).to_le_bytes();
    let columns = columns.into_iter().flat_map(|(_, bytes)| bytes);
    length.into_iter().chain(head).chain(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_begun_with_is_drawn_whole() {
        let two_pages = corpus().pop().unwrap();
        let mut shape = Shape::default();
        for (_, page) in pieces(&two_pages) {
            assert_eq!(shape.add(page), Ok(()));
        }
        let drawn = shape.drawn(90, false);
        assert!(
            drawn.contains("-> follows from \"follows_from\" of a, began 1 ns before"),
            "{drawn}"
        );
        assert!(drawn.contains("! lost here: 3 records, between +0 ns and +4 ns"), "{drawn}");
    }
}
