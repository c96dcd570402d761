//! Ten thousand devices, and how soon they are on the screen.

use core::time::Duration;
use std::net::UdpSocket;

use anyhow::{Context as _, Result};
use spandrel::wire::{Body, Frame, Hello, Process, Value};
use spandrel::{DeviceId, Session};
use spandrel_tests::proc::pause;

use super::{Found, Subject, browser, number};
use crate::Collector;

const DEVICES: u64 = 10_000;
/// So many say hello at once: the collector looks at some hundred of them twenty times a second.
const AT_ONCE: u64 = 100;
const PAUSE: Duration = Duration::from_millis(30);

/// `devices.list_ms`, from the click on the list's name until its rows are on the screen.
pub(super) fn list(subject: &Subject) -> Result<Found> {
    const LIST: &str = "return new Promise(done => {
        const begun = performance.now();
        document.querySelector('nav a[href*=devices]').click();
        const look = () => document.querySelectorAll('.device-row').length > 10
            ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)))
            : setTimeout(look, 1);
        look();
    })";

    let collector = Collector::start_of(&subject.spandrel, 0)?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", collector.frames()))?;
    for device in 1..=DEVICES {
        socket.send(&hello(device)?)?;
        if device.is_multiple_of(AT_ONCE) {
            pause(PAUSE)?;
        }
    }
    let browser = browser()?;
    browser.open(&collector.page(""))?;
    let all = format!(
        "fetch('api/spandrel/v1/devices').then(it => it.json()).then(it => it.devices.length >= {})",
        DEVICES * 99 / 100
    );
    browser.until(&all)?;
    let took = number(&browser.run(LIST, &[])?)?;
    Ok(vec![("devices.list_ms".to_owned(), took)])
}

fn hello(device: u64) -> Result<Vec<u8>> {
    let tags: [(&str, Value<'_>); 0] = [];
    let service = format!("sensor-{}", device % 100);
    let process = Process { service: &service, build: &[], tags: &tags[..] }.to_bytes();
    let (device, session) = (DeviceId(device), Session::new(1));
    let frame = Frame {
        session_tag: session.tag(device),
        body: Body::Hello(Hello {
            packet: 0,
            device: device.0,
            session: session.get(),
            clock_hz: 1_000_000,
            sent_ticks: 5_000_000,
            flags: Hello::KEPT,
            sites: 2,
            process_total: u32::try_from(process.len())?,
            process_offset: 0,
            process: &process,
            ..Hello::default()
        }),
    };
    frame.to_bytes().context("no such frame")
}
