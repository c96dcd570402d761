//! `spandrel convert` as a user runs it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const TRACE: &str = r#"{"data":[{"traceID":"1f","spans":[{"traceID":"1f","spanID":"1",
    "operationName":"read","references":[],"startTime":1000,"duration":5,"tags":[],"logs":[],
    "processID":"p1"}],"processes":{"p1":{"serviceName":"sensor","tags":[]}}}]}"#;

fn convert(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.args(["--no-config", "convert"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_file_or_a_pipe_becomes_another_format() {
    let zipkin = convert(&["-", "--to", "zipkin"], TRACE);
    assert!(zipkin.status.success(), "{zipkin:?}");
    let spans: serde_json::Value = serde_json::from_slice(&zipkin.stdout).unwrap();
    assert_eq!(spans[0]["name"], "read");
    assert_eq!(spans[0]["localEndpoint"]["serviceName"], "sensor");

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("convert");
    std::fs::create_dir_all(&folder).unwrap();
    let (first, second) = (folder.join("a.json"), folder.join("b.pftrace"));
    std::fs::write(&first, &zipkin.stdout).unwrap();
    let arguments =
        [first.to_str().unwrap(), "--to", "perfetto", "--out", second.to_str().unwrap()];
    let output = convert(&arguments, "");
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(!std::fs::read(second).unwrap().is_empty());
}

#[test]
fn what_cannot_be_read_is_said() {
    let said = |output: Output| (output.status.code(), String::from_utf8(output.stderr).unwrap());
    let (code, text) = said(convert(&["/no/such/file", "--to", "otlp"], ""));
    assert!(code == Some(1) && text.contains("cannot read /no/such/file"), "{text}");
    let (code, text) = said(convert(&["-", "--to", "otlp"], "hello"));
    assert!(code == Some(1) && text.contains("it is neither Jaeger UI JSON"), "{text}");
    let (code, text) = said(convert(&["-", "--to", "word"], TRACE));
    assert!(code == Some(2) && text.contains("jaeger, otlp, protobuf"), "{text}");
}
