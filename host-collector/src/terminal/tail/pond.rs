//! The traces that still come, drawn in place; those that have come scroll away above them.

use super::live::Live;
use crate::model::{Batch, Resource, Source, Span, Status, Trace, TraceId};
use crate::query::own::shape::flag::{FAILED, ORPHAN};
use crate::recent::{Bounds, Recent};
use crate::terminal::bar::Bar;
use crate::terminal::drawing::{Drawing, Item};
use crate::terminal::fit::columns;
use crate::terminal::look::Look;
use crate::text::Count;
use crate::tree::{Forest, Line, Style};
use core::time::Duration;
use spandrel::{DeviceId, Session};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

/// A trace has come when nothing more of it comes for so long.
const QUIET: Duration = Duration::from_secs(1);
/// So much of what still comes is held.
const BOUNDS: Bounds = Bounds { spans: 20_000, bytes: 32 << 20 };

/// The traces that are shown.
pub(super) struct Pond {
    look: Look,
    recent: Recent,
    /// Which traces are drawn in place, and when something of each came last.
    open: HashMap<TraceId, Duration>,
    /// Processes by their service: all else is not said of them here.
    resources: HashMap<String, Arc<Resource>>,
    /// Lines that are drawn in place now.
    drawn: usize,
}

impl Pond {
    pub(super) fn new(look: Look) -> Self {
        Self {
            look,
            recent: Recent::new(BOUNDS),
            open: HashMap::new(),
            resources: HashMap::new(),
            drawn: 0,
        }
    }

    /// Takes a span, at a time since any fixed moment.
    pub(super) fn add(&mut self, live: &Live, now: Duration) {
        let Some((trace, id, parent)) = live.ids() else { return };
        let times_ns = [live.start_ns, live.start_ns.saturating_add(live.duration_ns)];
        let mut span = Span::new(trace, id, (&*live.name).into(), times_ns);
        span.parent_span_id = parent;
        // What is drawn of it is all that is kept.
        if live.failed {
            span.status = Status::Error(String::new().into());
        }
        if self.resources.len() > BOUNDS.spans {
            self.resources.clear();
        }
        let resource = self.resources.entry(live.service.clone());
        let resource =
            resource.or_insert_with(|| Arc::new(Resource::new(&live.service, Vec::new())));
        let source = Source { device: DeviceId(0), session: Session::new(1) };
        let batch = Batch { source, resource: resource.clone(), spans: vec![span] };
        self.open.insert(trace, now);
        self.recent.insert(batch, nanoseconds(now));
    }

    /// Goes on in another look, since the terminal may be of another size by now.
    pub(super) fn fit(&mut self, look: Look) {
        // Lines that do not fit any more are broken by some terminals and cut by others: nobody knows how many
        // there are now, so they stay.
        if look.width < self.look.width {
            self.drawn = 0;
        }
        self.look = look;
    }

    /// Draws everything anew: what has come above, and below what still comes.
    pub(super) fn draw(&mut self, out: &mut impl Write, now: Duration) -> io::Result<()> {
        self.wipe(out)?;
        let look = self.look;
        for quiet in self.recent.take_quiet(nanoseconds(now.saturating_sub(QUIET))) {
            let again = quiet.late.map(|late| format!("again, with {}:", Count(late, "late span")));
            if let Some(again) = again {
                writeln!(out, "{}", look.paint(Style::Dim, look.fitted(&again, look.width)))?;
            }
            self.open.remove(&quiet.trace.id);
            draw_tree(out, look, quiet.trace, usize::MAX, true)?;
        }
        // What came twice, or made room for others, is not told of above.
        self.open.retain(|_, last| last.saturating_add(QUIET) > now);
        let open = &self.open;
        let mut coming: Vec<_> =
            self.recent.traces().into_iter().filter(|trace| open.contains_key(&trace.id)).collect();
        coming.sort_by_key(|trace| (open.get(&trace.id).copied(), trace.id));
        // What the screen has no room for is drawn when it has come.
        let mut room = look.height.unwrap_or(usize::MAX).saturating_sub(2);
        let mut lines = Vec::new();
        for trace in coming.iter().rev() {
            if room == 0 {
                break;
            }
            let mut tree = Vec::new();
            let drawn = draw_tree(&mut tree, look, trace, room, false)?;
            room -= drawn;
            self.drawn += drawn;
            lines.push(tree);
        }
        lines.iter().rev().try_for_each(|tree| out.write_all(tree))?;
        out.flush()
    }

    /// Whether something is drawn that will change by itself.
    pub(super) fn is_waiting(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether something of it has come by now.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.open.values().any(|last| last.saturating_add(QUIET) <= now)
    }

