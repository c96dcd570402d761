use crate::model::{Chunk, ChunkWriter, Kind, TraceId};
use crate::query::own::shape::{Rows, flag, pages};
use crate::query::tests::{ask, json};
use crate::query::{Answer, Context};
use crate::storage::{
    Dependency, Erase, EraseError, Found, Intake as _, Naive, Nowhere, Operation, ReadError,
    Reader, Search, Window,
};
use crate::store::Store;
use proptest::prelude::*;
use serde_json::Value as Json;
use std::sync::Arc;

const TRACE: [u8; 16] = [7; 16];
const BASE_NS: u64 = 1_790_000_000_000_000_000;

/// Id, id of the parent (0 for none), start and end in milliseconds after a moment, name.
type Told<'a> = (u64, u64, u64, u64, &'a str);

pub(super) fn chunk(service: &str, spans: &[Told<'_>]) -> Chunk {
    let mut writer = ChunkWriter::default();
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let value = [&[0x0a, length(service.as_bytes())], service.as_bytes()].concat();
    let attribute = [b"\x0a\x0cservice.name\x12", &[length(&value)][..], &value].concat();
    let resource = [&[0x0a, length(&attribute)][..], &attribute].concat();
    writer.resource_spans(&resource, "", |scopes| {
        scopes.scope_spans(b"", "", |writer| {
            for (id, parent, start, end, name) in spans {
                writer.span_with(|span| {
                    span.bytes(1, &TRACE);
                    span.bytes(2, &id.to_be_bytes());
                    if *parent != 0 {
                        span.bytes(4, &parent.to_be_bytes());
                    }
                    span.bytes(5, name.as_bytes());
                    span.fixed64(7, BASE_NS + start * 1_000_000);
                    span.fixed64(8, BASE_NS + end * 1_000_000);
                });
            }
        });
    });
    let chunk = writer.finish();
    // As it comes: the checks have passed it.
    Chunk::check(chunk.into_bytes().to_vec()).unwrap().chunk
}

/// A store of one trace, however long.
struct One(Chunk);

impl Reader for One {
    fn services(&self) -> Result<Vec<String>, ReadError> {
        Nowhere.services()
    }

    fn operations(&self, service: &str, kind: Option<Kind>) -> Result<Vec<Operation>, ReadError> {
        Nowhere.operations(service, kind)
    }

    fn peers(&self, service: &str) -> Result<Vec<String>, ReadError> {
        Nowhere.peers(service)
    }

    fn values(&self, key: &str) -> Result<Vec<String>, ReadError> {
        Nowhere.values(key)
    }

    fn get(&self, _: TraceId) -> Result<Option<Chunk>, ReadError> {
        Ok(Some(self.0.clone()))
    }

    fn find(&self, search: &Search) -> Result<Vec<Found>, ReadError> {
        Nowhere.find(search)
    }

    fn dependencies(&self, window: Window) -> Result<Vec<Dependency>, ReadError> {
        Nowhere.dependencies(window)
    }
}

fn asked(chunk: Chunk, line: &str) -> Answer {
    let mut store = Naive::default();
    store.add(chunk);
    let now_ns = BASE_NS + 3_600_000_000_000;
    ask(&store, &Context { now_ns, ..Context::default() }, line, b"").unwrap()
}

fn size(number: u64) -> usize {
    number.try_into().unwrap()
}

/// A page as its head and its columns of numbers, but for the ids.
fn decoded(page: &[u8]) -> (Json, impl Fn(&str) -> Vec<u64> + use<>) {
    let (length, rest) = page.split_first_chunk().unwrap();
    let (head, mut rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
    let head: Json = serde_json::from_slice(head).unwrap();
    let mut columns = Vec::new();
    for column in head["columns"].as_array().unwrap() {
        let (bytes, behind) = rest.split_at(size(column[1].as_u64().unwrap()));
        columns.push((column[0].as_str().unwrap().to_owned(), bytes.to_vec()));
        rest = behind;
    }
    assert!(rest.is_empty());
    let column = move |name: &str| {
        let bytes = &columns.iter().find(|(known, _)| known == name).unwrap().1;
        let mut numbers = vec![0_u64];
        let mut shift = 0;
        for byte in bytes {
            *numbers.last_mut().unwrap() |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                numbers.push(0);
                shift = 0;
            }
        }
        numbers.pop();
        numbers
    };
    (head, column)
}

fn shape(chunk: &Chunk) -> (Json, impl Fn(&str) -> Vec<u64> + use<>) {
    decoded(&pages(TraceId(TRACE), "r", chunk)[0])
}

#[test]
fn a_parent_comes_before_its_children_and_these_by_their_start() {
    let spans =
        [(3, 1, 5, 9, "late"), (2, 1, 1, 4, "early"), (1, 0, 0, 10, "root"), (4, 2, 2, 3, "deep")];
    let (head, column) = shape(&chunk("panel", &spans));
    assert_eq!(column("depth"), [0, 1, 2, 1]);
    let names: Vec<_> =
        column("name").into_iter().map(|name| head["strings"][size(name)].clone()).collect();
    assert_eq!(names, ["root", "early", "deep", "late"]);
    // After the parent, zigzag.
    assert_eq!(column("start"), [0, 2_000_000, 2_000_000, 10_000_000]);
    assert_eq!(column("self"), [3_000_000, 2_000_000, 1_000_000, 4_000_000]);
    assert_eq!(head["processes"][0]["service"], "panel");
    assert_eq!(head["base_ns"], BASE_NS.to_string());
    assert_eq!(head["extent_ns"], "10000000");
}

#[test]
fn rings_orphans_and_twins_are_told_and_nobody_is_left_out() {
    let spans = [
        (1, 2, 1, 2, "ring"),
        (2, 1, 0, 2, "opened"),
        (3, 9, 3, 4, "orphan"),
        (4, 4, 5, 6, "itself"),
        (3, 0, 7, 8, "twin"),
    ];
    let (head, column) = shape(&chunk("panel", &spans));
    let names: Vec<_> =
        column("name").into_iter().map(|name| head["strings"][size(name)].clone()).collect();
    assert_eq!(names, ["opened", "ring", "orphan", "itself", "twin"]);
    let (orphan, twin) = (flag::ORPHAN, flag::TWIN);
    assert_eq!(column("flags"), [flag::RING, 0, orphan | twin, flag::RING, twin]);
}

#[test]
fn the_critical_path_goes_back_by_the_child_that_ended_last() {
    let spans = [
        (1, 0, 0, 100, "root"),
        (2, 1, 10, 60, "first"),
        (3, 1, 50, 90, "second"),
        (4, 1, 20, 40, "not on it"),
        (5, 3, 80, 120, "outlasts it"),
    ];
    let (_, column) = shape(&chunk("panel", &spans));
    let ms = |name| column(name).iter().map(|ns| ns / 1_000_000).collect::<Vec<_>>();
    // "first" still ran when "second" began, so it is not what that waited for; 4 is.
    assert_eq!(column("depth"), [0, 1, 1, 1, 2]);
    assert_eq!(column("critical.row"), [0, 0, 0, 2, 1, 1]);
    assert_eq!(ms("critical.from"), [0, 40, 90, 20, 50, 80]);
    assert_eq!(ms("critical.duration"), [20, 10, 10, 20, 30, 10]);
}

#[test]
fn a_long_trace_comes_in_pages_that_are_one() {
    let spans: Vec<_> = (1..=40_000_u64).map(|id| (id, id / 2, id, id + 1, "step")).collect();
    let chunk = chunk("panel", &spans);
    let store = One(chunk);
    let context = Context::default();
    let id = TraceId(TRACE);
    let page = |query: &str| {
        let line = format!("GET /api/spandrel/v1/traces/{id}?{query}");
        ask(&store, &context, &line, b"").unwrap()
    };
    let (head, first) = decoded(&page("").body);
    assert_eq!((&head["pages"], &head["spans"]), (&3.into(), &40_000.into()));
    let revision = head["revision"].as_str().unwrap();
    let mut rows = first("depth").len();
    for number in 1..3 {
        let query = format!("page={number}&revision={revision}");
        let page_now = page(&query).body;
        let (head, column) = decoded(&page_now);
        assert_eq!(head["first"], rows);
        rows += column("depth").len();
        assert_eq!(page(&query).body, page_now, "it is made again if it is asked for again");
    }
    assert_eq!(rows, 40_000);
    assert_eq!(page("page=3").status, 404);
    assert_eq!(page("page=x").status, 400);
    assert_eq!(page("page=1&revision=0").status, 409);
    let one = format!("GET /api/spandrel/v1/traces/{id}/spans/{:016x}", 40_000);
    let one = json(&ask(&store, &context, &one, b"").unwrap());
    assert_eq!(one["spans"][0]["parent"], "0000000000004e20");
}

#[test]
fn spans_are_found_within_a_trace_by_what_is_in_them() {
    let spans = [(1, 0, 0, 10, "read"), (2, 1, 1, 2, "Bus.xfer"), (3, 1, 5, 9, "wait")];
    let id = TraceId(TRACE);
    let found = |query: &str| {
        let line = format!("GET /api/spandrel/v1/traces/{id}/find?{query}");
        let answer = asked(chunk("panel", &spans), &line);
        if answer.status == 200 { json(&answer)["rows"].clone() } else { answer.status.into() }
    };
    assert_eq!(found("text=bus"), serde_json::json!([1]));
    assert_eq!(found("text=service.name%3DPANEL"), serde_json::json!([0, 1, 2]));
    assert_eq!(found("text=0000000000000003"), serde_json::json!([2]));
    assert_eq!(found("text=motor"), serde_json::json!([]));
    assert_eq!((found("text=+"), found("text=bus&revision=0")), (400.into(), 409.into()));
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let spans = [(1, 0, 0, 10, "read")];
    let status = |line: &str| {
        let answer = asked(chunk("panel", &spans), &format!("GET /api/spandrel/v1{line}"));
        assert!(answer.status == 200 || json(&answer)["error"].is_string(), "{line}");
        answer.status
    };
    for (line, expected) in [
        ("/traces/0", 400),
        ("/traces/xyz", 400),
        ("/traces/1", 404),
        ("/traces/07070707070707070707070707070707/spans/2", 404),
        ("/traces/07070707070707070707070707070707/spans/+1", 400),
        ("/traces?limit=0", 400),
        ("/traces?limit=1001", 400),
        ("/traces?kind=other", 400),
        ("/traces?failed=maybe", 400),
        ("/traces?min=2ms&max=1ms", 400),
        ("/traces?min=-1ms", 400),
        ("/traces?from=yesterday", 400),
        ("/traces?from=-1h&to=-2h", 400),
        ("/operations", 400),
        ("/values", 400),
        ("/statistics?sample=5000", 400),
        ("/statistics?at=x", 400),
        ("", 200),
        ("/services", 200),
        ("/dependencies?from=-2h", 200),
    ] {
        assert_eq!(status(line), expected, "{line}");
    }
}

#[test]
fn traces_are_found_by_what_they_are() {
    let spans = [(1, 0, 0, 10, "read"), (2, 1, 1, 2, "bus")];
    let found = |query: &str| {
        let answer = asked(chunk("panel", &spans), &format!("GET /api/spandrel/v1/traces?{query}"));
        json(&answer)["traces"].as_array().unwrap().len()
    };
    assert_eq!(found(""), 1);
    assert_eq!(found("service=panel&operation=bus&max=1ms&from=-2h"), 1);
    assert_eq!(found("service=motor"), 0);
    assert_eq!(found("from=-1s"), 0);
    assert_eq!(found("failed=true"), 0);
    let line = "GET /api/spandrel/v1/traces";
    let all = json(&asked(chunk("panel", &spans), line));
    let one = &all["traces"][0];
    assert_eq!((&one["name"], &one["duration_ns"]), (&"read".into(), &"10000000".into()));
}

#[test]
fn time_is_told_by_operation_and_by_a_moment() {
    let spans = [(1, 0, 0, 12, "read"), (2, 1, 1, 2, "bus"), (3, 1, 5, 9, "bus")];
    let at = BASE_NS + 3_000_000;
    let line = format!("GET /api/spandrel/v1/statistics?at={at}");
    let told = json(&asked(chunk("panel", &spans), &line));
    assert_eq!((&told["traces"], &told["is_all"]), (&1.into(), &true.into()));
    let [read, bus] = [&told["operations"][0], &told["operations"][1]];
    assert_eq!((&read["name"], &read["all"]["self_ns"]), (&"read".into(), &"7000000".into()));
    assert_eq!((&bus["all"]["count"], &bus["before"]["count"]), (&2.into(), &1.into()));
    assert_eq!(
        (&bus["all"]["p50_ns"], &bus["all"]["max_ns"]),
        (&"1000000".into(), &"4000000".into())
    );
    // 2^(79/4) and 2^(87/4) ns.
    assert_eq!(bus["all"]["buckets"], serde_json::json!([[79, 1], [87, 1]]));
    assert_eq!(bus["slowest"][0]["span"], "0000000000000003");
}

#[test]
fn a_trace_is_deleted_wherever_it_is_and_then_there_is_none() {
    let store = Arc::new(Store::in_memory(1 << 20).unwrap());
    let other = Arc::new(Store::in_memory(1 << 20).unwrap());
    for place in [&store, &other] {
        let spans = [(1, 0, 0, 12, "read"), (2, 1, 1, 2, "bus")];
        place.offer(chunk("panel", &spans)).unwrap().wait().unwrap();
    }
    let erasers: Vec<Arc<dyn Erase>> = vec![store.clone(), other.clone()];
    let context = Context { erasers, ..Context::default() };
    context.shelf.keep(TraceId(TRACE), "a".to_owned(), vec![vec![1]]);
    let asked = |line: &str| ask(&*store, &context, line, b"").unwrap();
    let line = format!("DELETE /api/spandrel/v1/traces/{}", TraceId(TRACE));
    assert_eq!(json(&asked(&line)), serde_json::json!({"spans": 2}));
    assert_eq!((store.get(TraceId(TRACE)), other.get(TraceId(TRACE))), (Ok(None), Ok(None)));
    for line in [&line, &line.replace("DELETE", "GET")] {
        assert_eq!(asked(line).status, 404, "{line}");
    }
    let page = line.replace("DELETE", "GET") + "?revision=a&page=0";
    assert_eq!(asked(&page).status, 404, "no page of it waits");
    assert_eq!(asked("DELETE /api/spandrel/v1/traces/0").status, 400);
}

#[test]
fn a_place_that_cannot_delete_says_why() {
    #[derive(Debug)]
    struct Full(EraseError);

    impl Erase for Full {
        fn delete(&self, _: TraceId) -> Result<(), EraseError> {
            Err(self.0.clone())
        }
    }

    let asked = |why| {
        let context = Context { erasers: vec![Arc::new(Full(why))], ..Context::default() };
        let store = One(chunk("panel", &[(1, 0, 0, 12, "read")]));
        ask(&store, &context, &format!("DELETE /api/spandrel/v1/traces/{}", TraceId(TRACE)), b"")
    };
    let full = asked(EraseError::Full).unwrap();
    assert_eq!(full.status, 503);
    assert!(json(&full)["error"].as_str().unwrap().contains("try again in a minute"));
    assert_eq!(asked(EraseError::Disk("it is full".to_owned())).unwrap().status, 500);
}

proptest! {
    #[test]
    fn whatever_the_parents_are_every_span_has_a_place(
        spans in prop::collection::vec((1..30_u64, 0..30_u64, 0..50_u64, 0..50_u64), 1..40),
    ) {
        let spans: Vec<_> =
            spans.iter().map(|(id, parent, start, long)| (*id, *parent, *start, start + long + 1, "x")).collect();
        let chunk = chunk("panel", &spans);
        let rows = Rows::new(&chunk);
        prop_assert_eq!(rows.rows.len(), chunk.len());
        for (at, row) in rows.rows.iter().enumerate() {
            match row.parent {
                None => prop_assert_eq!(row.depth, 0),
                Some(parent) => {
                    prop_assert!(parent < at);
                    prop_assert_eq!(row.depth, rows.rows[parent].depth + 1);
                    prop_assert_eq!(row.span.parent_span_id(), Some(rows.rows[parent].span.span_id()));
                    // It is the last row before it whose depth is less by one.
                    let before = rows.rows[..at].iter().rposition(|row| row.depth + 1 == rows.rows[at].depth);
                    prop_assert_eq!(before, Some(parent));
                }
            }
            prop_assert!(rows.self_ns(at) <= row.span.duration_ns());
        }
        // The critical path is the longest root, without a hole and nothing twice.
        let mut path = rows.critical_path();
        path.sort_by_key(|stretch| stretch.from_ns);
        prop_assert!(path.windows(2).all(|two| two[0].to_ns == two[1].from_ns));
        let longest = rows.rows.iter().filter(|row| row.parent.is_none()).map(|row| row.span.duration_ns()).max();
        prop_assert_eq!(longest, Some(path.last().unwrap().to_ns - path[0].from_ns));
    }
}
