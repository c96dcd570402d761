//! `spandrel tail` on a real terminal.

use super::collector::{Collector, Span};
use super::screen::{Left, Screen, Shown};
use super::spandrel;
use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Traces scroll away when nothing of them came for a second.
const QUIET: Duration = Duration::from_millis(1_300);

fn span(id: u64, parent: u64, name: &str, times_us: [u64; 2]) -> Span<'_> {
    Span { id, parent, name, times_us, failed: false }
}

/// A tail in a terminal of so many columns and lines, which listens, and shows one trace.
fn tail(collector: &Collector, (columns, lines): (u16, u16), variables: &[(&str, &str)]) -> Screen {
    let mut command = spandrel(&collector.at(), "tail");
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color").envs(variables.iter().copied());
    let screen = Screen::start(command, columns, lines);
    // Nobody knows when it listens.
    while !screen.shown().text().contains("first") {
        collector.hand_in("f1", &[span(1, 0, "first", [0, 10])]);
        thread::sleep(Duration::from_millis(50));
    }
    screen
}

/// Waits until nothing more is drawn.
fn settle(screen: &Screen) {
    let length = || screen.shown().sent.len();
    let (mut before, mut since) = (length(), Instant::now());
    while since.elapsed() < QUIET {
        thread::sleep(Duration::from_millis(20));
        if length() != before {
            (before, since) = (length(), Instant::now());
        }
    }
}

/// The lines from the first title of a trace on.
fn below(shown: &Shown, trace: &str) -> Vec<String> {
    let text = shown.text();
    let lines = text.lines().skip_while(|line| !line.contains(trace));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_trace_grows_in_place_on_a_real_terminal_and_stays_when_it_has_come() {
    let collector = Collector::start(0);
    let trace = format!("{:0>32}", "aa01");
    let wide = [
        "trace 0000000000000000000000000000aa01  3 spans, 2.000 ms",
        "panel greet                       ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   2.000 ms",
        "└─ read the temperature                   ╺━━━━━━━━━━━━━━━━━╸           1.000 ms",
        "   └─ 温度センサー [failed]                   ━━━━                    200.000 µs",
    ];
    let narrow = [
        "trace 0000000000000000000000000000aa01 …",
        "panel greet      ━━━━━━━━━━━━   2.000 ms",
        "└─ read the tem…    ━━━━━━      1.000 ms",
        "   └─ 温度セ… !      ━╸       200.000 µs",
    ];
    for (columns, expected) in [(80, wide), (40, narrow)] {
        let screen = tail(&collector, (columns, 24), &[]);
        collector.hand_in(&trace, &[span(2, 1, "read the temperature", [500, 1_500])]);
        screen.until("the child is there", |shown| shown.text().contains("read"));
        let failed = Span { failed: true, ..span(3, 2, "温度センサー", [700, 900]) };
        collector.hand_in(&trace, &[failed]);
        screen.until("its child is there", |shown| shown.text().contains("温"));
        collector.hand_in(&trace, &[span(1, 0, "greet", [0, 2_000])]);
        screen.until("all of it is there", |shown| below(shown, &trace) == expected);
        settle(&screen);
        assert_eq!(below(&screen.shown(), &trace), expected);
        // The next one is below, and this one stays where it is.
        collector.hand_in("aa02", &[span(1, 0, "next", [0, 10])]);
        screen.until("the next is there", |shown| shown.text().contains("next"));
        assert_eq!(below(&screen.shown(), &trace)[..expected.len()], expected);
        let shown = screen.shown();
        assert!(!shown.is_wrapped() && shown.is_styled(), "{}", shown.text());
    }
}

#[test]
fn without_colours_nothing_is_sent_but_text_and_moves() {
    let collector = Collector::start(0);
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let screen = tail(&collector, (80, 24), &variables);
        collector.receive("ab");
        screen.until("it is there", |shown| shown.text().contains("greet"));
        settle(&screen);
        let shown = screen.shown();
        assert!(!shown.is_styled() && !shown.is_wrapped(), "{}", shown.text());
        let sent = String::from_utf8_lossy(&shown.sent);
        // Up, and away with what is below: that is how lines are drawn in place.
        let escapes = sent.split('\x1b').skip(1);
        let mut acts =
            escapes.map(|escape| escape.trim_start_matches(|c: char| !c.is_alphabetic()));
        assert!(acts.all(|act| act.starts_with(['A', 'J'])), "{sent:?}");
    }
}

#[test]
fn a_trace_that_is_longer_than_the_screen_is_whole_once_it_has_come() {
    let collector = Collector::start(0);
    let screen = tail(&collector, (60, 10), &[]);
    let names: Vec<_> = (1..=40).map(|id| format!("step{id:02}")).collect();
    for (id, name) in (1..).zip(&names) {
        collector.hand_in("ac", &[span(id, u64::from(id > 1), name, [id, 100])]);
    }
    settle(&screen);
    let shown = screen.shown();
    let lines = below(&shown, &format!("{:0>32}", "ac"));
    let is_there = |(line, name): (&String, &String)| line.contains(&**name);
    assert!(lines.len() == 41 && lines[1..].iter().zip(&names).all(is_there), "{lines:#?}");
    assert!(!shown.is_wrapped());
}

#[test]
fn a_window_that_gets_narrower_is_drawn_anew_below() {
    let collector = Collector::start(0);
    let screen = tail(&collector, (100, 24), &[]);
    let trace = format!("{:0>32}", "ad");
    collector.hand_in(&trace, &[span(1, 0, "greet", [0, 2_000])]);
    screen.until("it is there", |shown| shown.text().contains("greet"));
    screen.resize(40, 24);
    let child = [span(2, 1, "read", [500, 1_500])];
    collector.hand_in(&trace, &child);
    screen.until("the child is there", |shown| shown.text().contains("read"));
    settle(&screen);
    let text = screen.shown().text();
    assert!(!screen.shown().is_wrapped(), "{text}");
    // What was drawn above may be broken by now, so that nobody knows how many lines it takes.
    assert_eq!((text.matches("greet").count(), text.matches("─ read").count()), (2, 1), "{text}");
}

#[test]
fn an_interrupt_leaves_the_terminal_as_it_was_behind_a_whole_frame() {
    let collector = Collector::start(0);
    // A frame is more than a terminal takes before somebody reads it.
    let screen = tail(&collector, (200, 60), &[]);
    let names: Vec<_> = (1..=50).map(|id| format!("step {id:02} {}", "x".repeat(60))).collect();
    let spans = (1..).zip(&names).map(|(id, name)| Span {
        failed: true,
        ..span(id, u64::from(id > 1), name, [id * 10, 1_000])
    });
    let spans: Vec<_> = spans.collect();
    // The terminal stands still in the middle of a frame.
    let still = screen.shown();
    collector.hand_in("ae", &spans);
    thread::sleep(Duration::from_millis(500));
    screen.interrupt();
    thread::sleep(Duration::from_millis(50));
    drop(still);
    let Left { signal, before, after, shown } = screen.end();
    assert_eq!(signal, Some(2));
    let lines = below(&shown, &format!("{:0>32}", "ae"));
    assert!(lines.len() == 51 && lines[50].contains("step 50"), "{}", shown.text());
    let terminal = shown.parser.screen();
    assert!(!terminal.hide_cursor() && !terminal.alternate_screen() && !terminal.bold());
    assert_eq!((terminal.fgcolor(), terminal.cursor_position().1), (vt100::Color::Default, 0));
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}
