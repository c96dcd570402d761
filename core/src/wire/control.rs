//! [`Control`]: what the collector tells a device to do from now on.

use super::Writer;
use super::downlink::varint;
use super::frame::{FromElements, read_tuple};
use super::value::next;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess};

/// The most bytes of parameters that a control has.
pub const MAX_PARAMS: usize = 64;

/// A command with its number.
///
/// A device does what a number above the last says, once; what bears another is answered again and
/// not done again. So a control that was lost, or whose answer was, may be sent again, and one that was
/// overtaken does nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control<'a> {
    /// Grows: Unix milliseconds, at least one more than the last.
    pub id: u64,
    /// What to do.
    pub command: Command<'a>,
}

/// What a device is to do. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Command<'a> {
    /// Record every trace.
    SampleAlways,
    /// Record none.
    SampleNever,
    /// Record this share of the traces.
    SampleShare(f32),
    /// Record so many traces a second at most.
    SampleRate(f32),
    /// Record this share of the roots that have the operation name of one call site.
    SiteShare {
        /// The site's number.
        site: u16,
        /// The share.
        share: f32,
    },
    /// Send no more than so many bytes a second; 0: as many as there are.
    Budget(u32),
    /// Send what is recorded now.
    Flush,
    /// Send the definitions of call sites, used or not, as there is room: those whose number is this or
    /// greater. The answer's detail is the length of the table.
    Sites {
        /// The first number.
        from: u16,
    },
    /// Record this share of the roots of one operation, and so many a second at least.
    Operation {
        /// Its name.
        name: &'a str,
        /// The share.
        share: f32,
        /// The least rate, a second.
        at_least: f32,
    },
    /// One that this program does not know.
    Other(u8, &'a [u8]),
}

impl<'a> Command<'a> {
    /// The command with this number and these parameters; [`Command::Other`] where none has it, or it
    /// has other parameters.
    #[must_use]
    pub fn read(what: u8, params: &'a [u8]) -> Self {
        Self::known(what, params).unwrap_or(Self::Other(what, params))
    }

    fn known(what: u8, params: &'a [u8]) -> Option<Self> {
        let mut params = Params(params);
        let command = match what {
            0 => match params.byte()? {
                0 => Self::SampleAlways,
                1 => Self::SampleNever,
                2 => Self::SampleShare(params.share()?),
                3 => Self::SampleRate(params.rate()?),
                _ => return None,
            },
            1 => Self::SiteShare { site: params.short()?, share: params.share()? },
            2 => Self::Budget(u32::try_from(params.number()?).ok()?),
            3 => Self::Flush,
            4 => Self::Sites { from: params.short()? },
            5 => Self::Operation {
                name: params.text()?,
                share: params.share()?,
                at_least: params.rate()?,
            },
            _ => return None,
        };
        params.0.is_empty().then_some(command)
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn what(&self) -> u8 {
        match *self {
            Self::SampleAlways | Self::SampleNever | Self::SampleShare(_) | Self::SampleRate(_) => {
                0
            }
            Self::SiteShare { .. } => 1,
            Self::Budget(_) => 2,
            Self::Flush => 3,
            Self::Sites { .. } => 4,
            Self::Operation { .. } => 5,
            Self::Other(what, _) => what,
        }
    }

    fn write_params(&self, out: &mut Writer<'_>) {
        let mut float = |kind: Option<u8>, value: f32| {
            kind.into_iter().for_each(|kind| out.byte(kind));
            out.raw(&value.to_le_bytes());
        };
        match *self {
            Self::SampleAlways => out.byte(0),
            Self::SampleNever => out.byte(1),
            Self::SampleShare(share) => float(Some(2), share),
            Self::SampleRate(rate) => float(Some(3), rate),
            Self::SiteShare { site, share } => {
                out.varint(site.into());
                out.raw(&share.to_le_bytes());
            }
            Self::Budget(bytes) => out.varint(bytes.into()),
            Self::Flush => {}
            Self::Sites { from } => out.varint(from.into()),
            Self::Operation { name, share, at_least } => {
                out.text(name);
                out.raw(&share.to_le_bytes());
                out.raw(&at_least.to_le_bytes());
            }
            Self::Other(_, params) => out.raw(params),
        }
    }
}

impl Control<'_> {
    /// Writes what stands behind the session tag. Parameters of more than [`MAX_PARAMS`] bytes are
    /// left out.
    pub(super) fn write(&self, out: &mut Writer<'_>) {
        let mut params = [0; MAX_PARAMS];
        let mut inner = Writer::new(&mut params);
        self.command.write_params(&mut inner);
        out.varint(self.id);
        out.byte(self.command.what());
        out.bytes(inner.finish().unwrap_or(&[]));
    }
}

