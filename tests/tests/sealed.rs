//! Sealed frames: the bytes that another program makes of them, and devices with a key, without one and
//! with another at a collector as a user runs it.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use spandrel::seal::{self, AUTHENTICATOR_LEN, Clear, Direction, Key, SEALED};
use spandrel::{Clock, DeviceId, Recorder, Session, SessionSource, Tracer, span};
use spandrel_tests::collector::Collector;
use spandrel_tests::proc::{Proc, free_udp_port};
use spandrel_tests::vectors::{self, Sealed, from_hex};
use spandrel_transport::Settings;
use spandrel_transport::uplinks::std_udp;

/// The frame before it is sealed, as `seal` takes it.
fn numbered(vector: &Sealed, direction: Direction) -> Vec<u8> {
    let plain = from_hex(&vector.plain).expect("hex");
    if direction == Direction::Up {
        return plain;
    }
    let number: u64 = vector.number.parse().expect("a number");
    let mut room = [0; 10];
    let number = postcard::to_slice(&number, &mut room).expect("a varint is no longer");
    [&plain[..5], number, &plain[5..]].concat()
}

#[test]
fn the_bytes_are_those_of_a_program_that_shares_nothing_with_ours() {
    let vectors = vectors::sealed();
    assert!(vectors.len() >= 11);
    for vector in &vectors {
        let name = &vector.name;
        let up = vector.direction == vectors::Direction::Up;
        let direction = if up { Direction::Up } else { Direction::Down };
        let key = Key::parse(&vector.key).expect("a key");
        let session = Session::new(vector.session);
        let device = DeviceId(u64::from_str_radix(&vector.device, 16).expect("a device"));
        let sealed = from_hex(&vector.sealed).expect("hex");

        let mut ours = numbered(vector, direction);
        let len = ours.len();
        ours.resize(len + AUTHENTICATOR_LEN, 0);
        assert_eq!(
            seal::seal(&key, session, direction, &mut ours, len),
            Some(ours.len()),
            "{name}"
        );
        assert_eq!(ours, sealed, "{name}");

        let clear = Clear::read(&sealed, direction).expect(name);
        assert_eq!(
            (clear.tag, clear.number.to_string()),
            (session.tag(device), vector.number.clone())
        );
        let is_hello = up && clear.kind == 0;
        assert_eq!(clear.identity(&sealed), is_hello.then_some((device, session)), "{name}");
        let mut opened = sealed;
        let (_, text) = seal::open(&key, session, direction, &mut opened).expect(name);
        let plain = from_hex(&vector.plain).expect("hex");
        assert!(plain.ends_with(text), "{name}");
        assert_eq!(opened[0] & !SEALED, plain[0], "{name}");
    }
}

const LIMIT: Duration = Duration::from_secs(30);
static KEY: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c11");
static OTHER: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c12");

/// A service on this host whose spans go to the collector.
fn service(
    name: &'static str,
    device: u64,
    key: Option<&'static Key>,
    to: SocketAddr,
) -> &'static Tracer {
    let recorder: &Recorder<1024> = Box::leak(Box::new(Recorder::new()));
    let tracer = Tracer::new(name, recorder, Clock::monotonic())
        .device_id(DeviceId(device))
        .session(SessionSource::process());
    let tracer = match key {
        Some(key) => tracer.key(key),
        None => tracer,
    };
    let tracer: &Tracer = Box::leak(Box::new(tracer));
    std_udp::spawn(tracer, to, Settings::DEFAULT).expect("a reporter");
    tracer
}

fn write_keys(path: &Path, mode: u32) {
    let keys =
        "12ab 6f1c09bd4c7e2a5588d30f7be24a9c11 # ours\n12ad 6f1c09bd4c7e2a5588d30f7be24a9c11\n";
    std::fs::write(path, keys).expect("a file of keys");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode");
    }
}

#[test]
fn only_what_is_sealed_with_the_devices_key_becomes_spans() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, out) = (folder.path().join("keys"), folder.path().join("trace.json"));
    write_keys(&keys, 0o600);
    let keys = keys.to_str().expect("text");
    let port = free_udp_port();
    let binary = Collector::build(&mut |_| {}).expect("it is built");
    let mut command = Command::new(binary);
    command.args(["serve", "-v", "--no-tree", "--listen", &format!("127.0.0.1:{port}")]);
    command.args(["--memory", "--http", "off"]);
    command.args(["--keys", keys]).arg("--out").arg(&out);
    let mut collector = Proc::spawn("the collector", &mut command).expect("it starts");
    collector.wait_for_line("listening on", LIMIT).expect("it listens");
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ours = service("sealed-service", 0x12ab, Some(&KEY), to);
    let others = [
        service("unkeyed-service", 0x12ac, None, to),
        service("unkeyed-of-ours", 0x12ab, None, to),
        service("mis-keyed-service", 0x12ad, Some(&OTHER), to),
        service("unlisted-service", 0x12ae, Some(&KEY), to),
    ];
    let until = Instant::now() + LIMIT;
    let read = || std::fs::read_to_string(&out).unwrap_or_default();
    // The first span is there from the very beginning: it waits for the proof.
    span!(ours, "first").finish();
    others.iter().for_each(|tracer| span!(tracer, "first").finish());
    while !(read().contains(r#""operationName":"first""#)
        && read().contains(r#""operationName":"last""#))
    {
        assert!(Instant::now() < until, "{}", collector.tell("shows no sealed spans"));
        span!(ours, "last").finish();
        others.iter().for_each(|tracer| span!(tracer, "last").finish());
        thread::sleep(Duration::from_millis(100));
    }
    collector.interrupt().expect("it is there");
    assert!(collector.wait_for_exit(LIMIT).expect("it ends").success());
    let said = collector.lines().join("\n");
    let shown = read();
    assert!(shown.contains("sealed-service"));
    for name in ["unkeyed-service", "unkeyed-of-ours", "mis-keyed-service", "unlisted-service"] {
        assert!(!shown.contains(name), "{name} got in");
    }
    for kind in ["not sealed", "of another key", "of devices without a key"] {
        assert!(said.contains(kind), "{kind} is not counted:\n{said}");
    }
    assert!(!said.contains("forged") && !said.contains("replayed"), "{said}");
}

#[cfg(unix)]
#[test]
fn keys_that_others_can_read_or_that_stand_alone_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    write_keys(&keys, 0o644);
    let path = keys.to_str().expect("text");
    let run = |arguments: &[&str], variable: &str| {
        let binary = Collector::build(&mut |_| {}).expect("it is built");
        let mut command = Command::new(binary);
        command
            .args(["serve", "--memory", "--http", "off", "--listen", "127.0.0.1:0"])
            .args(arguments);
        let output = command.env("SPANDREL_KEYS", variable).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("text")
    };
    let said = run(&["--keys", path], "");
    assert!(said.contains(&format!("chmod 600 {path}")), "{said}");
    let said = run(&["--allow-unkeyed"], "");
    assert!(said.contains("--keys"), "{said}");
    let secret = "6f1c09bd4c7e2a5588d30f7be24a9c1";
    let said = run(&[], &format!("12ab {secret}"));
    assert!(said.contains("SPANDREL_KEYS") && !said.contains(secret), "{said}");
    let said = run(&["--keys", path], "12ab 6f1c09bd4c7e2a5588d30f7be24a9c11");
    assert!(said.contains("one of the two"), "{said}");
}
