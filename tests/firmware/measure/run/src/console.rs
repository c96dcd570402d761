//! Figures to the host, one `key value` a line, and the way out, both by semihosting.

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

/// Reports a figure given in tenths.
pub fn report_tenths(key: &str, tenths: i64) {
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    print(format_args!("{key} {sign}{}.{}\n", tenths / 10, tenths % 10));
}

/// Reports a whole figure.
pub fn report(key: &str, value: usize) {
    print(format_args!("{key} {value}\n"));
}

/// Reports what is behind a figure.
pub fn report_detail(what: &str, value: usize) {
    print(format_args!("# {what} {value}\n"));
}

fn print(text: fmt::Arguments<'_>) {
    // There is nobody to tell that the console is gone; the host misses the figure.
    let _ = Stdout.write_fmt(text);
}

/// Ends the program: every figure was reported.
pub fn done() -> ! {
    semihosting::process::exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print(format_args!("{info}\n"));
    semihosting::process::exit(PANIC)
}
