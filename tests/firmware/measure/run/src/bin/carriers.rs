//! Instructions of carriers: W3C's `traceparent` from headers and to headers, and the short form.
#![no_std]
#![no_main]

use core::hint::black_box;
use heapless::String;
use measure_run::console::{done, report_tenths};
use measure_run::counter::{CALLS, difference, now};
use spandrel::carrier::short::{self, ShortContext};
use spandrel::carrier::{Headers, w3c};
use spandrel::{SpanContext, SpanId, TraceFlags, TraceId};

const CONTEXT: SpanContext =
    SpanContext::new(TraceId([0x1a; 16]), SpanId([0x2b; 8]), TraceFlags::SAMPLED);
const SHORT: ShortContext =
    ShortContext { sender: 7, span: 70_000, root: 9, trace: 90_000, flags: TraceFlags::SAMPLED };
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const BLOCK: &[u8] = b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

/// A block of headers with room for one.
type Block = String<80>;

/// Ticks of [`CALLS`] calls; `call` is not known here, so that the loop is the same for all.
#[inline(never)]
fn loop_over<A: Copy>(argument: A, call: fn(A)) -> u32 {
    let argument = black_box(argument);
    let start = now();
    for _ in 0..CALLS {
        call(argument);
    }
    now().wrapping_sub(start)
}

#[inline(never)]
fn empty<A>(_: A) {}

/// Reports what a call of `work` costs more than one of a function that does nothing.
fn report<A: Copy>(key: &str, argument: A, work: fn(A)) {
    work(argument);
    let tenths = difference(work, empty::<A>, |call| loop_over(argument, call), || ());
    report_tenths(key, tenths);
}

#[inline(never)]
fn extract_pairs(headers: &[(&str, &str); 1]) {
    _ = black_box(w3c::extract(headers));
}

#[inline(never)]
fn extract_block(block: &[u8]) {
    _ = black_box(w3c::extract(&Headers(block)));
}

#[inline(never)]
fn inject(context: &SpanContext) {
    let mut block = Block::new();
    _ = black_box(w3c::inject(context, &mut block));
    black_box(&block);
}

#[inline(never)]
fn extract_short(bytes: &[u8]) {
    _ = black_box(ShortContext::from_bytes(bytes));
}

#[inline(never)]
fn inject_short(context: &ShortContext) {
    _ = black_box(context.to_bytes());
}

#[cortex_m_rt::entry]
fn main() -> ! {
    assert!(w3c::extract(&Headers(BLOCK)).is_ok_and(|found| found.is_some()));
    report("carrier.w3c.extract", &[("traceparent", PARENT)], extract_pairs);
    report("# carrier.w3c.extract from a block", BLOCK, extract_block);
    report("carrier.w3c.inject", &CONTEXT, inject);
    let bytes: [u8; short::LEN] = SHORT.to_bytes().unwrap_or_default();
    assert_eq!(ShortContext::from_bytes(&bytes), Ok(SHORT));
    report("carrier.short.extract", bytes.as_slice(), extract_short);
    report("carrier.short.inject", &SHORT, inject_short);
    done()
}
