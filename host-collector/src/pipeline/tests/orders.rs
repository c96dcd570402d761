//! What devices are told, by a real tracer that is told it.

use super::*;
use crate::Order;
use spandrel::wire::{Answer, AnswerStatus, Command};

fn commands(bench: &mut Bench) -> Vec<(u64, Command<'static>)> {
    let control = |request| match request {
        Request::Control(control) => Some((control.id, control.command)),
        _ => None,
    };
    bench.asked().into_iter().filter_map(control).collect()
}

fn orders(bench: &mut Bench, texts: &[&str]) {
    bench.pipeline.orders = texts.iter().map(|text| text.parse::<Order>().unwrap()).collect();
}

#[test]
fn devices_of_a_service_are_told_once_and_until_they_answer() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    orders(&mut bench, &["sensor/sample=0.5", "motor/sample=never", "budget=1000"]);
    bench.hello(&mut device);
    bench.wait(1);
    let told = commands(&mut bench);
    let [(id, Command::SampleShare(0.5))] = told[..] else { panic!("{told:?}") };
    bench.wait(SECOND);
    assert_eq!(commands(&mut bench).first(), Some(&(id, Command::SampleShare(0.5))));
    let answer = |device: &mut Device, id| {
        let status = AnswerStatus::Done;
        device.frame(|packet| Body::Answer(Answer { packet, id, status, detail: 0 }))
    };
    let bytes = answer(&mut device, id);
    bench.receive(&device, &bytes);
    let told = commands(&mut bench);
    let [(next, Command::Budget(1000))] = told[..] else { panic!("{told:?}") };
    assert!(next > id);
    let bytes = answer(&mut device, next);
    bench.receive(&device, &bytes);
    bench.hello(&mut device);
    bench.wait(3 * SECOND);
    assert_eq!(commands(&mut bench), []);
    let bytes = answer(&mut device, 77);
    bench.receive(&device, &bytes);
    assert_eq!(bench.pipeline.stats().nonsense, 1, "nobody asked");
}
