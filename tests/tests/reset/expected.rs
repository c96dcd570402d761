//! What the firmware's operations do, in their order: `tests/firmware/reset/src/work.rs`.

/// What one operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A span begins, told by its first tag.
    Begin(u32),
    End(u32),
    /// A log, told by its field, of this span.
    Log(u32, u32),
    /// A part of this span.
    Part(u32),
    /// A frame is sent.
    Send,
}

use Operation::{Begin, End, Log, Part, Send};

const fn turn(base: u32) -> [Operation; 14] {
    [
        Begin(base),
        End(base),
        Begin(base + 1),
        Begin(base + 2),
        Log(base + 1, base + 3),
        End(base + 2),
        End(base + 1),
        Begin(base + 4),
        Part(base + 4),
        End(base + 4),
        Send,
        Begin(base + 5),
        End(base + 5),
        Send,
    ]
}

/// All of them.
pub(crate) const OPERATIONS: [Operation; 3 * 14 + 2 + 1] = {
    let (first, second, third) = (turn(0), turn(10), turn(20));
    let mut all = [Send; 3 * 14 + 3];
    let mut at = 0;
    while at < 14 {
        all[at] = first[at];
        // In the second turn a span is left open, before the last frame.
        let later = if at == 13 { 2 } else { 0 };
        all[14 + at + later] = second[at];
        all[30 + at] = third[at];
        at += 1;
    }
    all[14 + 13] = Begin(16);
    all[14 + 14] = Log(16, 17);
    all
};

/// How a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Open,
    Committed,
}

/// The span with this number behind so many operations.
pub(crate) fn state(number: u32, done: usize) -> State {
    let done = OPERATIONS.get(..done).unwrap_or(&OPERATIONS);
    match (done.contains(&End(number)), done.contains(&Begin(number))) {
        (true, _) => State::Committed,
        (_, true) => State::Open,
        _ => State::Absent,
    }
}

/// Numbers of the spans that there are at last.
pub(crate) fn numbers() -> impl Iterator<Item = u32> {
    OPERATIONS.iter().filter_map(|operation| match operation {
        Begin(number) => Some(*number),
        _ => None,
    })
}

/// The logs, each with the span that it is of, behind so many operations.
pub(crate) fn logs(done: usize) -> impl Iterator<Item = (u32, u32)> {
    OPERATIONS.iter().take(done).filter_map(|operation| match operation {
        Log(span, number) => Some((*span, *number)),
        _ => None,
    })
}

/// The name of a span and all of its tags.
pub(crate) fn text(number: u32) -> String {
    match number % 10 {
        0 => format!("leaf count={number} state=ready"),
        1 => format!("outer count={number}"),
        2 => format!("inner count={number} state=busy"),
        4 => format!("tagged count={number} b=-2 c=three d=4 e=five"),
        5 => format!("entry count={number}"),
        _ => format!("held count={number} state=open"),
    }
}

/// The same of the boot before.
pub(crate) fn text_of_first(number: u32) -> String {
    match number {
        0..3 => format!("before count={number} state=early"),
        3 => "left-outer count=3".to_owned(),
        4..7 => format!("before count={number} state=late"),
        _ => "left-inner count=7 state=busy".to_owned(),
    }
}
