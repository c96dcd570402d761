//! What goes to the spool, and what comes back.

use super::*;
use crate::storage::{Position, SpoolError, Spooled};
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// A spool that says that it outlives the process, and that a test can break.
struct Durable {
    inner: MemorySpool,
    is_broken: AtomicBool,
}

impl Durable {
    fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { inner: MemorySpool::new(bytes), is_broken: AtomicBool::new(false) })
    }

    fn check(&self) -> Result<(), SpoolError> {
        let is_broken = self.is_broken.load(Ordering::Relaxed);
        if is_broken { Err(SpoolError("no space left".into())) } else { Ok(()) }
    }
}

impl Spool for Durable {
    fn append(&self, chunks: &[Chunk]) -> Result<usize, SpoolError> {
        self.check()?;
        self.inner.append(chunks)
    }

    fn read(&self, most: usize) -> Result<Spooled, SpoolError> {
        self.check()?;
        self.inner.read(most)
    }

    fn acknowledge(&self, end: Position) -> Result<(), SpoolError> {
        self.inner.acknowledge(end)
    }

    fn waiting(&self) -> Waiting {
        self.inner.waiting()
    }

    fn is_durable(&self) -> bool {
        true
    }
}

fn back_after(time: Duration) -> impl FnMut(Duration, &[Bytes]) -> (Duration, Outcome) {
    move |at, _| if at < time { later(None) } else { took() }
}

