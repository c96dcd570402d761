//! Our short form: 8 bytes, for one frame of classic CAN.
//!
//! ```text
//!  bits 63         51        33       21         1         0
//!       | sender 12 | span 18 | root 12 | trace 20 | sampled | debug |
//! ```
//!
//! Big-endian. *Sender* and *root* are handles, numbers that the collector or the configuration gives to
//! a session for a while: that of the sending device, and that of the device where the trace began. *Span*
//! and *trace* are the low bits of counts: the number of the sending span in its session, and that of the
//! trace's root in its own. Of the numbers with those low bits the nearest in time is meant.
//!
//! It holds no ids, and only the collector can tell which they are: a receiver cannot pass it on in another
//! form ([`InjectError::OnlyShort`]). It holds no baggage. What is not of the form is an error
//! ([`Rule::Error`](super::Rule::Error)).

use super::{ExtractError, Fault, Format, InjectError};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};

/// Length of the form, in bytes.
pub const LEN: usize = 8;

/// The greatest handle; the least is 1.
pub const MAX_HANDLE: u16 = (1 << 12) - 1;

/// Bits of a span's number that are carried.
pub const SPAN_BITS: u32 = 18;

/// Bits of the number of a trace's root that are carried.
pub const TRACE_BITS: u32 = 20;

/// The handle of this device: given, or assigned by the collector as soon as that knows it.
#[derive(Debug)]
pub struct ShortHandle {
    /// 0 where the collector assigns it.
    #[cfg(feature = "enable")]
    given: u16,
    #[cfg(feature = "enable")]
    now: core::sync::atomic::AtomicU16,
}

impl ShortHandle {
    /// A handle of the configuration, 1 to [`MAX_HANDLE`]: no two devices may have the same.
    ///
    /// # Panics
    /// Where it is none; evaluated at compile time in a static.
    #[must_use]
    pub const fn given(handle: u16) -> Self {
        assert!(handle > 0 && handle <= MAX_HANDLE, "a handle is 1 to 4095");
        Self {
            #[cfg(feature = "enable")]
            given: handle,
            #[cfg(feature = "enable")]
            now: core::sync::atomic::AtomicU16::new(handle),
        }
    }

    /// A handle that the collector assigns. Until then contexts are not carried in the short form.
    #[must_use]
    pub const fn assigned() -> Self {
        Self {
            #[cfg(feature = "enable")]
            given: 0,
            #[cfg(feature = "enable")]
            now: core::sync::atomic::AtomicU16::new(0),
        }
    }
}

#[cfg(feature = "enable")]
impl ShortHandle {
    pub(crate) fn get(&self) -> u16 {
        self.now.load(core::sync::atomic::Ordering::Relaxed)
    }

    /// What the description of the process says of it: always the same.
    pub(crate) fn told(&self) -> u16 {
        self.given
    }

    /// Takes what the collector assigns, if it is asked to.
    pub(crate) fn assign(&self, handle: u16) {
        if self.given == 0 && handle <= MAX_HANDLE {
            self.now.store(handle, core::sync::atomic::Ordering::Relaxed);
        }
    }
}

/// A handle and a count, as one number.
const fn both(handle: u16, count: u32, bits: u32) -> u32 {
    (handle as u32 & MAX_HANDLE as u32) << bits | count & ((1 << bits) - 1)
}

#[expect(clippy::cast_possible_truncation, reason = "12 bits")]
const fn apart(number: u32, bits: u32) -> (u16, u32) {
    ((number >> bits) as u16 & MAX_HANDLE, number & ((1 << bits) - 1))
}

/// The handle and the low bits of the root's number that a trace id stands for, if it does.
#[must_use]
pub const fn trace_of(id: TraceId) -> Option<(u16, u32)> {
    let [.., a, b, c, d] = id.0;
    if id.is_short() { Some(apart(u32::from_be_bytes([a, b, c, d]), TRACE_BITS)) } else { None }
}

/// The handle and the low bits of the number that the id of a span in such a trace stands for.
#[must_use]
pub const fn span_of(id: SpanId) -> Option<(u16, u32)> {
    match id.0 {
        [0, 0, 0, 0, a, b, c, d] => Some(apart(u32::from_be_bytes([a, b, c, d]), SPAN_BITS)),
        _ => None,
    }
}

/// A context whose ids stand for those that only the collector knows. Children of it can be made, and
/// they can be carried on in the short form.
impl From<ShortContext> for SpanContext {
    fn from(short: ShortContext) -> Self {
        let trace = both(short.root, short.trace, TRACE_BITS);
        let span = both(short.sender, short.span, SPAN_BITS);
        Self::new(TraceId::standing_for(trace), SpanId(u64::from(span).to_be_bytes()), short.flags)
    }
}

/// What the short form says of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ShortContext {
    /// The handle of the device that sends, 1 to [`MAX_HANDLE`].
    pub sender: u16,
    /// The number of the span in the sender's session, of which [`SPAN_BITS`] bits are carried.
    pub span: u32,
    /// The handle of the device where the trace began, 1 to [`MAX_HANDLE`].
    pub root: u16,
    /// The number of the trace's root in that device's session, of which [`TRACE_BITS`] are carried.
    pub trace: u32,
    /// Whether it is sampled, and whether for debugging.
    pub flags: TraceFlags,
}

