//! What explains the rest: definitions, asked for or not, and hellos.

use super::*;

#[test]
fn a_collector_can_ask_and_only_for_what_is_a_site() {
    let bench = Bench::new::<128>();
    let mut drain = bench.tracer.drain().unwrap();
    span!(bench.tracer, "asked", key = "value").finish();
    let mut seen = Seen::default();
    seen.drain(&mut drain, 508);
    let id = seen.spans[0].head.site.id;
    seen.sites.clear();
    seen.names.clear();
    let ask = |sites: &[u16], names: &[u16]| {
        let request = wire::Request::SendDefinitions {
            sites: sites.iter().copied().collect(),
            names: names.iter().copied().collect(),
        };
        let downlink = wire::Downlink { session_tag: SESSION.tag(DEVICE), request };
        downlink.to_bytes()
    };
    // One in the middle of a site, one far behind the table, one name that is none.
    assert_eq!(drain.on_downlink(&ask(&[id, id + 1, u16::MAX, 0], &[0, 1, 9])), Asked::Nothing);
    seen.drain(&mut drain, 508);
    assert_eq!(seen.sites.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!(seen.names[&1], "value");
    assert_eq!(drain.on_downlink(b"garbage"), Asked::Nothing);
}

/// The table of names has less room than there are sites and strings: nothing stays unexplained.
#[test]
fn what_finds_no_room_in_the_table_is_explained_all_the_same() {
    let bench = Bench::sized::<512, 0, 1>(|tracer| tracer);
    let mut drain = bench.tracer.drain().unwrap();
    let mut seen = Seen::default();
    for turn in 0..3 {
        span!(bench.tracer, "first", s = "one").finish();
        span!(bench.tracer, "second", s = "two").finish();
        span!(bench.tracer, "third", s = "three").finish();
        seen.drain(&mut drain, 508);
        let names: Vec<_> = seen.spans[turn * 3..].iter().map(|span| seen.name(span)).collect();
        assert_eq!(names, ["first", "second", "third"]);
        let texts = seen.spans[turn * 3..].iter().map(|span| seen.text(&span.values[0]));
        assert!(texts.eq(["one", "two", "three"]));
        if turn == 1 {
            // What a collector missed it gets if it asks, one at a time.
            let sites: Vec<_> = seen.spans[..3].iter().map(|span| span.head.site.id).collect();
            for id in sites {
                seen.sites.remove(&id);
                let request = wire::Request::SendDefinitions {
                    sites: [id].into_iter().collect(),
                    names: Default::default(),
                };
                let ask = wire::Downlink { session_tag: SESSION.tag(DEVICE), request };
                drain.on_downlink(&ask.to_bytes());
                seen.drain(&mut drain, 508);
                assert!(seen.sites.contains_key(&id));
            }
        }
    }
    assert!(seen.losses.names_full > 0);
}

#[test]
fn hellos_tell_the_whole_process_also_in_small_frames() {
    let bench = Bench::with::<64>(|tracer| {
        tracer.build_id(&[0xca, 0xfe]).tags(&[
            ("board", Value::Text("a board with a rather long name")),
            ("n", Value::U32(7)),
        ])
    });
    for mtu in [48, 64, 508] {
        let mut process = Vec::new();
        let mut drain = Drain::new(bench.tracer, names::Names::new(&mut []));
        while !drain.is_described() {
            let mut buffer = std::vec![0; mtu];
            let frame = drain.hello(&mut buffer).unwrap();
            let Body::Hello(hello) = wire::decode(frame).unwrap().body else { panic!() };
            assert_eq!((hello.device, hello.session), (DEVICE.0, SESSION.get()));
            assert_eq!(hello.process_offset as usize, process.len());
            process.extend_from_slice(hello.process);
            assert!(process.len() <= hello.process_total as usize);
        }
        let process: wire::Process<'_, Vec<(&str, Value<'_>)>> =
            postcard::from_bytes(&process).unwrap();
        assert_eq!((process.service, process.build), ("bench", &[0xca, 0xfe][..]));
        assert_eq!(process.tags[1], ("n", Value::U32(7)));
    }
}
