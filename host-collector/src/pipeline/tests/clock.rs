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
    let root = Record::Span(span(FIRST, Parent::None, [0, 1_000]));
    bench.data(&mut device, vec![site(1, READ), root]);
    assert_eq!(bench.span().start_ns, device.began_ns);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "clock.sync"), Some(&Value::from("exchange")));
    let Some(Value::Int(error_us)) = tag(&process.attributes, "clock.error_us") else { panic!() };
    assert!((100..140).contains(error_us), "{error_us}");
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
    assert_eq!(tag(&process.attributes, "clock.error_us"), None);
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
    assert!((10..16).contains(&pings), "{pings}");
}
