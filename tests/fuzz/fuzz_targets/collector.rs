//! A collector's pipeline, from scripts of frames and times.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| spandrel_fuzz::collector(data));
