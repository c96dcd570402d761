//! Where spans lie in time.

use super::*;

/// Answers every ping: it takes `there_ns` and `back_ns` on the way.
fn answer(bench: &mut Bench, device: &mut Device, there_ns: u64, back_ns: u64) {
    let sent_ns = bench.now_ns;
    for request in bench.asked() {
        let Request::Ping(id) = request else { continue };
        let ticks = device.ticks(sent_ns + there_ns);
        let pong = device.frame(|packet| {
            Body::Pong(Pong { packet, id, received_ticks: ticks, sent_ticks: ticks })
        });
        bench.now_ns = sent_ns + there_ns + back_ns;
        bench.receive(device, &pong);
    }
}

fn exchanged(offset_ns: u64) -> (Bench, Device) {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    device.began_ns = EPOCH + offset_ns;
    bench.now_ns = device.began_ns + SECOND;
    bench.hello(&mut device);
    for delay_ns in [300_000, 100_000, 400_000, 200_000] {
        answer(&mut bench, &mut device, delay_ns, delay_ns);
        bench.wait(50_000_000);
    }
    (bench, device)
}

#[test]
fn the_shortest_round_trip_wins_and_half_of_it_is_the_error() {
    let (mut bench, mut device) = exchanged(12_345_000);
    let ticks = device.ticks(bench.now_ns);
    let root = Record::Span(span(FIRST, Parent::None, [ticks - 1_000, ticks]));
    bench.data(&mut device, vec![site(1, READ), root]);
    assert_eq!(bench.span().end_ns, bench.now_ns);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.sync"), Some(&Value::from("exchange")));
    let Some(Value::Int(error_us)) = tag(&process.attributes, "clock.error_us") else { panic!() };
    // It was 150 ms ago, and the rate may be off by 150 ppm.
    assert!((122..140).contains(error_us), "{error_us}");
}

#[test]
fn without_answers_the_earliest_arrival_counts_and_says_so() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    for delay_ns in [9_000_000, 2_000_000, 5_000_000] {
        let hello = device.hello(bench.now_ns);
        bench.pipeline.on_frame(&hello, &device.peer, bench.now_ns + delay_ns, &mut bench.replies);
        bench.wait(SECOND);
    }
    bench.data(
        &mut device,
        vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [0, 1_000]))],
    );
    assert_eq!(bench.span().start_ns, EPOCH + 2_000_000);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.sync"), Some(&Value::from("arrival")));
    assert_eq!(tag(&process.attributes, "clock.bound"), Some(&Value::from("one-sided")));
    assert_eq!(tag(&process.attributes, "clock.error_us"), None);
    assert_eq!(tag(&process.attributes, "clock.drift_ppm"), None);
}

#[test]
fn the_time_at_which_a_ping_left_narrows_the_bound() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.now_ns = device.began_ns + SECOND;
    bench.hello(&mut device);
    // It waits for 9 ms in the socket's thread, and takes 100 us each way.
    let made_ns = bench.now_ns;
    let tag_of = device.session.tag(device.id);
    for request in bench.asked() {
        let Request::Ping(id) = request else { continue };
        let sent_ns = made_ns + 9_000_000;
        bench.pipeline.on_sent(&device.peer, tag_of, id, sent_ns);
        let ticks = device.ticks(sent_ns + 100_000);
        let pong = device.frame(|packet| {
            Body::Pong(Pong { packet, id, received_ticks: ticks, sent_ticks: ticks })
        });
        bench.now_ns = sent_ns + 200_000;
        bench.receive(&device, &pong);
    }
    bench.wait(SECOND / 2);
    let ticks = device.ticks(bench.now_ns);
    let root = Record::Span(span(FIRST, Parent::None, [ticks - 1_000, ticks]));
    bench.data(&mut device, vec![site(1, READ), root]);
    let process = bench.process();
    let Some(Value::Int(error_us)) = tag(&process.attributes, "clock.error_us") else { panic!() };
    assert!((100..210).contains(error_us), "{error_us}");
}

/// Answers at once, for so many seconds, by a clock that counts so many parts per million too fast.
fn answered(bench: &mut Bench, device: &mut Device, seconds: u64, fast_ppm: u64) {
    for _ in 0..seconds * 20 {
        bench.wait(SECOND / 20);
        let since_ns = bench.now_ns - device.began_ns;
        let ticks = (since_ns + since_ns / 1_000_000 * fast_ppm) / 1_000;
        for request in bench.asked() {
            let Request::Ping(id) = request else { continue };
            let pong = device.frame(|packet| {
                Body::Pong(Pong { packet, id, received_ticks: ticks, sent_ticks: ticks })
            });
            bench.receive(device, &pong);
        }
    }
}

#[test]
fn the_rate_is_stated_and_durations_are_those_of_the_host() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    answered(&mut bench, &mut device, 20, 80);
    let ticks = device.ticks(bench.now_ns);
    let ticks = ticks + ticks / 1_000_000 * 80;
    let root = Record::Span(span(FIRST, Parent::None, [ticks - 5_000_400, ticks]));
    bench.data(&mut device, vec![site(1, READ), root]);
    let found = bench.span();
    assert!(found.end_ns.abs_diff(bench.now_ns) < 5_000, "{found:?}");
    assert!(found.duration_ns().abs_diff(5 * SECOND) < 20_000, "{}", found.duration_ns());
    let process = bench.process();
    let Some(Value::Double(ppm)) = tag(&process.attributes, "clock.drift_ppm") else { panic!() };
    assert!((ppm - 80.0).abs() < 3.0, "{ppm}");
}

