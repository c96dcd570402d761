//! Perfetto's messages, read as protobuf.

use super::*;
use crate::protobuf::{Field, Fields};
use crate::receiver::jaeger;

fn chunk() -> Chunk {
    let span = |id: u8, parent: &str, process: &str, start: u64, duration: u64| {
        let parent = match parent {
            "" => String::new(),
            id => format!(r#"{{"refType":"CHILD_OF","traceID":"1f","spanID":"{id}"}}"#),
        };
        format!(
            r#"{{"traceID":"1f","spanID":"{id}","operationName":"s{id}","references":[{parent}],
                "startTime":{start},"duration":{duration},"processID":"{process}",
                "tags":[{{"key":"n","type":"int64","value":-7}}],
                "logs":[{{"timestamp":{start},"fields":[{{"key":"event","value":"woke"}}]}}]}}"#
        )
    };
    let spans = [
        span(1, "", "p1", 0, 100),
        span(2, "1", "p1", 10, 20),
        // It crosses the one before, and one is elsewhere.
        span(3, "1", "p1", 20, 30),
        span(4, "2", "p2", 12, 5),
    ];
    let text = format!(
        r#"{{"spans":[{}],"processes":{{"p1":{{"serviceName":"web"}},"p2":{{"serviceName":"db"}}}}}}"#,
        spans.join(",")
    );
    Chunk::check(jaeger::from_json(text.as_bytes()).unwrap()).unwrap().chunk
}

fn fields(message: &[u8]) -> Vec<(u32, Field<'_>)> {
    Fields::new(message).map(Result::unwrap).collect()
}

fn varint(message: &[u8], number: u32) -> Option<u64> {
    fields(message).into_iter().find_map(|field| match field {
        (found, Field::Varint(value)) if found == number => Some(value),
        _ => None,
    })
}

fn bytes(message: &[u8], number: u32) -> Option<&[u8]> {
    Fields::new(message).map(Result::unwrap).find_map(|field| match field {
        (found, Field::Bytes(value)) if found == number => Some(value),
        _ => None,
    })
}

fn flows(message: &[u8], number: u32) -> Vec<u64> {
    let flow = |field| match field {
        (found, Field::Fixed64(value)) if found == number => Some(value),
        _ => None,
    };
    fields(message).into_iter().filter_map(flow).collect()
}

#[test]
fn slices_begin_and_end_in_order_and_nest_on_every_track() {
    let trace = convert(&chunk());
    let mut open: HashMap<u64, Vec<u64>> = HashMap::new();
    let (mut began, mut last, mut tracks) = (0, 0, HashMap::new());
    for (number, packet) in fields(&trace) {
        let (field::PACKET, Field::Bytes(packet)) = (number, packet) else { panic!("{number}") };
        if let Some(track) = bytes(packet, field::TRACK_DESCRIPTOR) {
            tracks.insert(varint(track, 1).unwrap(), track);
            continue;
        }
        let event = bytes(packet, field::TRACK_EVENT).unwrap();
        let time = varint(packet, field::TIMESTAMP).unwrap();
        assert!(time >= last);
        last = time;
        let track = varint(event, 11).unwrap();
        assert!(tracks.contains_key(&track), "a track is described before it is used");
        let open = open.entry(track).or_default();
        match varint(event, 9).unwrap() {
            1 => {
                began += 1;
                open.push(time);
                let annotation = bytes(event, 4).unwrap();
                assert_eq!(
                    (bytes(annotation, 10), varint(annotation, 4)),
                    (Some(&b"n"[..]), Some((-7_i64).cast_unsigned()))
                );
            }
            2 => assert!(open.pop().is_some_and(|start| start < time)),
            3 => assert_eq!(bytes(event, 23), Some(&b"woke"[..])),
            other => panic!("{other}"),
        }
    }
    assert!(began == 4 && open.values().all(Vec::is_empty));
    // Two processes, and three tracks.
    let names: Vec<_> = tracks.values().filter_map(|track| bytes(bytes(track, 3)?, 6)).collect();
    assert_eq!((names.len(), tracks.len()), (2, 5));
    assert!(names.contains(&&b"web"[..]) && names.contains(&&b"db"[..]));
}

#[test]
fn an_arrow_goes_to_a_child_on_another_track() {
    let trace = convert(&chunk());
    let mut arrows: HashMap<String, (Vec<u64>, Vec<u64>)> = HashMap::new();
    for (_, packet) in fields(&trace) {
        let Field::Bytes(packet) = packet else { continue };
        let Some(event) = bytes(packet, field::TRACK_EVENT) else { continue };
        if varint(event, 9) == Some(1) {
            let name = String::from_utf8_lossy(bytes(event, 23).unwrap()).into_owned();
            arrows.insert(name, (flows(event, 47), flows(event, 48)));
        }
    }
    let (from, to) = (|name: &str| arrows[name].0.clone(), |name: &str| arrows[name].1.clone());
    assert_eq!((from("s1"), from("s2")), (to("s3"), to("s4")));
    assert!(to("s3").len() == 1 && to("s4").len() == 1 && to("s3") != to("s4"));
    assert!(to("s2").is_empty() && to("s1").is_empty() && from("s3").is_empty());
}
