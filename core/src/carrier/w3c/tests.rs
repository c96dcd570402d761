//! Vectors and properties of W3C's headers.

use super::super::tests::{Pairs, context, texts_are_an_error_or_a_context, vectors};
use super::super::{Carried, Headers};
use super::*;
use proptest::prelude::*;
use std::format;
use std::vec::Vec;

const PARENT: (&str, &str) =
    (TRACEPARENT, "00-12345678901234567890123456789012-1234567890123456-00");

#[test]
fn vectors_of_traceparent_are_read() {
    for vector in vectors(include_str!("../../../../tests/vectors/carrier-w3c.txt")) {
        vector.assert_context(Format::W3c, parse(&vector.text()));
    }
}

#[test]
fn vectors_of_tracestate_are_read() {
    for vector in vectors(include_str!("../../../../tests/vectors/carrier-tracestate.txt")) {
        // Several headers stand in several lines.
        let text = vector.text();
        let mut headers: Vec<(&str, &str)> =
            text.split('\n').map(|text| (TRACESTATE, text)).collect();
        headers.push(PARENT);
        let mut state = TraceState::<512>::new();
        assert!(extract_with_state(&headers, &mut state).unwrap().is_some());
        match vector.meaning[..].join(" ").as_str() {
            "malformed" => {
                assert_eq!(state.left_out(), Some(LeftOut::Malformed), "{vector:?}");
                assert_eq!(state.as_str(), "");
            }
            text => assert_eq!((state.as_str(), state.left_out()), (text, None), "{vector:?}"),
        }
    }
}

#[test]
fn vectors_of_baggage_are_read() {
    for vector in vectors(include_str!("../../../../tests/vectors/carrier-baggage.txt")) {
        let mut baggage = Pairs::new();
        let carried = extract_baggage(&[("Baggage", vector.text())], &mut baggage);
        vector.assert_baggage(&baggage);
        let malformed = vector.meaning.iter().filter(|word| *word == "malformed").count();
        assert_eq!(usize::from(carried.malformed), malformed, "{vector:?}");
    }
}

#[test]
fn a_second_traceparent_and_a_bad_one_begin_a_new_trace() {
    let two = [PARENT, ("TraceParent", PARENT.1)];
    assert_eq!(extract(&two).unwrap_err().fault, Fault::Repeated);
    let mut state = TraceState::<512>::new();
    let headers = [PARENT, ("tracestate", "a=1")];
    assert!(extract_with_state(&headers, &mut state).is_ok());
    assert_eq!(state.as_str(), "a=1");
    for parent in ["", "00"] {
        let headers = [("tracestate", "a=1"), (TRACEPARENT, parent)];
        assert!(extract_with_state(&headers, &mut state).is_err());
        assert_eq!(state, TraceState::new());
    }
    assert_eq!(extract_with_state(&[("tracestate", "a=1")], &mut state), Ok(None));
    assert_eq!(state, TraceState::new());
}

#[test]
fn a_long_tracestate_loses_long_members_and_then_the_last() {
    let long = format!("long={}", "x".repeat(124));
    let headers = [PARENT, ("tracestate", &format!("a=1,{long},b=2")), ("tracestate", "c=3")];
    let mut state = TraceState::<512>::new();
    extract_with_state(&headers, &mut state).unwrap();
    assert_eq!(state.as_str(), format!("a=1,{long},b=2,c=3"));
    let mut state = TraceState::<11>::new();
    extract_with_state(&headers, &mut state).unwrap();
    assert_eq!((state.as_str(), state.left_out()), ("a=1,b=2,c=3", Some(LeftOut::NoRoom)));
    let mut state = TraceState::<10>::new();
    extract_with_state(&headers, &mut state).unwrap();
    assert_eq!(state.as_str(), "a=1,b=2");
    let mut headers = Pairs::new();
    state.inject(&mut headers).unwrap();
    TraceState::<8>::new().inject(&mut headers).unwrap();
    assert_eq!(headers, [("tracestate".into(), "a=1,b=2".into())]);
}

#[test]
fn baggage_that_finds_no_room_is_left_out_whole() {
    let mut block = String::<64>::new();
    let items = [("a", "1"), ("b", "ü"), ("c d", "2"), ("e", "3")];
    let carried = inject_baggage::<8>(&items, &mut block);
    assert_eq!(carried, Carried { items: 2, no_room: 1, malformed: 1 });
    assert_eq!(block, "baggage: a=1,e=3\r\n");
    let carried = inject_baggage::<64>(&items, &mut String::<8>::new());
    assert_eq!(carried, Carried { items: 0, no_room: 3, malformed: 1 });
    let mut list = heapless::Vec::<(String<4>, String<4>), 1>::new();
    let carried = extract_baggage(&[("baggage", "key=value, k=v ,k2=v2")], &mut list);
    assert_eq!(carried, Carried { items: 1, no_room: 2, malformed: 0 });
}

proptest! {
    #[test]
    fn what_is_injected_is_extracted(
        mut context in context(),
        items in prop::collection::vec(("[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,10}", "\\PC{0,30}"), 0..6),
    ) {
        let mut block = String::<4096>::new();
        inject(&context, &mut block).unwrap();
        prop_assert!(inject_baggage::<3000>(&items, &mut block).is_whole());
        context.flags.0 &= 1;
        let headers = Headers(block.as_bytes());
        prop_assert_eq!(extract(&headers), Ok(Some(context)));
        let mut baggage = Pairs::new();
        prop_assert!(extract_baggage(&headers, &mut baggage).is_whole());
        prop_assert_eq!(baggage, items);
    }

    #[test]
    fn garbage_is_an_error_or_what_it_says(
        text in "[0-9a-gA-F-]{0,60}", other in "\\PC{0,40}", context in context(),
    ) {
        for text in [text, other] {
            texts_are_an_error_or_a_context(&value(&context).unwrap(), &text, parse)?;
        }
    }

    #[test]
    fn any_list_is_passed_on_or_left_out(text in "[a-c=,;% \t+0-9A]{0,60}", other in "\\PC{0,40}") {
        let headers = [PARENT, (TRACESTATE, &text), (BAGGAGE, &text), (TRACESTATE, &other), (BAGGAGE, &other)];
        let mut state = TraceState::<32>::new();
        extract_with_state(&headers, &mut state).unwrap();
        let mut again = TraceState::<32>::new();
        extract_with_state(&[PARENT, (TRACESTATE, state.as_str())], &mut again).unwrap();
        prop_assert_eq!((again.as_str(), again.left_out()), (state.as_str(), None));
        let mut baggage = Pairs::new();
        let carried = extract_baggage(&headers, &mut baggage);
        prop_assert_eq!(usize::from(carried.items), baggage.len());
    }
}
