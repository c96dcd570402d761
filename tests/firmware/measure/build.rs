//! Hands the linker its script. It is done here and not by `rustflags`, because a `RUSTFLAGS` in the
//! environment would replace those without a word and leave an image that does not boot.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    fs::write(out.join("memory.x"), include_bytes!("memory.x")).expect("OUT_DIR is writable");
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // Without it the sections start on page boundaries, which costs flash.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rerun-if-changed=../memory.x");
    println!("cargo::rerun-if-changed=../build.rs");
}
