//! What a server may do, and what becomes of the spans.

use super::*;

fn broken() -> (Duration, Outcome) {
    (Duration::ZERO, Outcome::Broken { why: "closed".into() })
}

fn refused(why: &str) -> (Duration, Outcome) {
    (Duration::ZERO, Outcome::Refused { why: why.into() })
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_asked_again_after_longer_and_longer_pauses() {
    let answer = |at: Duration, _: &[Bytes]| if at < MINUTE { later(None) } else { took() };
    let test = Test::run(limits(), no_spool(), MINUTE, answer, async |queue| {
        queue.offer(1, &chunk(2, "a"));
        sleep(2 * MINUTE).await;
    })
    .await;
    let attempts = test.attempts();
    assert!(attempts.iter().all(|(_, names)| *names == ["a", "a"]));
    let pauses: Vec<_> = attempts.windows(2).map(|two| two[1].0 - two[0].0).collect();
    let least = [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000, 10_000];
    assert!(pauses.len() <= least.len() && pauses.len() > 8, "{pauses:?}");
    for (pause, least) in pauses.iter().zip(least.map(Duration::from_millis)) {
        assert!(*pause >= least && *pause <= least * 5 / 4, "{pauses:?}");
    }
    let retries = pauses.len() as u64;
    assert_eq!(test.counts(), Counts { delivered: 2, requests: 1, retries, ..Counts::default() });
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_when_is_not_asked_before() {
    let mut is_first = true;
    let answer = move |_: Duration, _: &[Bytes]| {
        if core::mem::take(&mut is_first) { later(Some(5 * MINUTE)) } else { took() }
    };
    let test = Test::run(limits(), no_spool(), MINUTE, answer, async |queue| {
        queue.offer(1, &chunk(2, "a"));
        sleep(10 * MINUTE).await;
    })
    .await;
    let attempts = test.attempts();
    assert_eq!(attempts.len(), 2);
    assert!(attempts[1].0 - attempts[0].0 >= 5 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_counted_and_not_repeated() {
    let mut number = 0;
    let answer = move |_: Duration, _: &[Bytes]| {
        number += 1;
        if number == 1 { refused("no") } else { took() }
    };
    let test = Test::run(limits(), no_spool(), MINUTE, answer, async |queue| {
        queue.offer(1, &chunk(4, "a"));
        sleep(MINUTE).await;
        queue.offer(1, &chunk(2, "b"));
    })
    .await;
    let expected = Counts { delivered: 2, rejected: 4, requests: 2, ..Counts::default() };
    assert_eq!(test.counts(), expected);
    assert_eq!(test.attempts().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_partial_success_is_counted_and_not_repeated() {
    for (rejected, delivered) in [(1, 2), (100, 0)] {
        let message = "too old".to_owned();
        let outcome = Outcome::Delivered { rejected, message };
        let answer = move |_: Duration, _: &[Bytes]| (Duration::ZERO, outcome.clone());
        let test = Test::run(limits(), no_spool(), MINUTE, answer, async |queue| {
            queue.offer(1, &chunk(3, "a"));
        })
        .await;
        let rejected = 3 - delivered;
        let expected = Counts { delivered, rejected, requests: 1, ..Counts::default() };
        assert_eq!(test.counts(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_goes_in_halves_and_what_follows_is_shorter() {
    let longest = 20_000;
    let answer = move |_: Duration, body: &[Bytes]| {
        let bytes: usize = body.iter().map(Bytes::len).sum();
        if bytes > longest {
            (Duration::ZERO, Outcome::TooLong { why: "413".into() })
        } else {
            took()
        }
    };
    let limits = Limits { queue_bytes: 10 << 20, request_bytes: 1 << 20, ..limits() };
    let wide = "x".repeat(1000);
    let test = Test::run(limits, no_spool(), MINUTE, answer, async |queue| {
        for _ in 0..10 {
            queue.offer(1, &chunk(10, &wide));
        }
        sleep(MINUTE).await;
        for _ in 0..10 {
            queue.offer(1, &chunk(10, &wide));
        }
        // One span that is too long for itself is all that is lost.
        queue.offer(1, &chunk(1, &"y".repeat(longest)));
    })
    .await;
    let counts = test.counts();
    assert_eq!((counts.delivered, counts.rejected), (200, 1));
    let attempts = test.attempts();
    let long = |attempts: &[(Duration, Vec<String>)]| {
        attempts
            .iter()
            .filter(|(_, names)| names.iter().map(String::len).sum::<usize>() > 20_000)
            .count()
    };
    // 100 kB, 50 kB, 25 kB, each once or not at all; the span of 20 kB is among others before it is alone.
    let (first, second): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|(at, _)| *at < MINUTE);
    assert!((2..=7).contains(&long(&first)), "{}", long(&first));
    assert!(long(&second) <= 2, "{}", long(&second));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_longer_than_any_server_takes() {
    let limits = Limits { request_bytes: 10_000, longest_request: 1000, ..limits() };
    let answer = |_: Duration, body: &[Bytes]| {
        assert!(body.iter().map(Bytes::len).sum::<usize>() <= 1000);
        took()
    };
    let test = Test::run(limits, no_spool(), MINUTE, answer, async |queue| {
        queue.offer(1, &chunk(70, "a"));
        queue.offer(2, &chunk(30, "b"));
    })
    .await;
    assert_eq!(test.counts().delivered, 100);
    let names = test.attempts().into_iter().flat_map(|(_, names)| names);
    assert_eq!(names.collect::<String>(), "a".repeat(70) + &"b".repeat(30));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_the_server_is_given_up_and_a_server_that_is_away_is_not() {
    let poison = |_: Duration, body: &[Bytes]| {
        if body[0].windows(6).any(|six| six == b"poison") { broken() } else { took() }
    };
    let test = Test::run(limits(), no_spool(), MINUTE, poison, async |queue| {
        queue.offer(1, &chunk(3, "poison"));
        sleep(MINUTE).await;
        queue.offer(1, &chunk(1, "good"));
        assert_eq!(queue.counts().delivered, 0);
        sleep(10 * MINUTE).await;
        assert_eq!((queue.counts().undelivered, queue.counts().delivered), (3, 1));
    })
    .await;
    assert_eq!(test.attempts().last().unwrap().1, ["good"]);

    let away = |at: Duration, _: &[Bytes]| if at < 600 * MINUTE { later(None) } else { took() };
    let test = Test::run(limits(), no_spool(), MINUTE, away, async |queue| {
        queue.offer(1, &chunk(3, "a"));
        sleep(601 * MINUTE).await;
    })
    .await;
    assert_eq!(test.counts().delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_in_time_is_asked_again() {
    let mut number = 0;
    let answer = move |_: Duration, _: &[Bytes]| {
        number += 1;
        (if number == 1 { 100 * MINUTE } else { Duration::ZERO }, took().1)
    };
    let test = Test::run(limits(), no_spool(), MINUTE, answer, async |queue| {
        queue.offer(1, &chunk(3, "a"));
        sleep(MINUTE).await;
    })
    .await;
    let attempts = test.attempts();
    assert!(attempts[1].0 >= attempts[0].0 + limits().timeout, "{attempts:?}");
    assert!(attempts[1].0 < attempts[0].0 + 2 * limits().timeout, "{attempts:?}");
    assert_eq!(test.counts().delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_longer_than_it_was_told_to() {
    for silent in [false, true] {
        let answer = move |_: Duration, _: &[Bytes]| {
            if silent { (100 * MINUTE, took().1) } else { later(Some(100 * MINUTE)) }
        };
        let began = Instant::now();
        let grace = Duration::from_secs(5);
        let test = Test::run(limits(), no_spool(), grace, answer, async |queue| {
            queue.offer(1, &chunk(3, "a"));
            sleep(Duration::from_secs(1)).await;
        })
        .await;
        assert!(began.elapsed() <= Duration::from_secs(6), "{:?}", began.elapsed());
        let counts = test.counts();
        assert_eq!((counts.delivered, counts.undelivered), (0, 3));
        assert_eq!(counts.queued, Waiting::default());
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_is_sent_without_waiting_for_more() {
    let slow = |_: Duration, _: &[Bytes]| (Duration::from_millis(100), took().1);
    let test = Test::run(limits(), no_spool(), Duration::from_secs(5), slow, async |queue| {
        for _ in 0..100 {
            queue.offer(1, &chunk(1, "a"));
        }
    })
    .await;
    let counts = test.counts();
    assert_eq!(counts.delivered + counts.dropped, 100);
    assert_eq!(counts.undelivered, 0);
}
