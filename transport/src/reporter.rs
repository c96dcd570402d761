//! [`Reporter`]: the task that drains a tracer and sends frames.

use crate::Uplink;
use core::time::Duration;
use spandrel::{Asked, Drain, DrainError, Tracer};

/// When the reporter sends. No time is longer than a quarter of a turn of the tracer's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// How old a record may get before it is sent in a frame that is not full. 100 ms.
    pub max_age: Duration,
    /// How often a hello goes out while nobody answers. 1 s.
    pub hello_every: Duration,
    /// How often a hello goes out once the collector has seen one. 10 s.
    pub hello_seen_every: Duration,
}

impl Settings {
    /// The values given with each field.
    pub const DEFAULT: Self = Self {
        max_age: Duration::from_millis(100),
        hello_every: Duration::from_secs(1),
        hello_seen_every: Duration::from_secs(10),
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Drains a tracer and sends frames over a link.
///
/// A frame goes out when there is enough for a full one, when something has waited for
/// [`Settings::max_age`], or when [`Tracer::flush`](spandrel::Tracer::flush) asks. It is also the
/// clock's keeper: it looks four times in `max_age`.
///
/// [`Reporter::run`] so wakes the processor by a timer. Whoever wants it to sleep calls
/// [`Reporter::turn`] while it is awake, and [`Reporter::flush`] before it sleeps; then a timer must
/// [keep the time](spandrel::Tracer::keep_time).
///
/// Its one buffer is as long as the link's frames, if those are to be used in full, and at least
/// [`MIN_MTU`](spandrel::wire::MIN_MTU).
///
/// ```no_run
/// # use spandrel::{Clock, DrainError, Recorder, Tracer};
/// # use spandrel_transport::{Reporter, Settings, Uplink};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// async fn report(uplink: impl Uplink) -> Result<(), DrainError> {
///     let mut buffer = [0; 508];
///     let mut reporter = Reporter::new(&TRACER, uplink, &mut buffer, Settings::DEFAULT)?;
///     reporter.run().await
/// }
/// ```
#[derive(Debug)]
pub struct Reporter<'b, U> {
    drain: Drain,
    uplink: U,
    buffer: &'b mut [u8],
    /// Bytes of the buffer that the link has not taken yet.
    unsent: usize,
    /// How long one look at the downlink takes.
    pause: Duration,
    // In ticks of 32 bits: far less than half a turn lies between two looks.
    max_age_ticks: u32,
    hello_every_ticks: u32,
    hello_seen_every_ticks: u32,
    /// When nothing waited last, and when a hello was sent.
    idle_ticks: u32,
    hello_ticks: u32,
    /// Hellos that are still to follow each other at most, so that the process is described.
    hellos: u8,
    /// Shares of the definitions that go up with a hello once one was seen.
    shares: u8,
    is_hello_seen: bool,
    /// Frames follow each other until all records are sent.
    is_draining: bool,
    /// What is in the buffer is worth nothing if it cannot be sent now.
    is_pong: bool,
}

/// Hellos in a row at most; what they leave untold the next ones tell.
const MAX_HELLOS: u8 = 16;
/// Hellos at their usual pace have all definitions go up in so many seconds.
const ROTATION_SECONDS: u64 = 10;

impl<'b, U: Uplink> Reporter<'b, U> {
    /// A reporter that has sent nothing.
    ///
    /// # Errors
    /// Where the tracer gives no drain, most likely since it has a reporter already; or where the link's
    /// frames or the buffer are [shorter](spandrel::Tracer::min_mtu) than the tracer's must be.
    pub fn new(
        tracer: &'static Tracer,
        uplink: U,
        buffer: &'b mut [u8],
        settings: Settings,
    ) -> Result<Self, DrainError> {
        if uplink.mtu().min(buffer.len()) < tracer.min_mtu() {
            return Err(DrainError::ShortFrames);
        }
        let drain = tracer.drain()?;
        let hz = drain.tick_hz();
        let shares = settings.hello_seen_every.as_secs().clamp(1, ROTATION_SECONDS);
        Ok(Self {
            drain,
            uplink,
            buffer,
            unsent: 0,
            pause: quarter(settings.max_age),
            max_age_ticks: ticks(settings.max_age, hz),
            hello_every_ticks: ticks(settings.hello_every, hz),
            hello_seen_every_ticks: ticks(settings.hello_seen_every, hz),
            idle_ticks: 0,
            hello_ticks: 0,
            hellos: MAX_HELLOS,
            shares: shares as u8,
            is_hello_seen: false,
            is_draining: false,
            is_pong: false,
        })
    }

    /// Reports for ever.
    pub async fn run(&mut self) -> ! {
        loop {
            self.step().await;
        }
    }

    /// One turn: waits a quarter of `max_age` for the downlink, then sends what is due.
    pub async fn step(&mut self) {
        // The buffer serves both ways. While a frame in it waits for the link nothing is received:
        // a link that takes nothing has little to say.
        let buffer = if self.unsent == 0 { &mut *self.buffer } else { &mut [] };
        let received = self.uplink.receive(buffer, self.pause).await;
        self.on_received(received.unwrap_or(0));
        self.send_due().await;
    }

