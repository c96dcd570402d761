//! A board in QEMU whose frames go through RTT, read through QEMU's GDB stub: the spans arrive, what is said
//! to the board gets there, and text on the channel beside is nobody else's business.
#![expect(clippy::std_instead_of_alloc, reason = "a host program")]

use core::time::Duration;
use std::collections::VecDeque;
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use spandrel_collector::receiver::rtt::gdb::Client;
use spandrel_collector::receiver::rtt::{Locate, Reader, Which};
use spandrel_tests::build::cargo_build;
use spandrel_tests::collector::Collector;
use spandrel_tests::jaeger_json::{self, integer};
use spandrel_tests::proc::{Proc, free_tcp_port, pause};
use spandrel_tests::{qemu, workspace};

/// Far above what it takes on a busy machine, so that only a hung one is cut off.
const LIMIT: Duration = Duration::from_secs(60);
/// Samples that must arrive.
const SAMPLES: usize = 40;

#[test]
fn spans_come_through_a_probe_and_the_board_hears_the_collector() {
    if !qemu::is_there(qemu::ARM) {
        return;
    }
    run().unwrap_or_else(|error| panic!("{error:#}"));
}

fn run() -> Result<()> {
    let mut say = |line: &str| println!("{line}");
    let program = Collector::build(&mut say)?;
    let board = workspace::root().join("examples/boards/mps2-an386");
    let built = cargo_build("the board", &board, &["--release", "--bin", "rtt"], &mut say)?;
    let firmware = built.get("rtt")?;
    let address = format!("127.0.0.1:{}", free_tcp_port());
    let mut qemu = boot(firmware, &address)?;

    // Twice: the second collector finds a board in the middle of its work.
    let dir = tempfile::tempdir()?;
    let mut documents = Vec::new();
    let elf = firmware.to_str().context("the program's path is text")?;
    for place in [["--rtt-elf", elf], ["--rtt-ram", "0x20000000+0x20000"]] {
        let options = ["--rtt-gdb", &address, place[0], place[1]];
        let mut collector = Collector::start_with(&program, dir.path(), options)?;
        let is_whole = |document: &Value| counts(document).is_ok_and(|all| all.len() >= SAMPLES);
        collector.wait_until(LIMIT, is_whole, || {
            ensure!(qemu.is_running(), qemu.tell("ended"));
            Ok(())
        })?;
        documents.push(collector.stop()?);
    }
    for document in &documents {
        check(document)?;
    }
    let (first, second) = (counts(&documents[0])?, counts(&documents[1])?);
    ensure!(first[0] == 1, "the first sample is not there: {first:?}");
    ensure!(first.last() < second.first(), "samples came twice: {first:?}, {second:?}");

    check_text(firmware, &address)?;
    ensure!(qemu.is_running(), qemu.tell("ended"));
    Ok(())
}

fn boot(firmware: &Path, gdb: &str) -> Result<Proc> {
    let options = ["-serial", "none", "-gdb", &format!("tcp:{gdb}")];
    Proc::spawn("the board", &mut qemu::board(firmware, &options, ["device=7"]))
}

/// The numbers of all samples, in order.
fn counts(document: &Value) -> Result<Vec<i64>> {
    let traces = jaeger_json::read(document)?;
    let spans = traces.iter().flat_map(|trace| &trace.spans);
    let mut counts: Vec<_> = spans.filter_map(|span| integer(span.tag("count")?)).collect();
    counts.sort_unstable();
    Ok(counts)
}

/// Every sample is there once and whole, from the first to the last, and clocks were compared, which takes
/// pings that get to the board and answers that come back.
fn check(document: &Value) -> Result<()> {
    let counts = counts(document)?;
    let is_next = |pair: &[i64]| pair[1] == pair[0] + 1;
    ensure!(counts.windows(2).all(is_next), "samples are missing or double: {counts:?}");
    for trace in jaeger_json::read(document)? {
        let root = trace.spans.iter().find(|span| span.operation_name == "sample");
        let root = root.with_context(|| format!("no sample: {trace:?}"))?;
        let [child] =
            trace.spans.iter().filter(|span| span.operation_name == "convert").collect::<Vec<_>>()
                [..]
        else {
            anyhow::bail!("not one child: {trace:?}");
        };
        ensure!(trace.spans.len() == 2, "more spans than there are: {trace:?}");
        ensure!(child.parent_id() == Some(&root.span_id), "not the parent: {trace:?}");
        ensure!(trace.service(root) == "desk", "another service: {trace:?}");
        let sync = trace.process_tag(root, "clock.sync");
        ensure!(sync == Some(&"exchange".into()), "no ping got through: {trace:?}");
    }
    Ok(())
}

/// The text on channel 0 is as the board printed it, all that fits its ring, and the board prints on.
fn check_text(firmware: &Path, gdb: &str) -> Result<()> {
    let stream = TcpStream::connect(gdb)?;
    stream.set_read_timeout(Some(Duration::from_millis(50)))?;
    let mut client = Client::start(stream)?;
    let mut reader = Reader::new(Locate::Elf(firmware.to_owned()).place()?, Which::Number(0));
    let (mut before, mut after, mut down) = (Vec::new(), Vec::new(), VecDeque::new());
    reader.look(&mut client, &mut before, &mut down)?;
    let begun = Instant::now();
    while after.iter().filter(|byte| **byte == b'\n').count() < 2 {
        ensure!(begun.elapsed() < LIMIT, "the board prints no more");
        client.resume()?;
        pause(Duration::from_millis(50))?;
        client.halt()?;
        reader.look(&mut client, &mut after, &mut down)?;
    }
    client.detach()?;
    let before = numbers(&before)?;
    let all: Vec<_> = (1..).map(|line| 10 * line).take(before.len()).collect();
    ensure!(!all.is_empty() && before == all, "lines are missing: {before:?}");
    // A ring that was full has lost some in between.
    let after = numbers(&after)?;
    ensure!(after.is_sorted() && after.first() > before.last(), "{before:?}, {after:?}");
    Ok(())
}

/// What the lines say.
fn numbers(text: &[u8]) -> Result<Vec<u32>> {
    let line = |line: &str| {
        let number = line.strip_suffix(" samples").and_then(|number| number.parse().ok());
        number.with_context(|| format!("no line of the board's: {line:?}"))
    };
    str::from_utf8(text)?.lines().map(line).collect()
}
