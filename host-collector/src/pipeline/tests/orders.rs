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

fn standing(of: &[(&str, &[&str])], others: &[&str]) -> Standing {
    let parsed = |texts: &[&str]| texts.iter().map(|text| text.parse::<Order>().unwrap()).collect();
    let services = of.iter().map(|(service, texts)| ((*service).to_owned(), parsed(texts)));
    Standing::new(services.collect(), parsed(others))
}

/// Answers everything that the device is told until it is told no more; what that was.
fn obey(bench: &mut Bench, device: &mut Device) -> Vec<Command<'static>> {
    let mut told = Vec::new();
    loop {
        bench.wait(1);
        let Some(&(id, command)) = commands(bench).last() else { return told };
        told.push(command);
        let status = AnswerStatus::Done;
        let bytes = device.frame(|packet| Body::Answer(Answer { packet, id, status, detail: 0 }));
        bench.receive(device, &bytes);
    }
}

#[test]
fn what_stands_for_a_service_is_told_after_the_hello_and_again_when_it_changes() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    orders(&mut bench, &["sensor/sample=always", "budget=1000"]);
    let before = standing(&[("sensor", &["sample=0.5", "operation=read:1"])], &["sample=never"]);
    bench.pipeline.stand(before);
    bench.hello(&mut device);
    let operation = |share| Command::Operation { name: "read", share, at_least: 0.0 };
    assert_eq!(
        obey(&mut bench, &mut device),
        [Command::SampleShare(0.5), operation(1.0), Command::SampleAlways, Command::Budget(1000)]
    );
    // The same again is nothing new.
    bench.pipeline.stand(standing(&[("sensor", &["sample=0.5", "operation=read:1"])], &[]));
    assert_eq!(obey(&mut bench, &mut device), []);
    // What is told by hand counts more, also when the file changes.
    bench.pipeline.stand(standing(&[("sensor", &["sample=0.25"])], &[]));
    assert_eq!(
        obey(&mut bench, &mut device),
        [Command::SampleShare(0.25), operation(0.25), Command::SampleAlways]
    );
    // The service goes by the default now, and so does what has no share of its own since.
    bench.pipeline.stand(standing(&[], &["sample=3/s"]));
    let as_all = Command::Operation { name: "read", share: 0.0, at_least: 3.0 };
    assert_eq!(
        obey(&mut bench, &mut device),
        [Command::SampleRate(3.0), as_all, Command::SampleAlways]
    );
    bench.pipeline.stand(Standing::default());
    assert_eq!(obey(&mut bench, &mut device), []);
}

#[test]
fn what_begins_to_stand_is_told_to_devices_that_are_known_already() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    assert_eq!(obey(&mut bench, &mut device), []);
    bench.pipeline.stand(standing(&[("motor", &["sample=never"])], &["sample=0.5"]));
    assert_eq!(obey(&mut bench, &mut device), [Command::SampleShare(0.5)]);
}

#[test]
fn an_order_that_comes_while_devices_are_there_is_told_them_and_those_that_come_later() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    assert_eq!(obey(&mut bench, &mut device), []);
    let order = |bench: &mut Bench, text: &str| bench.pipeline.order(&text.parse().unwrap());
    assert_eq!(order(&mut bench, "sensor/sample=0.5"), Ok(1));
    assert_eq!(order(&mut bench, "motor/sample=0.5"), Ok(0));
    assert_eq!(obey(&mut bench, &mut device), [Command::SampleShare(0.5)]);
    // Another one about the same takes its place, and what is done once does not stay.
    assert_eq!(order(&mut bench, "sensor/sample=never"), Ok(1));
    assert_eq!(order(&mut bench, "flush"), Ok(1));
    assert_eq!(obey(&mut bench, &mut device), [Command::SampleNever, Command::Flush]);
    let standing: Vec<_> = bench.pipeline.orders().iter().map(ToString::to_string).collect();
    assert_eq!(standing, ["motor/sample=0.5", "sensor/sample=never"]);
    for number in 0..254 {
        let text = format!("operation=o{number}:1");
        assert!(order(&mut bench, &text).is_ok(), "{number}");
    }
    assert!(order(&mut bench, "operation=more:1").unwrap_err().contains("256"));
    assert_eq!(order(&mut bench, "operation=o7:0.5"), Ok(1), "it takes a place");
}

#[test]
fn devices_are_shown_once_they_have_said_who_they_are() {
    use crate::devices::{Devices, State};

    let (mut bench, mut device) = (Bench::new(true), device(1));
    let devices = Devices::default();
    bench.hello(&mut device);
    bench.pipeline.show(&devices, bench.now_ns, 10);
    let latest = devices.latest();
    let [(boot, 1)] = &latest[..] else { panic!("{latest:?}") };
    assert_eq!(&*boot.seen.resource.service_name, "sensor");
    assert_eq!(boot.state(true), State::Live);
    bench.wait(11 * SECOND);
    bench.pipeline.show(&devices, bench.now_ns, 10);
    assert_eq!(devices.latest()[0].0.state(true), State::Silent);
}
