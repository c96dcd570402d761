//! Two tables of functions: with a W1 call site each, and their twins without.
//!
//! Both images also have some call sites in common, so that what all sites share is in both.

use core::arch::asm;
use core::hint::black_box;
use spandrel::{DeviceId, Recorder, Session, SessionSource, Tracer, span};

/// Takes what W1 takes.
type Site = fn(i32, &'static str);

static RECORDER: Recorder<1024> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, measure_size::clock!())
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Fixed(Session::new(1)));

/// Functions with a W1 call site each.
macro_rules! sites {
    ($($name:literal)*) => {
        [$({
            fn site(n: i32, s: &'static str) {
                span!(TRACER, $name, count = n, state = s).finish();
            }
            site as Site
        }),*]
    };
}

/// Functions that take the same and have a frame for calls of their own, no more.
macro_rules! twins {
    ($($name:literal)*) => {
        [$({
            fn twin(n: i32, s: &'static str) {
                // SAFETY: no instruction. The name in the comment tells the twins apart, or they
                // would be merged into one; taking LR makes each a function that calls others.
                unsafe {
                    asm!(concat!("/* {0} {1} {2} ", $name, " */"),
                        in(reg) n, in(reg) s.as_ptr(), in(reg) s.len(), out("lr") _);
                }
            }
            twin as Site
        }),*]
    };
}

/// How many there are is known to whoever compares the images.
macro_rules! names {
    ($make:ident) => {
        $make! {
            "opsaa" "opsab" "opsac" "opsad" "opsae" "opsaf" "opsag" "opsah"
            "opsba" "opsbb" "opsbc" "opsbd" "opsbe" "opsbf" "opsbg" "opsbh"
            "opsca" "opscb" "opscc" "opscd" "opsce" "opscf" "opscg" "opsch"
            "opsda" "opsdb" "opsdc" "opsdd" "opsde" "opsdf" "opsdg" "opsdh"
            "opsea" "opseb" "opsec" "opsed" "opsee" "opsef" "opseg" "opseh"
            "opsfa" "opsfb" "opsfc" "opsfd" "opsfe" "opsff" "opsfg" "opsfh"
            "opsga" "opsgb" "opsgc" "opsgd" "opsge" "opsgf" "opsgg" "opsgh"
            "opsha" "opshb" "opshc" "opshd" "opshe" "opshf" "opshg" "opshh"
        }
    };
}

static SHARED: &[Site] = &sites! {
    "fewaa" "fewab" "fewac" "fewad" "fewae" "fewaf" "fewag" "fewah"
    "fewba" "fewbb" "fewbc" "fewbd" "fewbe" "fewbf" "fewbg" "fewbh"
};

pub(crate) static SITES: &[Site] = &names!(sites);
pub(crate) static TWINS: &[Site] = &names!(twins);

/// Calls the functions of a table and those that both images have.
pub(crate) fn run(table: &[Site]) -> ! {
    loop {
        for site in black_box(SHARED).iter().chain(black_box(table)) {
            site(black_box(1), black_box("ready"));
        }
    }
}
