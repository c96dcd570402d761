//! [`Reporter`]: the task that drains a tracer and sends frames.

use crate::Uplink;
use core::time::Duration;
use spandrel::{Asked, Drain, Tracer};

/// When the reporter sends.
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
/// A frame goes out when there is enough for a full one, when the oldest record is
/// [`Settings::max_age`] old, or when [`Tracer::flush`](spandrel::Tracer::flush) asks. It is also the
/// clock's keeper: it looks four times in `max_age`.
///
/// In a task, make it in one statement as below: a future keeps whatever it ever had a name for.
///
/// `NAMES` is the size of the table of what frames name by number; `MTU` the size of its one buffer,
/// at least as long as the uplink's frames if those are to be used in full.
///
/// ```no_run
/// # use spandrel::{Clock, Recorder, Tracer};
/// # use spandrel_transport::{Reporter, Settings, Uplink};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// async fn report(uplink: impl Uplink) {
///     let Some(mut reporter) = Reporter::<_, 32, 508>::new(&TRACER, uplink, Settings::DEFAULT)
///     else {
///         return; // it has one already
///     };
///     reporter.run().await
/// }
/// ```
#[derive(Debug)]
pub struct Reporter<U, const NAMES: usize, const MTU: usize> {
    drain: Drain<NAMES>,
    uplink: U,
    settings: Settings,
    buffer: [u8; MTU],
    /// Bytes of the buffer that the link has not taken yet.
    unsent: usize,
    /// When records were last sent, and a hello, in ticks.
    sent_ticks: u64,
    hello_ticks: u64,
    said_hello: bool,
    is_hello_seen: bool,
}

impl<U: Uplink, const NAMES: usize, const MTU: usize> Reporter<U, NAMES, MTU> {
    /// A reporter that has sent nothing; none where the tracer has one already.
    pub fn new(tracer: &'static Tracer, uplink: U, settings: Settings) -> Option<Self> {
        Some(Self {
            drain: tracer.drain()?,
            uplink,
            settings,
            buffer: [0; MTU],
            unsent: 0,
            sent_ticks: 0,
            hello_ticks: 0,
            said_hello: false,
            is_hello_seen: false,
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
        let buffer = if self.unsent == 0 { self.buffer.as_mut_slice() } else { &mut [] };
        let received = self.uplink.receive(buffer, self.settings.max_age / 4).await;
        let received_ticks = self.drain.now_ticks();
        let frame = received.and_then(|len| self.buffer.get(..len)).unwrap_or(&[]);
        match self.drain.on_downlink(frame) {
            Asked::Nothing => {}
            Asked::HelloSeen => self.is_hello_seen = true,
            Asked::Hello => {
                self.is_hello_seen = false;
                self.said_hello = false;
            }
            Asked::Pong(id) => {
                let pong = self.drain.pong(&mut self.buffer, id, received_ticks);
                // A pong that waits is worth nothing: it is sent now or not at all.
                if let Some(frame) = pong {
                    self.uplink.send(frame).await;
                }
            }
        }
        self.send_due().await;
    }

    async fn send_due(&mut self) {
        let now = self.drain.now_ticks();
        let hello_every = if self.is_hello_seen {
            self.settings.hello_seen_every
        } else {
            self.settings.hello_every
        };
        if !self.said_hello || now.saturating_sub(self.hello_ticks) >= self.ticks(hello_every) {
            self.hello_ticks = now;
            self.said_hello = self.say_hello().await;
        }
        let is_full = self.drain.backlog_words() >= self.frame_len() * WORDS_PER_100_BYTES / 100;
        let is_flush = self.drain.is_flush_asked();
        let is_old = now.saturating_sub(self.sent_ticks) >= self.ticks(self.settings.max_age);
        if (is_full || is_old || is_flush) && self.send_records().await {
            self.sent_ticks = now;
            if is_flush {
                self.drain.flushed();
            }
        }
    }

    /// Sends hellos until the process is described; false where the link takes none.
    async fn say_hello(&mut self) -> bool {
        for _ in 0..MAX_HELLOS {
            if !self.send_unsent().await {
                return false;
            }
            let len = self.frame_len();
            let buffer = self.buffer.get_mut(..len).unwrap_or_default();
            self.unsent = self.drain.hello(buffer).map_or(0, <[u8]>::len);
            if self.drain.is_described() {
                break;
            }
        }
        self.send_unsent().await
    }

    /// Sends all records; false where the link does not take them.
    async fn send_records(&mut self) -> bool {
        loop {
            if !self.send_unsent().await {
                return false;
            }
            let len = self.frame_len();
            let buffer = self.buffer.get_mut(..len).unwrap_or_default();
            self.unsent = self.drain.frame(buffer).map_or(0, <[u8]>::len);
            if self.unsent == 0 {
                return true;
            }
        }
    }

    async fn send_unsent(&mut self) -> bool {
        match self.buffer.get(..self.unsent) {
            None | Some([]) => true,
            Some(frame) => {
                let sent = self.uplink.send(frame).await;
                if sent {
                    self.unsent = 0;
                }
                sent
            }
        }
    }

    fn frame_len(&self) -> usize {
        self.uplink.mtu().min(MTU)
    }

    /// In ticks, to a thousandth; without a division of 64 bits, which costs a kilobyte of flash.
    fn ticks(&self, duration: Duration) -> u64 {
        let hz = self.drain.tick_hz();
        let in_whole = duration.as_secs().saturating_mul(u64::from(hz));
        let millis = duration.subsec_millis();
        let in_rest =
            u64::from(hz / 1000) * u64::from(millis) + u64::from(hz % 1000 * millis / 1000);
        in_whole.saturating_add(in_rest)
    }
}

/// Hellos in a row at most; what they leave untold the next ones tell.
const MAX_HELLOS: usize = 16;
/// A span of eight words takes about ten bytes of a frame.
const WORDS_PER_100_BYTES: usize = 80;
