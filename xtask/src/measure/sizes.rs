//! Flash and RAM: differences between images that are built to differ in one thing, at `opt-level = "s"`.

use anyhow::Result;
use spandrel_tests::build::{Executables, cargo_build};

use super::elf::{self, Size};
use super::figures::Figures;
use super::firmware;
use crate::progress::Progress;

/// Functions in the tables of `sites` and `twins`, beside those that both have.
const SITES: f64 = 64.0;
/// Bytes of the ring and the table of names in the traced images, which the user sizes.
const SIZED_BYTES: u64 = 1024 * 4 + 32 * 8;
/// What begins the figures of [`FEATURES`].
const PER_FEATURE: &str = "flash.per_feature.";
/// The modules of what the small traced program does not use: not a byte of them is in it.
const FEATURES: [&str; 9] =
    ["baggage", "carrier", "in_span", "mask", "sampler", "sampling", "semconv", "stats", "text"];
/// Bytes of the reporter's buffer, which the user gives.
const BUFFER_BYTES: u64 = 508;

/// Measures every figure that begins with `flash.`, `ram.` or `site.`.
pub(super) fn measure(
    is_wanted: &dyn Fn(&str) -> bool,
    now: &mut Figures,
    progress: &Progress,
) -> Result<()> {
    let keys = [
        PER_FEATURE,
        "flash.core",
        "flash.reporter",
        "flash.all",
        "ram.static",
        "ram.reporter",
        "site.flash",
        "site.ram",
    ];
    if !keys.into_iter().any(is_wanted) {
        return Ok(());
    }
    let target_dir = firmware::target_dir();
    let options =
        ["--release", "--package=measure-size", "--target-dir", &target_dir.to_string_lossy()];
    let images = cargo_build("images to compare", &firmware::dir(), &options, &mut |line| {
        progress.say(line);
    })?;

    let empty = size(&images, "empty", now)?;
    let core = size(&images, "with_core", now)?;
    size(&images, "with_drain", now)?;
    let reporter = size(&images, "with_reporter", now)?;
    now.add("flash.core", difference(core.flash, empty.flash));
    now.add("flash.reporter", difference(reporter.flash, empty.flash));
    for module in FEATURES {
        let path = images.get("with_reporter")?;
        now.add(&format!("{PER_FEATURE}{module}"), elf_bytes(elf::module(path, module)?));
    }
    size(&images, "with_rtt", now)?;
    let all = size(&images, "with_all", now)?;
    now.add("flash.all", difference(all.flash, empty.flash));
    now.add("ram.static", difference(core.ram, empty.ram + SIZED_BYTES));
    // What the reporter's task holds is measured where it runs; here are its statics.
    now.increase("ram.reporter", difference(reporter.ram, core.ram + BUFFER_BYTES));

    let (sites, twins) = (size(&images, "sites", now)?, size(&images, "twins", now)?);
    now.add("site.flash", difference(sites.flash, twins.flash) / SITES);
    now.add("site.ram", difference(sites.ram, twins.ram) / SITES);
    Ok(())
}

fn size(images: &Executables, name: &str, now: &mut Figures) -> Result<Size> {
    let size = elf::size(images.get(name)?)?;
    now.add_detail(format!("image {name}: {} bytes of flash, {} of RAM", size.flash, size.ram));
    Ok(size)
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn elf_bytes(bytes: u64) -> f64 {
    bytes as f64
}

/// By how much one is more than the other.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn difference(more: u64, less: u64) -> f64 {
    more as f64 - less as f64
}
