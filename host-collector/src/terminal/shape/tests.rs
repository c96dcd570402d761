use super::*;
use crate::model::testing as model;
use crate::query::own::shape::{Rows, pages};
use crate::terminal::testing::{chunk, read, span, trace};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(trace in model::trace()) {
        let chunk = chunk(&trace);
        let written = Rows::new(&chunk);
        let shape = read(&trace);
        let (base_ns, extent_ns) = shape.bounds();
        prop_assert_eq!(shape.len(), written.rows.len());
        for (place, ((page, row), of)) in shape.rows().zip(&written.rows).enumerate() {
            prop_assert_eq!(row.id, of.span.span_id().0);
            prop_assert_eq!(row.depth as usize, of.depth);
            // Over centuries, distances are as long as they can be said.
            if i64::try_from(extent_ns).is_ok() {
                prop_assert_eq!(base_ns.saturating_add_signed(row.start), of.span.start_ns());
            }
            prop_assert_eq!(row.duration, of.span.duration_ns());
            prop_assert_eq!(row.own, written.self_ns(place));
            prop_assert_eq!(page.string(row.name), of.span.name());
            prop_assert_eq!(row.kind, of.span.kind() as u64);
        }
        for (whole, of) in shape.whole().zip(&written.rows) {
            let links = of.span.links().filter(|link| Some(link.span_id()) != of.span.parent_span_id());
            let ids = links.map(|link| link.span_id().0);
            // Here by its row, or elsewhere by its id.
            let told = whole.links.iter().map(|link| match link.to {
                Some(to) => shape.row(to).unwrap().1.id,
                None => u64::from_str_radix(whole.page.string(link.span), 16).unwrap().to_be_bytes(),
            });
            prop_assert!(told.eq(ids));
        }
        let events: usize = shape.pages.iter().map(|page| page.events.len()).sum();
        prop_assert_eq!(events, written.rows.iter().map(|row| row.span.events().count()).sum::<usize>());
    }

    /// What came is changed or cut on its way, or is of another trace: nothing of it is drawn, or what can be.
    #[test]
    fn a_real_answer_that_is_flipped_or_cut_is_drawn_or_refused(
        trace in model::trace(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u32..8), 1..4),
        end: prop::sample::Index,
        width in 20_usize..90,
    ) {
        let chunk = chunk(&trace);
        let page = pages(trace.id, "r", &chunk).swap_remove(0);
        let (start, _) = page.split_first_chunk::<4>().unwrap();
        let columns = 4 + u32::from_le_bytes(*start) as usize;
        // Anywhere, and in the columns alone, most of which stay readable.
        for from in [0, columns] {
            let mut flipped = page.clone();
            for (place, bit) in flips.iter().filter(|_| from < page.len()) {
                flipped[from + place.index(page.len() - from)] ^= 1 << bit;
            }
            let mut shape = Shape::default();
            if shape.add(&flipped).is_ok() {
                let drawn = shape.drawn(width, false);
                prop_assert!(drawn.is_ascii(), "{}", drawn);
                prop_assert!(drawn.lines().all(|line| line.len() <= width), "{}", drawn);
                let mut json = Vec::new();
                shape.write_json(&mut json).unwrap();
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
            }
            flipped.truncate(end.index(page.len()));
            prop_assert!(Shape::default().add(&flipped).is_err());
        }
        prop_assert!(Shape::default().add(&page[..end.index(page.len())]).is_err());
    }

    #[test]
    fn whatever_bytes_come_are_a_page_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        trace in model::trace(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end: prop::sample::Index,
    ) {
        let _ = Shape::default().add(&bytes);
        let mut page = pages(trace.id, "r", &chunk(&trace)).swap_remove(0);
        for (place, byte) in places {
            let place = place.index(page.len());
            page[place] = byte;
        }
        let _ = Shape::default().add(&page);
        page.truncate(end.index(page.len()));
        prop_assert!(Shape::default().add(&page).is_err());
    }
}

#[test]
fn pages_are_put_together_over_their_bounds() {
    // A root, and children in it that go on over three pages.
    let children = (2..=40_000).map(|id| span(id, 1, "child", [id, id + 1]));
    let spans = core::iter::once(span(1, 0, "root", [0, 50_000])).chain(children).collect();
    let shape = read(&trace(vec![("a", spans)]));
    assert_eq!((shape.page_count(), shape.pages.len(), shape.len()), (3, 3, 40_000));
    let (_, last) = shape.rows().next_back().unwrap();
    assert_eq!((last.depth, last.start), (1, 40_000_000));
    // A page that is of another place does not belong here.
    let mut other = Shape::default();
    let spans = (1..=20_000).map(|id| span(id, 0, "x", [id, id + 1])).collect();
    let pages = pages(crate::terminal::testing::TRACE, "r", &chunk(&trace(vec![("a", spans)])));
    assert_eq!(other.add(&pages[1]), Err(ShapeError::Pages));
    assert_eq!((other.add(&pages[0]), other.add(&pages[0])), (Ok(()), Err(ShapeError::Pages)));
}

#[test]
fn claims_of_more_rows_than_there_are_are_refused() {
    let head = br#"{"version":1,"rows":4611686018427387904,"columns":[["id",0]]}"#;
    let page = [&u32::try_from(head.len()).unwrap().to_le_bytes()[..], head].concat();
    assert_eq!(Shape::default().add(&page), Err(ShapeError::Column("id")));
    let head = br#"{"version":1,"spans":1,"rows":1,"strings":[""],"processes":[{}],"columns":[["id",8],["depth",1],
        ["start",1],["duration",1],["self",1],["name",1],["process",1],["kind",1],["flags",1],["link.row",1],["link.to",1],
        ["link.type",1],["link.trace",1],["link.span",1]]}"#;
    let page = |to: u8| {
        let length = u32::try_from(head.len()).unwrap().to_le_bytes();
        [&length[..], head, &[0; 16], &[0, to, 0, 0, 0]].concat()
    };
    assert_eq!(Shape::default().add(&page(1)), Ok(()));
    assert_eq!(Shape::default().add(&page(2)), Err(ShapeError::Column("link.to")));
    let head = br#"{"version":2}"#;
    let page = [&u32::try_from(head.len()).unwrap().to_le_bytes()[..], head].concat();
    assert_eq!(Shape::default().add(&page), Err(ShapeError::Version(2)));
}
