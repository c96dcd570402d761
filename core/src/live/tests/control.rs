//! Commands that come down, each done once and answered.

use super::*;
use crate::wire::{Answer, AnswerStatus, Command, Control, Downlink, Request};
use crate::{AdjustableSampler, ControlCell};

fn controlled(operations: bool) -> Bench {
    Bench::with::<512>(|tracer| {
        let tracer = tracer.controlled(Box::leak(Box::new(ControlCell::new())));
        if !operations {
            return tracer;
        }
        let sampler: &AdjustableSampler<1> = Box::leak(Box::new(AdjustableSampler::new()));
        tracer.sampler(Sampler::adjustable(sampler))
    })
}

fn frame(id: u64, command: Command<'_>) -> Vec<u8> {
    let request = Request::Control(Control { id, command });
    Downlink { session_tag: SESSION.tag(DEVICE), request }.to_bytes()
}

/// What is answered to a command.
fn tell(drain: &mut Drain, id: u64, command: Command<'_>) -> (AnswerStatus, u32) {
    assert_eq!(drain.on_downlink(&frame(id, command)), Asked::Answer);
    let mut buffer = [0; 48];
    let answer = drain.answer(&mut buffer).unwrap();
    let Body::Answer(answer) = wire::decode(answer).unwrap().body else { panic!() };
    let Answer { id: answered, status, detail, .. } = answer;
    assert_eq!(answered, id);
    assert!(!drain.is_answer_due() && drain.answer(&mut buffer).is_none());
    (status, detail)
}

#[test]
fn a_sampler_is_told_what_to_do() {
    let bench = controlled(true);
    let mut drain = bench.tracer.drain().unwrap();
    let is_sampled = || span!(bench.tracer, "read").is_sampled();
    assert_eq!(tell(&mut drain, 10, Command::SampleNever), (AnswerStatus::Done, 0));
    assert!(!is_sampled());
    assert_eq!(tell(&mut drain, 11, Command::SampleAlways), (AnswerStatus::Done, 0));
    assert!(is_sampled());
    // It comes again, and one that was overtaken comes late.
    assert_eq!(tell(&mut drain, 11, Command::SampleNever), (AnswerStatus::Done, 0));
    assert_eq!(tell(&mut drain, 10, Command::SampleNever), (AnswerStatus::Refused, 0));
    assert!(is_sampled());
    let operation = |name| Command::Operation { name, share: 0.0, at_least: 0.0 };
    assert_eq!(tell(&mut drain, 12, operation("read")), (AnswerStatus::Done, 0));
    assert!(!is_sampled() && span!(bench.tracer, "write").is_sampled());
    assert_eq!(tell(&mut drain, 13, operation("no such")), (AnswerStatus::Refused, 0));
    assert_eq!(tell(&mut drain, 14, operation("write")), (AnswerStatus::Refused, 0), "it is full");
}

#[test]
fn a_site_goes_by_its_operation() {
    let bench = controlled(true);
    let mut drain = bench.tracer.drain().unwrap();
    let one = || span!(bench.tracer, "of a site").is_sampled();
    assert!(one());
    let mut seen = Seen::default();
    seen.drain(&mut drain, 200);
    let site = seen.spans[0].head.site.id;
    let share = |site| Command::SiteShare { site, share: 0.0 };
    assert_eq!(tell(&mut drain, 1, share(site)), (AnswerStatus::Done, 0));
    assert!(!one());
    for other in [0, site + 1, u16::MAX] {
        assert_eq!(tell(&mut drain, 2 + u64::from(other), share(other)).0, AnswerStatus::Refused);
    }
}

#[test]
fn what_cannot_be_done_or_is_not_known_is_answered_so() {
    let bench = controlled(false);
    let mut drain = bench.tracer.drain().unwrap();
    assert_eq!(tell(&mut drain, 1, Command::SampleAlways), (AnswerStatus::Refused, 0));
    assert_eq!(tell(&mut drain, 2, Command::Other(99, b"newer")), (AnswerStatus::Unknown, 0));
    let plain = Bench::new::<64>();
    let mut drain = plain.tracer.drain().unwrap();
    assert_eq!(drain.on_downlink(&frame(1, Command::Flush)), Asked::Nothing);
}

#[test]
fn a_flush_is_asked_for() {
    let bench = controlled(false);
    let mut drain = bench.tracer.drain().unwrap();
    assert!(!drain.is_flush_asked());
    assert_eq!(tell(&mut drain, 1, Command::Flush), (AnswerStatus::Done, 0));
    assert!(drain.is_flush_asked());
}

#[test]
fn no_more_is_sent_than_the_budget() {
    let bench = controlled(false);
    let mut drain = bench.tracer.drain().unwrap();
    assert_eq!(tell(&mut drain, 1, Command::Budget(500)), (AnswerStatus::Done, 0));
    let mut buffer = [0; 100];
    let mut sent = 0;
    for _ in 0..100 {
        (0..20).for_each(|n| span!(bench.tracer, "one", n = n).finish());
        while let Some(frame) = drain.frame(&mut buffer) {
            sent += frame.len();
        }
        bench.pass(100_000);
    }
    // Ten seconds, what there was at first, and a frame that is owed.
    assert!((5_000..=5_000 + 500 + 100).contains(&sent), "{sent}");
    assert_eq!(tell(&mut drain, 2, Command::Budget(0)), (AnswerStatus::Done, 0));
    assert!(drain.frame(&mut buffer).is_some());
    while drain.frame(&mut buffer).is_some() {}
    assert!(drain.is_idle());
}

#[test]
fn all_sites_are_defined_used_or_not() {
    let bench = controlled(false);
    let mut drain = bench.tracer.drain().unwrap();
    let unused = || span!(bench.tracer, "used by nobody", key = 1);
    let (status, units) = tell(&mut drain, 1, Command::Sites { from: 0 });
    assert_eq!(status, AnswerStatus::Done);
    assert!(units > 0 && !drain.is_idle());
    let mut seen = Seen::default();
    seen.drain(&mut drain, 100);
    assert!(drain.is_idle());
    assert!(seen.sites.len() > 20, "every span of these tests has one: {}", seen.sites.len());
    assert!(seen.sites.values().any(|strings| strings == &["used by nobody", "key"]));
    assert!(!seen.sites.contains_key(&0));
    // From one on, and those before not.
    let from = *seen.sites.keys().max().unwrap();
    tell(&mut drain, 2, Command::Sites { from });
    let mut seen = Seen::default();
    seen.drain(&mut drain, 100);
    assert_eq!(seen.sites.into_keys().collect::<Vec<_>>(), [from]);
    let _ = unused;
}