    /// Sends what is due, and waits for nothing but the link: for who calls it whenever the processor is
    /// awake, instead of [`Reporter::run`], whose timer wakes it. What came down is read first.
    pub async fn turn(&mut self) {
        // As a step, but for the time: one future for both would keep that, which is 16 bytes of RAM.
        let buffer = if self.unsent == 0 { &mut *self.buffer } else { &mut [] };
        let received = self.uplink.receive(buffer, Duration::ZERO).await;
        self.on_received(received.unwrap_or(0));
        self.send_due().await;
    }

    /// Sends everything that is recorded, be it in frames that are not full: before a sleep, or before
    /// the program restarts. False where the link takes no more.
    pub async fn flush(&mut self) -> bool {
        self.is_draining = true;
        self.send_due().await;
        self.unsent == 0
    }

    async fn send_due(&mut self) {
        // Also while the link takes nothing.
        self.drain.make_room();
        while self.fill() {
            let frame = self.buffer.get(..self.unsent).unwrap_or(&[]);
            if !self.uplink.send(frame).await {
                break;
            }
            self.unsent = 0;
        }
        if self.is_pong {
            (self.is_pong, self.unsent) = (false, 0);
        }
    }

    /// Does what the first `len` bytes of the buffer ask for.
    fn on_received(&mut self, len: usize) {
        let received_ticks = self.drain.now_ticks();
        let frame = self.buffer.get(..len).unwrap_or(&[]);
        match self.drain.on_downlink(frame) {
            // An answer is sent like what is due.
            Asked::Nothing | Asked::Answer => {}
            Asked::HelloSeen => self.is_hello_seen = true,
            Asked::Hello => {
                self.is_hello_seen = false;
                self.hellos = MAX_HELLOS;
            }
            Asked::Pong(id) => {
                let pong = self.drain.pong(self.buffer, id, received_ticks);
                self.unsent = pong.map_or(0, <[u8]>::len);
                self.is_pong = true;
            }
        }
    }

    /// Puts what is due into the buffer, unless there is something; false where nothing is due.
    fn fill(&mut self) -> bool {
        if self.unsent == 0 {
            let now = self.drain.counter();
            let len = self.uplink.mtu().min(self.buffer.len());
            self.unsent = if self.drain.is_answer_due() {
                self.drain.answer(self.buffer).map_or(0, <[u8]>::len)
            } else if self.is_hello_due(now) {
                self.fill_hello(now, len)
            } else {
                self.fill_data(now, len)
            };
        }
        self.unsent != 0
    }

    fn is_hello_due(&mut self, now: u32) -> bool {
        let (every, shares) = if self.is_hello_seen {
            (self.hello_seen_every_ticks, self.shares)
        } else {
            (self.hello_every_ticks, 1)
        };
        if self.hellos == 0 && now.wrapping_sub(self.hello_ticks) >= every {
            self.hellos = MAX_HELLOS;
            // With each hello goes a share of the definitions: the fewer hellos, the more shares.
            (1..shares).for_each(|_| self.drain.rotate_definitions());
        }
        self.hellos != 0
    }

    fn fill_hello(&mut self, now: u32, len: usize) -> usize {
        let frame = self.drain.hello(self.buffer.get_mut(..len).unwrap_or_default());
        let len = frame.map_or(0, <[u8]>::len);
        self.hello_ticks = now;
        self.hellos = if self.drain.is_described() { 0 } else { self.hellos - 1 };
        len
    }

    fn fill_data(&mut self, now: u32, len: usize) -> usize {
        let words = self.drain.backlog_words();
        if words == 0 && self.drain.is_idle() {
            self.idle_ticks = now;
        }
        // What came since then is no older. A span of eight words takes about ten bytes of a frame.
        let is_old = now.wrapping_sub(self.idle_ticks) >= self.max_age_ticks;
        let is_full = words + words / 4 >= len;
        let is_flush = self.drain.is_flush_asked();
        let is_again = self.drain.is_resend_due();
        if !(is_old | is_full | is_flush | is_again | self.is_draining) {
            return 0;
        }
        let frame = self.drain.frame(self.buffer.get_mut(..len).unwrap_or_default());
        self.is_draining = frame.is_some();
        let len = frame.map_or(0, <[u8]>::len);
        if !self.is_draining {
            self.idle_ticks = now;
            if is_flush {
                self.drain.flushed();
            }
        }
        len
    }
}

/// A fourth, without a division of 64 bits, which costs a kilobyte of flash.
fn quarter(duration: Duration) -> Duration {
    let rest = (duration.as_secs() & 3) as u32;
    Duration::new(duration.as_secs() >> 2, (duration.subsec_nanos() >> 2) + rest * 250_000_000)
}

/// So many ticks, to a thousandth, and no more than a quarter of a turn of the counter.
fn ticks(duration: Duration, hz: u32) -> u32 {
    const MOST: u32 = 1 << 30;

    let (seconds, millis) = (duration.as_secs().min(MOST.into()), duration.subsec_millis());
    let in_rest = u64::from(hz / 1000) * u64::from(millis) + u64::from(hz % 1000 * millis / 1000);
    let ticks = seconds * u64::from(hz) + in_rest;
    u32::try_from(ticks).unwrap_or(MOST).min(MOST)
}
