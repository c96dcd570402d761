//! Names and keys of the macros, in all the forms that they may have.

use super::*;
use crate::semconv;

/// What the macros' own statics would be called: no constant of the user is shadowed by them.
const SITE: &str = "of a constant";

fn operation(seen: &Seen) -> Vec<String> {
    let fields = seen.fields(false).into_iter();
    fields.filter(|(key, _)| key.is_empty()).map(|(_, name)| name).collect()
}

#[test]
fn keys_are_identifiers_strings_and_constants() {
    let bench = Bench::new::<256>();
    let span = span!(bench.tracer, "keys", r#type = 1, { semconv::SPAN_KIND } = "client");
    tag!(span, {concat!("a", ".b")} = 1, {SITE} = 2, "text" = 3, if = 4);
    log!(span, { semconv::EVENT } = "error", { semconv::MESSAGE } = "m", code = 5);
    log!(span, { semconv::EVENT } = "alone");
    span.finish();
    let seen = Seen::of(&bench);
    let site = &seen.sites[&seen.spans[0].head.site.id];
    assert_eq!(site[..], ["keys", "type", "span.kind"]);
    let keys = |of_logs| seen.fields(of_logs).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(false), ["a.b", SITE, "text", "if"]);
    assert_eq!(keys(true), ["event", "message", "code", "event"]);
}

/// A constant as a name is the site's, with no record beside the span's.
#[test]
fn constants_are_names_of_sites() {
    let bench = Bench::new::<256>();
    let root = span!(bench.tracer, { SITE }, n = 1);
    span!(bench.tracer, concat!("of ", "parts"), n = 1).finish();
    span!(bench.tracer, child_of: &root, { SITE }).finish();
    span!(bench.tracer, child_of: &root, concat!("of ", "parts"),).finish();
    root.finish();
    let seen = Seen::of(&bench);
    let names: Vec<_> = seen.spans.iter().map(|span| seen.name(span)).collect();
    assert_eq!(names, ["of parts", SITE, "of parts", SITE]);
    assert_eq!(seen.others.len(), 0);
}

/// A name of run time is a record beside the span's, whose tags have their keys from a site.
#[test]
fn names_of_run_time_come_with_tags() {
    let bench = Bench::new::<512>();
    let long = "0123456789".repeat(2);
    let root = span!(bench.tracer, "root");
    for name in ["wake", "measure"] {
        let bare = span!(bench.tracer, name);
        let tagged = span!(bench.tracer, child_of: &root, name, n = 7, state = "idle",);
        tagged.finish();
        let many = span!(bench.tracer, name, a = 1, b = Copied(&long), { semconv::ERROR } = true);
        many.finish();
        bare.finish();
    }
    let root_number = root.number();
    root.finish();
    let seen = Seen::of(&bench);
    assert_eq!(operation(&seen), ["wake", "wake", "wake", "measure", "measure", "measure"]);
    let [tagged, many, bare, ..] = &seen.spans[..] else { panic!("{seen:?}") };
    assert_eq!(seen.sites[&tagged.head.site.id], ["", "n", "state"]);
    assert_eq!((&tagged.values[0], seen.text(&tagged.values[1])), (&Value::I32(7), "idle".into()));
    assert_eq!((tagged.head.parent, tagged.head.parts), (Parent::Local(root_number.into()), 1));
    assert_eq!((bare.head.site.id, bare.head.parts), (0, 1));
    assert_eq!((many.head.parent, many.head.parts), (Parent::None, 2));
    let fields = seen.fields(false);
    assert!(
        fields.contains(&("b".into(), long))
            && fields.contains(&("error".into(), "Bool(true)".into()))
    );
}

/// The table of names has room for two: what finds none goes in full, and is counted.
#[test]
fn a_name_of_run_time_that_finds_no_room_goes_in_full() {
    let bench = Bench::sized::<512, 0, 2>(|tracer| tracer);
    let names = ["one", "two", "three", "two", "three", "one"];
    for name in names {
        span!(bench.tracer, name).finish();
    }
    let mut drain = bench.tracer.drain().unwrap();
    let mut seen = Seen::default();
    seen.drain(&mut drain, 508);
    assert_eq!(operation(&seen), names);
    assert_eq!(seen.names.len(), 2);
    // A frame's head is written before its records, so the count goes up with the next one.
    span!(bench.tracer, "last").finish();
    seen.drain(&mut drain, 508);
    assert_eq!(seen.losses.names_full, 2);
}

/// More than eight tags and fields go in several records of one moment.
#[test]
fn as_many_as_one_likes() {
    macro_rules! seventeen {
        ($call:ident, $span:ident) => {
            $call!(
                $span,
                a = 1,
                b = 2,
                c = 3,
                d = 4,
                e = 5,
                f = 6,
                g = 7,
                h = 8,
                i = 9,
                j = 10,
                k = 11,
                l = 12,
                m = 13,
                n = 14,
                o = 15,
                p = 16,
                q = "last"
            )
        };
    }

    let bench = Bench::new::<1024>();
    let span = span!(
        bench.tracer,
        "span",
        a = 1,
        b = 2,
        c = 3,
        d = 4,
        e = 5,
        f = 6,
        g = 7,
        h = 8,
        i = 9,
        j = 10
    );
    let other = span!(
        bench.tracer, follows_from: &span, {"other"},
        a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9,
    );
    seventeen!(tag, other);
    bench.pass(5);
    seventeen!(log, span);
    log!(span, a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8,);
    drop((span, other));
    let seen = Seen::of(&bench);
    let logs: Vec<_> = seen
        .others
        .iter()
        .filter_map(|record| match record {
            Record::Log(log) => Some((log.time_ticks, log.more, log.values.len())),
            _ => None,
        })
        .collect();
    assert_eq!(logs, [(1005, false, 8), (1005, true, 8), (1005, true, 1), (1005, false, 8)]);
    let tags: usize = seen
        .others
        .iter()
        .map(|record| match record {
            Record::Part(part) => part.values.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(tags, 10 + 9 + 17);
}
