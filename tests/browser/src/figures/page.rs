//! The page itself: how much it is, how fast it shows a trace, and what a frame of it costs.

use core::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use spandrel_tests::proc::pause;

use super::{Found, Subject, browser, number, part};
use crate::{Browser, Collector, Look, Span, trace_id};

/// So many spans go in one request.
const AT_ONCE: usize = 20_000;
const LONG: u64 = 100_000;
const SHORT: u64 = 1_000;
/// The screen that figures are of.
pub(super) const SCREEN: Look = Look { width: 1280, is_dark: false };
/// Sixty times a second, as a hand moves.
const STEP: Duration = Duration::from_millis(16);

/// A trace of three services, as wide as it is deep.
pub(super) fn send(collector: &Collector, trace: u64, count: u64) -> Result<()> {
    let services = ["panel", "sensor", "motor"];
    for (place, service) in services.iter().enumerate() {
        let own = (1..=count).filter(|id| id % 3 == place as u64);
        let spans: Vec<Span> = own.map(|id| span(trace, id, count)).collect();
        for spans in spans.chunks(AT_ONCE) {
            collector.send(service, spans)?;
        }
    }
    Ok(())
}

/// Each has eight children, which share its time.
fn span(trace: u64, id: u64, count: u64) -> Span {
    const CHILDREN: u64 = 8;
    const WHOLE_NS: u64 = 1 << 40;

    let (mut from, mut to) = (0, WHOLE_NS);
    let mut way = Vec::new();
    let mut at = id;
    while at > 1 {
        way.push((at - 2) % CHILDREN);
        at = (at - 2) / CHILDREN + 1;
    }
    for place in way.iter().rev() {
        let part = (to - from) / CHILDREN;
        (from, to) = (from + place * part, from + (place + 1) * part - part / 16);
    }
    let parent = if id == 1 { 0 } else { (id - 2) / CHILDREN + 1 };
    let name = if id == 1 { format!("trace of {count}") } else { format!("step {}", id % 50) };
    let tags = vec![("bus".to_owned(), (id % 7).to_string())];
    let (start, duration) = (from, to - from);
    Span {
        start,
        duration,
        tags,
        has_failed: id.is_multiple_of(97),
        ..Span::new(trace, id, parent, &name)
    }
}

/// `page.bytes` and `page.requests`.
pub(super) fn assets(subject: &Subject) -> Result<Found> {
    let collector = Collector::start_of(&subject.spandrel, 0)?;
    send(&collector, 1, 30)?;
    let browser = browser()?;
    browser.open(&collector.page(""))?;
    browser.until("document.querySelector('a.trace')")?;
    let entries = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]";
    let requests = browser.run(&format!("return {entries}.length"), &[])?;
    // What does not change with what was asked: the page, its script and its style.
    let assets = format!(
        "return {entries}.filter(one => !one.name.includes('/api/')).map(one => one.encodedBodySize)"
    );
    let sizes = browser.run(&assets, &[])?;
    let sizes = sizes.as_array().context("no list")?;
    ensure!(sizes.len() == 3, "the page has other parts than it had: {sizes:?}");
    let bytes = sizes.iter().map(number).sum::<Result<f64>>()?;
    Ok(vec![("page.bytes".to_owned(), bytes), ("page.requests".to_owned(), number(&requests)?)])
}

/// `page.open_trace_ms`, from the click on a line of the search until rows and bars are on the screen.
pub(super) fn open(subject: &Subject) -> Result<Found> {
    // Two frames later what was drawn in the first has been painted.
    const OPEN: &str = "return new Promise(done => {
        const begun = performance.now();
        document.querySelector(`a.trace[href*='${arguments[0]}']`).click();
        const look = () => document.querySelectorAll('.rows [role=row]').length > 10
            ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)))
            : setTimeout(look, 1);
        look();
    })";

    let collector = Collector::start_of(&subject.spandrel, 0)?;
    let mut found = Vec::new();
    let browser = browser()?;
    browser.look(SCREEN)?;
    for (trace, count) in [(1, SHORT), (2, LONG)] {
        send(&collector, trace, count)?;
        // Who opens a trace has looked at another before: the page has its threads.
        for is_counted in [false, true] {
            browser.open(&collector.page(""))?;
            let line = format!("document.querySelector(`a.trace[href*='{}']`)", trace_id(trace));
            browser.until(&line)?;
            let took = number(&browser.run(OPEN, &[json!(trace_id(trace))])?)?;
            if is_counted {
                found.push((format!("page.open_trace_ms.{count}"), took));
            }
        }
    }
    Ok(found)
}

