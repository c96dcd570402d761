//! What a span costs on a host: Spandrel, `fastrace` and `opentelemetry_sdk` in turn, and two threads
//! beside one. Prints `key value` lines, and what lies behind them in lines that begin with `# `.

mod contenders;
mod figures;
mod scaling;

use contenders::{Contender, fastrace, otel, spandrel};
use figures::Samples;

/// Rounds in which each contender has its turn.
const ROUNDS: usize = 400;
/// Before these nothing counts: memory is touched for the first time, and clocks learn their rate.
const WARM_UP: usize = 20;

fn main() {
    let mut all: [Box<dyn Contender>; 6] = [
        Box::new(spandrel::Spandrel::new(&spandrel::TSC)),
        Box::new(fastrace::Fastrace::new(fastrace::Tags::AsNeeded)),
        Box::new(fastrace::Fastrace::new(fastrace::Tags::Constant)),
        Box::new(otel::Otel::new()),
        Box::new(spandrel::Spandrel::new(&spandrel::MONOTONIC)),
        Box::new(spandrel::Spandrel::new(&spandrel::SHARED)),
    ];
    let mut times = all.each_ref().map(|_| Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        for turn in 0..all.len() {
            // Nobody always follows the same one.
            let at = (turn + round) % all.len();
            let time_ns = all[at].round();
            if round >= WARM_UP {
                times[at].push(time_ns);
            }
        }
    }
    for (contender, times) in all.iter().zip(&times) {
        println!("# {}: {} ns", contender.name(), Samples::of(times.clone()));
    }
    let [ours, fastrace, constant, otel, monotonic, shared] = &times;
    let ratio = |theirs: &[f64], ours: &[f64]| {
        Samples::of(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect())
    };
    ratio(fastrace, ours).print("std.vs_fastrace");
    ratio(otel, ours).print("std.vs_otel");
    println!("# fastrace, constant strings only, to ours: {}", ratio(constant, ours));
    println!("# fastrace to ours by the monotonic clock: {}", ratio(fastrace, monotonic));
    println!("# fastrace to ours in one ring for all threads: {}", ratio(fastrace, shared));
    scaling::measure();
}
