//! A stream from the traits of `embedded-io-async`, and a timer: UART, USB-CDC, and any other.

use super::ByteStream;
use core::convert::Infallible;
use core::future::pending;
use core::pin::pin;
use core::time::Duration;
use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{ErrorType, Read, Write};

/// How long a write waits for room: far longer than 64 bytes take at 9,600 baud. A USB port that nobody has opened
/// takes nothing, and the reporter must go on looking at the clock.
const ROOM_WITHIN_MS: u32 = 250;

/// Both ways of a stream, and a timer to wait no longer than is good.
///
/// A read that does not end in time is dropped, so the reader must lose nothing by that: one with a buffer
/// of its own does not, such as `BufferedUart`, `RingBufferedUartRx` and the CDC class's `BufferedReceiver` of
/// embassy; a bare DMA transfer does.
#[derive(Debug)]
pub struct TimedStream<R, W, D> {
    reader: R,
    writer: W,
    delay: D,
}

impl<R: Read, W: Write, D: DelayNs> TimedStream<R, W, D> {
    /// A stream both ways; embassy's timer is `embassy_time::Delay`.
    pub fn new(reader: R, writer: W, delay: D) -> Self {
        Self { reader, writer, delay }
    }
}

impl<W: Write, D: DelayNs> TimedStream<NoReader, W, D> {
    /// A line that only sends, such as a UART with one wire: everything decodes all the same.
    pub fn transmit_only(writer: W, delay: D) -> Self {
        Self { reader: NoReader, writer, delay }
    }
}

impl<R: Read, W: Write, D: DelayNs> ByteStream for TimedStream<R, W, D> {
    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> usize {
        let micros = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
        let mut over = pin!(self.delay.delay_us(micros));
        if !buffer.is_empty() {
            match select(self.reader.read(buffer), &mut over).await {
                Either::First(Ok(len @ 1..)) => return len,
                Either::Second(()) => return 0,
                // An error, or an end, comes at once; whoever calls counts on the pause.
                Either::First(_) => {}
            }
        }
        over.await;
        0
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let over = self.delay.delay_ms(ROOM_WITHIN_MS);
        matches!(select(self.writer.write_all(bytes), over).await, Either::First(Ok(())))
    }

    async fn flush(&mut self) -> bool {
        let over = self.delay.delay_ms(ROOM_WITHIN_MS);
        matches!(select(self.writer.flush(), over).await, Either::First(Ok(())))
    }
}

/// Nothing ever comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReader;

impl ErrorType for NoReader {
    type Error = Infallible;
}

impl Read for NoReader {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;
    use core::cell::Cell;
    use embassy_futures::{block_on, yield_now};
    use embedded_io_async::ErrorKind;

    /// Each call gives what comes next; none is that nothing comes while it is waited for.
    struct Reader(VecDeque<Option<Result<u8, ErrorKind>>>);

    impl ErrorType for Reader {
        type Error = ErrorKind;
    }

    impl Read for Reader {
        async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
            match self.0.pop_front() {
                Some(Some(Ok(byte))) => {
                    buffer[0] = byte;
                    Ok(1)
                }
                Some(Some(Err(error))) => Err(error),
                Some(None) | None => pending().await,
            }
        }
    }

    /// Takes so many bytes, and then none.
    struct Writer(usize);

    impl ErrorType for Writer {
        type Error = ErrorKind;
    }

    impl Write for Writer {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            if self.0 == 0 {
                pending::<()>().await;
            }
            let len = bytes.len().min(self.0);
            self.0 -= len;
            Ok(len)
        }

        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    /// Counts the pauses that were waited for to the end.
    struct Count<'a>(&'a Cell<u32>);

    impl DelayNs for Count<'_> {
        async fn delay_ns(&mut self, _: u32) {
            // Whatever else is ready comes first.
            yield_now().await;
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn a_wait_ends_and_an_error_takes_as_long() {
        let pauses = Cell::new(0);
        let given = [None, Some(Ok(7)), Some(Err(ErrorKind::Other)), Some(Ok(8))].into();
        let mut stream = TimedStream::new(Reader(given), Writer(0), Count(&pauses));
        let mut read = |room: usize| {
            let mut buffer = [0; 4];
            let len = block_on(stream.read(&mut buffer[..room], Duration::from_nanos(1)));
            (buffer[..len].to_vec(), pauses.get())
        };
        let got = [4, 4, 0, 4, 4, 4].map(&mut read);
        let expected = [(&[][..], 1), (&[7], 1), (&[], 2), (&[], 3), (&[8], 3), (&[], 4)];
        assert_eq!(got, expected.map(|(bytes, pauses): (&[u8], u32)| (bytes.to_vec(), pauses)));
    }

    #[test]
    fn a_writer_that_takes_nothing_is_not_waited_for_for_ever() {
        let pauses = Cell::new(0);
        let mut stream = TimedStream::transmit_only(Writer(6), Count(&pauses));
        let written: Vec<bool> = (0..3).map(|_| block_on(stream.write(&[0; 3]))).collect();
        assert_eq!(written, [true, true, false]);
        assert!(block_on(stream.flush()));
        let mut buffer = [0; 4];
        assert_eq!(block_on(stream.read(&mut buffer, Duration::ZERO)), 0);
    }
}
