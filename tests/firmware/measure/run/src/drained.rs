//! A drain that proves that what was measured was really recorded.

use spandrel::wire::{Ack, DataHead, Downlink, Request, Writer};
use spandrel::{Drain, Tracer};

/// Drains a tracer and counts.
#[derive(Debug)]
pub struct Drained {
    tracer: &'static Tracer,
    drain: Drain,
    /// Whether what was drained must be acknowledged.
    is_held: bool,
}

impl Drained {
    /// The one drain of the tracer.
    ///
    /// # Panics
    /// If there is another.
    #[must_use]
    pub fn new(tracer: &'static Tracer, is_held: bool) -> Self {
        Self { tracer, drain: tracer.drain().expect("one drain"), is_held }
    }

    /// Empties the ring and says how many records were in it, definitions included.
    ///
    /// # Panics
    /// If a record was lost.
    pub fn empty(&mut self) -> u32 {
        let (seen, _) = self.drain();
        if self.is_held {
            // The number of one more says how many there were, definitions not included.
            self.tracer.start("one more").finish();
            let (_, last) = self.drain();
            self.acknowledge(last.expect("one more"));
        }
        assert_eq!(self.tracer.losses().ring_full, 0, "the ring was full");
        seen
    }

    /// Sends all that there is: how many records that were, and the tag of the session and the number of the
    /// first of the last frame.
    fn drain(&mut self) -> (u32, Option<([u8; 4], u64)>) {
        let (mut seen, mut last) = (0, None);
        let mut buffer = [0; 1400];
        while let Some(frame) = self.drain.frame(&mut buffer) {
            let (_, tag, head): (u8, [u8; 4], DataHead) =
                postcard::take_from_bytes(frame).expect("a data frame").0;
            seen += u32::from(head.count);
            last = Some((tag, head.first_record));
        }
        (seen, last)
    }

    /// Acknowledges everything up to a record.
    fn acknowledge(&mut self, (session_tag, number): ([u8; 4], u64)) {
        let ack = Ack { next: number + 1, ..Ack::default() };
        let mut buffer = [0; 48];
        let mut out = Writer::new(&mut buffer);
        Downlink { session_tag, request: Request::Ack(ack) }.write(&mut out);
        self.drain.on_downlink(out.finish().expect("it is short"));
    }

    /// Empties the ring, whose definitions went up before.
    ///
    /// # Panics
    /// Unless exactly so many records were in it and none was lost.
    pub fn expect(&mut self, records: u32) {
        assert_eq!(self.empty(), records, "records in the ring");
    }
}
