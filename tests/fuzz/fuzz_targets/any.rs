//! Every target under libFuzzer; the environment says which, as `cargo xtask fuzz` does.
#![no_main]

use std::sync::LazyLock;

use spandrel_tests::fuzz::{CHOICE, Target, target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var(CHOICE).unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("{CHOICE} must name a target, not {name:?}"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
