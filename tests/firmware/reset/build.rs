//! Hands the linker its script. It is done here and not by `rustflags`, because a `RUSTFLAGS` in the
//! environment would replace those without a word and leave an image that does not boot.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("memory.x"), include_bytes!("memory.x")).expect("OUT_DIR is writable");
    println!("cargo::rustc-link-search={}", out.display());
    fs::write(out.join("build-id.x"), include_bytes!("build-id.x")).expect("OUT_DIR is writable");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // The id of this very image, so that the next one does not take its records for its own.
    println!("cargo::rustc-link-arg-bins=--build-id=sha1");
    println!("cargo::rustc-link-arg-bins=-Tbuild-id.x");
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rerun-if-changed=build-id.x");
    println!("cargo::rerun-if-changed=build.rs");
}