#[test]
fn what_a_device_tells_of_its_clock_before_its_hello_counts() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    let pause = Clock { time_ticks: 1_000_000, event: ClockEvent::Paused { ns: 3 * SECOND } };
    bench.data(&mut device, vec![Record::Clock(pause)]);
    bench.hello(&mut device);
    bench.wait(SECOND);
    bench.data(
        &mut device,
        vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [900_000, 1_100_000]))],
    );
    assert_eq!(bench.span().duration_ns(), 3 * SECOND + 200_000_000);
}

#[test]
fn a_wall_clock_is_told_and_a_wrong_one_is_noted() {
    let wall = |device: &Device, at_ns: u64, says_ns: u64| {
        let event = ClockEvent::Wall { unix_ns: says_ns, error_ns: 1_000_000 };
        Record::Clock(Clock { time_ticks: device.ticks(at_ns), event })
    };
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let told = wall(&device, bench.now_ns, bench.now_ns - 250_000);
    let root = Record::Span(span(FIRST, Parent::None, [1_000_000, 1_000_010]));
    bench.data(&mut device, vec![told, site(1, READ), root]);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.sync"), Some(&Value::from("wall")));
    assert_eq!(bench.span().start_ns, bench.now_ns - 250_000);

    let (mut bench, mut device) = exchanged(0);
    let told = wall(&device, bench.now_ns, bench.now_ns + SECOND);
    let root = Record::Span(span(FIRST, Parent::None, [1_000_000, 1_000_010]));
    bench.data(&mut device, vec![told, site(1, READ), root]);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.sync"), Some(&Value::from("exchange")));
    assert!(process.warnings.iter().any(|note| note.contains("wall clock")), "{process:?}");
}

#[test]
fn a_step_that_was_not_told_is_told_and_asked_about_fast() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    answered(&mut bench, &mut device, 40, 0);
    device.began_ns += SECOND / 3;
    let slow = device.packet;
    answered(&mut bench, &mut device, 10, 0);
    let pings = device.packet - slow;
    assert!((100..120).contains(&pings), "fast for five seconds: {pings}");
    let ticks = device.ticks(bench.now_ns);
    let root = Record::Span(span(FIRST, Parent::None, [ticks - 1_000, ticks]));
    bench.data(&mut device, vec![site(1, READ), root]);
    assert!(bench.span().end_ns.abs_diff(bench.now_ns) < 5_000);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.steps"), Some(&Value::Int(1)));
    assert!(process.warnings.iter().any(|note| note.contains("stepped")), "{process:?}");
}

#[test]
fn a_collector_that_does_not_align_shows_the_devices_own_time() {
    let mut bench = Bench::with(Options { align: false, raw_ticks: true, ..Options::default() });
    let mut device = device(1);
    let hello = device.hello(bench.now_ns);
    bench.now_ns += 7_000;
    bench.receive(&device, &hello);
    assert!(bench.asked().iter().all(|asked| !matches!(asked, Request::Ping(_))));
    let root = Record::Span(span(FIRST, Parent::None, [1_000_000, 1_000_010]));
    bench.data(&mut device, vec![site(1, READ), root]);
    let found = bench.span();
    assert_eq!((found.start_ns, found.duration_ns()), (EPOCH + SECOND + 7_000, 10_000));
    assert_eq!(tag(&found.attributes, "clock.ticks"), Some(&Value::Int(1_000_000)));
    assert_eq!(tag(&found.attributes, "clock.end_ticks"), Some(&Value::Int(1_000_010)));
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.sync"), Some(&Value::from("none")));
    assert_eq!(tag(&process.attributes, "clock.bound"), None);
}

#[test]
fn a_device_that_answers_no_ping_does_not_keep_its_spans_waiting() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    bench.data(
        &mut device,
        vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [0, 1_000]))],
    );
    assert!(bench.spans().is_empty());
    bench.wait(SECOND / 2);
    bench.span();
}

#[test]
fn the_spans_of_a_trace_are_placed_alike_while_the_estimate_improves() {
    let (mut bench, mut device) = exchanged(0);
    let parent = Record::Span(span(FIRST, Parent::None, [500, 1_000]));
    bench.data(&mut device, vec![site(1, READ), parent]);
    for _ in 0..3 {
        bench.wait(2 * SECOND);
        answer(&mut bench, &mut device, 1_000, 9_000);
    }
    bench.data(&mut device, vec![Record::Span(span(5, Parent::Local(FIRST), [500, 1_000]))]);
    let spans = bench.spans();
    assert_eq!(spans[0].start_ns, spans[1].start_ns);
}

#[test]
fn a_host_clock_that_is_set_takes_the_spans_along() {
    let (mut bench, mut device) = exchanged(0);
    let hour_ns = 3600 * SECOND;
    bench.now_ns += hour_ns;
    device.began_ns += hour_ns;
    bench.pipeline.on_clock_step(hour_ns.cast_signed());
    bench.data(
        &mut device,
        vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [0, 1_000]))],
    );
    assert_eq!(bench.span().start_ns, EPOCH + hour_ns);
}

#[test]
fn pings_slow_down_and_end_when_the_device_is_silent() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    let mut pings = 0;
    for _ in 0..1_200 {
        bench.wait(SECOND / 20);
        pings += bench.asked().iter().filter(|asked| matches!(asked, Request::Ping(_))).count();
    }
    assert!((30..60).contains(&pings), "{pings}");
}
