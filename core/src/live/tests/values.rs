//! Values of tags and logs, of every type and size.

use super::*;

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[test]
fn every_type_of_value_survives() {
    let bench = Bench::new::<256>();
    let long = leak("x".repeat(300));
    let span = span!(bench.tracer, "all", "a.b" = true, b = -3_i8, c = 4_u32, d = i64::MIN);
    tag!(span, e = u64::MAX, f = 1.5_f32, g = -0.25_f64, h = Copied("kopiert"));
    span.set_tag("late", long);
    log!(span, "event only");
    log!(span, event = "string-format", value = Copied("Hello, Bryan!"), n = 3);
    log!(span, n = 3_u64);
    span.log("plain", 7);
    span.finish();
    bench.tracer.start("named").finish();
    let seen = Seen::of(&bench);
    let (tags, logs) = (seen.fields(false), seen.fields(true));
    let tags: HashMap<_, _> = tags.into_iter().collect();
    let tag = |key: &str| tags[key].as_str();
    assert_eq!(tag("a.b"), "Bool(true)");
    assert_eq!(tag("b"), "I32(-3)");
    assert_eq!(tag("c"), "U32(4)");
    assert_eq!(tag("d"), std::format!("I64({})", i64::MIN));
    assert_eq!(tag("e"), std::format!("U64({})", u64::MAX));
    assert_eq!(tag("f"), "F32(1.5)");
    assert_eq!(tag("g"), "F64(-0.25)");
    assert_eq!(tag("h"), "kopiert");
    assert_eq!(tag("late"), long);
    assert_eq!(tag(""), "named");
    let log = |at: usize| (logs[at].0.as_str(), logs[at].1.as_str());
    assert_eq!(log(0), ("event", "event only"));
    assert_eq!(log(1), ("event", "string-format"));
    assert_eq!(log(2), ("value", "Hello, Bryan!"));
    assert_eq!(log(3), ("n", "I32(3)"));
    assert_eq!(log(4), ("n", "U64(3)"));
    assert_eq!(log(5), ("plain", "I32(7)"));
    assert_eq!(seen.spans[0].head.parts, 7);
}

/// A start has one byte for the length of its static string. What is longer is cut and counted, and
/// between characters.
#[test]
fn static_strings_of_starts_and_logs_are_cut_at_254_bytes() {
    let bench = Bench::new::<256>();
    let fits = leak("f".repeat(254));
    let long = leak("x".repeat(255));
    let wide = leak("\u{e9}".repeat(200));
    for text in [fits, long, wide] {
        let span = span!(bench.tracer, "long", text = text);
        log!(span, text = text);
        log!(span, text = text);
        span.finish();
    }
    let seen = Seen::of(&bench);
    let kept: Vec<_> = seen.spans.iter().map(|span| seen.text(&span.values[0])).collect();
    assert_eq!(kept, [fits, &long[..254], &wide[..254]]);
    let logs: Vec<_> = seen.fields(true).into_iter().map(|(_, value)| value).collect();
    // The first log of a span takes the long way, where there is room for the length.
    let logs_kept = [fits, fits, long, &long[..254], wide, &wide[..254]];
    assert_eq!(logs, logs_kept);
    assert_eq!(bench.tracer.losses().tag_cut, 0, "counted by whoever drains");
}

#[test]
fn copied_strings_are_cut_at_128_bytes_and_counted() {
    let bench = Bench::new::<256>();
    let text = "\u{e9}".repeat(65);
    let span = span!(bench.tracer, "copied", a = Copied(&text), b = Copied(""));
    tag!(span, c = Copied(&text[..128]));
    span.finish();
    let seen = Seen::of(&bench);
    let values: Vec<_> = seen.fields(false).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, [&text[..128], "", &text[..128]]);
    assert_eq!(seen.losses.tag_cut, 1);
}

/// Eight of the longest are more words than a record can have.
#[test]
fn eight_long_copied_strings_fit_one_record() {
    let bench = Bench::new::<600>();
    let text = "0123456789abcdef".repeat(8);
    let t = Copied(&text);
    let span = span!(bench.tracer, "crowded");
    tag!(span, a = t, b = t, c = t, d = t, e = t, f = t, g = t, h = t);
    log!(span, a = t, b = t, c = t, d = t, e = t, f = t, g = t, h = 1);
    span.finish();
    let seen = Seen::of(&bench);
    let tags = seen.fields(false);
    assert!(tags.len() == 8 && tags.iter().all(|(_, value)| value[..] == text[..120]));
    let logs = seen.fields(true);
    assert!(logs.len() == 8 && logs[..7].iter().all(|(_, value)| *value == text));
    assert_eq!(seen.losses.tag_cut, 8);
    assert_eq!(seen.spans[0].head.parts, 2);
}

