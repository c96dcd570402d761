//! The hello-world with every kind of call of a tracer that is switched off, or, without the feature
//! `traced`, with none of them.
//!
//! `tests/tests/overhead.rs` compares the images: code and constants are the same. What mentions the
//! tracer stands on lines of its own, since panics name lines.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
#[cfg(feature = "traced")]
use spandrel::{
    Clock, Copied, DeviceId, Recorder, Sampler, Session, SessionSource, SpanContext, Tracer, log,
    span, tag,
};

#[cfg(feature = "traced")]
static RECORDER: Recorder<1024, 8> = Recorder::new();
#[cfg(feature = "traced")]
static TRACER: Tracer = Tracer::new("hello-world", &RECORDER, Clock::function(|| 7, 1_000_000))
    .device_id(DeviceId(7))
    .session(SessionSource::Fixed(Session::new(1)))
    .sampler(Sampler::probability(0.5));

/// Where the text goes: a register that does not exist.
const OUTPUT: *mut u8 = 0x4000_0000 as *mut u8;

/// The image's entry: by this name the linker knows it.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        say_hello(black_box("Bryan"));
    }
}

#[inline(never)]
fn say_hello(to: &str) {
    #[cfg(feature = "traced")]
    let span =
        span!(TRACER, "say-hello", "hello-to" = Copied(expensive(to)), "span.kind" = "client");
    #[cfg(feature = "traced")]
    let active = span.enter();
    let text = format(to);
    #[cfg(feature = "traced")]
    log!(span, event = "string-format", value = Copied(expensive(to)));
    println(text);
    #[cfg(feature = "traced")]
    span.set_tag("length", text.len());
    #[cfg(feature = "traced")]
    drop(active);
    #[cfg(feature = "traced")]
    span.finish();
}

#[inline(never)]
fn format(to: &str) -> &str {
    #[cfg(feature = "traced")]
    let span = span!(TRACER, "format", length = to.len());
    #[expect(clippy::indexing_slicing, reason = "a panic that names its line")]
    let first = to.as_bytes()[black_box(0)];
    #[cfg(feature = "traced")]
    tag!(span, first = first, of = Copied(to));
    if first == b'B' { to } else { "nobody" }
}

#[inline(never)]
fn println(text: &str) {
    #[cfg(feature = "traced")]
    let _span = span!(TRACER, child_of: None::<SpanContext>, "println");
    for byte in text.bytes() {
        // SAFETY: never run.
        unsafe { OUTPUT.write_volatile(byte) };
    }
}

/// What is only evaluated for a tag.
#[cfg(feature = "traced")]
#[inline(never)]
fn expensive(text: &str) -> &str {
    black_box(text)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let line = info.location().map_or(0, core::panic::Location::line);
    loop {
        // SAFETY: never run.
        unsafe { OUTPUT.cast::<u32>().write_volatile(line) };
    }
}