impl ShortContext {
    /// The bytes.
    ///
    /// ```
    /// # use spandrel::{TraceFlags, carrier::short::ShortContext};
    /// let flags = TraceFlags::SAMPLED;
    /// let context = ShortContext { sender: 1, span: 2, root: 3, trace: 4, flags };
    /// let bytes = context.to_bytes()?;
    /// assert_eq!(ShortContext::from_bytes(&bytes), Ok(context));
    /// # Ok::<_, spandrel::carrier::InjectError>(())
    /// ```
    ///
    /// # Errors
    /// Where a handle is 0, or greater than [`MAX_HANDLE`].
    #[inline]
    pub fn to_bytes(&self) -> Result<[u8; LEN], InjectError> {
        for handle in [self.sender, self.root] {
            if handle == 0 {
                return Err(InjectError::NoHandle);
            }
            if handle > MAX_HANDLE {
                return Err(InjectError::Handle(handle));
            }
        }
        let (sender, root) = (u32::from(self.sender), u32::from(self.root));
        let (span, trace) = (self.span & SPAN_MASK, self.trace & TRACE_MASK);
        let flags = u32::from(self.flags.is_sampled()) << 1 | u32::from(self.flags.is_debug());
        let high = sender << 20 | span << 2 | root >> 10;
        let low = root << 22 | trace << 2 | flags;
        Ok((u64::from(high) << 32 | u64::from(low)).to_be_bytes())
    }

    /// What these bytes say.
    ///
    /// # Errors
    /// Where they are not 8, or a handle in them is 0.
    #[inline]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ExtractError> {
        let length = Fault::Length { wanted: LEN, found: bytes.len() };
        let bytes: &[u8; LEN] = bytes.try_into().map_err(|_| length.of(Format::Short))?;
        let [high @ .., _, _, _, _] = *bytes;
        let [_, _, _, _, low @ ..] = *bytes;
        let (high, low) = (u32::from_be_bytes(high), u32::from_be_bytes(low));
        let handle = |value: u32| {
            let [.., high, low] = value.to_be_bytes();
            u16::from_be_bytes([high, low]) & MAX_HANDLE
        };
        let (sender, root) = (handle(high >> 20), handle((high & 3) << 10 | low >> 22));
        if sender == 0 || root == 0 {
            return Err(Fault::NoHandle.of(Format::Short));
        }
        let flags = if low & 2 != 0 { TraceFlags::SAMPLED.0 } else { 0 }
            | if low & 1 != 0 { TraceFlags::DEBUG.0 } else { 0 };
        let (span, trace) = (high >> 2 & SPAN_MASK, low >> 2 & TRACE_MASK);
        Ok(Self { sender, span, root, trace, flags: TraceFlags(flags) })
    }
}

const SPAN_MASK: u32 = (1 << SPAN_BITS) - 1;
const TRACE_MASK: u32 = (1 << TRACE_BITS) - 1;

#[cfg(test)]
mod tests {
    use super::super::tests::vectors;
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn vectors_are_read_and_written() {
        for vector in vectors(include_str!("../../../tests/vectors/carrier-short.txt")) {
            let found = ShortContext::from_bytes(&vector.bytes);
            let told = match found {
                Ok(c) => {
                    assert_eq!(c.to_bytes().unwrap()[..], vector.bytes, "{vector:?}");
                    format!("{} {} {} {} {}", c.sender, c.span, c.root, c.trace, c.flags.0)
                }
                Err(error) => {
                    vector.assert_fault(Format::Short, error);
                    continue;
                }
            };
            assert_eq!(told, vector.meaning.join(" "), "{vector:?}");
        }
    }

    #[test]
    fn handles_have_twelve_bits_and_are_not_zero() {
        let good = ShortContext { sender: 1, span: 0, root: 4095, trace: 0, flags: TraceFlags(0) };
        assert!(good.to_bytes().is_ok());
        for (handle, error) in [(0, InjectError::NoHandle), (4096, InjectError::Handle(4096))] {
            assert_eq!(ShortContext { sender: handle, ..good }.to_bytes(), Err(error));
            assert_eq!(ShortContext { root: handle, ..good }.to_bytes(), Err(error));
        }
    }

    proptest! {
        #[test]
        fn the_low_bits_come_back(
            sender in 1..4096_u16, root in 1..4096_u16, span: u32, trace: u32, flags in 0..4_u8,
        ) {
            let flags = TraceFlags(flags);
            let context = ShortContext { sender, span, root, trace, flags };
            let low = ShortContext { span: span % (1 << 18), trace: trace % (1 << 20), ..context };
            prop_assert_eq!(ShortContext::from_bytes(&context.to_bytes().unwrap()), Ok(low));
        }

        #[test]
        fn any_bytes_are_an_error_or_come_back(bytes in prop::collection::vec(any::<u8>(), 7..10)) {
            if let Ok(context) = ShortContext::from_bytes(&bytes) {
                prop_assert_eq!(context.to_bytes().unwrap().to_vec(), bytes);
            } else {
                prop_assert!(bytes.len() != 8 || bytes[0] == 0 || bytes[3] & 3 == 0);
            }
        }
    }
}
