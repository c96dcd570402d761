//! Sealed frames: Ascon-AEAD128 (NIST SP 800-232) under a key that the device and the collector share.
//!
//! A sealed frame is the frame as it was, with bit 0 of its first byte set, what stands behind the clear
//! fields encrypted, and [`AUTHENTICATOR_LEN`] bytes more. The clear fields are authenticated. What can
//! be had of it, and what cannot, is in `docs/threat-model.md`; the bytes are in `docs/wire-format.md`.
//!
//! One nonce must never be used twice under a key, so numbers of packets never repeat in a session, and
//! numbers of sessions should never repeat on a device.

mod clear;
mod key;

pub use clear::Clear;
pub use key::{Key, ParseKeyError};

use crate::Session;
use ascon_aead::AsconAead128;
use ascon_aead::aead::{AeadInOut as _, KeyInit as _, inout::InOutBuf};

/// Bytes that a sealed frame has more than an unsealed one.
pub const AUTHENTICATOR_LEN: usize = 16;

/// The shortest frames in bytes that a link may have which carries sealed ones.
pub const MIN_SEALED_MTU: usize = 80;

/// The longest sealed frame in bytes that a device reads.
pub const MAX_SEALED_DOWN: usize = 256;

/// The bit of a frame's first byte that says that it is sealed.
pub const SEALED: u8 = 1;

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// From a device to the collector.
    Up = 0,
    /// From the collector to a device.
    Down = 1,
}

/// Seals the first `len` bytes of a buffer in place; gives how many they are then.
///
/// Up, they are an unsealed frame; down, one that has the number of the frame, a varint of up to 64
/// bits, behind the session tag. None where there are no such clear fields, or the buffer has no
/// [`AUTHENTICATOR_LEN`] bytes more.
pub fn seal(
    key: &Key,
    session: Session,
    direction: Direction,
    buffer: &mut [u8],
    len: usize,
) -> Option<usize> {
    let sealed_len = len.checked_add(AUTHENTICATOR_LEN)?;
    let (frame, rest) = buffer.get_mut(..sealed_len)?.split_at_mut_checked(len)?;
    *frame.first_mut()? |= SEALED;
    let clear = Clear::read(frame, direction)?;
    let (clear_bytes, text) = frame.split_at_mut_checked(clear.len)?;
    let nonce = clear.nonce(session, direction);
    let cipher = AsconAead128::new(key.bytes().into());
    let authenticator =
        cipher.encrypt_inout_detached((&nonce).into(), clear_bytes, InOutBuf::from(text));
    *rest.first_chunk_mut::<AUTHENTICATOR_LEN>()? = authenticator.ok()?.into();
    Some(sealed_len)
}

/// Opens a sealed frame in place; gives what it says in the clear, and the bytes behind it.
///
/// None where it was not sealed with this key, in this session and direction, as it is: its bytes are
/// worth nothing then.
pub fn open<'f>(
    key: &Key,
    session: Session,
    direction: Direction,
    frame: &'f mut [u8],
) -> Option<(Clear, &'f [u8])> {
    let clear = Clear::read(frame, direction)?;
    let (clear_bytes, rest) = frame.split_at_mut_checked(clear.len)?;
    let (text, authenticator) = rest.split_last_chunk_mut::<AUTHENTICATOR_LEN>()?;
    let nonce = clear.nonce(session, direction);
    let cipher = AsconAead128::new(key.bytes().into());
    cipher
        .decrypt_inout_detached(
            (&nonce).into(),
            clear_bytes,
            InOutBuf::from(&mut *text),
            (&*authenticator).into(),
        )
        .ok()?;
    Some((clear, text))
}

impl Clear {
    fn nonce(&self, session: Session, direction: Direction) -> [u8; 16] {
        // As one number, which takes fewer instructions than its bytes.
        let first = u128::from(session.get() | (direction as u32) << 24);
        let tag = u128::from(u32::from_le_bytes(self.tag));
        (first | u128::from(self.number) << 32 | tag << 96).to_le_bytes()
    }
}

#[cfg(test)]
mod tests;
