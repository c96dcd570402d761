//! Tags and logs, of every type and size.

use alloc::string::String;
use alloc::vec::Vec;

use spandrel::{Copied, MAX_COPIED_LEN, log, span, tag};

use crate::bench::bench;
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("tags of every type", every_type),
    ("tags that come later", later_tags),
    ("logs", logs),
    ("copied strings are cut", copied_strings_are_cut),
    ("static strings are cut", static_strings_are_cut),
];

fn every_type(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    span!(bench.tracer, "bool", a = true, b = false).finish();
    span!(bench.tracer, "narrow", a = i8::MIN, b = u8::MAX).finish();
    span!(bench.tracer, "half", a = i16::MIN, b = u16::MAX).finish();
    span!(bench.tracer, "whole", a = i32::MIN, b = u32::MAX).finish();
    span!(bench.tracer, "signed", a = i64::MIN).finish();
    span!(bench.tracer, "unsigned", a = u64::MAX).finish();
    span!(bench.tracer, "single", a = 1.5_f32, b = -0.0_f32).finish();
    span!(bench.tracer, "double", a = -0.25_f64).finish();
    span!(bench.tracer, "static", a = "", b = 1).finish();
    bench.expect(&[
        "span bool in bool (a=true, b=false)",
        "span narrow in narrow (a=-128, b=255u)",
        "span half in half (a=-32768, b=65535u)",
        "span whole in whole (a=-2147483648, b=4294967295u)",
        "span signed in signed (a=-9223372036854775808l)",
        "span unsigned in unsigned (a=18446744073709551615ul)",
        "span single in single (a=1.5f, b=-0.0f)",
        "span double in double (a=-0.25)",
        "span static in static (a=, b=1)",
    ])?;
    span!(
        bench.tracer,
        "many",
        a = 1,
        b = "two",
        c = Copied("three"),
        d = 4.0,
        e = 5_u64,
        f = "six"
    )
    .finish();
    bench.expect(&[
        "part of many (a=1, b=two, c=\"three\", d=4.0, e=5ul, f=six)",
        "span many in many parts=1",
    ])
}

fn later_tags(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let span = span!(bench.tracer, "span", n = 1);
    tag!(span, a = 2, b = "three");
    span.set_tag("c", 4.5);
    span.set_tag("d", Copied("five"));
    span.set_tag("e", "six");
    span.finish();
    bench.expect(&[
        "part of span (a=2, b=three)",
        "part of span (c=4.5)",
        "part of span (d=\"five\")",
        "part of span (e=six)",
        "span span in span (n=1) parts=4",
    ])
}

fn logs(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let span = span!(bench.tracer, "span");
    bench.pass(1);
    log!(span, "plain");
    bench.pass(1);
    log!(span, count = 3);
    log!(span, event = "string-format", value = Copied("Hello, Bryan!"), n = 3_u64);
    bench.pass(1);
    span.log("key", false);
    span.finish();
    bench.expect(&[
        "log of span (event=plain) @1",
        "log of span (count=3) @2",
        "log of span (event=string-format, value=\"Hello, Bryan!\", n=3ul) @2",
        "log of span (key=false) @3",
        "span span in span @0+3 parts=4",
    ])
}

fn copied_strings_are_cut(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let text = "\u{e9}".repeat(MAX_COPIED_LEN / 2 + 1);
    let span = span!(bench.tracer, "span", a = Copied(&text), b = Copied(""));
    tag!(span, c = Copied(&text[..MAX_COPIED_LEN]));
    span.finish();
    let lines = bench.lines()?;
    let kept = &text[..MAX_COPIED_LEN];
    check_eq!(lines[0], alloc::format!("part of span (a=cut \"{kept}\", b=\"\")"));
    check_eq!(lines[1], alloc::format!("part of span (c=\"{kept}\")"));
    check_eq!(bench.tracer.losses().tag_cut, 1);
    Ok(())
}

fn static_strings_are_cut(_: &Board) -> Result<(), String> {
    const LONGEST: usize = 254;
    /// 255 bytes; the end shows what was cut.
    const LONG: &str = "A static string that is longer than what a start has room for, which is 254 \
        bytes, so that it must be cut: its length is kept in a single byte beside the types of the \
        values, and one of the numbers that a byte can be is kept for something else. It is long";

    const { assert!(LONG.len() == LONGEST + 1) };
    let mut bench = bench!(ROOMY);
    span!(bench.tracer, "short", text = &LONG[1..]).finish();
    span!(bench.tracer, "long", text = LONG).finish();
    let lines = bench.lines_in(300)?;
    let expected: Vec<_> = [("short", "", &LONG[1..]), ("long", "cut ", &LONG[..LONGEST])]
        .map(|(name, cut, text)| alloc::format!("span {name} in {name} (text={cut}{text})"))
        .into();
    check_eq!(lines, expected);
    check_eq!(bench.drain()?.losses().tag_cut, 1);
    Ok(())
}