/// `page.frame_ms.p95` and `page.missed_frames_pct`, while a long trace is dragged and zoomed.
pub(super) fn frames(subject: &Subject) -> Result<Found> {
    let collector = Collector::start_of(&subject.spandrel, 0)?;
    send(&collector, 1, LONG)?;
    let browser = Browser::start_traced()?.context("figures of the page need chromium")?;
    browser.look(SCREEN)?;
    browser.open(&collector.page(&format!("view=trace&trace={}", trace_id(1))))?;
    browser.until("document.querySelectorAll('.rows [role=row]').length > 10")?;
    let place = "const box = document.querySelector('canvas.bars').getBoundingClientRect();
        performance.mark('begin');
        return [box.x + box.width / 2, box.y + box.height / 2]";
    let place = browser.run(place, &[])?;
    let (x, y) = (number(&place[0])?, number(&place[1])?);
    zoom(&browser, [x, y], -60)?;
    browser.mouse("mousePressed", [x, y], json!({"button": "left", "clickCount": 1}))?;
    for step in 0..120 {
        let along = f64::from((step % 60 - 30_i32).abs() * 10 - 150);
        browser.mouse("mouseMoved", [x + along, y], json!({"button": "left", "buttons": 1}))?;
        pause(STEP)?;
    }
    browser.mouse("mouseReleased", [x, y], json!({"button": "left", "clickCount": 1}))?;
    zoom(&browser, [x, y], 60)?;
    browser.run("performance.mark('end')", &[])?;
    let (work, missed) = of_trace(&browser.traced()?)?;
    Ok(vec![
        ("page.frame_ms.p95".to_owned(), part(work, 95)?),
        ("page.missed_frames_pct".to_owned(), missed),
    ])
}

fn zoom(browser: &Browser, at: [f64; 2], by: i32) -> Result<()> {
    const CONTROL: u32 = 2;

    for _ in 0..40 {
        browser.mouse(
            "mouseWheel",
            at,
            json!({"deltaX": 0, "deltaY": by, "modifiers": CONTROL}),
        )?;
        pause(STEP)?;
    }
    Ok(())
}

/// How long the main thread worked for each frame between the two marks, in milliseconds, and how many of a
/// hundred frames were missed.
fn of_trace(events: &[Value]) -> Result<(Vec<f64>, f64)> {
    let mark = |name: &str| {
        let found = events.iter().find(|event| event["name"] == name);
        found.with_context(|| format!("the browser's trace has no mark {name:?}"))
    };
    let (begin, end) = (mark("begin")?, mark("end")?);
    let (from, to) = (number(&begin["ts"])?, number(&end["ts"])?);
    let is_between = |event: &&Value| event["ts"].as_f64().is_some_and(|ts| ts > from && ts < to);
    let named = |name: &'static str| {
        events.iter().filter(move |event| event["name"] == name).filter(is_between)
    };
    let of_page = |event: &&Value| event["pid"] == begin["pid"];
    let starts = named("BeginMainThreadFrame").filter(of_page).map(|event| number(&event["ts"]));
    let mut starts = starts.collect::<Result<Vec<f64>>>()?;
    starts.sort_by(f64::total_cmp);
    ensure!(starts.len() > 30, "the page drew only {} frames", starts.len());
    let mut work = vec![0.0; starts.len()];
    let of_main = |event: &&Value| of_page(event) && event["tid"] == begin["tid"];
    for task in named("RunTask").filter(of_main) {
        let (at, took) = (number(&task["ts"])?, number(&task["dur"])?);
        // A frame begins within the task that draws it; what comes then, until the next, is its, too.
        let behind = starts.partition_point(|start| *start < at + took);
        if let Some(frame) = behind.checked_sub(1) {
            work[frame] += took / 1_000.0;
        }
    }
    let states = named("PipelineReporter")
        .filter_map(|event| event["args"]["frame_reporter"]["state"].as_str());
    let states: Vec<&str> = states.filter(|state| *state != "STATE_NO_UPDATE_DESIRED").collect();
    let missed = states.iter().filter(|state| **state == "STATE_DROPPED").count();
    ensure!(!states.is_empty(), "the browser's trace has no frames");
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let share = missed as f64 / states.len() as f64;
    Ok((work, 100.0 * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_of_the_frame_that_it_was_done_for() {
        let mut events = vec![
            json!({"name": "begin", "ts": 0.0, "pid": 1, "tid": 2}),
            json!({"name": "end", "ts": 1e9, "pid": 1, "tid": 2}),
        ];
        for frame in 1..=40 {
            let at = f64::from(frame) * 16_000.0;
            events.push(json!({"name": "BeginMainThreadFrame", "ts": at, "pid": 1}));
            let task = |ts: f64, dur: u32, tid: u32| json!({"name": "RunTask", "ts": ts, "dur": dur, "pid": 1, "tid": tid});
            events.push(task(at - 10.0, 2_000, 2));
            events.push(task(at + 5_000.0, 1_000, 2));
            events.push(task(at + 5_000.0, 9_000, 3));
            let state = if frame % 10 == 0 { "STATE_DROPPED" } else { "STATE_PRESENTED_ALL" };
            let args = json!({"frame_reporter": {"state": state}});
            events.push(json!({"name": "PipelineReporter", "ts": at, "args": args}));
        }
        let (work, missed) = of_trace(&events).unwrap();
        assert_eq!((work, missed), (vec![3.0; 40], 10.0));
        assert!(of_trace(&events[1..]).is_err());
    }

    #[test]
    fn a_trace_that_is_sent_is_a_tree_within_its_root() {
        let root = span(1, 1, 100);
        for id in 2..=100 {
            let child = span(1, id, 100);
            let parent = span(1, child.parent, 100);
            assert!(child.parent < id && child.start >= parent.start);
            assert!(child.start + child.duration <= parent.start + parent.duration);
            assert!(child.duration > 0 && child.duration < root.duration);
        }
    }
}
