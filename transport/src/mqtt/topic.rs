//! [`Topics`]: where frames are published.

use core::fmt;
use spandrel::DeviceId;
use spandrel::wire::Writer;

/// The first level of topics, unless it is told otherwise.
pub const DEFAULT_PREFIX: &str = "spandrel";
/// Bytes of the longest prefix.
pub const MAX_PREFIX: usize = 32;
/// Bytes of the longest topic.
pub const MAX_TOPIC: usize = MAX_PREFIX + 1 + ID_LEN + "/down".len();

const ID_LEN: usize = 16;

/// Why a prefix cannot begin a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PrefixError {
    /// It is empty, or longer than [`MAX_PREFIX`] bytes.
    Length,
    /// It has a `+`, a `#`, a control character, or a slash or `$` where it begins, or a slash where
    /// it ends.
    Character,
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a prefix of topics has 1 to 32 bytes",
            Self::Character => {
                "a prefix of topics has no +, no #, no control character, no slash at an end and no \
                 $ in front"
            }
        })
    }
}

impl core::error::Error for PrefixError {}

/// The topics of frames: `prefix/<device>/up` and `prefix/<device>/down`.
///
/// The device is 16 lower-case hexadecimal digits. A prefix may have levels: `site/a/spandrel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topics<'a> {
    prefix: &'a str,
}

impl<'a> Topics<'a> {
    /// Topics below a prefix.
    ///
    /// # Errors
    /// Where the prefix is none.
    pub const fn new(prefix: &'a str) -> Result<Self, PrefixError> {
        let bytes = prefix.as_bytes();
        if bytes.is_empty() || bytes.len() > MAX_PREFIX {
            return Err(PrefixError::Length);
        }
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            if matches!(byte, b'+' | b'#' | 0x7f) || *byte < b' ' {
                return Err(PrefixError::Character);
            }
            rest = after;
        }
        if matches!(bytes, [b'/' | b'$', ..] | [.., b'/']) {
            return Err(PrefixError::Character);
        }
        Ok(Self { prefix })
    }

    /// The prefix.
    #[must_use]
    pub const fn prefix(&self) -> &'a str {
        self.prefix
    }

    /// The device that a topic ends in `/up` of, as it stands there; none for any other topic.
    ///
    /// It is not looked at further: who it really is the frames say.
    #[must_use]
    pub fn device_of<'t>(&self, topic: &'t str) -> Option<&'t str> {
        let device = topic.strip_prefix(self.prefix)?.strip_prefix('/')?.strip_suffix("/up")?;
        (!device.is_empty() && !device.contains('/')).then_some(device)
    }
}

/// Those below [`DEFAULT_PREFIX`].
impl Default for Topics<'_> {
    fn default() -> Self {
        Self { prefix: DEFAULT_PREFIX }
    }
}

/// One end of a device's topics, or what a collector subscribes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'a> {
    Device(DeviceId),
    Name(&'a str),
    /// A `+`, which stands for every device.
    All,
}

impl Topics<'_> {
    /// Bytes of a topic, without the end.
    pub(super) fn len(&self, who: Who<'_>) -> usize {
        let who_len = match who {
            Who::Device(_) => ID_LEN,
            Who::Name(name) => name.len(),
            Who::All => 1,
        };
        self.prefix.len() + 1 + who_len
    }

    pub(super) fn write(&self, who: Who<'_>, end: &str, out: &mut Writer<'_>) {
        out.raw(self.prefix.as_bytes());
        out.byte(b'/');
        match who {
            Who::Device(device) => write_hex(device, out),
            Who::Name(name) => out.raw(name.as_bytes()),
            Who::All => out.byte(b'+'),
        }
        out.raw(end.as_bytes());
    }
}

/// A device as topics and client ids have it.
pub(super) fn write_hex(device: DeviceId, out: &mut Writer<'_>) {
    for byte in device.0.to_be_bytes() {
        for digit in [byte >> 4, byte & 0xf] {
            out.byte(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
        }
    }
}
