//! Exporters without a network and without a clock: what a server does is a function, and time is tokio's,
//! which passes when nothing else is to be done.

mod peer;
mod spool;

use super::queue::Queue;
use super::worker::Worker;
use super::*;
use crate::exporter::tests::chunk;
use crate::storage::{MemorySpool, Waiting};
use bytes::Bytes;
use std::sync::Mutex;
use tokio::time::{Instant, sleep};

/// An attempt: when it was made, and the names of the spans.
type Attempts = Arc<Mutex<Vec<(Duration, Vec<String>)>>>;

/// An exporter to a server that does what `answer` says, after the time that it says.
struct Fake<F> {
    began: Instant,
    attempts: Attempts,
    answer: F,
}

impl<F> Exporter for Fake<F>
where
    F: FnMut(Duration, &[Bytes]) -> (Duration, Outcome) + Send + 'static,
{
    fn name(&self) -> &str {
        "fake"
    }

    fn convert(&self, chunks: &[Chunk]) -> Vec<Bytes> {
        chunks.iter().map(|chunk| chunk.bytes().clone()).collect()
    }

    async fn send(&mut self, body: &[Bytes]) -> Outcome {
        let chunks = body.iter().map(|bytes| Chunk::check(bytes.clone()).unwrap().chunk);
        let names = chunks.flat_map(|chunk| {
            chunk.spans().map(|(.., span)| span.name().to_owned()).collect::<Vec<_>>()
        });
        let at = self.began.elapsed();
        self.attempts.lock().unwrap().push((at, names.collect()));
        let (time, outcome) = (self.answer)(at, body);
        sleep(time).await;
        outcome
    }
}

/// An exporter under test.
struct Test {
    queue: Arc<Queue>,
    spool: Arc<dyn Spool>,
    attempts: Attempts,
}

impl Test {
    /// Runs an exporter to such a server while `script` runs, then closes it with the time `grace`.
    async fn run<S: Future<Output = ()>>(
        limits: Limits,
        spool: Arc<dyn Spool>,
        grace: Duration,
        answer: impl FnMut(Duration, &[Bytes]) -> (Duration, Outcome) + Send + 'static,
        script: impl FnOnce(Arc<Queue>) -> S,
    ) -> Self {
        let queue = Arc::new(Queue::new(limits));
        let attempts = Attempts::default();
        let fake = Fake { began: Instant::now(), attempts: attempts.clone(), answer };
        let worker = Worker::new(fake, queue.clone(), spool.clone(), limits);
        tokio::join!(worker.run(), async {
            script(queue.clone()).await;
            queue.close(grace);
        });
        Self { queue, spool, attempts }
    }

    fn counts(&self) -> Counts {
        Counts { spooled: self.spool.waiting(), ..self.queue.counts() }
    }

    fn attempts(&self) -> Vec<(Duration, Vec<String>)> {
        self.attempts.lock().unwrap().clone()
    }
}

fn limits() -> Limits {
    Limits { queue_bytes: 10_000, request_bytes: 200, ..Limits::default() }
}

fn no_spool() -> Arc<dyn Spool> {
    Arc::new(MemorySpool::new(0))
}

const MINUTE: Duration = Duration::from_secs(60);

fn took() -> (Duration, Outcome) {
    (Duration::ZERO, Outcome::Delivered { rejected: 0, message: String::new() })
}

fn later(after: Option<Duration>) -> (Duration, Outcome) {
    (Duration::ZERO, Outcome::Later { why: "busy".into(), after })
}

#[tokio::test(start_paused = true)]
async fn what_comes_within_a_moment_goes_together() {
    let test = Test::run(
        limits(),
        no_spool(),
        MINUTE,
        |_, _| took(),
        async |queue| {
            queue.offer(1, &chunk(1, "a"));
            sleep(Duration::from_millis(50)).await;
            queue.offer(2, &chunk(2, "b"));
            sleep(MINUTE).await;
            queue.offer(1, &chunk(1, "c"));
        },
    )
    .await;
    let attempts = test.attempts();
    assert_eq!(attempts[0].1, ["a", "b", "b"]);
    assert_eq!(attempts[0].0, limits().linger);
    assert_eq!(attempts[1].1, ["c"]);
    let expected = Counts { delivered: 4, requests: 2, ..Counts::default() };
    assert_eq!(test.counts(), expected);
}

#[tokio::test(start_paused = true)]
async fn enough_for_a_request_goes_at_once() {
    let test = Test::run(
        limits(),
        no_spool(),
        MINUTE,
        |_, _| took(),
        async |queue| {
            for _ in 0..8 {
                queue.offer(1, &chunk(1, "a"));
            }
            sleep(Duration::from_millis(1)).await;
            assert_eq!(queue.counts().delivered, 6);
        },
    )
    .await;
    assert_eq!(test.attempts()[0].0, Duration::ZERO);
    assert_eq!(test.counts().delivered, 8);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_floods_leaves_room_for_others() {
    let stuck = |_: Duration, _: &[Bytes]| later(None);
    let test = Test::run(limits(), no_spool(), Duration::ZERO, stuck, async |queue| {
        let mut first = 0;
        for _ in 0..1000 {
            first += u32::from(queue.offer("flood", &chunk(1, "a")));
        }
        assert_eq!(first, 1);
        let dropped = queue.counts().dropped;
        assert!(dropped > 900, "{dropped}");
        queue.offer("other", &chunk(20, "b"));
        assert_eq!(queue.counts().dropped, dropped);
    })
    .await;
    let counts = test.counts();
    assert_eq!(counts.undelivered + counts.dropped, 1020);
}

#[test]
fn an_exporter_has_a_thread_and_ends_when_it_is_told_to() {
    let attempts = Attempts::default();
    let fake =
        Fake { began: Instant::now(), attempts: attempts.clone(), answer: |_, _: &[Bytes]| took() };
    let export = Export::start(fake, no_spool(), limits()).unwrap();
    export.offer(&chunk(3, "a"));
    export.offer(&Chunk::default());
    export.close(MINUTE);
    let counts = export.finish();
    assert_eq!(counts, Counts { delivered: 3, requests: 1, ..Counts::default() });
    assert_eq!(attempts.lock().unwrap().len(), 1);
}
