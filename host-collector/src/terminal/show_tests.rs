use super::super::testing::{look, read, span, trace};
use super::*;
use crate::model::{Attribute, Status};
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

fn drawn(shape: &Shape, look: Look) -> String {
    let mut out = Vec::new();
    draw(shape, look, true, &mut out).unwrap();
    String::from_utf8(out).unwrap()
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
│  └─ formatter format                         █████                  150.000 µs
│       +250.000 µs string-format
└─ println [failed]                                     ▐███████████▌ 380.000 µs
formatter a\\u{1b}[2J\\u{202e… [no parent]                           ╺╸  10.000 µs
█ critical path  ━ the rest
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
    write_json(&sample(), &mut out).unwrap();
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
}
