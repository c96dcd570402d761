//! A device that holds its records until they are acknowledged, and one that is told what to do.

use proptest::prelude::*;
use spandrel::{AdjustableSampler, ControlCell, Sampler, Window, span};
use spandrel_collector::Order;
use spandrel_collector::model::Value;
use spandrel_collector::receiver::Handler;

use super::device::{Collector, Device, PEER, SECOND};

fn holding() -> Device {
    let window = Box::leak(Box::new(Window::new()));
    Device::with::<4096, 48>(200, 0, |tracer| tracer.acknowledged(window))
}

/// What becomes of the next frames, up and down in turn.
struct Fates {
    lost: Vec<bool>,
    at: usize,
}

impl Fates {
    fn is_lost(&mut self) -> bool {
        self.at += 1;
        self.lost.get(self.at % self.lost.len().max(1)).copied().unwrap_or(false)
    }
}

/// Sends what is due, over a link that loses both ways.
fn exchange(device: &mut Device, collector: &mut Collector, fates: &mut Fates) {
    let mut up: Vec<_> = device.due_hello().into_iter().collect();
    up.extend(core::iter::from_fn(|| device.frame()));
    while let Some(frame) = up.pop() {
        if fates.is_lost() {
            continue;
        }
        let mut replies = Vec::new();
        collector.pipeline.on_frame(&frame, &PEER, device.now_ns(), &mut replies);
        for reply in replies {
            if !fates.is_lost() {
                up.extend(device.hears(&reply.bytes).1);
            }
        }
    }
    collector.tick(device);
}

/// The tag `n` of each span that came.
fn numbers(collector: &Collector) -> Vec<i64> {
    let tag = |span: &spandrel_collector::model::Span| {
        let tag = span.attributes.iter().find(|tag| &*tag.key == "n").map(|tag| tag.value.clone());
        match tag {
            Some(Value::Int(n)) => n,
            other => panic!("{other:?}"),
        }
    };
    let mut numbers: Vec<_> = collector.spans().iter().map(tag).collect();
    numbers.sort_unstable();
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// However many frames are lost either way, and although the last come first: all spans come, once.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        lost in prop::collection::vec(prop::bool::weighted(0.4), 1..60), rounds in 1..20_i32,
    ) {
        let (mut device, mut collector) = (holding(), Collector::new(true));
        let mut fates = Fates { lost, at: 0 };
        for round in 0..rounds {
            (0..10).for_each(|n| span!(device.tracer, "one", n = round * 10 + n).finish());
            exchange(&mut device, &mut collector, &mut fates);
            device.pass(SECOND / 10);
        }
        fates.lost.clear();
        for _ in 0..60 {
            device.pass(SECOND / 2);
            exchange(&mut device, &mut collector, &mut fates);
        }
        prop_assert_eq!(device.losses().ring_full, 0);
        prop_assert!(numbers(&collector).into_iter().eq(0..i64::from(rounds) * 10));
        let process = collector.batches().last().unwrap().resource.clone();
        prop_assert!(process.attributes.iter().all(|tag| !tag.key.starts_with("lost.")), "{:?}", process);
    }
}

/// What the first one did not acknowledge comes to the next, which knew nothing.
#[test]
fn a_collector_that_is_started_anew_gets_what_was_not_acknowledged() {
    let (mut device, mut first) = (holding(), Collector::new(true));
    let mut all_well = Fates { lost: Vec::new(), at: 0 };
    for n in 0..50 {
        span!(device.tracer, "one", n = n).finish();
    }
    exchange(&mut device, &mut first, &mut all_well);
    first.pipeline.finish(device.now_ns());
    assert!(numbers(&first).into_iter().eq(0..50));
    for n in 50..100 {
        span!(device.tracer, "one", n = n).finish();
    }
    // Killed: what it took it did not acknowledge, and nobody hears of it.
    while device.frame().is_some() {}
    let mut second = Collector::new(true);
    for n in 100..150 {
        span!(device.tracer, "one", n = n).finish();
    }
    for _ in 0..20 {
        device.pass(SECOND);
        exchange(&mut device, &mut second, &mut all_well);
    }
    assert!(numbers(&second).into_iter().eq(50..150), "{:?}", numbers(&second));
    let process = second.batches().last().unwrap().resource.clone();
    assert!(process.attributes.iter().all(|tag| &*tag.key != "lost.link"), "{process:?}");
}

#[test]
fn a_device_samples_as_it_is_told() {
    let sampler: &AdjustableSampler<1> = Box::leak(Box::new(AdjustableSampler::new()));
    let control = Box::leak(Box::new(ControlCell::new()));
    let mut device = Device::with::<4096, 48>(200, 0, |tracer| {
        tracer.sampler(Sampler::adjustable(sampler)).controlled(control)
    });
    let is_sampled = |device: &Device| span!(device.tracer, "read").is_sampled();
    assert!(is_sampled(&device));
    let orders = ["bench/operation=read:0", "other/sample=always", "sites"];
    let orders: Vec<Order> = orders.map(|text| text.parse().expect("an order")).into();
    let mut collector = Collector::new(true);
    collector.order(orders);
    let hello = device.due_hello().expect("the first is due at once");
    collector.receive(&mut device, hello);
    for _ in 0..8 {
        device.pass(SECOND);
        collector.tick(&mut device);
    }
    assert!(!is_sampled(&device));
    // Definitions of sites that no span came from yet.
    let frame = device.frame().expect("all sites are defined");
    assert!(frame.len() > 100, "{}", frame.len());
}
