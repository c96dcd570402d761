//! Hands the linker its script, and tells the code its board. It is done here and not by `rustflags`,
//! because a `RUSTFLAGS` in the environment would replace those without a word and leave an image that
//! does not boot.

use std::path::Path;
use std::{env, fs};

fn main() {
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let board = match target.as_str() {
        "thumbv6m-none-eabi" => "microbit",
        "thumbv7em-none-eabihf" => "mps2-an386",
        "riscv32imac-unknown-none-elf" => "virt",
        other => panic!("nothing is measured on {other}"),
    };
    println!("cargo::rustc-check-cfg=cfg(board, values(\"microbit\", \"mps2-an386\", \"virt\"))");
    println!("cargo::rustc-cfg=board=\"{board}\"");
    let memory = format!("../memory/{board}.x");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    fs::copy(&memory, out.join("memory.x")).expect("OUT_DIR is writable");
    println!("cargo::rustc-link-search={}", out.display());
    if board == "virt" {
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // Without it the sections start on page boundaries, which costs flash.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rerun-if-changed={memory}");
    println!("cargo::rerun-if-changed=../build.rs");
}
