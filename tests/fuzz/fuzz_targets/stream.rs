//! The stream format, from any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| spandrel_fuzz::stream(data));
