//! Frames of every length, and what comes down.

use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use spandrel::wire::{self, Body, Downlink, MIN_MTU, Process, Request, Writer};
use spandrel::{Asked, Copied, Value, span, tag};

use crate::bench::{Bench, DEVICE, SESSION, bench};
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("frames of the shortest link", shortest),
    ("frames of a datagram", datagram),
    ("without room for names", nameless),
    ("a buffer that is too short", too_short),
    ("hellos tell the whole process", hellos),
    ("a collector asks for definitions", definitions),
    ("a collector asks for the rest", rest_of_requests),
    ("garbage that comes down", garbage),
    ("definitions come again", rotation),
    ("flush", flush),
];

const LONG: &str = "a static string of some length, which no frame of the shortest link can hold";

fn shortest(_: &Board) -> Result<(), String> {
    everything(bench!(ROOMY), MIN_MTU)
}

fn datagram(_: &Board) -> Result<(), String> {
    everything(bench!(ROOMY), 508)
}

fn nameless(_: &Board) -> Result<(), String> {
    for mtu in [MIN_MTU, 508] {
        everything(bench!(NAMELESS), mtu)?;
    }
    Ok(())
}

fn everything(mut bench: Bench, mtu: usize) -> Result<(), String> {
    let text = "0123456789".repeat(7);
    let span = span!(bench.tracer, "a name that takes most of the smallest frame", n = u64::MAX);
    span.set_tag("a key that takes most of the smallest frame", Copied(&text));
    tag!(span, a = Copied(&text), b = 7, c = LONG);
    span.finish();
    let name = "a name that takes most of the smallest frame";
    bench.expect_in(
        mtu,
        &[
            &alloc::format!(
                "part of {name} (a key that takes most of the smallest frame=\"{text}\")"
            ),
            &alloc::format!("part of {name} (a=\"{text}\", b=7, c={LONG})"),
            &alloc::format!("span {name} in {name} (n=18446744073709551615ul) parts=2"),
        ],
    )?;
    check_eq!(bench.fragmented() > 0, mtu == MIN_MTU);
    check_eq!(bench.tracer.losses().tag_cut, 0);
    check!(bench.drain()?.is_idle(), "something is left");
    Ok(())
}

fn too_short(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    span!(bench.tracer, "kept").finish();
    let mut buffer = [0; MIN_MTU];
    let drain = bench.drain()?;
    check!(drain.frame(&mut buffer[1..]).is_none(), "a frame for a buffer that is too short");
    check!(drain.hello(&mut buffer[1..]).is_none(), "a hello for a buffer that is too short");
    bench.expect(&["span kept in kept"])
}

fn hellos(_: &Board) -> Result<(), String> {
    for mtu in [MIN_MTU, 508] {
        let mut bench = bench!(TINY.build_id(&[0xca, 0xfe]).tags(&[
            ("board", Value::Text("a board with a name that is rather long")),
            ("cores", Value::U32(1)),
        ]));
        let mut described = Vec::new();
        let mut buffer = vec![0; mtu];
        let drain = bench.drain()?;
        while !drain.is_described() {
            let frame = drain.hello(&mut buffer).ok_or("no hello")?;
            let frame = wire::decode(frame).map_err(|error| error.to_string())?;
            let Body::Hello(hello) = frame.body else { return Err("not a hello".into()) };
            check_eq!((hello.device, hello.session), (DEVICE.0, SESSION.get()));
            check_eq!((hello.clock_hz, hello.sent_ticks), (1_000_000, 1000));
            check_eq!(hello.process_offset as usize, described.len());
            described.extend_from_slice(hello.process);
            check!(described.len() <= hello.process_total as usize, "more than there is");
        }
        let mut expected = [0; 100];
        let mut out = Writer::new(&mut expected);
        let tags: &[_] = &[
            ("board", Value::Text("a board with a name that is rather long")),
            ("cores", Value::U32(1)),
        ];
        Process { service: "bench", build: &[0xca, 0xfe], tags }.write(&mut out);
        check_eq!(Some(&described[..]), out.finish());
    }
    Ok(())
}

/// What the drain makes of a request.
fn ask(bench: &mut Bench, request: Request<'_>) -> Result<Asked, String> {
    let downlink = Downlink { session_tag: SESSION.tag(DEVICE), request };
    Ok(bench.drain()?.on_downlink(&downlink.to_bytes()))
}

