//! A tracer on one of the shared recorders, with a clock that the test moves.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use spandrel::wire::{MIN_MTU, SpanHead};
use spandrel::{Clock, DeviceId, Drain, Recorder, Session, Tracer};

use crate::seen::Seen;

pub(crate) const DEVICE: DeviceId = DeviceId(0xabcd);
pub(crate) const SESSION: Session = Session::new(9);

/// What the clock of a new bench shows.
pub(crate) const BEGIN: u32 = 1000;

/// Room for a few records, on every target.
pub(crate) static TINY: Recorder<64, 0, 8> = Recorder::new();
/// No record's length divides it.
pub(crate) static ODD: Recorder<97, 0, 8> = Recorder::new();
/// Enough for most tests.
pub(crate) static ROOMY: Recorder<384, 0, 16> = Recorder::new();
/// No name finds room.
pub(crate) static NAMELESS: Recorder<160, 0, 0> = Recorder::new();
/// With a table of open spans.
pub(crate) static TABLE: Recorder<160, 4, 8> = Recorder::new();

/// Bytes of a frame: so short that its records, when decoded, fit the heap of the smallest board.
const MTU: usize = MIN_MTU;

static NOW: AtomicU32 = AtomicU32::new(BEGIN);

/// The clock of all tracers here: a word of memory.
pub(crate) const fn clock() -> Clock {
    // SAFETY: the counter lives for ever.
    unsafe { Clock::register(NOW.as_ptr(), 1_000_000) }
}

/// The same, but read by a call.
pub(crate) const fn called_clock() -> Clock {
    Clock::function(|| NOW.load(Relaxed), 1_000_000)
}

/// Makes a bench: of a recorder, or of one and a clock, and of what its tracer is told beside.
macro_rules! bench {
    (@ $recorder:ident, $clock:expr, $($told:tt)*) => {{
        static TRACER: spandrel::Tracer =
            spandrel::Tracer::new("bench", &crate::bench::$recorder, $clock)
                .device_id(crate::bench::DEVICE)
                .session(spandrel::SessionSource::Fixed(crate::bench::SESSION))
                $($told)*;
        crate::bench::Bench::new(&TRACER, &crate::bench::$recorder)
    }};
    (unkept $recorder:ident) => {
        crate::bench::bench!(@ $recorder, crate::bench::clock(),)
    };
    (called_clock $recorder:ident) => {
        crate::bench::bench!(@ $recorder, crate::bench::called_clock(),).kept()
    };
    ($recorder:ident $($told:tt)*) => {
        crate::bench::bench!(@ $recorder, crate::bench::clock(), $($told)*).kept()
    };
}

pub(crate) use bench;

/// What a test works with.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) tracer: &'static Tracer,
    /// Made when first needed, since it keeps the time.
    drain: Option<Drain>,
    seen: Seen,
}

impl Bench {
    pub(crate) fn new<const WORDS: usize, const OPEN: usize, const NAMES: usize>(
        tracer: &'static Tracer,
        recorder: &'static Recorder<WORDS, OPEN, NAMES>,
    ) -> Self {
        let recorder = core::ptr::from_ref(recorder).cast_mut();
        // SAFETY: every byte of a recorder may change behind a shared reference, and nothing that
        // points into this one is alive: the bench of the test before is gone, and its spans with it.
        // A new one is all zero; it would not fit the stack of the smallest board.
        unsafe { recorder.write_bytes(0, 1) };
        NOW.store(BEGIN, Relaxed);
        Self { tracer, drain: None, seen: Seen::default() }
    }

    /// With somebody who has begun to watch the clock.
    pub(crate) fn kept(self) -> Self {
        self.tracer.keep_time();
        self
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, ticks: u32) {
        NOW.store(NOW.load(Relaxed).wrapping_add(ticks), Relaxed);
    }

    pub(crate) fn set_clock(&self, ticks: u32) {
        NOW.store(ticks, Relaxed);
    }

    pub(crate) fn drain(&mut self) -> Result<&mut Drain, String> {
        if self.drain.is_none() {
            let drain = self.tracer.drain();
            self.drain = Some(drain.map_err(|error| alloc::format!("{error}"))?);
        }
        self.drain.as_mut().ok_or_else(|| String::from("there is no drain"))
    }

    /// Takes a frame of so many bytes, if there is something for it.
    pub(crate) fn take_frame(&mut self, mtu: usize) -> Result<bool, String> {
        let mut buffer = vec![0; mtu];
        let Some(frame) = self.drain()?.frame(&mut buffer) else { return Ok(false) };
        check!(frame.len() <= mtu, "a frame of {} bytes for {mtu}", frame.len());
        self.seen.take(frame.to_vec());
        Ok(true)
    }

    /// What came up: a line for each record.
    pub(crate) fn lines(&mut self) -> Result<Vec<String>, String> {
        self.lines_in(MTU)
    }

    /// The same, in frames of so many bytes.
    pub(crate) fn lines_in(&mut self, mtu: usize) -> Result<Vec<String>, String> {
        while self.take_frame(mtu)? {}
        self.seen.lines()
    }

    /// These records came up, and no others.
    pub(crate) fn expect(&mut self, expected: &[&str]) -> Result<(), String> {
        self.expect_in(MTU, expected)
    }

    /// The same, in frames of so many bytes.
    pub(crate) fn expect_in(&mut self, mtu: usize, expected: &[&str]) -> Result<(), String> {
        let lines = self.lines_in(mtu)?;
        let mut pairs = lines.iter().zip(expected);
        if let Some((found, expected)) = pairs.find(|(found, expected)| found != *expected) {
            return Err(alloc::format!("`{found}` came, and not `{expected}`"));
        }
        check!(
            lines.len() == expected.len(),
            "{} records came, and not {}; the next: {:?}",
            lines.len(),
            expected.len(),
            lines.get(expected.len())
        );
        Ok(())
    }

    /// The spans of the last lines.
    pub(crate) fn heads(&self) -> &[SpanHead] {
        self.seen.heads()
    }

    /// The definitions that came up last, forgotten: whether one is a name, and its number.
    pub(crate) fn forget_definitions(&mut self) -> Vec<(bool, u16)> {
        self.seen.forget_definitions()
    }

    /// How many records came in fragments.
    pub(crate) fn fragmented(&self) -> u32 {
        self.seen.fragmented()
    }
}
