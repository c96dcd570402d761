//! `tracestate`: what other tracers want to have passed on.

use super::super::text::{is, split, trim};
use super::super::{NoRoom, TextReader, TextWriter};
use heapless::String;

/// The header's name; names of headers have no case.
pub const TRACESTATE: &str = "tracestate";

/// The most members that a valid list has.
pub const MAX_STATE_MEMBERS: usize = 32;

/// The longest key, and the longest value, of a member, in bytes.
const MAX_PART: usize = 256;
/// Members longer than this are the first to be left out.
const LONG_MEMBER: usize = 128;

/// The members of `tracestate`, at most `N` bytes of them, to be passed on as they came.
///
/// W3C asks for 512 bytes. Several headers are put together as one. It holds whole members:
/// where they are longer than `N`, those longer than 128 bytes go first, then the last ones.
///
/// ```
/// # use spandrel::carrier::w3c::{self, TraceState};
/// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let headers = [("traceparent", parent), ("tracestate", "rojo=00f067aa0ba902b7, congo=t61")];
/// let mut state = TraceState::<512>::new();
/// assert!(w3c::extract_with_state(&headers, &mut state)?.is_some());
/// assert_eq!(state.as_str(), "rojo=00f067aa0ba902b7,congo=t61");
/// # Ok::<_, spandrel::carrier::ExtractError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TraceState<const N: usize = 512> {
    text: String<N>,
    left_out: Option<LeftOut>,
}

/// Why members of `tracestate` were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LeftOut {
    /// All of them: one is not of the form, or there are more than [`MAX_STATE_MEMBERS`].
    Malformed,
    /// Some of them: they are longer than there is room for.
    NoRoom,
}

impl<const N: usize> TraceState<N> {
    /// No members.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), left_out: None }
    }

    /// The members, with a comma between them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether members that came are not here, and why.
    #[must_use]
    pub const fn left_out(&self) -> Option<LeftOut> {
        self.left_out
    }

    /// Sets `tracestate`, if there are members.
    ///
    /// It belongs to a `traceparent` of the trace that it came with: see [`super::inject`].
    ///
    /// # Errors
    /// If the writer has no room.
    pub fn inject(&self, writer: &mut (impl TextWriter + ?Sized)) -> Result<(), NoRoom> {
        if self.text.is_empty() { Ok(()) } else { writer.set(TRACESTATE, &self.text) }
    }

    /// The members in these headers.
    pub(super) fn read(reader: &(impl TextReader + ?Sized)) -> Self {
        let (mut members, mut len, mut is_valid) = (0, 0_usize, true);
        each_member(reader, |member| {
            members += 1;
            len += member.len() + usize::from(members > 1);
            is_valid &= is_member(member);
        });
        let mut state = Self::new();
        if !is_valid || members > MAX_STATE_MEMBERS {
            state.left_out = Some(LeftOut::Malformed);
            return state;
        }
        if len > N {
            state.left_out = Some(LeftOut::NoRoom);
        }
        let mut is_full = false;
        each_member(reader, |member| {
            let is_left_out = len > N && member.len() > LONG_MEMBER;
            let comma = if state.text.is_empty() { "" } else { "," };
            is_full |= !is_left_out && comma.len() + member.len() > N - state.text.len();
            if !is_left_out && !is_full {
                // There is room for both.
                let _ = state.text.push_str(comma);
                let _ = state.text.push_str(member);
            }
        });
        state
    }
}

/// Calls `each` for every member that is not empty.
fn each_member(reader: &(impl TextReader + ?Sized), mut each: impl FnMut(&str)) {
    reader.each(&mut |name, value| {
        if is(name, TRACESTATE) {
            split::<','>(value).map(trim).filter(|member| !member.is_empty()).for_each(&mut each);
        }
    });
}

fn is_member(text: &str) -> bool {
    let Some((key, value)) = text.split_once('=') else { return false };
    let is_start = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_key = |byte: u8| is_start(byte) || b"_-*/@".contains(&byte);
    let is_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    (1..=MAX_PART).contains(&key.len())
        && (1..=MAX_PART).contains(&value.len())
        && key.bytes().next().is_some_and(is_start)
        && key.bytes().all(is_key)
        && value.bytes().all(is_value)
}
