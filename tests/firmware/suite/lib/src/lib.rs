//! Tests of the core, by its public calls alone, that run on the host and on every board.
//!
//! They share a few recorders, since the smallest board has 16 KiB: whoever runs them runs one after
//! the other.
#![no_std]

extern crate alloc;

// In front, since its macros are known only behind it.
#[macro_use]
mod checks;

mod bench;
mod frames;
mod identity;
mod interrupts;
mod losses;
mod ring;
mod sampling;
mod scopes;
mod seen;
mod spans;
mod table;
mod time;
mod values;

use alloc::string::String;

pub use identity::{VECTORS, Vector};
pub use interrupts::on_interrupt;

/// What the tests need of whatever they run on.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// Lets an interrupt come now that calls [`on_interrupt`]; it is over when this returns.
    pub interrupt: fn(),
}

/// A test; the text says what is wrong.
type TestFunction = fn(&Board) -> Result<(), String>;

/// A test and its name.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// The name, different from all others.
    pub name: &'static str,
    function: TestFunction,
}

impl Test {
    /// Runs it.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn run(&self, board: &Board) -> Result<(), String> {
        (self.function)(board)
    }
}

/// All tests.
pub fn tests() -> impl Iterator<Item = Test> {
    let modules = [
        spans::TESTS,
        scopes::TESTS,
        values::TESTS,
        ring::TESTS,
        table::TESTS,
        time::TESTS,
        sampling::TESTS,
        identity::TESTS,
        frames::TESTS,
        losses::TESTS,
        interrupts::TESTS,
    ];
    modules.into_iter().flatten().map(|&(name, function)| Test { name, function })
}

/// Tests of a module, by name.
type Tests = &'static [(&'static str, TestFunction)];
