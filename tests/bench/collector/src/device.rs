//! A device that works for ever: frames of 100 spans, in a time that passes when it is told to.
//!
//! Each frame is one trace: 99 children of the work W1 (an integer and a short static string) and their
//! root, which ends last. Children begin a millisecond after each other and take 200 us; the clock has
//! 64 MHz. Hellos, definitions in rotation and answers to pings go up as a reporter would send them.

use anyhow::{Context as _, Result, ensure};
use spandrel::{
    Asked, Clock, DeviceId, Drain, Recorder, Session, SessionSource, Span, Tracer, span,
};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::SystemTime;

/// Spans in each frame, the root included.
pub(crate) const SPANS: usize = 100;
/// What the host's clock shows when the device's shows 0.
const EPOCH_NS: u64 = 1_700_000_000_000_000_000;
const HZ: u32 = 64_000_000;
/// The longest frame: that of UDP in an Ethernet.
const MTU: usize = 1472;
/// So often definitions go up again, whether or not there is a hello.
const ROTATION_NS: u64 = 1_000_000_000;
const HELLO_NS: u64 = 1_000_000_000;
const HELLO_ONCE_SEEN_NS: u64 = 10_000_000_000;

pub(crate) struct Device {
    tracer: &'static Tracer,
    /// The clock in one's own hands; none where time passes by itself.
    counter: Option<&'static AtomicU32>,
    drain: Drain,
    ticks: u64,
    next_hello_ns: u64,
    was_seen: bool,
    next_rotation_ns: u64,
    random: u32,
    buffer: [u8; MTU],
}

impl Device {
    /// One that was just switched on, whose time is its own.
    pub(crate) fn new(number: u64) -> Result<Self> {
        let counter: &AtomicU32 = Box::leak(Box::default());
        // SAFETY: the counter lives for ever, and reading it does nothing else.
        let clock = unsafe { Clock::register(counter.as_ptr(), HZ) };
        Self::with(number, clock, Some(counter))
    }

    /// One that works as fast as it is asked to: its spans are as long as they take.
    pub(crate) fn in_real_time(number: u64) -> Result<Self> {
        Self::with(number, Clock::monotonic(), None)
    }

    fn with(number: u64, clock: Clock, counter: Option<&'static AtomicU32>) -> Result<Self> {
        let recorder: &Recorder<4096> = Box::leak(Box::default());
        let tracer = Tracer::new("sensor-node", recorder, clock)
            .device_id(DeviceId(0x0012_3456_789a_0000 + number))
            .session(SessionSource::Fixed(Session::new(0x00ab_cdef)));
        let tracer: &Tracer = Box::leak(Box::new(tracer));
        let drain = tracer.drain().context("nobody else drains")?;
        Ok(Self {
            tracer,
            counter,
            drain,
            ticks: 0,
            next_hello_ns: 0,
            was_seen: false,
            next_rotation_ns: 0,
            random: 1,
            buffer: [0; MTU],
        })
    }

    /// What the host's clock shows.
    pub(crate) fn now_ns(&self) -> u64 {
        if self.counter.is_none() {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            return now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
        }
        // 1000 ns are 64 ticks.
        EPOCH_NS + self.ticks * 125 / 8
    }

    fn random(&mut self, below: u32) -> u32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.random >> 16) % below
    }

    /// Lets about so many microseconds pass.
    fn pass_us(&mut self, us: u32) {
        let ticks = us * (HZ / 1_000_000);
        let ticks = ticks - ticks / 200 + self.random(ticks / 100 + 1);
        if let Some(counter) = self.counter {
            counter.fetch_add(ticks, Relaxed);
            self.ticks += u64::from(ticks);
        }
    }

    /// W1.
    fn child(&mut self) -> Span {
        let count = 100 + self.random(900).cast_signed();
        let state = ["idle", "ready", "busy"][self.random(3) as usize];
        span!(self.tracer, "read", bus = count, state = state)
    }

    /// A hello, if one is due.
    pub(crate) fn due_hello(&mut self) -> Option<Vec<u8>> {
        (self.now_ns() >= self.next_hello_ns).then(|| self.hello()).flatten()
    }

    fn hello(&mut self) -> Option<Vec<u8>> {
        let pause_ns = if self.was_seen { HELLO_ONCE_SEEN_NS } else { HELLO_NS };
        self.next_hello_ns = self.now_ns() + pause_ns;
        self.drain.hello(&mut self.buffer).map(<[u8]>::to_vec)
    }

    /// Works for the time of a frame, a tenth of a second by its own clock; what goes up then.
    pub(crate) fn frame(&mut self) -> Result<Vec<u8>> {
        let root = span!(self.tracer, "poll");
        let active = root.enter();
        for _ in 1..SPANS {
            let child = self.child();
            self.pass_us(200);
            child.finish();
            self.pass_us(800);
        }
        drop(active);
        root.finish();
        self.tracer.keep_time();
        self.rotate();
        let frame = self.drain.frame(&mut self.buffer).context("nothing to send")?.to_vec();
        ensure!(self.drain.backlog_words() == 0, "the spans did not fit one frame");
        Ok(frame)
    }

    fn rotate(&mut self) {
        let now_ns = self.now_ns();
        if self.was_seen && now_ns >= self.next_rotation_ns {
            self.next_rotation_ns = now_ns + ROTATION_NS;
            self.drain.rotate_definitions();
        }
    }

    /// Takes a frame that came down; the answer, if one goes up.
    pub(crate) fn hears(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self.drain.on_downlink(bytes) {
            Asked::Nothing => None,
            Asked::HelloSeen => {
                self.was_seen = true;
                None
            }
            Asked::Hello => self.hello(),
            Asked::Answer => self.drain.answer(&mut self.buffer).map(<[u8]>::to_vec),
            Asked::Pong(id) => {
                let now = self.drain.now_ticks();
                self.drain.pong(&mut self.buffer, id, now).map(<[u8]>::to_vec)
            }
        }
    }
}
