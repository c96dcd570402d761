//! Lines to the host by semihosting; a panic is one, and the way out.

use core::fmt::{self, Write as _};
use core::panic::PanicInfo;

use semihosting::io::{self, Write as _};

const PANIC: i32 = 101;

struct Stdout;

impl fmt::Write for Stdout {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut stdout = io::stdout().map_err(|_| fmt::Error)?;
        stdout.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// Prints a line.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    // There is nobody to tell that the console is gone; the host misses the line.
    let _ = Stdout.write_fmt(format_args!("{text}\n"));
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print(format_args!("{info}"));
    semihosting::process::exit(PANIC)
}
