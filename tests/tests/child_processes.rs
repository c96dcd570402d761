//! Child processes are waited for with a bound, tell what they said last, and never outlive their handle.

use core::time::Duration;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use spandrel_tests::proc::{Proc, free_tcp_port, free_udp_port};

const LONG: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Proc {
    Proc::spawn("child", Command::new("sh").args(["-c", script])).expect("there is a shell")
}

#[test]
fn a_line_is_found_on_either_stream_and_also_afterwards() {
    let mut child = shell("echo not ready; echo ready at 7 >&2; exec sleep 60");
    assert_eq!(child.wait_for_line("^ready", LONG).unwrap(), "ready at 7");
    assert_eq!(child.wait_for_line("not", LONG).unwrap(), "not ready");
    assert_eq!(child.wait_for_line("^ready", LONG).unwrap(), "ready at 7");
}

#[test]
fn an_unfinished_last_line_counts() {
    let mut child = shell("printf ready");
    assert_eq!(child.wait_for_line("^ready", LONG).unwrap(), "ready");
}

#[test]
fn a_child_that_ends_instead_says_why() {
    let complaint = shell("echo no such board; exit 3").wait_for_line("^ready", LONG).unwrap_err();
    assert_eq!(
        complaint.to_string(),
        "child ended (exit status: 3) before it printed \"^ready\"; its last lines:\n  | no such board"
    );
}

#[test]
fn a_silent_child_costs_only_the_time_limit() {
    let begun = Instant::now();
    let mut child = shell("exec sleep 60");
    let complaint = child.wait_for_line("ready", Duration::from_millis(100)).unwrap_err();
    assert!(complaint.to_string().ends_with("within 100ms; it printed nothing"), "{complaint}");
    assert!(child.wait_for_exit(Duration::from_millis(100)).is_err());
    assert!(begun.elapsed() < LONG);
}

#[test]
fn interrupting_lets_a_child_clean_up() {
    let mut child =
        shell("trap 'echo flushed; exit 0' INT; echo ready; while :; do sleep 0.05; done");
    child.wait_for_line("^ready", LONG).unwrap();
    child.interrupt().unwrap();
    assert!(child.wait_for_exit(LONG).unwrap().success());
    assert_eq!(child.last_lines(1), ["flushed"]);
    assert!(child.interrupt().is_err(), "its number may belong to another process by now");
}

#[test]
fn a_dropped_child_is_gone() {
    let mut child = shell("echo $$; exec sleep 60");
    let id = child.wait_for_line("", LONG).unwrap();
    let alive = || Command::new("kill").args(["-0", &id]).output().unwrap().status.success();
    assert!(alive());
    drop(child);
    assert!(!alive());
}

#[test]
fn progress_shows_the_newest_line() {
    let mut child = shell("echo compiling; sleep 0.5");
    let mut seen = Vec::new();
    let tick = |line: &str| seen.push(line.to_owned());
    child.wait_with_progress(LONG, Duration::from_millis(100), tick).unwrap();
    assert!(seen.contains(&"compiling".to_owned()), "{seen:?}");
}

#[test]
fn a_missing_program_is_named() {
    let complaint =
        Proc::spawn("board", &mut Command::new(Path::new("/no/such/program"))).unwrap_err();
    assert_eq!(complaint.to_string(), "cannot start board (/no/such/program)");
}

#[test]
fn ports_are_not_given_twice() {
    let mut ports: Vec<_> = (0..50).map(|_| free_tcp_port()).collect();
    ports.extend((0..50).map(|_| free_udp_port()));
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 100);
}
