//! [`Encoder`]: a frame as it stands in a stream, piece by piece.

use super::{DELIMITER, LONGEST_RUN, MARK};
use crate::framing::crc::{CHECK, CRC};

/// Makes the bytes of one frame, a piece at a time: no second buffer as long as the frame is needed.
///
/// ```
/// use spandrel_transport::framing::stream::Encoder;
///
/// let mut encoder = Encoder::new(b"frame");
/// let (mut sent, mut piece) = (Vec::new(), [0; 4]);
/// loop {
///     let len = encoder.fill(&mut piece);
///     if len == 0 {
///         break;
///     }
///     sent.extend_from_slice(&piece[..len]);
/// }
/// assert_eq!(sent.len(), 2 + 1 + 5 + 4 + 1);
/// ```
#[derive(Clone, Debug)]
pub struct Encoder<'f> {
    frame: &'f [u8],
    check: [u8; CHECK],
    /// The place in frame and checksum of the next byte.
    at: usize,
    /// Bytes that are left of the run that was counted last.
    run: usize,
    step: Step,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Begin,
    Mark,
    Count,
    /// A run, and whether a zero comes behind it, which is not sent.
    Run(bool),
    End,
    Done,
}

impl<'f> Encoder<'f> {
    /// Begins a frame.
    #[must_use]
    pub fn new(frame: &'f [u8]) -> Self {
        let check = CRC.checksum(frame).to_le_bytes();
        Self { frame, check, at: 0, run: 0, step: Step::Begin }
    }

    /// Writes the next bytes; says how many, which is less than there is room for at the end alone.
    pub fn fill(&mut self, out: &mut [u8]) -> usize {
        let mut len = 0;
        for place in out {
            let Some(byte) = self.next_byte() else { break };
            *place = byte;
            len += 1;
        }
        len
    }

    fn next_byte(&mut self) -> Option<u8> {
        match self.step {
            Step::Begin => self.then(Step::Mark, DELIMITER),
            Step::Mark => self.then(Step::Count, MARK),
            Step::Count => {
                let (run, is_zero) = self.measure();
                self.run = run;
                self.step = self.behind_run(is_zero);
                // 255 for the longest run.
                Some(u8::try_from(run + 1).unwrap_or(u8::MAX))
            }
            Step::Run(is_zero) => {
                let byte = self.byte(self.at);
                self.at += 1;
                self.run -= 1;
                self.step = self.behind_run(is_zero);
                byte
            }
            Step::End => self.then(Step::Done, DELIMITER),
            Step::Done => None,
        }
    }

    fn then(&mut self, step: Step, byte: u8) -> Option<u8> {
        self.step = step;
        Some(byte)
    }

    /// Goes on with the run, or takes the zero behind it.
    fn behind_run(&mut self, is_zero: bool) -> Step {
        if self.run != 0 {
            return Step::Run(is_zero);
        }
        // One more zero is thought behind the end; its run is the last.
        let end = self.frame.len() + CHECK;
        let is_last = self.at >= end;
        self.at += usize::from(is_zero);
        if is_last { Step::End } else { Step::Count }
    }

    /// How many bytes from here on are not zero, and whether one behind them is.
    fn measure(&self) -> (usize, bool) {
        let run = (0..LONGEST_RUN)
            .take_while(|ahead| self.byte(self.at + ahead).is_some_and(|byte| byte != 0))
            .count();
        (run, run < LONGEST_RUN)
    }

    /// A byte of frame and checksum.
    fn byte(&self, at: usize) -> Option<u8> {
        let rest = || self.check.get(at - self.frame.len());
        self.frame.get(at).or_else(rest).copied()
    }
}
