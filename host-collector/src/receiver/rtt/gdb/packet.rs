//! Packets of GDB's remote serial protocol, without any I/O.
//!
//! A packet is `$`, its payload, `#` and two hexadecimal digits: the sum of what is between, modulo 256.
//! In a payload `}` escapes the byte behind it, and `*` repeats the byte before it.
//! Each packet is acknowledged by `+`, or asked for again by `-`.

/// The longest payload that is taken, in bytes, written out: whoever sends more is not believed.
pub const MAX_PAYLOAD: usize = 16 << 10;

/// Stops a target that runs; it is no packet.
pub const INTERRUPT: u8 = 0x03;

const ESCAPE: u8 = b'}';
const ESCAPED: u8 = 0x20;
const REPEAT: u8 = b'*';
/// What is added to a count of repetitions, so that it can be printed.
const REPEAT_BIAS: u8 = 29;

/// What a stream of bytes says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The other side has what was sent last.
    Ack,
    /// The other side wants again what was sent last.
    Again,
    /// A whole packet, escapes and repetitions undone: it must be acknowledged.
    Packet(Vec<u8>),
    /// A packet that is damaged or too long: it must be asked for again.
    Damaged,
}

/// Finds packets in a stream, byte by byte.
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
    payload: Vec<u8>,
    sum: u8,
    is_damaged: bool,
    is_notice: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    Payload,
    Escaped,
    Repeat,
    FirstDigit,
    SecondDigit(u8),
}

impl Parser {
    /// Takes one byte; gives what it completes.
    pub fn push(&mut self, byte: u8) -> Option<Event> {
        match (self.state, byte) {
            (State::FirstDigit, _) => {
                self.state = State::SecondDigit(byte);
                return None;
            }
            (State::SecondDigit(first), _) => return self.end(first, byte),
            // An escaped byte is never one of these: whatever was before was cut off.
            (_, b'$' | b'%') if self.state == State::Between || byte == b'$' => {
                self.begin(byte == b'%');
                return None;
            }
            (State::Between, b'+') => return Some(Event::Ack),
            (State::Between, b'-') => return Some(Event::Again),
            (State::Between, _) => return None,
            (State::Payload, b'#') => {
                self.state = State::FirstDigit;
                return None;
            }
            (State::Payload, ESCAPE) => self.state = State::Escaped,
            (State::Payload, REPEAT) => self.state = State::Repeat,
            (State::Payload, _) => self.add(byte, 1),
            (State::Escaped, _) => {
                self.add(byte ^ ESCAPED, 1);
                self.state = State::Payload;
            }
            (State::Repeat, _) => {
                self.repeat(byte);
                self.state = State::Payload;
            }
        }
        self.sum = self.sum.wrapping_add(byte);
        None
    }

    fn begin(&mut self, is_notice: bool) {
        *self = Self { payload: core::mem::take(&mut self.payload), ..Self::default() };
        self.payload.clear();
        self.state = State::Payload;
        self.is_notice = is_notice;
    }

    fn add(&mut self, byte: u8, count: usize) {
        if self.payload.len() + count > MAX_PAYLOAD {
            self.is_damaged = true;
        } else {
            self.payload.extend(core::iter::repeat_n(byte, count));
        }
    }

    fn repeat(&mut self, count: u8) {
        match (self.payload.last(), count.checked_sub(REPEAT_BIAS)) {
            (Some(&last), Some(count)) => self.add(last, count.into()),
            _ => self.is_damaged = true,
        }
    }

    fn end(&mut self, first: u8, second: u8) -> Option<Event> {
        self.state = State::Between;
        // What the other side says unasked is neither acknowledged nor of use here.
        if self.is_notice {
            return None;
        }
        let sum = digit(first).zip(digit(second)).map(|(first, second)| first << 4 | second);
        if self.is_damaged || sum != Some(self.sum) {
            return Some(Event::Damaged);
        }
        Some(Event::Packet(core::mem::take(&mut self.payload)))
    }
}