/// What is longer than a frame goes in fragments, and nothing of it is lost; nor of what comes beside.
#[test]
fn what_is_longer_than_a_frame_comes_whole() {
    for mtu in [wire::MIN_MTU, 60, 100, 200, 508] {
        // No room for any name: every string travels in full.
        for bench in [Bench::new::<512>(), Bench::sized::<512, 0, 0>(|tracer| tracer)] {
            let mut drain = bench.tracer.drain().unwrap();
            let text = "0123456789".repeat(12);
            let long = leak("y".repeat(400));
            let span = span!(bench.tracer, "span", n = u64::MAX, m = i64::MIN);
            span.set_tag("a key that takes most of the smallest frame", Copied(&text));
            tag!(span, a = Copied(&text), b = 7, c = Copied(&text), d = long);
            span.finish();
            span!(bench.tracer, "a name that takes most of the smallest frame").finish();
            let mut seen = Seen::default();
            // Definitions that are asked for, or come again, do not come in between.
            let ask = wire::Request::SendDefinitions {
                sites: [1].into_iter().collect(),
                names: [0].into_iter().collect(),
            };
            let ask = wire::Downlink { session_tag: SESSION.tag(DEVICE), request: ask }.to_bytes();
            let mut buffer = std::vec![0; mtu];
            for turn in 0.. {
                let Some(frame) = drain.frame(&mut buffer) else { break };
                seen.take(frame);
                if turn % 3 == 0 && turn < 30 {
                    drain.on_downlink(&ask);
                    drain.rotate_definitions();
                }
            }
            assert!(seen.broken.is_none() && (seen.fragments > 0 || mtu > 200));
            let fields = seen.fields(false);
            let values: Vec<_> = fields.iter().map(|(_, value)| value.as_str()).collect();
            assert_eq!(values, [&text, &text, "U32(7)", &text, long].map(|v| v.replace('U', "I")));
            assert_eq!(fields[0].0, "a key that takes most of the smallest frame");
            assert_eq!(seen.spans[0].values[..], [Value::U64(u64::MAX), Value::I64(i64::MIN)]);
            assert_eq!(seen.spans[0].head.parts, 2);
            assert_eq!(seen.name(&seen.spans[1]), "a name that takes most of the smallest frame");
            let number = seen.spans[1].head.own;
            assert!(number >= wire::record_number(3) && number < wire::record_number(50));
            assert_eq!(seen.losses.tag_cut, 0);
        }
    }
}

/// With each hello go the counts, where there is a cell for them.
#[test]
#[cfg(feature = "stats")]
fn a_tracer_counts_what_it_does() {
    let cell: &StatsCell = Box::leak(Box::new(StatsCell::new()));
    let bench = Bench::with::<64>(|tracer| tracer.stats_in(cell));
    let mut drain = bench.tracer.drain().unwrap();
    let mut buffer = [0; 300];
    (0..3).for_each(|_| span!(bench.tracer, "span").finish());
    let mut sent = drain.frame(&mut buffer).unwrap().len();
    sent += drain.hello(&mut buffer).unwrap().len();
    assert!(!drain.is_described());
    let (stats, _) = bench.tracer.stats().unwrap();
    let words = 3 * ring::SHORT_WORDS;
    assert_eq!((stats.ring_words, stats.ring_most_words), (64, words));
    assert_eq!((stats.frames, stats.bytes), (2, sent as u32));

    let frame = drain.hello(&mut buffer).unwrap();
    let Body::Stats(frame) = wire::decode(frame).unwrap().body else { panic!("not counts") };
    assert_eq!((frame.packet, frame.stats), (2, stats));
    assert!(drain.is_described());
    // What found the ring full says that it was.
    (0..20).for_each(|_| span!(bench.tracer, "span").finish());
    let (stats, losses) = bench.tracer.stats().unwrap();
    assert_eq!((stats.ring_most_words, losses.ring_full > 0), (64, true));
    assert_eq!(Bench::new::<64>().tracer.stats(), None);
}
