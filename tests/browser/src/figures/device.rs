//! A device that a figure needs: a real tracer, and a socket to a collector.

use std::net::UdpSocket;

use anyhow::{Context as _, Result};
// What a tracer needs on a host.
use critical_section as _;
use spandrel::{Asked, Clock, DeviceId, Drain, Recorder, Session, SessionSource, Tracer, span};

/// The longest frame: that of UDP in an Ethernet.
const MTU: usize = 1_472;

pub(super) struct Device {
    tracer: &'static Tracer,
    drain: Drain,
    socket: UdpSocket,
    buffer: [u8; MTU],
}

impl Device {
    /// One that was just switched on, and sends to this port.
    pub(super) fn new(port: u16) -> Result<Self> {
        let recorder: &Recorder<1024> = Box::leak(Box::default());
        let tracer = Tracer::new("sensor", recorder, Clock::monotonic())
            .device_id(DeviceId(0x0012_3456_789a_0001))
            .session(SessionSource::Fixed(Session::new(7)));
        let tracer: &Tracer = Box::leak(Box::new(tracer));
        let drain = tracer.drain().context("nobody else drains")?;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(("127.0.0.1", port))?;
        socket.set_nonblocking(true)?;
        Ok(Self { tracer, drain, socket, buffer: [0; MTU] })
    }

    /// Sends a hello.
    pub(super) fn hello(&mut self) -> Result<()> {
        if let Some(frame) = self.drain.hello(&mut self.buffer) {
            self.socket.send(frame)?;
        }
        Ok(())
    }

    /// Sends a span with this number, and answers what the collector asked meanwhile.
    pub(super) fn span(&mut self, number: u32) -> Result<()> {
        self.answer()?;
        span!(self.tracer, "read", number = number).finish();
        let frame = self.drain.frame(&mut self.buffer).context("nothing to send")?;
        self.socket.send(frame)?;
        Ok(())
    }

    /// Answers what the collector asks, as a reporter does.
    pub(super) fn answer(&mut self) -> Result<()> {
        let mut asked = [0; MTU];
        while let Ok(length) = self.socket.recv(&mut asked) {
            let frame = match self.drain.on_downlink(&asked[..length]) {
                Asked::Hello => self.drain.hello(&mut self.buffer),
                Asked::Answer => self.drain.answer(&mut self.buffer),
                Asked::Pong(id) => {
                    let now = self.drain.now_ticks();
                    self.drain.pong(&mut self.buffer, id, now)
                }
                _ => None,
            };
            if let Some(frame) = frame {
                self.socket.send(frame)?;
            }
        }
        Ok(())
    }
}