impl<'a> Control<'a> {
    /// Reads what stands behind the session tag, if that is a control.
    #[must_use]
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut bytes = Params(bytes);
        let (id, what) = (bytes.number()?, bytes.byte()?);
        let len = usize::try_from(bytes.number()?).ok()?;
        let is_whole = len <= MAX_PARAMS && bytes.0.len() == len;
        is_whole.then(|| Self { id, command: Command::read(what, bytes.0) })
    }
}

/// Parameters that are being read.
struct Params<'a>(&'a [u8]);

impl<'a> Params<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut bytes = self.0.iter();
        let number = varint(&mut bytes)?;
        self.0 = bytes.as_slice();
        Some(number)
    }

    fn short(&mut self) -> Option<u16> {
        u16::try_from(self.number()?).ok()
    }

    fn float(&mut self) -> Option<f32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(f32::from_le_bytes(*first))
    }

    /// A share: what is not from 0 to 1 is none.
    fn share(&mut self) -> Option<f32> {
        self.float().filter(|share| (0.0..=1.0).contains(share))
    }

    /// A rate: what is below 0 or no number is none.
    fn rate(&mut self) -> Option<f32> {
        self.float().filter(|rate| *rate >= 0.0 && rate.is_finite())
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        core::str::from_utf8(text).ok()
    }
}

impl<'de> Deserialize<'de> for Control<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Control<'de> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let (id, what) = (next(from)?, next(from)?);
        let params: &[u8] = next(from)?;
        if params.len() > MAX_PARAMS {
            return Err(S::Error::custom("a control with too many parameters"));
        }
        Ok(Self { id, command: Command::read(what, params) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(control: &Control<'_>) -> std::vec::Vec<u8> {
        let mut buffer = [0; 128];
        let mut out = Writer::new(&mut buffer);
        control.write(&mut out);
        out.finish().unwrap().to_vec()
    }

    #[test]
    fn commands_survive_the_way_through_bytes() {
        for command in [
            Command::SampleAlways,
            Command::SampleNever,
            Command::SampleShare(0.25),
            Command::SampleRate(12.5),
            Command::SiteShare { site: 300, share: 1.0 },
            Command::Budget(u32::MAX),
            Command::Flush,
            Command::Sites { from: u16::MAX },
            Command::Operation { name: "read", share: 0.0, at_least: 0.5 },
            Command::Other(200, b"later"),
        ] {
            let control = Control { id: u64::MAX, command };
            let bytes = bytes_of(&control);
            assert_eq!(Control::read(&bytes), Some(control));
            assert_eq!(postcard::from_bytes::<Control<'_>>(&bytes), Ok(control));
        }
    }

    #[test]
    fn what_makes_no_sense_is_unknown_and_not_done() {
        for (what, params) in
            [(0, &[2, 0, 0, 0, 0x40][..]), (0, &[9]), (1, &[1, 0, 0]), (3, &[0]), (5, &[200, 65])]
        {
            assert_eq!(Command::read(what, params), Command::Other(what, params));
        }
        let not_a_number = [&[3][..], &f32::NAN.to_le_bytes()].concat();
        assert!(matches!(Command::read(0, &not_a_number), Command::Other(..)));
    }

    proptest! {
        #[test]
        fn both_readers_agree(bytes in prop::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..90)) {
            let theirs = postcard::take_from_bytes::<Control<'_>>(&bytes);
            let theirs = theirs.ok().filter(|(_, rest)| rest.is_empty()).map(|(control, _)| control);
            prop_assert_eq!(Control::read(&bytes), theirs);
        }
    }
}
