//! RAM of the reporter's task beyond the buffer that its user sizes.
#![no_std]
#![no_main]

#[path = "../../../nowhere.rs"]
mod nowhere;

use core::hint::black_box;
use measure_run::CLOCK;
use measure_run::console::{done, report, report_detail};
use spandrel::{Drain, Recorder, Tracer};
use spandrel_transport::{Reporter, Settings};

const MTU: usize = 508;

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK);

/// The task as its user writes it; an executor keeps its future in a static.
async fn task() {
    let mut buffer = [0; MTU];
    let reporter = Reporter::new(&TRACER, nowhere::Nowhere, &mut buffer, Settings::DEFAULT);
    if let Ok(mut reporter) = reporter {
        reporter.run().await;
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    report_detail("drain", size_of::<Drain>());
    report_detail("reporter", size_of::<Reporter<'_, nowhere::Nowhere>>());
    let future = black_box(task());
    report("ram.reporter", size_of_val(&future) - MTU);
    done()
}
