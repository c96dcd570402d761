//! Who decides about roots, and that it is said.

use super::*;
use crate::{AdjustError, AdjustableSampler, Strategy};

fn adjustable<const OPERATIONS: usize>() -> Bench {
    let sampling: &AdjustableSampler<OPERATIONS> = Box::leak(Box::new(AdjustableSampler::new()));
    Bench::with::<8192>(|tracer| tracer.sampler(Sampler::adjustable(sampling)))
}

/// Names of the roots that were recorded, and what each says about its sampler.
fn roots(seen: &Seen) -> Vec<(String, String, Value<'static>)> {
    let said = |own| {
        seen.others.iter().find_map(|record| match record {
            Record::Part(part) if part.own == own => {
                let PartKey::Site(site) = part.key else { panic!() };
                assert_eq!(seen.sites[&site.id][1..], ["sampler.type", "sampler.param"]);
                let param = match part.values[1] {
                    Value::Bool(value) => Value::Bool(value),
                    Value::F64(value) => Value::F64(value),
                    _ => panic!(),
                };
                Some((seen.text(&part.values[0]), param))
            }
            _ => None,
        })
    };
    let mut roots = Vec::new();
    for span in seen.spans.iter().filter(|span| span.head.parent == Parent::None) {
        let (by, param) = said(span.head.own).expect("each root says it");
        roots.push((seen.name(span).to_string(), by, param));
    }
    roots
}

#[test]
fn at_first_everything_is_taken() {
    let bench = adjustable::<0>();
    span!(bench.tracer, "root", a = 1, s = "two").finish();
    let seen = Seen::of(&bench);
    assert_eq!(roots(&seen), [("root".into(), "const".into(), Value::Bool(true))]);
    assert_eq!(seen.spans[0].values.len(), 2);
}

#[test]
fn a_constant_can_change() {
    let bench = adjustable::<0>();
    bench.tracer.adjust_sampler(Strategy::Const(false)).unwrap();
    let root = span!(bench.tracer, "no");
    assert!(!root.is_sampled() && !root.context().flags.is_sampled());
    {
        let _active = root.enter();
        assert!(!span!(bench.tracer, "child").is_sampled());
    }
    drop(root);
    bench.tracer.adjust_sampler(Strategy::Const(true)).unwrap();
    span!(bench.tracer, "yes").finish();
    let seen = Seen::of(&bench);
    assert_eq!(roots(&seen), [("yes".into(), "const".into(), Value::Bool(true))]);
    assert_eq!(seen.losses.sampled_out, 2);
}

/// A share is decided on the trace id, so the static sampler of that share decides alike.
#[test]
fn a_share_is_that_of_the_static_sampler() {
    let bench = adjustable::<0>();
    bench.tracer.adjust_sampler(Strategy::Probabilistic(0.3)).unwrap();
    let fixed = Bench::with::<8192>(|tracer| tracer.sampler(Sampler::Probabilistic(0.3)));
    let mut taken = 0;
    for _ in 0..400 {
        let (one, other) = (span!(bench.tracer, "root"), span!(fixed.tracer, "root"));
        assert_eq!(one.context().trace_id, other.context().trace_id);
        assert_eq!(one.is_sampled(), other.is_sampled());
        taken += u32::from(one.is_sampled());
    }
    assert!((90..150).contains(&taken), "{taken}");
    let seen = Seen::of(&bench);
    let roots = roots(&seen);
    assert_eq!(roots.len(), taken as usize);
    assert!(roots.iter().all(|(_, by, param)| by == "probabilistic" && *param == Value::F64(0.3)));
}

#[test]
fn a_rate_is_a_leaky_bucket() {
    let bench = adjustable::<0>();
    // Ticks are microseconds.
    bench.tracer.adjust_sampler(Strategy::RateLimiting(10.0)).unwrap();
    let took = |count: u32| (0..count).filter(|_| span!(bench.tracer, "root").is_sampled()).count();
    assert_eq!(took(5), 1);
    bench.pass(99_999);
    assert_eq!(took(5), 0);
    bench.pass(1);
    assert_eq!(took(5), 1);
    // No more than a second's are saved.
    bench.pass(60_000_000);
    assert_eq!(took(50), 10);
    bench.tracer.adjust_sampler(Strategy::RateLimiting(0.0)).unwrap();
    bench.pass(60_000_000);
    assert_eq!(took(5), 0);
    let seen = Seen::of(&bench);
    let roots = roots(&seen);
    assert_eq!(roots.len(), 12);
    assert!(roots.iter().all(|(_, by, param)| by == "ratelimiting" && *param == Value::F64(10.0)));
}

