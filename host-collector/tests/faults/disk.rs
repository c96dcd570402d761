//! Disks that take nothing, folders that cannot be written, and two collectors on one store.
//!
//! A full disk is made without any right: the bound on the length of files that every process has is set to
//! nothing from outside, and taken away again. What the store does where the system says that the disk itself
//! is full is tested behind the store's seam.

#[cfg(target_os = "linux")]
use rustix::process::{Pid, Resource, Rlimit, prlimit};
#[cfg(target_os = "linux")]
use std::time::Instant;

#[cfg(target_os = "linux")]
use crate::client::{PATIENCE, call};
use crate::collector::{Collector, folder, run};
use crate::spans::{Span, request};

#[cfg(target_os = "linux")]
fn let_files_grow(collector: &Collector, to: Option<u64>) {
    let pid = Pid::from_child(&collector.child);
    let before = prlimit(Some(pid), Resource::Fsize, Rlimit { current: to, maximum: None });
    before.expect("it is a child of ours");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_refuses_with_a_reason_and_is_used_again_when_there_is_room() {
    let folder = folder("full");
    let store = ["--store", folder.to_str().unwrap()];
    let collector = Collector::start(&store);
    let body = |trace| request("full", &[Span::new(trace, 1, 0, "read")]);
    assert_eq!(collector.post(&body(1)).status, 200);

    let_files_grow(&collector, Some(0));
    let reply = collector.post(&body(2));
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.head.to_lowercase().contains("retry-after: 10"), "{}", reply.head);
    assert!(reply.text().contains("no more may be written"), "{}", reply.text());
    let export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let unavailable = "14";
    assert_eq!(call(collector.at("http"), export, &body(3)).0, unavailable);
    let zipkin = br#"[{"traceId":"4","id":"1","name":"read","timestamp":1795651200000000}]"#;
    let reply = collector.client().post("/api/v2/spans", "application/json", zipkin).unwrap();
    assert_eq!(reply.status, 503, "{reply:?}");
    // What is there can be read all the while.
    assert_eq!(collector.get("/api/traces/1").status, 200);

    let_files_grow(&collector, None);
    let began = Instant::now();
    while collector.post(&body(5)).status != 200 {
        assert!(began.elapsed() < PATIENCE, "it does not recover: {}", collector.said());
    }
    collector.kill();
    let collector = Collector::start(&store);
    for trace in [1, 5] {
        assert_eq!(collector.get(&format!("/api/traces/{trace}")).status, 200, "{trace}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_with_what_to_do() {
    let file = folder("unwritable").join("file");
    std::fs::write(&file, "").unwrap();
    for store in [file.join("store"), "/proc/store".into()] {
        let output = run(&["--store", store.to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let reason = said.contains(store.to_str().unwrap()) && said.contains("cannot be opened");
        assert!(reason && said.contains("--store") && said.contains("--memory"), "{said}");
    }
}

#[test]
fn a_second_collector_on_a_store_says_who_has_it_and_the_first_goes_on() {
    let folder = folder("taken");
    let store = ["--store", folder.to_str().unwrap()];
    let first = Collector::start(&store);
    let output = run(&store);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let who = format!("process {}", first.child.id());
    assert!(said.contains(&who) && said.contains("--store"), "{said}");
    assert_eq!(first.post(&request("taken", &[Span::new(1, 1, 0, "read")])).status, 200);
}
