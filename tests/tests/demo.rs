//! The hello-world from end to end, as processes and as three boards in QEMU: one whole, right trace.

use spandrel_tests::hello::run::{Options, Outcome, run};
use spandrel_tests::hello::services::Platform;
use spandrel_tests::{hello, jaeger_json, qemu};

/// It has what QEMU's command line and JSON treat specially, and more than ASCII. A board's arguments
/// are words on one line, so it has no space.
const HELLO_TO: &str = "Zoë,\"&\"Bryan";

fn say_hello(platform: Platform) -> Outcome {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let options = Options {
        platform,
        out_dir: dir.path().to_owned(),
        export: None,
        hello_to: HELLO_TO.to_owned(),
    };
    let outcome = run(&options, &mut |line| println!("{line}")).unwrap_or_else(|e| panic!("{e:#}"));
    println!("{}", hello::tree::render(&outcome.document).expect("it is a trace"));
    assert!(outcome.problems.is_empty(), "{:#?}", outcome.problems);
    for file in [&outcome.trace_file, &outcome.otlp_file] {
        let bytes = std::fs::read(file).expect("the collector has written it");
        serde_json::from_slice::<serde_json::Value>(&bytes).expect("it is JSON");
    }
    outcome
}

/// What the checks of the trace leave open: who recorded it, and on what.
fn devices(outcome: &Outcome) -> Vec<String> {
    let traces = jaeger_json::read(&outcome.document).expect("it is a trace");
    let [trace] = traces.as_slice() else { panic!("{} traces", traces.len()) };
    let device = |span| {
        let id = trace.process_tag(span, "device.id").expect("a device says its id");
        id.as_str().expect("in hexadecimal digits").to_owned()
    };
    let mut devices: Vec<_> = trace.spans.iter().map(device).collect();
    devices.sort_unstable();
    devices.dedup();
    devices
}

#[test]
fn three_processes_make_one_trace() {
    let outcome = say_hello(Platform::Native);
    assert_eq!(devices(&outcome).len(), 3);
}

#[test]
fn three_boards_make_one_trace() {
    if !qemu::is_there(qemu::ARM) {
        return;
    }
    let outcome = say_hello(Platform::Qemu);
    assert_eq!(devices(&outcome).len(), 3);
}