/// Less than one a second passes too, in its time.
#[test]
fn a_rate_may_be_slow() {
    let bench = adjustable::<0>();
    bench.tracer.adjust_sampler(Strategy::RateLimiting(0.1)).unwrap();
    assert!(span!(bench.tracer, "root").is_sampled());
    bench.pass(9_000_000);
    assert!(!span!(bench.tracer, "root").is_sampled());
    bench.pass(1_000_000);
    assert!(span!(bench.tracer, "root").is_sampled());
}

#[test]
fn operations_have_rules_of_their_own() {
    let bench = adjustable::<2>();
    let t = bench.tracer;
    t.adjust_sampler(Strategy::Const(false)).unwrap();
    t.adjust_operation("often", 1.0, 0.0).unwrap();
    t.adjust_operation("rare", 0.0, 1.0).unwrap();
    t.adjust_operation("rare", 0.0, 2.0).unwrap();
    assert_eq!(t.adjust_operation("third", 0.5, 1.0), Err(AdjustError::Full));
    for _ in 0..3 {
        span!(t, "often").finish();
        span!(t, "rare").finish();
        span!(t, "other").finish();
        bench.pass(400_000);
    }
    let seen = Seen::of(&bench);
    let often = ("often".to_string(), "probabilistic".to_string(), Value::F64(1.0));
    let rare = ("rare".to_string(), "lowerbound".to_string(), Value::F64(0.0));
    assert_eq!(roots(&seen), [often.clone(), rare.clone(), often.clone(), often, rare]);
}

#[test]
fn a_fixed_sampler_is_not_adjusted() {
    let bench = Bench::new::<256>();
    let error = AdjustError::NotAdjustable;
    assert_eq!(bench.tracer.adjust_sampler(Strategy::Const(true)), Err(error));
    assert_eq!(bench.tracer.adjust_operation("op", 1.0, 1.0), Err(error));
}

/// What is for debugging is recorded whatever the sampler says, and so are its children.
#[test]
fn debugging_overrides_samplers() {
    for bench in [Bench::with::<1024>(|t| t.sampler(Sampler::Never)), {
        let bench = adjustable::<0>();
        bench.tracer.adjust_sampler(Strategy::Const(false)).unwrap();
        bench
    }] {
        let root = bench.tracer.start_child_of(ChildOf::Debug, "root");
        let flags = root.context().flags;
        assert!(flags.is_sampled() && flags.is_debug());
        let _active = root.enter();
        assert!(span!(bench.tracer, "child").context().flags.is_debug());
        drop(_active);
        drop(root);
        assert_eq!(Seen::of(&bench).spans.len(), 2);
    }
}

/// A fixed sampler is in the description of the process.
#[test]
fn the_description_names_a_fixed_sampler() {
    let described = |adapt: fn(Tracer) -> Tracer| {
        let bench = Bench::with::<64>(adapt);
        let mut buffer = [0; 300];
        let hello = bench.tracer.drain().unwrap().hello(&mut buffer).unwrap().to_vec();
        let Body::Hello(hello) = wire::decode(&hello).unwrap().body else { panic!() };
        let process: wire::Process<'_, Vec<(&str, Value<'_>)>> =
            postcard::from_bytes(hello.process).unwrap();
        process.tags.iter().map(|(key, value)| std::format!("{key} {value:?}")).collect::<Vec<_>>()
    };
    let share =
        described(|t| t.sampler(Sampler::Probabilistic(0.25)).tags(&[("a", Value::U32(1))]));
    let wanted = ["a U32(1)", "sampler.type Text(\"probabilistic\")", "sampler.param F64(0.25)"];
    assert_eq!(share, wanted);
    let never =
        described(|t| t.tags_from(|tags| tags.add("b", Value::U32(2))).sampler(Sampler::Never));
    assert_eq!(never, ["b U32(2)", "sampler.type Text(\"const\")", "sampler.param Bool(false)"]);
    assert!(described(|t| t.sampler(Sampler::Always)).is_empty());
}
