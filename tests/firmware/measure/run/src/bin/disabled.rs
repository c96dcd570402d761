//! Instructions of W1 where the feature `enable` is off: to be built without default features.
#![no_std]
#![no_main]

#[path = "../work.rs"]
#[expect(dead_code, reason = "only W1 is measured here")]
mod work;

use crate::work::{loop_w1, w1, w1_empty};
use measure_run::CLOCK;
use measure_run::console::{done, report_tenths};
use measure_run::counter::difference;
use spandrel::{Recorder, Tracer};

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK);

#[cortex_m_rt::entry]
fn main() -> ! {
    let tenths = difference(w1 as fn(i32, &'static str), w1_empty, loop_w1, || ());
    report_tenths("hot.disabled", tenths);
    done()
}
