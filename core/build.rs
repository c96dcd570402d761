//! Tells the crate whether the profile asks for speed: then the hot path is inlined.
//!
//! At `opt-level` 2 and 3 a span that starts and ends in one function stays in registers. At "s" and
//! "z" each call site is two calls instead, a third of the size.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(speed)");
    if matches!(std::env::var("OPT_LEVEL").as_deref(), Ok("2" | "3")) {
        println!("cargo::rustc-cfg=speed");
    }
}
