//! Makes the page's assets: one script, one style sheet and the page itself, short and compressed.
//!
//! The page is written as modules and has no tools of its own: what joins them is in `build/`, and its
//! tests run with those of the library.

#[path = "build/assets.rs"]
mod assets;
#[path = "build/flatten.rs"]
mod flatten;
#[path = "build/scan.rs"]
mod scan;
#[path = "build/style.rs"]
mod style;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=page/index.html");
    println!("cargo::rerun-if-changed=page/src");
    println!("cargo::rerun-if-changed=page/styles");
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    match assets::make(&Path::new(&folder).join("page"), Path::new(&out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}
