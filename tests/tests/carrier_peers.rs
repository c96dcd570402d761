//! Contexts and baggage come back from real clients: what we inject they extract, and the other way.
#![expect(clippy::std_instead_of_alloc, reason = "only the host runs it")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use spandrel::carrier::{b3, jaeger_binary, uber, w3c, w3c_binary};
use spandrel::{SpanContext, SpanId, TraceFlags, TraceId};
use spandrel_tests::peers::CarrierPeers;
use spandrel_tests::vectors::{from_hex, to_hex};

type Pairs = Vec<(String, String)>;

/// What a client and we have to agree upon.
#[derive(Debug, PartialEq)]
struct Carried {
    context: SpanContext,
    baggage: BTreeMap<String, String>,
}

/// The forms, by the names that the clients know; whether they carry baggage, and the flag of debugging.
const FORMATS: [(&str, bool, bool); 7] = [
    ("w3c", true, false),
    ("w3c-binary", false, false),
    ("uber", true, true),
    ("otel-jaeger", false, false),
    ("jaeger-binary", true, true),
    ("b3", false, false),
    ("b3-multi", false, false),
];

/// Contexts with ids that are short, and with every combination of flags; baggage that has to be escaped.
fn all(has_baggage: bool, has_debug: bool) -> Vec<Carried> {
    let items = [("user", "Amélie"), ("k", "a b,;=%\"\\+/~&?")];
    let items = items.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let ids = [(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331), (1, 2)];
    let flags = if has_debug { &[0, 1, 3][..] } else { &[0, 1] };
    ids.into_iter()
        .flat_map(|(trace, span)| flags.iter().map(move |flags| (trace, span, *flags)))
        .map(|(trace, span, flags): (u128, u64, u8)| Carried {
            context: SpanContext::new(
                TraceId(trace.to_be_bytes()),
                SpanId(span.to_be_bytes()),
                TraceFlags(flags),
            ),
            baggage: if has_baggage { items.clone().into() } else { BTreeMap::new() },
        })
        .collect()
}

/// The carrier that we make.
fn inject(format: &str, carried: &Carried) -> Value {
    let mut headers = Pairs::new();
    let items: Pairs = carried.baggage.clone().into_iter().collect();
    let context = &carried.context;
    let mut buffer = [0; 500];
    let counted = match format {
        "w3c" => {
            w3c::inject(context, &mut headers).unwrap();
            w3c::inject_baggage::<500>(&items, &mut headers)
        }
        "uber" | "otel-jaeger" => {
            uber::inject(context, &mut headers).unwrap();
            uber::inject_baggage::<100>(&items, &mut headers)
        }
        "b3" => {
            b3::inject(context, &mut headers).unwrap();
            return json!({"headers": BTreeMap::from_iter(headers)});
        }
        "b3-multi" => {
            b3::multi::inject(context, &mut headers).unwrap();
            return json!({"headers": BTreeMap::from_iter(headers)});
        }
        "w3c-binary" => return json!({"bytes": to_hex(&w3c_binary::inject(context).unwrap())}),
        _ => {
            let (bytes, counted) =
                jaeger_binary::inject_with_baggage(context, &items, &mut buffer).unwrap();
            assert!(counted.is_whole());
            return json!({"bytes": to_hex(bytes)});
        }
    };
    assert!(counted.is_whole());
    json!({"headers": BTreeMap::from_iter(headers)})
}

/// What we make of a client's carrier.
fn extract(format: &str, carrier: &Value) -> Carried {
    let headers: Pairs = serde_json::from_value(carrier["headers"].clone())
        .map(|headers: BTreeMap<String, String>| headers.into_iter().collect())
        .unwrap_or_default();
    let bytes = from_hex(carrier["bytes"].as_str().unwrap()).unwrap();
    let mut items = Pairs::new();
    let found = match format {
        "w3c" => {
            assert!(w3c::extract_baggage(&headers, &mut items).is_whole());
            w3c::extract(&headers).unwrap()
        }
        "uber" | "otel-jaeger" => {
            assert!(uber::extract_baggage(&headers, &mut items).is_whole());
            uber::extract(&headers).unwrap()
        }
        "b3" => b3::extract(&headers).unwrap().and_then(|found| found.context()),
        "b3-multi" => b3::multi::extract(&headers).unwrap().and_then(|found| found.context()),
        "w3c-binary" => w3c_binary::extract(&bytes).ok(),
        _ => jaeger_binary::extract_with_baggage(&bytes, &mut items).ok().map(|found| found.0),
    };
    let context = found.unwrap_or_else(|| panic!("{format}: no context in {carrier}"));
    Carried { context, baggage: items.into_iter().collect() }
}

fn in_json(carried: &Carried) -> Value {
    let SpanContext { trace_id, span_id, flags, .. } = carried.context;
    let (trace, span) = (trace_id.to_string(), span_id.to_string());
    json!({"trace": trace, "span": span, "flags": flags.0, "baggage": carried.baggage})
}

#[test]
fn clients_and_we_understand_each_other() {
    let peers = match CarrierPeers::ensure_built() {
        Ok(peers) => peers,
        Err(skip) => return skip.report(),
    };
    let mut requests = Vec::new();
    for (format, has_baggage, has_debug) in FORMATS {
        for carried in all(has_baggage, has_debug) {
            let carrier = inject(format, &carried);
            let context = in_json(&carried);
            requests
                .push((carried, json!({"format": format, "context": context, "carrier": carrier})));
        }
    }
    let asked: Vec<Value> = requests.iter().map(|(_, request)| request.clone()).collect();
    let answers = peers.ask(&asked).unwrap_or_else(|e| panic!("{e:#}"));
    for ((carried, request), answer) in requests.iter().zip(answers) {
        let format = request["format"].as_str().unwrap();
        assert_eq!(answer["context"], request["context"], "{format}: they extract {request}");
        assert_eq!(&extract(format, &answer["carrier"]), carried, "{format}: we extract {answer}");
    }
}
