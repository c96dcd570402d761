//! Where the project's files are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository that this package was built from.
///
/// # Panics
/// Never in a checkout: the package lies one folder below the root.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies below the root")
}

/// Cargo's target folder of the root workspace, where it is safe to keep what can be built again.
#[must_use]
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The first executable file called `name` on the search path.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Whether Rust can build for a target; where it cannot that is [a skip](crate::skip::skip).
#[must_use]
pub fn has_target(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target]).current_dir(root());
    let is_there = rustc.output().is_ok_and(|output| {
        let dir = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(dir.trim()).is_dir()
    });
    if !is_there {
        crate::skip::skip(&format!("no Rust target {target}; `cargo xtask setup` installs it"));
    }
    is_there
}
