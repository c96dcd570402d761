//! The hello-world behind a bad link, as processes and as boards in QEMU: what comes through is shown, and no more.
#![expect(clippy::std_instead_of_alloc, reason = "only host programs use this crate")]

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;
use spandrel::wire::{self, Body, Record};
use spandrel_tests::collector::Collector;
use spandrel_tests::faults::link::Faults;
use spandrel_tests::faults::udp_proxy::{Passing, UdpProxy};
use spandrel_tests::hello::check::SPANS;
use spandrel_tests::hello::services::{Platform, Programs, Services};
use spandrel_tests::proc::pause;
use spandrel_tests::{jaeger_json, qemu};

/// How often somebody is greeted.
const GREETINGS: usize = 4;
/// What services record; whatever else is in a trace the collector has made.
const OPERATIONS: [&str; 4] = ["say-hello", "format", "println", "publish"];
/// From the end of the last greeting until the services have sent their last span.
const SEND_LIMIT: Duration = Duration::from_secs(30);
const SEED: u64 = 11;

// Nothing is corrupted: UDP's checksum finds that on a real way, and without it a changed time is a time.
const BAD: Faults = Faults { jitter_ns: 2_000_000, ..Faults::bad(0.15, 0.1, 0.1) };

/// What a session sent, by the numbers of its spans.
#[derive(Default)]
struct Session {
    sent: HashSet<u64>,
    arrived: HashSet<u64>,
    is_introduced: bool,
}

/// What the link saw, by session tag.
#[derive(Default)]
struct Seen(HashMap<[u8; 4], Session>);

impl Seen {
    fn note(&mut self, passing: Passing<'_>) {
        if !passing.is_up {
            return;
        }
        let frame = wire::decode(passing.bytes).expect("services send frames");
        let session = self.0.entry(frame.session_tag).or_default();
        let arrives = !passing.fate.is_lost();
        match frame.body {
            Body::Hello(_) => session.is_introduced |= arrives,
            Body::Data(data) => {
                for record in &data.records {
                    let Record::Span(span) = record else { continue };
                    session.sent.insert(span.head.own);
                    if arrives {
                        session.arrived.insert(span.head.own);
                    }
                }
            }
            _ => {}
        }
    }

    fn sent(&self) -> usize {
        self.0.values().map(|session| session.sent.len()).sum()
    }

    fn arrived(&self) -> usize {
        self.0.values().map(|session| session.arrived.len()).sum()
    }

    /// Spans whose device the collector can know.
    fn shown(&self) -> usize {
        let known = self.0.values().filter(|session| session.is_introduced);
        known.map(|session| session.arrived.len()).sum()
    }
}

/// The spans of services in a document, each of which must be there once.
fn shown(document: &Value) -> usize {
    if document.is_null() {
        return 0;
    }
    let traces = jaeger_json::read(document).expect("it is a document");
    let spans = traces.iter().flat_map(|trace| &trace.spans);
    let ours = spans.filter(|span| OPERATIONS.contains(&span.operation_name.as_str()));
    let ids: Vec<_> = ours.map(|span| (&span.trace_id, &span.span_id)).collect();
    let once: HashSet<_> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "a span is there twice");
    ids.len()
}

fn greet(platform: Platform) -> anyhow::Result<()> {
    let say = &mut |line: &str| println!("{line}");
    let (program, programs) = (Collector::build(say)?, Programs::build(platform, say)?);
    let dir = tempfile::tempdir()?;
    let collector = Collector::start(&program, dir.path(), None)?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let lock = |seen: &Arc<Mutex<Seen>>, act: &dyn Fn(&Seen) -> usize| {
        act(&seen.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let noting = Arc::clone(&seen);
    let note = move |passing: Passing<'_>| {
        noting.lock().unwrap_or_else(PoisonError::into_inner).note(passing);
    };
    let to = ([127, 0, 0, 1], collector.port()).into();
    let proxy = UdpProxy::start(to, [BAD; 2], SEED, note)?;
    let mut services = Services::start(programs, proxy.address().port(), say)?;
    for number in 0..GREETINGS {
        services.say_hello(&format!("Bryan-{number}"), say)?;
    }
    let begun = Instant::now();
    while lock(&seen, &Seen::sent) < GREETINGS * SPANS && begun.elapsed() < SEND_LIMIT {
        services.check()?;
        pause(Duration::from_millis(50))?;
    }
    // What was held back is on its way.
    pause(Duration::from_millis(200))?;
    let document = collector.stop()?;
    let [sent, arrived, may_be_shown] =
        [&Seen::sent as &dyn Fn(&Seen) -> usize, &Seen::arrived, &Seen::shown]
            .map(|count| lock(&seen, count));
    println!(
        "{sent} spans were sent, {arrived} arrived, of {may_be_shown} it is known whose they are"
    );
    assert_eq!(sent, GREETINGS * SPANS, "{}", services.tell());
    assert_eq!(shown(&document), may_be_shown, "{document:#}");
    Ok(())
}

#[test]
fn what_processes_get_through_a_bad_link_is_shown() {
    greet(Platform::Native).unwrap_or_else(|e| panic!("{e:#}"));
}

#[test]
fn what_boards_get_through_a_bad_link_is_shown() {
    if !qemu::is_there(qemu::ARM) {
        return;
    }
    greet(Platform::Qemu).unwrap_or_else(|e| panic!("{e:#}"));
}
