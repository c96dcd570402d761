//! What is lost is counted, and the counts go up.

use alloc::string::{String, ToString as _};
use alloc::vec;

use spandrel::wire::{self, Body, Losses, MIN_MTU};
use spandrel::{Copied, Sampler, StatsCell, log, span};

use crate::bench::{Bench, bench};
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("losses go up with records", in_data),
    ("losses go up with hellos", in_hello),
    ("names that find no room", names_full),
    ("a tracer counts what it does", counts),
];

fn counts(_: &Board) -> Result<(), String> {
    static STATS: StatsCell = StatsCell::new();

    let mut bench = bench!(ROOMY.stats_in(&STATS));
    span!(bench.tracer, "span").finish();
    let mut buffer = vec![0; 160];
    let drain = bench.drain()?;
    let sent = drain.frame(&mut buffer).ok_or("no frame")?.len();
    let hello = drain.hello(&mut buffer).ok_or("no hello")?.len();
    let frame = drain.hello(&mut buffer).ok_or("no counts")?;
    let Body::Stats(counts) = wire::decode(frame).map_err(|error| error.to_string())?.body else {
        return Err("no counts with the hello".into());
    };
    let stats = counts.stats;
    check_eq!((stats.frames, stats.bytes as usize), (2, sent + hello));
    check!((8..=13).contains(&stats.ring_most_words), "{stats:?}");
    // Only where a cycle counter is read is it known how long interrupts were masked.
    let is_measured = cfg!(target_arch = "riscv32");
    check_eq!(stats.longest_mask_cycles != 0, is_measured);
    Ok(())
}

/// The losses in the first frame, or in a hello.
fn told(bench: &mut Bench, by_hello: bool) -> Result<Losses, String> {
    let mut buffer = vec![0; 160];
    let drain = bench.drain()?;
    let frame = if by_hello { drain.hello(&mut buffer) } else { drain.frame(&mut buffer) };
    match wire::decode(frame.ok_or("no frame")?).map_err(|error| error.to_string())?.body {
        Body::Data(data) => Ok(data.head.losses),
        Body::Hello(hello) => Ok(hello.losses),
        Body::Pong(_) => Err("a pong".into()),
        Body::Stats(_) => Err("counts".into()),
        Body::Answer(_) => Err("an answer".into()),
    }
}

fn lose(bench: &Bench) {
    let long = "x".repeat(200);
    let mut is_cut = false;
    // A third of the roots is left out, the rest fills the ring.
    for _ in 0..60 {
        let root = span!(bench.tracer, "root");
        if root.is_sampled() && !is_cut {
            is_cut = true;
            log!(root, text = Copied(&long));
        }
    }
}

fn in_data(_: &Board) -> Result<(), String> {
    check_losses(bench!(TINY.sampler(Sampler::probability(0.66))), false)
}

fn in_hello(_: &Board) -> Result<(), String> {
    check_losses(bench!(TINY.sampler(Sampler::probability(0.66))), true)
}

fn check_losses(mut bench: Bench, by_hello: bool) -> Result<(), String> {
    lose(&bench);
    let losses = bench.tracer.losses();
    check!(losses.ring_full > 10 && losses.sampled_out > 10, "too little was lost: {losses:?}");
    check_eq!(losses.tag_cut, 1);
    check_eq!(told(&mut bench, by_hello)?, losses);
    Ok(())
}

/// Nothing is lost but bytes.
fn names_full(_: &Board) -> Result<(), String> {
    let mut bench = bench!(NAMELESS);
    for _ in 0..2 {
        span!(bench.tracer, "first", s = "one").finish();
        span!(bench.tracer, "second", s = "two").finish();
        bench.expect_in(
            MIN_MTU,
            &["span first in first (s=one)", "span second in second (s=two)"],
        )?;
    }
    check!(bench.drain()?.losses().names_full > 0, "it was not counted");
    Ok(())
}
