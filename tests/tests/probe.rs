//! No panic and no allocator comes with the core and the reporter: `tests/firmware/probe` uses every
//! public call of theirs, and what is reached is seen in its image's symbols.

#[path = "probe/elf.rs"]
mod elf;

use spandrel_tests::build::cargo_build;
use spandrel_tests::workspace;

const TARGETS: [&str; 3] =
    ["thumbv6m-none-eabi", "thumbv7em-none-eabihf", "riscv32imac-unknown-none-elf"];

/// What the probe's panic handler calls, and nothing else.
const PANICKED: &str = "spandrel_probe_panicked";
/// A call of the core that must be there, or nothing was looked at.
const USED: &str = "use_all";
/// What names of panicking and of allocating functions contain, however they are mangled.
const UNWANTED: [&str; 9] = [
    PANICKED,
    "panicking",
    "unwrap_failed",
    "expect_failed",
    "slice_error_fail",
    "slice_index_fail",
    "__rust_alloc",
    "5alloc5alloc",
    "malloc",
];

#[test]
fn nothing_panics_and_nothing_allocates() {
    let mut found = Vec::new();
    for target in TARGETS {
        let Some(symbols) = symbols_of_probe(target, &[]) else { return };
        found.extend(unwanted(&symbols).map(|symbol| format!("{target}: {symbol}")));
    }
    assert!(found.is_empty(), "{}{HOW_TO_FIND}", found.join("\n"));
}

const HOW_TO_FIND: &str =
    "\nwho calls them: llvm-objdump -d -C -l target/probe/TARGET/release/probe";

/// A probe that panics on purpose is found out.
#[test]
fn a_panic_would_be_seen() {
    let Some(symbols) = symbols_of_probe(TARGETS[1], &["--features", "panics"]) else { return };
    assert!(unwanted(&symbols).any(|symbol| symbol == PANICKED), "{symbols:?}");
}

fn unwanted(symbols: &[String]) -> impl Iterator<Item = &String> {
    symbols.iter().filter(|symbol| UNWANTED.iter().any(|part| symbol.contains(part)))
}

/// The names of the probe's functions and data; none where the target is not installed.
fn symbols_of_probe(target: &str, arguments: &[&str]) -> Option<Vec<String>> {
    if !workspace::has_target(target) {
        return None;
    }
    let dir = workspace::root().join("tests/firmware/probe");
    // Each its own: the two tests build at the same time, with other features.
    let folder =
        workspace::target_dir().join(if arguments.is_empty() { "probe" } else { "probe-panics" });
    let folder = folder.to_str().expect("the folder's name is text");
    let options = ["--release", "--target", target, "--target-dir", folder];
    let options = [&options, arguments].concat();
    let built = cargo_build(&format!("probe for {target}"), &dir, &options, &mut |line| {
        eprintln!("{line}");
    });
    let image = std::fs::read(built.unwrap().get("probe").unwrap()).unwrap();
    let symbols = elf::symbols(&image).expect("the linker writes ELF");
    assert!(symbols.iter().any(|symbol| symbol.contains(USED)), "no calls in it: {symbols:?}");
    Some(symbols)
}