/// Appends a packet with this payload.
pub fn encode(payload: &[u8], out: &mut Vec<u8>) {
    out.push(b'$');
    let start = out.len();
    for &byte in payload {
        if matches!(byte, b'$' | b'#' | REPEAT | ESCAPE) {
            out.extend([ESCAPE, byte ^ ESCAPED]);
        } else {
            out.push(byte);
        }
    }
    let sum = out.iter().skip(start).fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    out.push(b'#');
    push_hex(sum, out);
}

/// Appends a byte as two hexadecimal digits.
pub fn push_hex(byte: u8, out: &mut Vec<u8>) {
    out.extend(
        [byte >> 4, byte & 15].map(
            |digit| {
                if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
            },
        ),
    );
}

/// The bytes that hexadecimal digits say; none where they are no pairs of digits.
#[must_use]
pub fn bytes_of_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[first, second]: &[u8; 2]| Some(digit(*first)? << 4 | digit(*second)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Event> {
        let mut parser = Parser::default();
        bytes.iter().filter_map(|byte| parser.push(*byte)).collect()
    }

    fn packet(payload: &[u8]) -> Event {
        Event::Packet(payload.to_vec())
    }

    #[test]
    fn packets_are_what_the_protocol_says() {
        let mut bytes = Vec::new();
        encode(b"m20000000,18", &mut bytes);
        assert_eq!(bytes, b"$m20000000,18#84");
        assert_eq!(read(b"+$OK#9a-"), [Event::Ack, packet(b"OK"), Event::Again]);
        // The example of GDB's manual: "0* " is four zeros.
        assert_eq!(read(b"$0* #7a"), [packet(b"0000")]);
        assert_eq!(read(b"$}\x03#80"), [packet(b"#")]);
        assert_eq!(read(b"$T05#BA"), [Event::Damaged]);
        assert_eq!(read(b"$T05#B9"), [packet(b"T05")]);
    }

    #[test]
    fn damage_is_asked_for_again_and_the_next_packet_is_read() {
        for damaged in [&b"$OK#9b"[..], b"$OK#xx", b"$* #4a", b"$0*\x01#5b"] {
            assert_eq!(read(&[damaged, b"$OK#9a"].concat()), [Event::Damaged, packet(b"OK")]);
        }
        // Cut off in its payload, and in an escape.
        assert_eq!(read(b"$T0$OK#9a"), [packet(b"OK")]);
        assert_eq!(read(b"$T0}$OK#9a"), [packet(b"OK")]);
        assert_eq!(read(b"%Stop:T05#00$OK#9a"), [packet(b"OK")]);
    }

    #[test]
    fn what_is_endless_is_not_kept() {
        let mut parser = Parser::default();
        let endless = b"$0".iter().chain(b"*~".iter().cycle().take(1 << 20));
        assert!(endless.copied().all(|byte| parser.push(byte).is_none()));
        assert!(parser.payload.capacity() <= 2 * MAX_PAYLOAD);
        assert_eq!(b"#00".iter().find_map(|byte| parser.push(*byte)), Some(Event::Damaged));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            noise in proptest::collection::vec(any::<u8>(), 0..20),
            payloads in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), 0..300), 1..4),
        ) {
            let mut bytes: Vec<u8> =
                noise.into_iter().filter(|byte| !b"$%+-".contains(byte)).collect();
            payloads.iter().for_each(|payload| encode(payload, &mut bytes));
            let expected: Vec<_> = payloads.iter().map(|payload| packet(payload)).collect();
            prop_assert_eq!(read(&bytes), expected);
        }

        #[test]
        fn no_bytes_panic_and_no_payload_is_too_long(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), proptest::sample::select(b"$#}*%+-0".to_vec())], 0..2000),
        ) {
            for event in read(&bytes) {
                if let Event::Packet(payload) = event {
                    prop_assert!(payload.len() <= MAX_PAYLOAD);
                }
            }
        }

        #[test]
        fn hexadecimal_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            let mut digits = Vec::new();
            bytes.iter().for_each(|byte| push_hex(*byte, &mut digits));
            prop_assert_eq!(bytes_of_hex(&digits), Some(bytes));
            digits.push(b'0');
            prop_assert_eq!(bytes_of_hex(&digits), None);
        }
    }
}
