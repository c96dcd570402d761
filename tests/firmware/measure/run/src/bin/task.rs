//! RAM of the reporter's task beyond the table and the buffer that its user sizes.
#![no_std]
#![no_main]

#[path = "../../../nowhere.rs"]
mod nowhere;

use core::hint::black_box;
use measure_run::CLOCK;
use measure_run::console::{done, report, report_detail};
use spandrel::{Drain, Recorder, Tracer};
use spandrel_transport::{Reporter, Settings};

const NAMES: usize = 32;
const NAME_BYTES: usize = 8;
const MTU: usize = 508;

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK);

/// The task as its user writes it; an executor keeps its future in a static.
async fn task() {
    let Some(mut reporter) =
        Reporter::<_, NAMES, MTU>::new(&TRACER, nowhere::Nowhere, Settings::DEFAULT)
    else {
        return;
    };
    reporter.run().await
}

#[cortex_m_rt::entry]
fn main() -> ! {
    report_detail("drain without its table", size_of::<Drain<NAMES>>() - NAMES * NAME_BYTES);
    let reporter = size_of::<Reporter<nowhere::Nowhere, NAMES, MTU>>();
    report_detail("reporter without table and buffer", reporter - NAMES * NAME_BYTES - MTU);
    let future = black_box(task());
    report("ram.reporter", size_of_val(&future) - NAMES * NAME_BYTES - MTU);
    done()
}
