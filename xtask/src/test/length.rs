//! Long files are where readers get lost: one over 400 lines is listed, one over 600 fails.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::workspace;

const LISTED: usize = 400;
const REFUSED: usize = 600;

pub(super) fn check() -> Result<()> {
    let root = workspace::root();
    let mut files = Vec::new();
    rust_files(root, &mut files)?;
    let mut long = Vec::new();
    for file in &files {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let lines = text.lines().count();
        if lines > LISTED {
            long.push((lines, file.strip_prefix(root).unwrap_or(file)));
        }
    }
    long.sort_unstable_by(|a, b| b.cmp(a));
    println!("{} Rust files, {} of them over {LISTED} lines", files.len(), long.len());
    for (lines, file) in &long {
        println!("{lines:6} {}", file.display());
    }
    let refused = long.iter().filter(|(lines, _)| *lines > REFUSED).count();
    ensure!(refused == 0, "files over {REFUSED} lines: {refused}; split them by subject");
    Ok(())
}

/// Adds the Rust files below `dir`, without what Cargo or Git keeps there.
fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let cannot_list = || format!("cannot list {}", dir.display());
    for entry in dir.read_dir().with_context(cannot_list)? {
        let path = entry.with_context(cannot_list)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                rust_files(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
