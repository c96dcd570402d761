//! `cargo xtask dist`: the collector as one static binary, which needs nothing of the machine that it runs on,
//! with its manual and completions.

use std::env::consts::ARCH;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use object::Endianness;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP, SHT_SYMTAB};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};
use spandrel_tests::workspace;

use crate::call::cargo;
use crate::packaging::{self, Alone};

pub(crate) fn run() -> Result<ExitCode> {
    let (path, bytes) = build()?;
    let version = Command::new(&path).arg("--version").env_clear().output();
    let version = version.with_context(|| format!("cannot run {}", path.display()))?;
    ensure!(version.status.success(), "{} does not run", path.display());
    println!("{}", String::from_utf8_lossy(&version.stdout).trim());
    packaging::write_beside(&path)?;
    match packaging::start_alone(&path)? {
        Alone::Started => println!("it starts in a folder that has only what the container has"),
        Alone::NotTried => println!("it was not tried alone: this user may not change the root"),
    }
    let path = path.strip_prefix(workspace::root()).unwrap_or(&path);
    println!("{}: static, stripped, {}", path.display(), size(bytes));
    Ok(ExitCode::SUCCESS)
}

/// Builds and checks it: where it is, and how many bytes it has.
pub(crate) fn build() -> Result<(PathBuf, usize)> {
    ensure!(cfg!(target_os = "linux"), "a static binary is made on Linux, for Linux");
    let target = format!("{ARCH}-unknown-linux-gnu");
    let (folder, build) = (workspace::target_dir().join("dist"), "target/dist/build");
    // With a target the flags are not those of build scripts; in a folder of its own they make nothing
    // else anew.
    // A static program finds no `getrandom` in the C library that it has, and would read a device that a
    // container from scratch need not have: it asks the kernel itself.
    cargo("build --release --locked --package spandrel-collector --bin spandrel")
        .args(&["--target", &target, "--target-dir", build])
        .env(
            "RUSTFLAGS",
            "-C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\"",
        )
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .run()?;
    let built = workspace::root().join(build).join(&target).join("release/spandrel");
    let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    check(&bytes)?;
    let path = folder.join("spandrel");
    fs::copy(&built, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok((path, bytes.len()))
}

/// Bytes, and how many MB they are to two digits.
fn size(bytes: usize) -> String {
    let hundredths = bytes / 10_000;
    format!("{}.{:02} MB ({bytes} bytes)", hundredths / 100, hundredths % 100)
}

/// Whether a program needs nothing to be loaded with it, and has no table of symbols.
fn check(bytes: &[u8]) -> Result<()> {
    let header =
        FileHeader64::<Endianness>::parse(bytes).context("it is no ELF file of 64 bits")?;
    let endian = header.endian().context("it is no ELF file")?;
    for segment in header.program_headers(endian, bytes).context("it has no segments")? {
        ensure!(segment.p_type(endian) != PT_INTERP, "it asks for a dynamic linker");
        let entries = segment.dynamic(endian, bytes).context("its dynamic section is damaged")?;
        let needed =
            entries.unwrap_or_default().iter().filter(|entry| entry.d_tag.get(endian) == DT_NEEDED);
        ensure!(needed.count() == 0, "it asks for shared libraries");
    }
    for section in header.section_headers(endian, bytes).context("its sections are damaged")? {
        ensure!(section.sh_type(endian) != SHT_SYMTAB, "it is not stripped");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// An empty program, made with these flags.
    fn program(name: &str, flags: &[&str]) -> Vec<u8> {
        let folder = workspace::target_dir().join("tmp/dist");
        fs::create_dir_all(&folder).unwrap();
        let (source, path) = (folder.join(format!("{name}.rs")), folder.join(name));
        fs::write(&source, "fn main() {}\n").unwrap();
        let mut command = Command::new("rustc");
        command.args(["--edition", "2024", "-o"]).args([&path, &source] as [&Path; 2]).args(flags);
        assert!(command.status().unwrap().success());
        fs::read(path).unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_what_needs_nothing_passes() {
        let is_static = ["-C", "target-feature=+crt-static"];
        let stripped = ["-C", "strip=symbols"];
        check(&program("whole", &[is_static, stripped].concat())).unwrap();
        let error = |name, flags: &[&str]| check(&program(name, flags)).unwrap_err().to_string();
        assert_eq!(error("dynamic", &stripped), "it asks for a dynamic linker");
        assert_eq!(error("symbols", &is_static), "it is not stripped");
        assert!(check(b"#!/bin/sh\n").is_err());
    }

    #[test]
    fn a_size_is_in_megabytes_and_to_the_byte() {
        assert_eq!(size(6_239_999), "6.23 MB (6239999 bytes)");
        assert_eq!(size(42), "0.00 MB (42 bytes)");
    }
}
