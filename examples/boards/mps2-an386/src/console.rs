//! Text to the host and the way out, both by semihosting.
//!
//! QEMU wants `-chardev stdio,id=sh -semihosting-config enable=on,target=native,chardev=sh` for it:
//! without the chardev the text goes to its standard error.

use core::fmt::{self, Write as _};

use semihosting::io::{self, Write as _};

/// Longest piece that reaches the host in one call.
const LINE_LEN: usize = 160;

/// Collects a line before it is handed over: each semihosting call stops the processor, and a line
/// of one piece is not torn by an interrupt that prints too.
struct Line {
    bytes: [u8; LINE_LEN],
    len: usize,
}

impl Line {
    fn flush(&mut self) {
        if let (Ok(mut stdout), Some(text)) = (io::stdout(), self.bytes.get(..self.len)) {
            // There is nobody to tell that the console is gone.
            let _ = stdout.write_all(text);
        }
        self.len = 0;
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.len == LINE_LEN {
                self.flush();
            }
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        }
        Ok(())
    }
}

/// Prints one line. It is what [`println!`](crate::println) expands to.
pub fn print_line(text: fmt::Arguments<'_>) {
    let mut line = Line { bytes: [0; LINE_LEN], len: 0 };
    // Only a failing `Display` can fail here; what it wrote so far is worth having.
    let _ = writeln!(line, "{text}");
    line.flush();
}

/// Prints a line to QEMU's standard output, with the syntax of the standard library's macro.
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => { $crate::console::print_line(::core::format_args!($($text)*)) };
}

/// Ends QEMU with this exit code.
pub fn exit(code: i32) -> ! {
    semihosting::process::exit(code)
}
