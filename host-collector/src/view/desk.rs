//! What is done with spans that arrive: collect, and show once they have been quiet for a while.

use super::file::OutFile;
use crate::model::Batch;
use crate::recent::{Counts, Recent};
use crate::text::{Count, Escaped};
use crate::tree::Tree;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// A trace is shown when nothing came for it during this time.
pub(super) const QUIET: Duration = Duration::from_secs(1);
/// Files are written no more often than this.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// The trees go here, in colour or not.
pub(super) struct Screen<W> {
    pub(super) out: W,
    pub(super) colour: bool,
}

/// The recent traces and where they are shown. Times are since any fixed moment.
pub(super) struct Desk<W> {
    recent: Recent,
    screen: Option<Screen<W>>,
    files: Vec<OutFile>,
    written: u64,
    next_write: Duration,
    failing: bool,
    evicted: u64,
}

impl<W: Write> Desk<W> {
    pub(super) fn new(recent: Recent, screen: Option<Screen<W>>, files: Vec<OutFile>) -> Self {
        Self {
            recent,
            screen,
            files,
            written: 0,
            next_write: Duration::ZERO,
            failing: false,
            evicted: 0,
        }
    }

    pub(super) fn add(&mut self, batch: Batch, now: Duration) {
        self.recent.insert(batch, nanoseconds(now));
        let Counts { evicted: (traces, _), .. } = self.recent.counts();
        if traces > 0 && core::mem::replace(&mut self.evicted, traces) == 0 {
            log::info!("memory holds no more traces: the oldest make room, also in files");
        }
    }

    /// Shows and writes what is due.
    pub(super) fn tick(&mut self, now: Duration) {
        self.show(nanoseconds(now.saturating_sub(QUIET)));
        if self.recent.version() != self.written && now >= self.next_write {
            let began = Instant::now();
            self.write();
            // Writing takes a tenth of the time at most, however large the files have grown.
            self.next_write = now + WRITE_EVERY.max(began.elapsed() * 10);
        }
    }

    /// Shows and writes everything that is not shown or written yet.
    pub(super) fn finish(&mut self) {
        self.show(u64::MAX);
        if self.recent.version() != self.written {
            self.write();
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.recent.counts()
    }

    /// Whether nobody sees what is done here any more.
    pub(super) fn is_unseen(&self) -> bool {
        self.screen.is_none() && self.files.is_empty()
    }

    fn show(&mut self, before_ns: u64) {
        let Some(screen) = &mut self.screen else { return };
        let shown = self.recent.take_quiet(before_ns).into_iter().try_for_each(|quiet| {
            if let Some(late) = quiet.late {
                writeln!(screen.out, "again, with {}:", Count(late, "late span"))?;
            }
            writeln!(screen.out, "{}", Tree::new(quiet.trace, screen.colour))
        });
        if let Err(error) = shown.and_then(|()| screen.out.flush()) {
            // Who piped the trees into something that has had enough does not want to hear of it.
            if error.kind() != io::ErrorKind::BrokenPipe {
                log::warn!("cannot write trees to standard output: {error}");
            }
            self.screen = None;
        }
    }

    fn write(&mut self) {
        let traces = self.recent.traces();
        self.written = self.recent.version();
        for file in &self.files {
            match file.write(&traces) {
                Ok(()) => self.failing = false,
                Err(error) => {
                    if !core::mem::replace(&mut self.failing, true) {
                        let path = file.path().display().to_string();
                        log::warn!("cannot write {}: {error}; will go on trying", Escaped(&path));
                    }
                    // A number that no version has: the next tick tries again.
                    self.written = u64::MAX;
                }
            }
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Resource, Span, SpanId, TraceId, testing};
    use crate::recent::Bounds;
    use std::sync::Arc;

    fn batch(id: u8) -> Batch {
        let span = Span::new(TraceId([1; 16]), SpanId([id; 8]), "read".into(), [1, 2]);
        let resource = Arc::new(Resource::new("sensor", Vec::new()));
        Batch { source: testing::source(1), resource, spans: vec![span] }
    }

    fn desk<W: Write>(out: W) -> Desk<W> {
        let screen = Screen { out, colour: false };
        Desk::new(Recent::new(Bounds::default()), Some(screen), Vec::new())
    }

    #[test]
    fn a_tree_appears_when_its_trace_is_quiet_and_again_when_a_span_is_late() {
        let mut out = Vec::new();
        let mut desk = desk(&mut out);
        desk.add(batch(1), Duration::ZERO);
        desk.tick(QUIET / 2);
        desk.tick(QUIET * 2);
        desk.add(batch(2), QUIET * 3);
        desk.finish();
        desk.finish();
        let text = String::from_utf8(out).unwrap();
        let heads: Vec<_> =
            text.lines().filter(|line| line.contains("trace") || line.contains("again")).collect();
        let [first, again, second] = heads.as_slice() else { panic!("{text}") };
        assert!(first.contains("1 span,") && second.contains("2 spans,"), "{text}");
        assert_eq!(*again, "again, with 1 late span:");
    }

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_noticed_and_no_error() {
        let mut desk = desk(Gone);
        assert!(!desk.is_unseen());
        desk.add(batch(1), Duration::ZERO);
        desk.finish();
        assert!(desk.is_unseen());
    }
}
