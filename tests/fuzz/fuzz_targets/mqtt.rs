//! What an MQTT broker sends, from any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| spandrel_fuzz::mqtt(data));
