//! Moves frames through the controller's FIFOs, and gets back in step when a FIFO holds something
//! else.
//!
//! Receiving: one status word per frame in the status FIFO, the frame with its CRC in the data
//! FIFO, padded to a whole word. Sending: command A, command B and the frame, padded, in the data
//! FIFO.
//!
//! ```text
//! receive status  30 filter failed | 29..16 length with CRC | 15 error | 14..0 which error
//! command A       25..24 end alignment | 20..16 offset | 13 first | 12 last | 10..0 buffer size
//! command B       31..16 tag | 10..0 frame length
//! ```

use super::counters::{RX_BAD, RX_FRAMES, RX_RESTARTS, TX_BAD, TX_ERRORS, TX_FRAMES};
use super::mac::{self, MAC_CR, RXEN, TimedOut, wait_for};
use super::registers::{
    INT_STS, RX_CFG, RX_DATA_FIFO, RX_DUMP, RX_FIFO_INF, RX_STATUS_FIFO, RX_STATUS_FIFO_PEEK, RXE,
    RXSTOP_INT, TX_DATA_FIFO, TX_FIFO_INF, TX_ON, TX_STATUS_ALLOW_OVERRUN, TX_STATUS_ERROR,
    TX_STATUS_FIFO, TX_WHOLE_FRAME, data_bytes, status_words,
};

/// Longest frame without its CRC.
pub(super) const MAX_FRAME_LEN: usize = 1514;

/// A frame's place in memory.
pub(super) type Buffer = [u8; MAX_FRAME_LEN];

/// An Ethernet header and nothing else: what is shorter is no frame.
const MIN_FRAME_LEN: usize = 14;
const CRC_LEN: usize = 4;
const WORD_LEN: usize = 4;

/// `TX_CFG` while the transmitter runs.
pub(super) const TX_RUNNING: u32 = TX_STATUS_ALLOW_OVERRUN | TX_ON;

/// Bytes that the longest frame and its two commands take in the transmit data FIFO.
#[expect(clippy::cast_possible_truncation, reason = "a constant of 1524")]
pub(super) const TX_ROOM: u32 = (MAX_FRAME_LEN.next_multiple_of(WORD_LEN) + 2 * WORD_LEN) as u32;

/// A word of the receive status FIFO.
#[derive(Clone, Copy)]
struct RxStatus(u32);

impl RxStatus {
    fn len_with_crc(self) -> usize {
        (self.0 >> 16 & 0x3FFF) as usize
    }

    fn words(self) -> usize {
        self.len_with_crc().div_ceil(WORD_LEN)
    }

    /// The frame's length without CRC, if it is one that can be handed on.
    fn frame_len(self) -> Option<usize> {
        const FILTER_FAILED: u32 = 1 << 30;
        const ERROR: u32 = 1 << 15;
        let len = self.len_with_crc().checked_sub(CRC_LEN)?;
        let sound = self.0 & (FILTER_FAILED | ERROR) == 0;
        (sound && (MIN_FRAME_LEN..=MAX_FRAME_LEN).contains(&len)).then_some(len)
    }
}

/// What is at the head of the receive FIFOs.
pub(super) enum Head {
    /// Nothing.
    Empty,
    /// A frame of this length, still in the FIFOs.
    Frame(usize),
    /// Something that was not worth keeping and is gone now.
    Discarded,
}

/// Looks at the head of the receive FIFOs, and throws away what is no good frame.
pub(super) fn look() -> Head {
    if INT_STS.read() & RXE != 0 {
        restart_receiver();
        return Head::Discarded;
    }
    let inf = RX_FIFO_INF.read();
    if status_words(inf) == 0 {
        return Head::Empty;
    }
    let status = RxStatus(RX_STATUS_FIFO_PEEK.read());
    // The status word comes when all of the frame is in the data FIFO. Less data than that means
    // that the two FIFOs are out of step, and nothing in them can be told apart any more.
    if (data_bytes(inf) as usize) < status.words() * WORD_LEN {
        restart_receiver();
        return Head::Discarded;
    }
    match status.frame_len() {
        Some(len) => Head::Frame(len),
        None => {
            discard(status);
            Head::Discarded
        }
    }
}

fn discard(status: RxStatus) {
    RX_BAD.add(1);
    RX_STATUS_FIFO.read();
    // Read out word by word: the controller could skip the frame by itself (RX_FFWD), but not one
    // of less than four words, and QEMU's does not give the room in the FIFO back.
    for _ in 0..status.words() {
        RX_DATA_FIFO.read();
    }
}

/// Takes the frame of `len` bytes that [`look`] found into `buffer`.
pub(super) fn take(buffer: &mut Buffer, len: usize) -> &mut [u8] {
    RX_FRAMES.add(1);
    RX_STATUS_FIFO.read();
    let frame = buffer.get_mut(..len).unwrap_or_default();
    let words = (frame.len() + CRC_LEN).div_ceil(WORD_LEN);
    let (whole, rest) = frame.as_chunks_mut();
    for bytes in &mut *whole {
        *bytes = RX_DATA_FIFO.read().to_le_bytes();
    }
    // What is left holds the rest of the frame, its CRC and the padding.
    let mut rest = rest.iter_mut();
    for _ in whole.len()..words {
        let word = RX_DATA_FIFO.read().to_le_bytes();
        for (to, from) in rest.by_ref().zip(word) {
            *to = from;
        }
    }
    frame
}

/// Empties the receive FIFOs, the way back from any state that they can be in.
fn restart_receiver() {
    RX_RESTARTS.add(1);
    // A time-out leaves RXE as it is, and so the next look tries again.
    let _: Result<(), TimedOut> = (|| {
        let control = mac::read(MAC_CR)?;
        INT_STS.write(RXSTOP_INT);
        mac::write(MAC_CR, control & !RXEN)?;
        wait_for(INT_STS, RXSTOP_INT, RXSTOP_INT)?;
        RX_CFG.write(RX_DUMP);
        wait_for(RX_CFG, RX_DUMP, 0)?;
        INT_STS.write(RXE | RXSTOP_INT);
        mac::write(MAC_CR, control)
    })();
}

/// Whether the longest frame fits the transmit FIFO now.
pub(super) fn has_room() -> bool {
    let inf = TX_FIFO_INF.read();
    for _ in 0..status_words(inf) {
        if TX_STATUS_FIFO.read() & TX_STATUS_ERROR != 0 {
            TX_ERRORS.add(1);
        }
    }
    data_bytes(inf) >= TX_ROOM
}

/// Lets `fill` write a frame of `len` bytes and sends it; [`has_room`] must have said yes.
pub(super) fn send<R>(buffer: &mut Buffer, len: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R {
    let (Some(frame), Ok(len)) = (buffer.get_mut(..len), u32::try_from(len)) else {
        // The stack knows the limit; what exceeds it all the same is not sent.
        TX_BAD.add(1);
        return fill(buffer);
    };
    let result = fill(frame);
    TX_FRAMES.add(1);
    TX_DATA_FIFO.write(TX_WHOLE_FRAME | len);
    TX_DATA_FIFO.write(len);
    let (whole, rest) = frame.as_chunks();
    for bytes in whole {
        TX_DATA_FIFO.write(u32::from_le_bytes(*bytes));
    }
    if !rest.is_empty() {
        let mut word = [0; WORD_LEN];
        for (to, from) in word.iter_mut().zip(rest) {
            *to = *from;
        }
        TX_DATA_FIFO.write(u32::from_le_bytes(word));
    }
    result
}