/// Names in the order in which they were delivered, which the last attempts of each are.
fn delivered(test: &Test, after: Duration) -> Vec<String> {
    let attempts = test.attempts().into_iter().filter(|(at, _)| *at >= after);
    attempts.flat_map(|(_, names)| names).collect()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_away_gets_everything_in_order_when_it_is_back() {
    let spool = Arc::new(MemorySpool::new(1 << 20));
    let names: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let test = Test::run(limits(), spool, MINUTE, back_after(MINUTE), async |queue| {
        for name in &names {
            queue.offer(1, &chunk(1, name));
            sleep(Duration::from_millis(50)).await;
        }
        let counts = queue.counts();
        assert!(counts.queued.bytes < limits().queue_bytes as u64);
        sleep(MINUTE).await;
    })
    .await;
    assert_eq!(delivered(&test, MINUTE), names);
    let counts = test.counts();
    assert_eq!((counts.delivered, counts.dropped, counts.undelivered), (1000, 0, 0));
    assert_eq!((counts.queued, counts.spooled), (Waiting::default(), Waiting::default()));
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_makes_the_spool_wait_and_nobody_else() {
    let slow = |_: Duration, _: &[Bytes]| (Duration::from_secs(1), took().1);
    let spool = Arc::new(MemorySpool::new(1 << 20));
    let test = Test::run(limits(), spool, 100 * MINUTE, slow, async |queue| {
        for _ in 0..100 {
            for _ in 0..10 {
                queue.offer(1, &chunk(1, "a"));
            }
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let counts = test.counts();
    assert_eq!((counts.delivered, counts.dropped), (1000, 0));
}

#[tokio::test(start_paused = true)]
async fn what_fits_nowhere_is_dropped_and_the_rest_is_delivered() {
    let spool = Arc::new(MemorySpool::new(5_000));
    let test = Test::run(limits(), spool, MINUTE, back_after(MINUTE), async |queue| {
        for number in 0..1000 {
            queue.offer(1, &chunk(1, &number.to_string()));
            sleep(Duration::from_millis(50)).await;
        }
        assert!(queue.counts().dropped > 500);
        sleep(MINUTE).await;
    })
    .await;
    let counts = test.counts();
    assert_eq!(counts.delivered + counts.dropped, 1000);
    // The oldest are there, without a gap.
    let first: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(delivered(&test, MINUTE)[..100], first);
}

#[tokio::test(start_paused = true)]
async fn what_a_durable_spool_keeps_is_sent_by_the_next_run() {
    let spool = Durable::new(1 << 20);
    let began = Instant::now();
    let away = |_: Duration, _: &[Bytes]| later(None);
    let test = Test::run(limits(), spool.clone(), MINUTE, away, async |queue| {
        queue.offer(1, &chunk(1, "a"));
        sleep(Duration::from_secs(1)).await;
        queue.offer(1, &chunk(2, "b"));
        sleep(Duration::from_secs(1)).await;
        queue.offer(1, &chunk(3, "c"));
    })
    .await;
    // Nobody waits for a server that takes nothing if nothing is lost by that.
    assert!(began.elapsed() < Duration::from_secs(10));
    let counts = test.counts();
    assert_eq!((counts.spooled.spans, counts.undelivered, counts.dropped), (6, 0, 0));

    let test = Test::run(limits(), spool, MINUTE, |_, _| took(), async |_| {}).await;
    let mut names = delivered(&test, Duration::ZERO);
    names.sort_unstable();
    assert_eq!(names.concat(), "abbccc");
    assert_eq!(test.counts(), Counts { delivered: 6, requests: 2, ..Counts::default() });
}

#[tokio::test(start_paused = true)]
async fn all_that_a_server_does_not_take_is_on_the_disk_a_moment_later() {
    let spool = Durable::new(1 << 20);
    let watched = spool.clone();
    let test = Test::run(
        limits(),
        spool,
        MINUTE,
        |_, _| later(None),
        async |queue| {
            for number in 1..10 {
                queue.offer(1, &chunk(1, "a"));
                sleep(Duration::from_secs(1)).await;
                assert_eq!(watched.waiting().spans, number);
                assert_eq!(queue.counts().queued, Waiting::default());
            }
        },
    )
    .await;
    assert_eq!((test.counts().undelivered, test.counts().dropped), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_for_a_while_loses_nothing_that_fits_in_memory() {
    let spool = Durable::new(1 << 20);
    spool.is_broken.store(true, Ordering::Relaxed);
    let broken = spool.clone();
    let away = back_after(3 * MINUTE);
    let limits = Limits { queue_bytes: 100_000, ..limits() };
    let test = Test::run(limits, spool, MINUTE, away, async |queue| {
        for _ in 0..50 {
            queue.offer(1, &chunk(1, "a"));
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(broken.waiting(), Waiting::default());
        broken.is_broken.store(false, Ordering::Relaxed);
        sleep(MINUTE).await;
        assert!(broken.waiting().spans > 40);
        broken.is_broken.store(true, Ordering::Relaxed);
        sleep(2 * MINUTE).await;
        broken.is_broken.store(false, Ordering::Relaxed);
        sleep(2 * MINUTE).await;
    })
    .await;
    let counts = test.counts();
    assert_eq!((counts.delivered, counts.dropped, counts.undelivered), (50, 0, 0));
}

/// What happens to an exporter.
#[derive(Clone, Debug)]
enum Step {
    Offer(u8),
    Wait(u16),
}

fn outcome() -> impl Strategy<Value = (Duration, Outcome)> {
    let outcome = prop_oneof![
        4 => Just(took().1),
        2 => prop::option::of(0..100_u64).prop_map(|after| {
            let after = after.map(Duration::from_secs);
            Outcome::Later { why: "busy".into(), after }
        }),
        1 => Just(Outcome::Broken { why: "closed".into() }),
        1 => Just(Outcome::Refused { why: "no".into() }),
        1 => Just(Outcome::TooLong { why: "413".into() }),
        1 => (0..5_u64).prop_map(|rejected| Outcome::Delivered { rejected, message: "old".into() }),
    ];
    (prop_oneof![Just(0), 0..20_000_u64].prop_map(Duration::from_millis), outcome)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_span_is_accounted_for(
        steps in prop::collection::vec(
            prop_oneof![(1..20_u8).prop_map(Step::Offer), any::<u16>().prop_map(Step::Wait)], 0..60),
        answers in prop::collection::vec(outcome(), 1..40),
        (queue_bytes, spool_bytes) in (1000..5000_usize, 0..5000_u64),
        is_durable: bool,
        grace in 0..10_000_u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let spool: Arc<dyn Spool> = match is_durable {
                true => Durable::new(spool_bytes),
                false => Arc::new(MemorySpool::new(spool_bytes)),
            };
            let limits = Limits { queue_bytes, ..limits() };
            let mut answers = answers.into_iter().cycle();
            let answer = move |_: Duration, _: &[Bytes]| answers.next().unwrap();
            let mut offered = 0;
            let test = Test::run(limits, spool, Duration::from_millis(grace), answer, async |queue| {
                for step in steps {
                    match step {
                        Step::Offer(spans) => {
                            offered += u64::from(spans);
                            queue.offer(spans % 3, &chunk(spans, "a"));
                        }
                        Step::Wait(ms) => sleep(Duration::from_millis(ms.into())).await,
                    }
                }
            });
            let counts = test.await.counts();
            let Counts { delivered, rejected, dropped, undelivered, queued, spooled, .. } = counts;
            assert_eq!(queued, Waiting::default());
            assert!(is_durable || spooled == Waiting::default());
            // A durable spool sends again what was under way when the time was over.
            let all = delivered + rejected + dropped + undelivered + spooled.spans;
            assert!(all == offered || is_durable && all > offered, "{counts:?} of {offered}");
        });
    }
}
