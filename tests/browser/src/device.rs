//! A device: a real tracer, and a socket to a collector.

use std::net::UdpSocket;

use anyhow::{Context as _, Result};
// What a tracer needs on a host.
use critical_section as _;
use spandrel::{Asked, Clock, DeviceId, Drain, Recorder, Session, SessionSource, Tracer, span};

/// The longest frame: that of UDP in an Ethernet.
const MTU: usize = 1_472;

/// A tracer that was just switched on, and the cable that it sends by.
#[derive(Debug)]
pub struct Device {
    tracer: &'static Tracer,
    drain: Drain,
    socket: UdpSocket,
    buffer: [u8; MTU],
}

impl Device {
    /// One of the service `sensor` whose id is `00123456789a0001`, and which sends to this port.
    ///
    /// # Errors
    /// If there is no socket for it.
    pub fn new(port: u16) -> Result<Self> {
        let recorder: &Recorder<1024> = Box::leak(Box::default());
        let tracer = Tracer::new("sensor", recorder, Clock::monotonic())
            .device_id(DeviceId(0x0012_3456_789a_0001))
            .session(SessionSource::Fixed(Session::new(7)));
        Self::of(tracer, port)
    }

    /// One that has this tracer.
    ///
    /// # Errors
    /// As [`Device::new`], or if somebody drains the tracer already.
    pub fn of(tracer: Tracer, port: u16) -> Result<Self> {
        let tracer: &Tracer = Box::leak(Box::new(tracer));
        let drain = tracer.drain().context("nobody else drains")?;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(("127.0.0.1", port))?;
        socket.set_nonblocking(true)?;
        Ok(Self { tracer, drain, socket, buffer: [0; MTU] })
    }

    /// What records.
    #[must_use]
    pub fn tracer(&self) -> &'static Tracer {
        self.tracer
    }

    /// Sends a hello.
    ///
    /// # Errors
    /// If the system does not send it.
    pub fn hello(&mut self) -> Result<()> {
        if let Some(frame) = self.drain.hello(&mut self.buffer) {
            self.socket.send(frame)?;
        }
        Ok(())
    }

    /// Sends a span with this number, and answers what the collector asked meanwhile.
    ///
    /// # Errors
    /// If the system does not send it.
    pub fn span(&mut self, number: u32) -> Result<()> {
        span!(self.tracer, "read", number = number).finish();
        self.flush()
    }

    /// Sends what was recorded, and answers what the collector asked meanwhile.
    ///
    /// # Errors
    /// If the system does not send it.
    pub fn flush(&mut self) -> Result<()> {
        self.answer()?;
        while let Some(frame) = self.drain.frame(&mut self.buffer) {
            self.socket.send(frame)?;
        }
        Ok(())
    }

    /// Answers what the collector asks, as a reporter does.
    ///
    /// # Errors
    /// If the system does not send it.
    pub fn answer(&mut self) -> Result<()> {
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
