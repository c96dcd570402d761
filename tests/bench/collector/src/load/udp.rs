//! Devices that send as fast as they are told to, and answer what is asked.

use crate::device::Device;
use anyhow::{Context as _, Result};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// So many devices take turns.
const DEVICES: u64 = 8;
/// Frames of each before the load begins.
const BEFORE: u64 = 40;
/// Frames of all before the load begins, which are taken and handed on like all others.
pub(super) const ALL_BEFORE: u64 = DEVICES * BEFORE;

/// `load-udp ADDRESS FRAMES FRAMES_PER_SECOND`: all devices together.
pub(super) fn run(words: &[String]) -> Result<()> {
    let [address, frames, per_second] = words else { anyhow::bail!("three words") };
    let (frames, per_second): (u32, u32) = (frames.parse()?, per_second.parse()?);
    let mut devices = (0..DEVICES)
        .map(|number| {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            Ok((Device::in_real_time(number)?, socket))
        })
        .collect::<Result<Vec<_>>>()?;
    // They are known before the load begins: who they are, what their numbers stand for, and the time.
    for _ in 0..BEFORE {
        for (device, socket) in &mut devices {
            send(socket, &device.frame()?)?;
            talk(device, socket)?;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let start = Instant::now();
    for number in 0..frames {
        let due = Duration::from_secs(1) * number / per_second;
        // Far less than a receiver's buffer has room for at once.
        if let Some(early) =
            due.checked_sub(start.elapsed()).filter(|early| early.as_micros() > 200)
        {
            std::thread::sleep(early);
        }
        let count = devices.len();
        let (device, socket) =
            devices.get_mut(number as usize % count).context("no such device")?;
        send(socket, &device.frame()?)?;
        talk(device, socket)?;
    }
    Ok(())
}

/// Says hello if that is due, and answers what came down.
fn talk(device: &mut Device, socket: &UdpSocket) -> Result<()> {
    if let Some(hello) = device.due_hello() {
        send(socket, &hello)?;
    }
    let mut buffer = [0; 1472];
    while let Ok(len) = socket.recv(&mut buffer) {
        if let Some(answer) = buffer.get(..len).and_then(|frame| device.hears(frame)) {
            send(socket, &answer)?;
        }
    }
    Ok(())
}

fn send(socket: &UdpSocket, frame: &[u8]) -> Result<()> {
    while let Err(error) = socket.send(frame) {
        anyhow::ensure!(error.kind() == std::io::ErrorKind::WouldBlock, "cannot send: {error}");
        std::thread::yield_now();
    }
    Ok(())
}
