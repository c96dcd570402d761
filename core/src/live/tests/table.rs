//! Recorders with a table of open spans.

use super::*;

fn names(bench: &Bench) -> Vec<&'static str> {
    let mut names: Vec<_> = bench.tracer.open_spans().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_table_shows_what_is_open_and_nothing_else() {
    let bench = Bench::with_table::<256, 4>(|tracer| tracer);
    let root = span!(bench.tracer, "root");
    {
        let _active = root.enter();
        let child = span!(bench.tracer, "child", count = 7, state = "x");
        assert_eq!(names(&bench), ["child", "root"]);
        bench.pass(10);
        let later = span!(bench.tracer, "later");
        assert_eq!(bench.tracer.open_spans().map(|(_, start)| start).max(), Some(1010));
        child.finish();
        assert_eq!(names(&bench), ["later", "root"]);
        later.finish();
        span!(bench.tracer, "again", n = 1, m = 2, o = 3).finish();
    }
    assert_eq!(names(&bench), ["root"]);
    root.finish();
    assert!(names(&bench).is_empty());
    let seen = Seen::of(&bench);
    assert_eq!(seen.spans.len(), 4);
    assert_eq!(seen.losses.open_full, 0);
    let child = &seen.spans[0];
    assert_eq!((child.values[0], child.head.parts), (Value::I32(7), 0));
    assert_eq!(seen.text(&child.values[1]), "x");
}

#[test]
fn what_finds_no_slot_is_recorded_and_counted() {
    let bench = Bench::with_table::<512, 2>(|tracer| tracer);
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    let spans: Vec<_> = (0..5).map(|n| span!(bench.tracer, "child", n = n)).collect();
    assert_eq!(names(&bench), ["child", "root"]);
    drop(spans);
    assert_eq!(names(&bench), ["root"]);
    drop(_active);
    root.finish();
    let seen = Seen::of(&bench);
    assert_eq!((seen.spans.len(), seen.losses.open_full), (6, 4));
}

#[test]
fn logs_and_children_turn_a_leaf_with_a_slot_into_what_has_parts() {
    let bench = Bench::with_table::<512, 4>(|tracer| tracer);
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    let child = span!(bench.tracer, "child", n = 1);
    log!(child, "one");
    log!(child, n = 2);
    tag!(child, late = 3);
    let grandchild = span!(bench.tracer, child_of: &child, "grandchild");
    grandchild.finish();
    child.finish();
    drop(_active);
    root.finish();
    assert!(names(&bench).is_empty());
    let seen = Seen::of(&bench);
    let [grandchild, child, _root] = &seen.spans[..] else { panic!("{seen:?}") };
    assert_eq!(grandchild.head.parent, Parent::Local(child.head.own));
    assert_eq!((child.head.parts, child.values[0]), (3, Value::I32(1)));
}

#[test]
fn a_span_that_the_ring_drops_frees_its_slot() {
    let bench = Bench::with_table::<64, 4>(|tracer| tracer);
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    (0..50).for_each(|_| span!(bench.tracer, "child").finish());
    assert!(bench.tracer.losses().ring_full > 0);
    assert_eq!(names(&bench), ["root"]);
    let unsampled = Bench::with_table::<64, 4>(|tracer| tracer.sampler(Sampler::Never));
    let root = span!(unsampled.tracer, "root");
    assert!(names(&unsampled).is_empty());
    drop(root);
}
