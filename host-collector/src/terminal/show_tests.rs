use super::super::testing::{look, read, span, trace};
use super::*;
use crate::model::{Attribute, Link, SpanId, Status, TraceId};
use crate::terminal::fit::columns;

fn sample() -> Shape {
    let mut failed = span(3, 1, "println", [500, 880]);
    failed.status = Status::Error("no paper".into());
    let hello = vec![span(1, 0, "say-hello", [0, 900]), span(2, 1, "format", [100, 400]), failed];
    let log = crate::model::opentracing::Log {
        time_ns: 1_000_250_000,
        fields: vec![Attribute::new("event", "string-format")],
        dropped_fields: 0,
    };
    let format = span(4, 2, "format", [200, 350]).with_logs(vec![log]);
    let hostile = span(5, 9, "a\x1b[2J\u{202e}\nb", [860, 870]);
    read(&trace(vec![("hello-world", hello), ("formatter", vec![format, hostile])]))
}

/// What is below the head.
fn rows(text: &str) -> &str {
    let (_, rows) = text.split_once("2 spans were lost\n").unwrap();
    rows
}

fn drawn(shape: &Shape, look: Look) -> String {
    let mut out = Vec::new();
    draw(shape, look, true, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What a reference refers to: a span, and of another trace if it is odd.
fn link(to: u64, kind: &str) -> Link {
    let trace = if to % 2 == 1 { TraceId([0xb; 16]) } else { super::super::testing::TRACE };
    let attributes = vec![Attribute::new("opentracing.ref_type", kind)];
    Link { trace_id: trace, span_id: SpanId(to.to_be_bytes()), attributes }
}

/// A device that lost records, was reset, and went on with what it was at.
fn odd() -> Shape {
    let mut cut = span(4, 2, "write", [500, 700]);
    cut.attributes = vec![Attribute::new("cut_off", "reset")];
    cut.status = Status::Error("cut off by a reset".into());
    let mut gap = span(6, 4, "gap", [550, 550]);
    let [from, to] = [1_000_550_000_u64, 1_000_640_000];
    gap.attributes = vec![
        Attribute::new("spandrel.synthetic", true),
        Attribute::new("gap.records", 12_u64),
        Attribute::new("gap.earliest_ns", from),
        Attribute::new("gap.latest_ns", to),
    ];
    let mut boot = span(8, 0, "boot", [900, 980]);
    boot.links = vec![link(4, "follows_from"), link(7, "follows_from"), link(10, "other")];
    let mut early = span(12, 8, "early", [905, 940]);
    early.links = vec![link(8, "child_of"), link(14, "follows_from"), link(2, "follows_from")];
    let late = span(14, 8, "late", [950, 960]);
    let panel = vec![span(2, 0, "save", [0, 1_000])];
    read(&trace(vec![("panel", panel), ("flash", vec![cut, gap, boot, early, late])]))
}

const HEAD: &str = "\
trace 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
5 spans, 2 services, 900.000 µs, from 1970-01-01T00:00:01.000000Z
hello-world clock ±20.000 µs
formatter clock ±40.000 µs
  ! 2 spans were lost
";

#[test]
fn a_trace_is_a_tree_with_bars_and_durations() {
    let expected = "\
hello-world say-hello                    ████━━━━━━━━████━━━━━━━━━━━█ 900.000 µs
├─ format                                   ████━━━██▌                300.000 µs
│  └─ formatter format                       ├─█████─┤                150.000 µs
│       +250.000 µs string-format
└─ println [failed]                                     ▐███████████▌ 380.000 µs
formatter a\\u{1b}[2J\\u{202e… [no parent]                          ├╺╸  10.000 µs
█ critical path  ━ the rest  ├──┤ how sure its times are
";
    assert_eq!(drawn(&sample(), look(80)), format!("{HEAD}{expected}"));
}

#[test]
fn forty_columns_are_enough() {
    let expected = "\
trace 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
5 spans, 2 services, 900.000 µs, from 1…
hello-world clock ±20.000 µs
formatter clock ±40.000 µs
  ! 2 spans were lost
hello-w… say-he… ██━━━██━━━━█ 900.000 µs
├─ format         ██━█▌       300.000 µs
│  └─ formatt… …   ▐██        150.000 µs
│       +250.000 µs string-format
└─ println !           ▐█████ 380.000 µs
formatt… a\\u{… !            ━  10.000 µs
█ critical path  ━ the rest
";
    assert_eq!(drawn(&sample(), look(40)), expected);
}

#[test]
fn references_losses_and_resets_are_in_the_tree_and_in_time() {
    let expected = "\
panel save                       ███████████████████████━━━━━━━━━██████████████   1.000 ms
└─ flash write [failed, cut off]                      ├─█████████╳─┤            200.000 µs
   └─ gap [made]                                          ░░░░░                       1 ns
        ! lost here: 12 records, between +550.000 µs and +640.000 µs
flash boot                                                       ┈┈┈┈┈┈┈├─━━━━╸  80.000 µs
  ↳ follows from \"write\" of flash, ended 200.000 µs before
  ↳ follows from 0000000000000007 of trace 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
  ↳ refers to 000000000000000a, which is not here
├─ early                                                                ├─╺━╸─┤  35.000 µs
│    ↳ follows from \"late\" of flash, begins 45.000 µs after
│    ↳ follows from \"save\" of panel, began 905.000 µs before
└─ late                                                                   ├─╺╸┤  10.000 µs
█ critical path  ━ the rest  ╳ cut off  ░ records lost  ┈ since what it refers to ended
├──┤ how sure its times are
";
    assert_eq!(rows(&drawn(&odd(), look(90))), expected);
}

#[test]
fn so_they_are_in_forty_columns() {
    let expected = "\
panel save       ██████━━████   1.000 ms
└─ flash write !       ██╳    200.000 µs
   └─ gap !            ░░           1 ns
        ! lost here: 12 records,
          between +550.000 µs
          and +640.000 µs
flash boot               ┈┈╺━  80.000 µs
  ↳ follows from \"write\" of flash,
    ended 200.000 µs before
  ↳ follows from 0000000000000007
    of trace
    0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
  ↳ refers to 000000000000000a,
    which is not here
├─ early                   ╺╸  35.000 µs
│    ↳ follows from \"late\" of flash,
│      begins 45.000 µs after
│    ↳ follows from \"save\" of panel,
│      began 905.000 µs before
└─ late                     ━  10.000 µs
█ critical path  ━ the rest  ╳ cut off
░ records lost
┈ since what it refers to ended
";
    assert_eq!(rows(&drawn(&odd(), look(40))), expected);
}

#[test]
fn so_they_are_in_ascii() {
    let expected = "\
panel save                   ==========----======   1.000 ms
`- flash write !                       ===x       200.000 us
   `- gap [made]                        //              1 ns
        ! lost here: 12 records, between +550.000 us
          and +640.000 us
flash boot                                 ....--  80.000 us
  -> follows from \"write\" of flash, ended 200.000 us before
  -> follows from 0000000000000007 of trace
    0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
  -> refers to 000000000000000a, which is not here
|- early                                       -   35.000 us
|    -> follows from \"late\" of flash, begins 45.000 us after
|    -> follows from \"save\" of panel,
|      began 905.000 us before
`- late                                         -  10.000 us
= critical path  - the rest  x cut off  / records lost
. since what it refers to ended
";
    assert_eq!(rows(&drawn(&odd(), Look { is_unicode: false, ..look(60) })), expected);
}

#[test]
fn of_many_references_only_the_first_are_told() {
    let mut many = span(2, 0, "many", [0, 10]);
    many.links = (2..100).map(|to| link(2 * to + 1, "follows_from")).collect();
    let text = drawn(&read(&trace(vec![("a", vec![many])])), look(80));
    assert_eq!(text.matches("↳ follows from").count(), 8, "{text}");
    assert!(text.contains("↳ and to 90 more: --span 0000000000000002 has them\n"), "{text}");
}

#[test]
fn a_wide_screen_has_long_bars() {
    let wide = drawn(&sample(), look(200));
    let row = wide.lines().find(|line| line.contains("println")).unwrap();
    assert_eq!((columns(row), row.matches('█').count()), (155, 42), "{row}");
}

#[test]
fn without_utf_8_everything_is_ascii() {
    let plain = drawn(&sample(), Look { is_unicode: false, ..look(60) });
    assert!(plain.is_ascii(), "{plain}");
    let rows = "\
hello-world say-hello        ===-----====-------= 900.000 us
|- format                      ===--==            300.000 us
|  `- formatter format           ====             150.000 us
";
    assert!(plain.contains(rows), "{plain}");
}

#[test]
fn in_colour_nothing_but_colour_is_added() {
    let coloured = drawn(&sample(), Look { colour: true, ..look(80) });
    assert!(coloured.contains("\x1b[31m"), "{coloured}");
    let mut plain = String::new();
    let mut rest = &*coloured;
    while let Some((before, behind)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = behind.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, drawn(&sample(), look(80)));
}

#[test]
fn json_has_every_span_with_its_parent() {
    let mut out = Vec::new();
    sample().write_json(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains(['\x1b', '\u{202e}']), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let spans = json["spans"].as_array().unwrap();
    let of = |place: usize, key: &str| spans[place][key].as_str().unwrap().to_owned();
    assert_eq!(spans.len(), 5);
    assert_eq!(
        (of(2, "parent"), of(2, "service")),
        ("0000000000000002".into(), "formatter".into())
    );
    assert_eq!((of(2, "start_ns"), of(2, "duration_ns")), ("1000200000".into(), "150000".into()));
    assert_eq!((of(4, "name"), of(4, "parent")), ("a\x1b[2J\u{202e}\nb".into(), String::new()));
    assert_eq!(spans[3]["flags"].as_u64(), Some(1));
}

#[test]
fn a_deep_chain_and_a_wide_fan_are_drawn_line_by_line() {
    let chain = (1..=5_000).map(|id| span(id, id - 1, "x", [id, 9_999])).collect();
    let text = drawn(&read(&trace(vec![("a", chain)])), look(40));
    // And the process says how sure its clock is.
    assert_eq!(text.lines().filter(|line| line.ends_with('s')).count(), 5_001);
    assert!(text.lines().all(|line| columns(line) <= 40));
    assert!(text.contains("4999 x"), "{}", text.lines().nth(5_001).unwrap());
    let fan = (2..=100_000).map(|id| span(id, 1, "child", [id, id + 1]));
    let fan = core::iter::once(span(1, 0, "root", [0, 200_000])).chain(fan).collect();
    assert_eq!(drawn(&read(&trace(vec![("a", fan)])), look(80)).matches("─ child").count(), 99_999);
}

#[test]
fn one_span_of_ten_years_fits() {
    let years = 315_360_000_000_000;
    let text = drawn(&read(&trace(vec![("a", vec![span(1, 0, "long", [0, years])])])), look(40));
    assert!(text.contains("315360000.000 s"), "{text}");
    assert!(text.lines().all(|line| columns(line) <= 40), "{text}");
    let chain = vec![span(1, 0, "long", [0, years]), span(2, 1, "below", [0, years])];
    let text = drawn(&read(&trace(vec![("a", chain)])), look(20));
    assert!(text.lines().all(|line| columns(line) <= 20), "{text}");
}

#[test]
fn json_has_references_and_losses() {
    let mut out = Vec::new();
    odd().write_json(&mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let of = |name: &str| {
        json["spans"].as_array().unwrap().iter().find(|span| span["name"] == name).unwrap().clone()
    };
    let references = serde_json::json!([
        {"type": "follows_from", "trace": "0a".repeat(16), "span": "0000000000000004"},
        {"type": "follows_from", "trace": "0b".repeat(16), "span": "0000000000000007"},
        {"type": "other", "trace": "0a".repeat(16), "span": "000000000000000a"},
    ]);
    assert_eq!(of("boot")["references"], references);
    let lost = serde_json::json!([{"from_ns": "1000550000", "to_ns": "1000640000", "records": 12}]);
    assert_eq!(of("gap")["lost"], lost);
    assert!(of("save").get("references").is_none() && of("save").get("lost").is_none());
}