fn definitions(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let make = |bench: &Bench| span!(bench.tracer, "asked", key = "value").finish();
    make(&bench);
    bench.expect(&["span asked in asked (key=value)"])?;
    let known = bench.forget_definitions();
    check_eq!(known.len(), 2);
    make(&bench);
    check!(bench.lines().is_err(), "a definition came again by itself");
    let of_kind = |is_name| known.iter().filter(move |known| known.0 == is_name);
    let (site, name) = (of_kind(false).next(), of_kind(true).next());
    let (Some((_, site)), Some((_, name))) = (site, name) else { return Err("no site".into()) };
    // One in the middle of a site, one far behind the table, and names that are none.
    let request = Request::SendDefinitions {
        sites: [*site, site + 1, u16::MAX, 0].into_iter().collect(),
        names: [*name, name + 9, u16::MAX].into_iter().collect(),
    };
    check_eq!(ask(&mut bench, request)?, Asked::Nothing);
    make(&bench);
    bench.expect(&["span asked in asked (key=value)"])?;
    check_eq!(bench.forget_definitions(), known);
    Ok(())
}

fn rest_of_requests(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    check_eq!(ask(&mut bench, Request::HelloSeen)?, Asked::HelloSeen);
    check_eq!(ask(&mut bench, Request::SendHello)?, Asked::Hello);
    check_eq!(ask(&mut bench, Request::Ping(u32::MAX))?, Asked::Pong(u32::MAX));
    bench.pass(1 << 20);
    let mut buffer = [0; MIN_MTU];
    let pong = bench.drain()?.pong(&mut buffer, 77, 1234).ok_or("no pong")?;
    let frame = wire::decode(pong).map_err(|error| error.to_string())?;
    let Body::Pong(pong) = frame.body else { return Err("not a pong".into()) };
    check_eq!((pong.id, pong.received_ticks, pong.sent_ticks), (77, 1234, 1000 + (1 << 20)));
    Ok(())
}

fn garbage(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    let good = Downlink { session_tag: SESSION.tag(DEVICE), request: Request::Ping(1000) };
    let good = good.to_bytes();
    let drain = bench.drain()?;
    check_eq!(drain.on_downlink(&good), Asked::Pong(1000));
    let others = Downlink { session_tag: [0; 4], request: Request::Ping(1) };
    check_eq!(drain.on_downlink(&others.to_bytes()), Asked::Nothing);
    for len in 0..good.len() {
        check_eq!(drain.on_downlink(&good[..len]), Asked::Nothing);
    }
    let mut state = 1_u32;
    for _ in 0..2000 {
        let mut bytes = [0; 24];
        for byte in &mut bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
        bytes[..6].copy_from_slice(&good[..6]);
        bytes[0] = bytes[0] & !0xe | bytes[7] & 0xe;
        drain.on_downlink(&bytes[..usize::from(bytes[6] % 24)]);
    }
    span!(bench.tracer, "well").finish();
    bench.expect(&["span well in well"])
}

/// Ten hellos have all of them go up again.
fn rotation(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let make = |bench: &Bench| {
        span!(bench.tracer, "one", key = "two").finish();
        span!(bench.tracer, "three", key = "four").finish();
    };
    let expected = ["span one in one (key=two)", "span three in three (key=four)"];
    make(&bench);
    bench.expect(&expected)?;
    let known = bench.forget_definitions();
    check_eq!(known.len(), 4);
    for _ in 0..10 {
        bench.drain()?.rotate_definitions();
        bench.expect(&[])?;
    }
    make(&bench);
    bench.expect(&expected)?;
    check_eq!(bench.forget_definitions(), known);
    Ok(())
}

fn flush(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    check!(bench.tracer.is_flushed(), "nobody asked for it");
    span!(bench.tracer, "sent").finish();
    bench.tracer.flush();
    check!(!bench.tracer.is_flushed(), "nothing was sent yet");
    check!(bench.drain()?.is_flush_asked(), "the drain was not told");
    bench.expect(&["span sent in sent"])?;
    bench.drain()?.flushed();
    check!(bench.tracer.is_flushed(), "all was sent");
    Ok(())
}
