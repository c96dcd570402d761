//! A drain that proves that what was measured was really recorded.

use spandrel::wire::DataHead;
use spandrel::{Drain, Tracer};

/// Drains a tracer and counts.
#[derive(Debug)]
pub struct Drained {
    tracer: &'static Tracer,
    drain: Drain,
}

impl Drained {
    /// The one drain of the tracer.
    ///
    /// # Panics
    /// If there is another.
    #[must_use]
    pub fn new(tracer: &'static Tracer) -> Self {
        Self { tracer, drain: tracer.drain().expect("one drain") }
    }

    /// Empties the ring and says how many records were in it, definitions included.
    ///
    /// # Panics
    /// If a record was lost.
    pub fn empty(&mut self) -> u32 {
        let mut seen = 0;
        let mut buffer = [0; 1400];
        while let Some(frame) = self.drain.frame(&mut buffer) {
            let (_, _, head): (u8, [u8; 4], DataHead) =
                postcard::take_from_bytes(frame).expect("a data frame").0;
            seen += u32::from(head.count);
        }
        assert_eq!(self.tracer.losses().ring_full, 0, "the ring was full");
        seen
    }

    /// Empties the ring, whose definitions went up before.
    ///
    /// # Panics
    /// Unless exactly so many records were in it and none was lost.
    pub fn expect(&mut self, records: u32) {
        assert_eq!(self.empty(), records, "records in the ring");
    }
}
