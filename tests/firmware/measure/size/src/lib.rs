//! What every image has, the empty one too: a panic handler, and the usual critical section.
#![no_std]

// Brings its critical section into the image.
use cortex_m as _;

/// The counter that every tracer here reads.
#[doc(hidden)]
#[macro_export]
macro_rules! clock {
    () => {
        // SAFETY: a counter of the board; reading it changes nothing.
        unsafe { ::spandrel::Clock::register(0x4002_8018 as *const u32, 25_000_000) }
    };
}

/// Nothing more to do.
pub fn park() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    park()
}
