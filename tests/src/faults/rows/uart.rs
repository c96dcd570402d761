//! A serial line with bit errors, shared with text: what comes is right, and one bad frame costs no other.

use anyhow::Result;

use super::{Outcome, Row, Run};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::Host;
use crate::faults::stream::StreamFaults;
use crate::faults::work::{Passed, Verdict, Work};

pub(super) const ROW: Row = Row {
    name: "uart",
    case: "UART at 921,600 baud, bit error rate 0.002, text on the same line",
    asked: "0 wrong spans; each frame without an error arrives, whatever came before; text logs intact",
    run,
};

/// Ten bits a byte.
const BYTE_NS: u64 = 10_851;
/// An error in 500 bits: of longer frames hardly any would arrive.
const MTU: usize = 64;

fn run(run: &Run) -> Result<Outcome> {
    let noisy = StreamFaults { byte_ns: BYTE_NS, piece: 7, ..StreamFaults::noisy(0.002) };
    let mut farm = Farm::new(Host::new(true), run.seed);
    let setup = Setup { mtu: MTU, serial: Some([noisy; 2]), ..Setup::default() };
    let device = farm.add::<4096, 32>(&setup, |tracer| tracer);
    let passed = Passed::watch(farm.device(device));
    let (mut work, mut lines, mut printed) = (Work::default(), Vec::new(), 0);
    for number in 0..run.of(4_000, 400) {
        work.round(&mut farm, device);
        let line = format!("[INFO] round {number} took 200 us\r\n");
        printed += 1;
        if farm.device(device).print(line.as_bytes()) {
            lines.push(line);
        }
        farm.pass(10 * MILLISECOND);
    }
    // All definitions come around, a few times.
    farm.pass(60 * SECOND);
    farm.finish();

    let passed = passed.borrow();
    let verdict = Verdict::of(&work, &farm.host.batches());
    let stats = farm.host.stats();
    let text = farm.device(device).printed();
    let cut = lines.iter().filter(|line| !text.contains(line.as_str())).count();
    let mut outcome = Outcome::new(format!(
        "{} of {} frames without an error, {} frames came; {} of {} spans, {} wrong; {} of {printed} lines without an error, {} of these intact",
        passed.clean_frames,
        passed.frames,
        stats.frames,
        verdict.came.spans,
        work.recorded.spans,
        verdict.wrong.len(),
        lines.len(),
        lines.len() - cut
    ));
    outcome.faults = verdict.faults();
    outcome.same("frames that came", stats.frames, passed.clean_frames);
    outcome.same("malformed", stats.malformed + stats.unknown_version + stats.unknown_kind, 0);
    outcome.same("lines that were cut", cut, 0);
    outcome.same("came", verdict.came, passed.shown());
    outcome.holds(
        "too little came: this shows nothing",
        verdict.came.spans > work.recorded.spans / 10,
    );
    Ok(outcome)
}
