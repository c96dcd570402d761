//! Tells the crate what it is built for.
//!
//! `own_slots`: threads, or contexts that the user tells apart, have slots of their own for what is
//! active. `speed`: the profile asks for it, and the hot path is inlined.
//!
//! At `opt-level` 2 and 3 a span that starts and ends in one function stays in registers. At "s" and
//! "z" each call site is two calls instead, a third of the size.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(own_slots)");
    println!("cargo::rustc-check-cfg=cfg(speed)");
    let has = |feature: &str| std::env::var_os(feature).is_some();
    if has("CARGO_FEATURE_STD") || has("CARGO_FEATURE_CONTEXTS") {
        println!("cargo::rustc-cfg=own_slots");
    }
    if matches!(std::env::var("OPT_LEVEL").as_deref(), Ok("2" | "3")) {
        println!("cargo::rustc-cfg=speed");
    }
}
