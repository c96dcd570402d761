//! Every public call of the core and of the reporter, in one image that is linked and never run.
//!
//! `tests/tests/probe.rs` looks at its symbols: a panic that can be reached brings the handler, and
//! whatever allocates brings an allocator. Arguments come from [`black_box`], so that the compiler
//! can prove nothing from their values.
#![no_std]
#![no_main]

mod carriers;
mod drain;
mod reporter;
mod spans;
mod traced;
mod wire;

use core::fmt;
use core::hint::black_box;
use core::panic::PanicInfo;

use critical_section::{Impl, RawRestoreState, set_impl};
use spandrel::carrier::short::ShortHandle;
use spandrel::seal::Key;
use spandrel::{
    AdjustableSampler, BaggagePool, Clock, ControlCell, DeviceId, FaultPoint, Recorder, Sampler,
    Session, SessionSource, StatsCell, TraceFlags, Tracer, Value, Window, build_id_of_note,
};

static COUNTER: u32 = 0;

/// A counter that is read by one load.
const LOADED: Clock = {
    // SAFETY: the static lives for ever and may be read from everywhere.
    unsafe { Clock::register(&raw const COUNTER, 1_000_000) }
};
/// A counter that is read by a function.
const CALLED: Clock = Clock::function(|| black_box(1), 1_000_000);

static RECORDER: Recorder<1024> = Recorder::new();
static TRACER: Tracer = Tracer::new("probe", &RECORDER, LOADED)
    .baggage(&BAGGAGE)
    .short_handle(&HANDLE)
    .stats_in(&STATS)
    .tags_from(|tags| tags.add("cause", Value::U32(black_box(1))))
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Function(|| Session::new(black_box(1))))
    .sampler(Sampler::probability(0.5))
    .tags(&[("board", Value::Text("none")), ("cores", Value::U32(1))])
    .build_id(&[1, 2, 3, 4]);

static OTHER_RECORDER: Recorder<64> = Recorder::new();
static OTHER: Tracer = Tracer::new("other", &OTHER_RECORDER, CALLED)
    .build_id_from(|| build_id_of_note(black_box(&[0; 20])).unwrap_or(&[]))
    .sampler(Sampler::adjustable(&SAMPLING))
    .device_id_from(|| DeviceId(black_box(7)))
    .acknowledged(&WINDOW)
    .keep_newest(&WINDOW)
    .controlled(&CONTROL)
    .fault_point(&POINT)
    .session(SessionSource::Fixed(Session::new(1)));

static BAGGAGE: BaggagePool<2> = BaggagePool::new();
static STATS: StatsCell = StatsCell::new();
static HANDLE: ShortHandle = ShortHandle::assigned();
static SAMPLING: AdjustableSampler<2> = AdjustableSampler::new();

static WINDOW: Window = Window::new();
static CONTROL: ControlCell = ControlCell::new();
static POINT: FaultPoint = FaultPoint::new();

static OPEN_RECORDER: Recorder<64, 4> = Recorder::new();
static OPEN: Tracer = Tracer::new("open", &OPEN_RECORDER, LOADED).key(&KEY);
static KEY: Key = Key::new([7; 16]);

/// The image's entry: by this name the linker knows it.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        for tracer in [&TRACER, &OTHER, &OPEN] {
            spans::use_all(tracer);
            traced::use_all(tracer);
            carriers::use_all(tracer);
            clock(tracer);
        }
        drain::use_all(&OTHER);
        drain::use_all(&OPEN);
        wire::use_all();
        reporter::use_all(&TRACER);
        #[cfg(feature = "panics")]
        assert!(black_box(true), "on purpose");
    }
}

/// Clocks, and the little that ids and flags can do.
#[inline(never)]
fn clock(tracer: &'static Tracer) {
    for clock in [LOADED, CALLED] {
        black_box((clock.ticks(), clock.hz()));
    }
    #[cfg(target_arch = "arm")]
    {
        static SYS_TICK: spandrel::SysTickClock = spandrel::SysTickClock::new();

        SYS_TICK.wrapped();
        black_box((SYS_TICK.ticks(), Clock::dwt(1_000_000).ticks()));
    }
    #[cfg(target_arch = "riscv32")]
    black_box(Clock::mcycle(1_000_000).ticks());
    let (device, session) = (tracer.device(), tracer.session_number());
    black_box((session.get(), session.tag(device)));
    black_box(TraceFlags(black_box(3)).is_sampled());
    black_box(TraceFlags(black_box(3)).is_debug());
    tracer.clock_paused(black_box(3));
    tracer.clock_changed(black_box(32_768));
    tracer.clock_stepped();
    tracer.wall_clock(tracer.now(), black_box(1 << 60), black_box(9));
}

/// Takes text and forgets it.
struct Sink;

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

/// One core, and nobody to be kept out: the image never runs.
struct Nothing;
set_impl!(Nothing);

// SAFETY: nothing runs.
unsafe impl Impl for Nothing {
    unsafe fn acquire() -> RawRestoreState {
        black_box(());
    }

    unsafe fn release(_: RawRestoreState) {
        black_box(());
    }
}

/// In the image only if a panic can be reached.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn spandrel_probe_panicked() -> ! {
    loop {
        black_box(());
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    spandrel_probe_panicked()
}
