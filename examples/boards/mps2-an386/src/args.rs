//! The program's arguments, `key=value` each, from QEMU's semihosting command line: so that one
//! image serves every place in an experiment and nothing is rebuilt to change an address.
//!
//! `-semihosting-config enable=on,target=native,chardev=sh,arg=peer=10.0.2.2:9000,arg=count=500`
//!
//! A value has no spaces; a comma in it is doubled for QEMU. What is wrong is told in one line,
//! with the form that it must have, and ends the program with code 2.

use core::fmt::Display;
use core::mem::MaybeUninit;
use core::net::{Ipv4Addr, SocketAddrV4};
use core::str::FromStr;

use embassy_net::IpEndpoint;
use semihosting::sys::arm_compat::sys_get_cmdline_uninit;
use static_cell::ConstStaticCell;

use crate::println;

/// All arguments together may have one byte less (the host appends a NUL).
const COMMAND_LINE_LEN: usize = 512;

const USAGE_ERROR: i32 = 2;

static COMMAND_LINE: ConstStaticCell<[MaybeUninit<u8>; COMMAND_LINE_LEN]> =
    ConstStaticCell::new([MaybeUninit::uninit(); COMMAND_LINE_LEN]);

/// The arguments of this run.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    line: &'static str,
}

impl Args {
    /// Reads the arguments. A key that is not in `known` is refused, since a misspelt one would
    /// otherwise silently mean the default.
    ///
    /// # Panics
    ///
    /// When it is called a second time.
    pub fn load(known: &[&str]) -> Args {
        let Ok(line) = sys_get_cmdline_uninit(COMMAND_LINE.take()) else {
            usage_error(format_args!(
                "arguments: must be given by -semihosting-config arg=KEY=VALUE, \
                 {} characters in all",
                COMMAND_LINE_LEN - 1
            ));
        };
        let Ok(line) = core::str::from_utf8(line) else {
            usage_error("arguments: must be UTF-8");
        };
        let args = Args { line: line.trim_end_matches('\0') };
        for word in args.words() {
            match split(word) {
                Some((key, _)) if known.contains(&key) => {}
                Some((key, _)) => usage_error(format_args!(
                    "argument {key}: this program does not know it, it takes {known:?}"
                )),
                None => {
                    usage_error(format_args!("argument {word:?}: must have the form KEY=VALUE"))
                }
            }
        }
        args
    }

    /// The value of `key`, of the first one if it was given twice.
    pub fn get(&self, key: &str) -> Option<&'static str> {
        self.words().filter_map(split).find_map(|(k, value)| (k == key).then_some(value))
    }

    /// The endpoint that `key` must name, or the program ends.
    pub fn endpoint(&self, key: &str) -> IpEndpoint {
        let form = "must have the form IP:PORT, for example 10.0.2.2:7726";
        match self.get(key) {
            Some(text) => parse_endpoint(text)
                .unwrap_or_else(|| usage_error(format_args!("argument {key}={text}: {form}"))),
            None => usage_error(format_args!("argument {key}: missing, {form}")),
        }
    }

    /// The number that `key` gives, or `default` without it; one outside `T` ends the program.
    pub fn number<T: FromStr + Integer>(&self, key: &str, default: T) -> T {
        let Some(text) = self.get(key) else { return default };
        text.parse().unwrap_or_else(|_| {
            let (min, max) = (T::MIN, T::MAX);
            usage_error(format_args!("argument {key}={text}: must be a number, {min} to {max}"))
        })
    }

    /// Without arguments the host hands over the path of the image, which is skipped.
    fn words(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.line.split_ascii_whitespace().skip_while(|word| split(word).is_none())
    }
}

/// What [`Args::number`] can read.
pub trait Integer: Display {
    /// The smallest value.
    const MIN: Self;
    /// The largest value.
    const MAX: Self;
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Integer for $integer {
            const MIN: Self = <$integer>::MIN;
            const MAX: Self = <$integer>::MAX;
        }
    )*};
}

integers!(u8 u16 u32 u64);

/// Reads `10.0.2.2:7726`.
pub fn parse_endpoint(text: &str) -> Option<IpEndpoint> {
    let address = SocketAddrV4::from_str(text).ok()?;
    Some(IpEndpoint::new(Ipv4Addr::into(*address.ip()), address.port()))
}

/// Prints what is wrong with the arguments and ends the program with code 2.
pub fn usage_error(message: impl Display) -> ! {
    println!("error: {message}");
    crate::exit(USAGE_ERROR)
}

/// A path may contain `=` too, but not behind letters alone.
fn split(word: &str) -> Option<(&str, &str)> {
    let (key, value) = word.split_once('=')?;
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_key.then_some((key, value))
}
