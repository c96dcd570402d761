//! A tracer that is switched off is not there: code and constants of a program that has calls of it
//! everywhere are those of one that never mentions it.
#![expect(clippy::std_instead_of_alloc, reason = "a host program")]

#[path = "probe/elf.rs"]
mod elf;

use std::collections::BTreeMap;

use spandrel_tests::build::cargo_build;
use spandrel_tests::workspace;

/// What is loaded, by section.
fn sections(traced: bool) -> BTreeMap<String, Vec<u8>> {
    let dir = workspace::root().join("tests/firmware/overhead");
    let folder = workspace::target_dir().join(if traced { "overhead-traced" } else { "overhead" });
    let folder = folder.to_str().expect("the folder's name is text");
    let mut options = vec!["--release", "--target-dir", folder];
    if traced {
        options.extend(["--features", "traced"]);
    }
    let built = cargo_build("the hello-world to compare", &dir, &options, &mut |line| {
        eprintln!("{line}");
    });
    let image = std::fs::read(built.unwrap().get("overhead").unwrap()).unwrap();
    let sections = elf::loaded(&image).expect("the linker writes ELF");
    assert!(sections[".text"].len() > 100, "there is no code in it");
    sections
}

#[test]
fn nothing_is_left_of_a_tracer_that_is_switched_off() {
    if !workspace::has_target("thumbv7em-none-eabihf") {
        return;
    }
    let (without, with) = (sections(false), sections(true));
    let sizes = |sections: &BTreeMap<String, Vec<u8>>| {
        sections.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&with), sizes(&without));
    assert!(with == without, "of the same size, and something else");
}
