//! How soon somebody who looks on sees a span: from when its frame is sent to when its line is there.

use core::time::Duration;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use spandrel_tests::proc::{Proc, pause};

use super::{Found, Subject, browser, number, part};
use crate::{Collector, Device};

const SPANS: u32 = 100;
/// Between two of them, so that each comes by itself.
const PAUSE: Duration = Duration::from_millis(40);
const LIMIT: Duration = Duration::from_secs(60);

/// `tail.latency_ms.p95` and `tail.page_latency_ms.p95`.
pub(super) fn latency(subject: &Subject) -> Result<Found> {
    let collector = Collector::start_of(&subject.spandrel, 0)?;
    let mut device = Device::new(collector.frames())?;
    device.hello()?;
    let in_pipe = in_pipe(&subject.spandrel, &collector, &mut device)?;
    let in_page = in_page(&collector, &mut device)?;
    Ok(vec![
        ("tail.latency_ms.p95".to_owned(), part(in_pipe, 95)?),
        ("tail.page_latency_ms.p95".to_owned(), part(in_page, 95)?),
    ])
}

/// Sends spans until `is_there`, so that the collector knows the device and its clock.
fn warm_up(device: &mut Device, mut is_there: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !is_there()? {
        ensure!(begun.elapsed() < LIMIT, "no span of the device came through");
        device.span(0)?;
        pause(PAUSE)?;
    }
    Ok(())
}

fn in_pipe(program: &Path, collector: &Collector, device: &mut Device) -> Result<Vec<f64>> {
    let mut command = Command::new(program);
    command.args(["--no-config", "tail", "--at"]);
    command.arg(format!("http://127.0.0.1:{}", collector.port()));
    let mut tail = Proc::spawn("tail", &mut command)?;
    warm_up(device, || Ok(tail.lines().iter().any(|line| line.contains("number=0"))))?;
    let mut all = Vec::new();
    for number in 1..=SPANS {
        device.answer()?;
        let begun = Instant::now();
        device.span(number)?;
        tail.wait_for_line(&format!("number={number} "), LIMIT)
            .or_else(|_| tail.wait_for_line(&format!("number={number}"), LIMIT))?;
        all.push(begun.elapsed().as_secs_f64() * 1e3);
        pause(PAUSE)?;
    }
    Ok(all)
}

fn in_page(collector: &Collector, device: &mut Device) -> Result<Vec<f64>> {
    // When a line has been there for a frame; by the clock of this machine.
    const WATCH: &str = "window.seen = {};
        new MutationObserver((changes) => {
            const lines = changes.flatMap(({ addedNodes }) => [...addedNodes]).map((line) => line.textContent);
            requestAnimationFrame(() => setTimeout(() => {
                for (const line of lines) {
                    const number = line.match(/number=(\\d+)/)?.[1];
                    if (number) window.seen[number] ??= performance.timeOrigin + performance.now();
                }
            }));
        }).observe(document.querySelector('live-tail .lines'), { childList: true });";

    let browser = browser()?;
    browser.open(&collector.page("view=live"))?;
    browser.until("document.querySelector('live-tail')?.streaming === 'open'")?;
    browser.run(WATCH, &[])?;
    warm_up(device, || Ok(browser.run("return window.seen[0] > 0", &[])? == true))?;
    let mut sent = Vec::new();
    for number in 1..=SPANS {
        device.answer()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("it is before 1970")?;
        device.span(number)?;
        sent.push((number, now.as_secs_f64() * 1e3));
        pause(PAUSE)?;
    }
    browser.until(&format!("window.seen[{SPANS}]"))?;
    let seen = browser.run("return window.seen", &[json!(null)])?;
    sent.into_iter().map(|(id, sent)| Ok(number(&seen[id.to_string()])? - sent)).collect()
}
