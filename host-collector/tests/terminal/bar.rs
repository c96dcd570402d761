//! Long work on a real terminal says how far it is, and leaves nothing of that behind.

use super::folder;
use super::screen::Screen;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

const TRACE: &str = r#"{"data":[{"traceID":"1f","spans":[{"traceID":"1f","spanID":"1",
    "operationName":"read","references":[],"startTime":1000,"duration":5,"tags":[],"logs":[],
    "processID":"p1"}],"processes":{"p1":{"serviceName":"sensor","tags":[]}}}]}"#;

#[test]
fn a_slow_file_is_waited_for_with_a_bar_that_goes_away() {
    let folder = folder("bar");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let (pipe, made) = (folder.join("pipe"), folder.join("made.json"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let convert = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
        command.args(["--no-config", "convert", "--to", "zipkin", "--out"]).arg(&made).arg(&pipe);
        command.env("LC_ALL", "C.UTF-8");
        command
    };
    let screen = Screen::start(convert(), 80, 24);
    let (first, rest) = TRACE.split_at(100);
    let mut slow = fs::File::options().write(true).open(&pipe).unwrap();
    slow.write_all(first.as_bytes()).unwrap();
    screen.until("it says that it takes long", |shown| shown.text().starts_with("loading: 1 s"));
    slow.write_all(rest.as_bytes()).unwrap();
    drop(slow);
    let left = screen.end();
    assert!(left.signal.is_none() && left.shown.text().is_empty(), "{}", left.shown.text());
    let spans: serde_json::Value = serde_json::from_slice(&fs::read(&made).unwrap()).unwrap();
    assert_eq!(spans[0]["name"], "read");

    // Where nobody looks at it nothing is said, however long it takes.
    let output = convert().stderr(Stdio::piped()).spawn().unwrap();
    let mut slow = fs::File::options().write(true).open(&pipe).unwrap();
    slow.write_all(first.as_bytes()).unwrap();
    std::thread::sleep(core::time::Duration::from_millis(700));
    slow.write_all(rest.as_bytes()).unwrap();
    drop(slow);
    let output = output.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