    /// Takes away what is drawn in place.
    pub(super) fn wipe(&mut self, out: &mut impl Write) -> io::Result<()> {
        let lines = core::mem::take(&mut self.drawn);
        if lines == 0 {
            return Ok(());
        }
        // Up to its first line, and nothing below.
        write!(out, "\x1b[{lines}A\r\x1b[J")
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Draws a trace in at most so many lines, and says how many they are. Where it `is_over`, a parent that is not
/// there will not come any more.
fn draw_tree(
    out: &mut impl Write,
    look: Look,
    trace: &Trace,
    room: usize,
    is_over: bool,
) -> io::Result<usize> {
    let Some((start_ns, end_ns)) = trace.bounds_ns() else { return Ok(0) };
    let spans = trace.in_order();
    let count = spans.len();
    let lines: Vec<_> =
        Forest::new(spans.into_iter().map(|(resource, span)| (&**resource, span)).collect())
            .collect();
    let widest = lines.iter().map(|line| Drawing::wide(look, &item(line, start_ns, is_over))).max();
    let mut drawing = Drawing::new(look, end_ns - start_ns, widest.unwrap_or(0));
    let title = format!("trace {}", trace.id);
    let title = look.fitted(&title, look.width);
    let about = format!("  {}, {}", Count(count, "span"), look.duration(end_ns - start_ns));
    let about = look.fitted(&about, look.width.saturating_sub(columns(&title)));
    writeln!(out, "{}{}", look.paint(Style::Bold, title), look.paint(Style::Dim, about))?;
    let mut drawn = 1;
    for line in lines {
        if drawn >= room {
            break;
        }
        drawing.row(out, &item(&line, start_ns, is_over))?;
        drawn += 1;
    }
    Ok(drawn)
}

fn item<'a>(line: &Line<'a>, start_ns: u64, is_over: bool) -> Item<'a> {
    let after = line.span.start_ns.saturating_sub(start_ns);
    Item {
        depth: line.depth,
        last: line.last,
        service: &line.resource.service_name,
        name: &line.span.name,
        flags: flags(line, is_over),
        bar: Bar {
            times: (after, after.saturating_add(line.span.duration_ns())),
            ..Bar::default()
        },
    }
}

fn flags(line: &Line<'_>, is_over: bool) -> u64 {
    let failed = if matches!(line.span.status, Status::Error(_)) { FAILED } else { 0 };
    failed | if line.orphan && is_over { ORPHAN } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::testing::look;

    fn live(trace: u8, id: u8, parent: &str, name: &str, start_ns: u64) -> Live {
        Live {
            trace: format!("{trace:032x}"),
            id: format!("{id:016x}"),
            parent: parent.to_owned(),
            service: "panel".to_owned(),
            name: name.to_owned(),
            start_ns: 1_000_000 + start_ns,
            duration_ns: 1_000,
            ..Live::default()
        }
    }

    fn drawn(pond: &mut Pond, now_ms: u64) -> String {
        let mut out = Vec::new();
        pond.draw(&mut out, Duration::from_millis(now_ms)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_trace_grows_in_place_and_scrolls_away_once_it_has_come() {
        let mut pond = Pond::new(Look { height: Some(24), ..look(40) });
        pond.add(&live(1, 2, "0000000000000001", "read", 0), Duration::ZERO);
        let first = drawn(&mut pond, 10);
        assert_eq!(first.lines().count(), 2, "{first}");
        assert!(first.lines().all(|line| columns(line) <= 40), "{first}");
        pond.add(&live(1, 1, "", "greet", 0), Duration::from_millis(20));
        let second = drawn(&mut pond, 20);
        assert!(second.starts_with("\x1b[2A\r\x1b[Jtrace 0000"), "{second:?}");
        let rows: Vec<_> = second.lines().skip(1).collect();
        assert!(rows[0].starts_with("panel greet") && rows[1].starts_with("└─ read"), "{second}");
        assert!(pond.is_waiting());
        // Nothing came for a second: it is drawn once more, and stays.
        let third = drawn(&mut pond, 1_100);
        assert!(third.starts_with("\x1b[3A\r\x1b[J") && !pond.is_waiting(), "{third:?}");
        assert_eq!(drawn(&mut pond, 1_200), "");
    }

    #[test]
    fn a_span_that_comes_twice_does_not_stay_for_ever() {
        let mut pond = Pond::new(Look { height: Some(24), ..look(80) });
        let span = live(1, 1, "", "greet", 0);
        pond.add(&span, Duration::ZERO);
        assert!(!pond.is_due(Duration::from_millis(900)) && pond.is_due(Duration::from_secs(1)));
        drawn(&mut pond, 1_100);
        pond.add(&span, Duration::from_secs(2));
        drawn(&mut pond, 2_000);
        assert!(pond.is_waiting());
        drawn(&mut pond, 3_100);
        assert!(!pond.is_waiting());
    }

    #[test]
    fn only_what_stays_away_is_missing() {
        let mut pond = Pond::new(Look { height: Some(24), ..look(80) });
        pond.add(&live(1, 2, "0000000000000001", "read", 0), Duration::ZERO);
        assert!(!drawn(&mut pond, 10).contains("no parent"));
        assert!(drawn(&mut pond, 1_100).contains("[no parent]"));
    }

    #[test]
    fn no_more_is_drawn_in_place_than_the_screen_has_lines() {
        let mut pond = Pond::new(Look { height: Some(10), ..look(80) });
        for trace in 1..100 {
            for id in 1..100 {
                pond.add(&live(trace, id, "", "x", u64::from(id)), Duration::ZERO);
            }
        }
        assert!(drawn(&mut pond, 10).lines().count() <= 8);
    }
}
