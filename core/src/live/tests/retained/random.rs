//! Random programs, cut short at random points, and memory that was damaged meanwhile.

use super::*;

/// What a random program does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(usize),
    Finish(usize),
    Log(usize),
    Tag(usize),
    /// Room that is reserved and never committed.
    Reserve,
    Frame,
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_usize).prop_map(Step::Begin),
        4 => (0..6_usize).prop_map(Step::Finish),
        1 => (0..6_usize).prop_map(Step::Log),
        1 => (0..6_usize).prop_map(Step::Tag),
        1 => Just(Step::Reserve),
        2 => Just(Step::Frame),
        1 => Just(Step::Reset),
    ]
}

/// What must come of a random program.
#[derive(Default)]
struct Made {
    /// Numbers of spans that were finished and found room, by session.
    finished: Vec<(u32, u32)>,
    open: Vec<(u32, u32)>,
    /// Boots.
    given_up: u32,
}

fn run(steps: &[Step], is_held: bool) -> (Made, Sessions, u32) {
    let mut device = Device { is_held, ..Device::new() };
    let (mut tracer, _) = device.boot();
    let mut drain = None;
    let mut sessions = Sessions::default();
    let mut made = Made::default();
    let mut spans: [Option<(Span, u32)>; 6] = [const { None }; 6];
    let mut is_stuck = false;
    let mut buffer = [0; 120];
    for (n, step) in (0..).zip(steps) {
        device.pass(3);
        match *step {
            Step::Begin(at) => {
                let span = span!(tracer, "span", n = n, state = "idle");
                // What was there goes out of sight, and not out of the table.
                if let Some((before, number)) = spans[at].take() {
                    finish(before, number, tracer, &device, &mut made);
                }
                spans[at] = Some((span, n));
            }
            Step::Finish(at) => {
                if let Some((span, number)) = spans[at].take() {
                    finish(span, number, tracer, &device, &mut made);
                }
            }
            Step::Log(at) => {
                if let Some((span, _)) = &spans[at] {
                    log!(span, event = "tick", text = Copied("said"));
                }
            }
            Step::Tag(at) => {
                if let Some((span, _)) = &spans[at] {
                    tag!(span, more = 1, name = "busy");
                }
            }
            Step::Reserve => {
                // Nothing behind it is drained in this boot.
                is_stuck |= tracer.recorder.ring().reserve(9).is_some();
            }
            Step::Frame => {
                let drain = drain.get_or_insert_with(|| tracer.drain().unwrap());
                if let Some(frame) = drain.frame(&mut buffer) {
                    sessions.take(frame);
                }
                if n % 3 == 0 {
                    sessions.acknowledge(drain);
                }
                if n % 5 == 0 {
                    // What was not acknowledged goes again.
                    device.pass(300_000);
                }
            }
            Step::Reset => {
                let open = spans.iter_mut().filter_map(Option::take);
                for (span, number) in open {
                    made.open.push((device.boots, number));
                    leave(span);
                }
                (drain, is_stuck) = (None, false);
                let boot;
                (tracer, boot) = device.boot();
                made.given_up += boot.given_up;
            }
        }
    }
    for (span, number) in spans.iter_mut().filter_map(Option::take) {
        finish(span, number, tracer, &device, &mut made);
    }
    if is_stuck {
        let boot;
        (tracer, boot) = device.boot();
        made.given_up += boot.given_up;
        drain = None;
    }
    let mut drain = drain.unwrap_or_else(|| tracer.drain().unwrap());
    for _ in 0..if is_held { 20 } else { 1 } {
        sessions.drain(&mut drain);
        sessions.acknowledge(&mut drain);
        device.pass(10_000_000);
        tracer.keep_time();
    }
    assert!(drain.is_idle() && tracer.recorder.ring().used() == 0);
    let mut evicted = HashMap::from([(device.boots, drain.losses().evicted)]);
    for hello in &sessions.hellos {
        let known = evicted.entry(hello.session).or_default();
        *known = (*known).max(hello.losses.evicted);
    }
    (made, sessions, evicted.values().sum())
}

