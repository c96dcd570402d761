//! What a debug probe says, from any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| spandrel_fuzz::rtt(data));
