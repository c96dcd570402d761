//! Lines to the host and the way out, both by semihosting; faults and panics end the program at once.

use core::fmt::{self, Write as _};
use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use semihosting::io::{self, Write as _};

const PANIC: i32 = 101;
const HARD_FAULT: i32 = 102;

/// Room for the longest line: a frame in hexadecimal.
const LINE_LEN: usize = 640;

/// Collects a line, since each call of the host takes long.
struct Line {
    bytes: [u8; LINE_LEN],
    len: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Line {
    const fn new() -> Self {
        Self { bytes: [0; LINE_LEN], len: 0 }
    }

    fn print(self) {
        if let (Ok(mut stdout), Some(text)) = (io::stdout(), self.bytes.get(..self.len)) {
            // There is nobody to tell that the console is gone; the host misses the last line.
            let _ = stdout.write_all(text);
        }
    }
}

/// Prints a line; one that is too long is an unfinished one, which the host refuses.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    let mut line = Line::new();
    let _ = line.write_fmt(format_args!("{text}\n"));
    line.print();
}

/// Prints bytes in hexadecimal behind a word.
pub(crate) fn print_hex(word: &str, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";

    let mut line = Line::new();
    let _ = line.write_fmt(format_args!("{word} "));
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for digit in digits.map(|digit| DIGITS[usize::from(digit)]).chain([b'\n']) {
        // Not by `core::fmt`, which would take most of the program's time.
        if let Some(place) = line.bytes.get_mut(line.len) {
            *place = digit;
            line.len += 1;
        }
    }
    line.print();
}

/// Ends the program: it has done all.
pub(crate) fn done() -> ! {
    semihosting::process::exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    print(format_args!("{info}"));
    semihosting::process::exit(PANIC)
}

// SAFETY: cortex-m-rt calls it with the frame that the fault pushed; it never returns to the fault.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    print(format_args!("hard fault: pc={:#010x}", frame.pc()));
    semihosting::process::exit(HARD_FAULT)
}