fn finish(span: Span, number: u32, tracer: &Tracer, device: &Device, made: &mut Made) {
    let before = tracer.losses().ring_full;
    span.finish();
    if tracer.losses().ring_full == before {
        made.finished.push((device.boots, number));
    }
}

fn number_of(span: &wire::SpanRecord<'_>) -> u32 {
    let Value::U32(number) = span.values[0] else { panic!("{span:?}") };
    number
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 400 }))]

    /// Whatever a program does, and wherever resets come: what was finished comes once and as it was, what was
    /// open comes cut off or is counted, and nothing else comes.
    #[test]
    fn no_reset_loses_or_invents_a_span(
        steps in prop::collection::vec(step(), 1..80),
        is_held: bool,
    ) {
        let (made, sessions, evicted) = run(&steps, is_held);
        let (mut seen, mut cut) = (Vec::new(), Vec::new());
        for (session, of) in &sessions.seen {
            for span in &of.spans {
                // Miri has no linker, which makes the table of names.
                prop_assert!(cfg!(miri) || of.name(span) == "span");
                prop_assert_eq!(of.text(&span.values[1]), "idle");
                let list = if span.head.cut_off { &mut cut } else { &mut seen };
                list.push((*session, number_of(span)));
            }
            let events = if cfg!(miri) { Vec::new() } else { of.fields(true) };
            prop_assert!(events.iter().all(|(_, value)| value == "tick" || value == "said"));
        }
        seen.sort_unstable();
        cut.sort_unstable();
        let mut finished = made.finished.clone();
        finished.sort_unstable();
        if evicted == 0 {
            prop_assert_eq!(&seen, &finished);
        } else {
            prop_assert!(seen.iter().all(|span| finished.contains(span)));
        }
        let mut twice = seen.clone();
        twice.dedup();
        prop_assert_eq!(twice.len(), seen.len());
        prop_assert!(cut.iter().all(|span| made.open.contains(span)), "{:?} of {:?}", cut, made.open);
        let uncounted: u32 = sessions.seen.values().map(|of| of.losses.open_full).sum();
        let missing = made.open.len() - cut.len();
        prop_assert!(missing as u32 <= uncounted + evicted || made.given_up > 0, "{missing} {uncounted}");
    }

    /// Memory that was damaged anywhere, or was never a recorder's: the next boot goes on, and what it sends can be
    /// read.
    #[test]
    fn no_memory_is_too_broken_to_boot_from(
        steps in prop::collection::vec(step(), 1..60),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 0..3_u8), 1..8),
        follows: bool,
    ) {
        static STRINGS: [u8; 64] = [0xc3; 64];

        let mut device = Device::new();
        if follows {
            device.follows = || STRINGS.as_ptr().addr()..STRINGS.as_ptr().addr() + 64;
        } else {
            device.follows = || 0..0;
        }
        let (tracer, _) = device.boot();
        let spans: Vec<_> = (0..3_i32).map(|n| span!(tracer, "open", n = n, state = "idle")).collect();
        for step in &steps {
            match step {
                Step::Begin(n) => span!(tracer, "done", n = *n as u32, state = "idle").finish(),
                Step::Log(_) => log!(spans[0], text = Copied("text"), size = 9_u64),
                Step::Tag(_) => tag!(spans[1], f = 1.5_f64, name = "busy"),
                _ => device.pass(9),
            }
        }
        leave(spans);
        let words = device.bytes();
        for (place, word, how) in damage {
            let at = place.index(words.len());
            match how {
                0 => words[at] = word,
                1 => words[at] ^= 1 << (word % 32),
                _ => words[at..].iter_mut().take(word as usize % 40).for_each(|it| *it = word),
            }
        }
        let mut buffer = [0; 300];
        for _ in 0..3 {
            let (tracer, _) = device.boot();
            span!(tracer, "next", state = "idle").finish();
            let mut drain = tracer.drain().unwrap();
            let mut frames = 0;
            while let Some(frame) = drain.frame(&mut buffer) {
                let decoded = wire::decode(frame);
                prop_assert!(decoded.is_ok(), "{:?} of {frame:02x?}", decoded);
                frames += 1;
                prop_assert!(frames < 200, "it does not come to an end");
            }
            prop_assert!(drain.hello(&mut buffer).is_some());
        }
    }
}
