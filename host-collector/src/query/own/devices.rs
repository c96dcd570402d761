//! Devices, and what they are told.

use super::super::{Answer, Context, Failure, Request};
use super::write::{bare, key_of, list, pair, quoted, text};
use super::{answered, behind, digits};
use crate::devices::{Boot, Point, State};
use crate::json::Writer;
use crate::model::{Attribute, DeviceId, Value};
use crate::order::OrderError;
use crate::storage::Reader;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::fmt::Display;
use serde::Deserialize;

pub(super) fn all(_: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let mut json = Writer::default();
        json.raw("{\"now_ns\":\"");
        json.raw(&context.now_ns.to_string());
        json.raw("\",\"devices\":");
        list(&mut json, context.devices.latest(), |json, (boot, boots)| {
            json.raw("{\"boots\":");
            json.raw(&boots.to_string());
            describe(json, &boot, boot.state(true));
            json.raw("}");
        });
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

pub(super) fn one(request: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let number = digits(behind(request, "devices"), 16);
        let number: u64 = number
            .and_then(|number| number.try_into().ok())
            .ok_or_else(|| Failure::bad("a device's id is 1 to 16 hexadecimal digits"))?;
        let boots = context.devices.boots(DeviceId(number));
        let Some(latest) = boots.first() else {
            return Err(Failure::missing(format!(
                "the collector has not heard device {number:016x} since it started"
            )));
        };
        let mut json = Writer::default();
        json.raw("{\"now_ns\":\"");
        json.raw(&context.now_ns.to_string());
        json.raw("\"");
        pair(&mut json, "id", format_args!("{number:016x}"));
        text(&mut json, "service", &latest.seen.resource.service_name);
        key_of(&mut json, "boots");
        list(&mut json, boots.iter().enumerate(), |json, (place, boot)| {
            json.raw("{\"boots\":1");
            describe(json, boot, boot.state(place == 0));
            key_of(json, "attributes");
            list(json, &boot.seen.resource.attributes, attribute);
            key_of(json, "warnings");
            list(json, &boot.seen.resource.warnings, |json, warning| json.string(warning));
            key_of(json, "history");
            list(json, boot.history.points(), point);
            json.raw("}");
        });
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

fn describe(json: &mut Writer, boot: &Boot, state: State) {
    let seen = &boot.seen;
    pair(json, "id", format_args!("{:016x}", seen.source.device.0));
    text(json, "service", &seen.resource.service_name);
    bare(json, "session", seen.source.session.get());
    text(json, "peer", &boot.peer);
    pair(json, "first_ns", seen.first_ns);
    pair(json, "last_ns", seen.last_ns);
    pair(json, "state", state.text());
    pair(json, "sync", seen.sync);
    key_of(json, "error_ns");
    quoted_or_null(json, seen.error_ns);
    bare(json, "drift_ppm", or_null(seen.drift_ppm));
    bare(json, "records", seen.records);
    let [frames, ring_words, ring_most] =
        [0, 1, 2].map(|place| seen.counts.and_then(|counts| counts.get(place).copied()));
    bare(json, "frames", or_null(frames));
    bare(json, "ring_words", or_null(ring_words));
    bare(json, "ring_most", or_null(ring_most));
    key_of(json, "lost");
    json.raw("{");
    let kinds =
        seen.lost.iter().filter_map(|(kind, count)| Some((kind.strip_prefix("lost.")?, count)));
    for (place, (kind, count)) in kinds.enumerate() {
        json.raw(if place == 0 { "" } else { "," });
        json.string(kind);
        json.raw(":");
        json.raw(&count.to_string());
    }
    json.raw("}");
    let sampled_out = seen.lost.iter().find(|(kind, _)| *kind == "sampled_out");
    bare(json, "sampled_out", sampled_out.map_or(0, |(_, count)| *count));
    let build = seen.resource.attributes.iter().find(|one| &*one.key == "device.build");
    let build = build.and_then(|one| one.value.as_str()).map_or("", |build| build);
    text(json, "build", build);
}

fn or_null(value: Option<impl Display>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn quoted_or_null(json: &mut Writer, value: Option<u64>) {
    match value {
        Some(value) => quoted(json, value),
        None => json.raw("null"),
    }
}

fn point(json: &mut Writer, point: &Point) {
    json.raw("[");
    quoted(json, point.at_ns);
    json.raw(",");
    quoted_or_null(json, point.error_ns);
    let Point { drift_ppm, records, lost, .. } = point;
    json.raw(&format!(",{},{records},{lost}]", or_null(*drift_ppm)));
}

fn attribute(json: &mut Writer, attribute: &Attribute) {
    json.raw("[");
    json.string(&attribute.key);
    let (kind, value) = match &attribute.value {
        Value::Bool(value) => ("bool", value.to_string()),
        Value::Int(value) => ("int64", value.to_string()),
        Value::Double(value) => ("float64", value.to_string()),
        Value::Str(value) => ("string", value.to_string()),
        Value::Bytes(value) => ("binary", BASE64.encode(value)),
    };
    json.raw(",\"");
    json.raw(kind);
    json.raw("\",");
    json.string(&value);
    json.raw("]");
}

pub(super) fn orders(_: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let mut json = Writer::default();
        json.raw("{\"orders\":");
        list(&mut json, context.devices.standing(), |json, order| json.string(&order));
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

#[derive(Deserialize)]
struct Told {
    order: String,
}

pub(super) fn order(request: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let told: Told = serde_json::from_slice(request.body)
            .map_err(|why| Failure::bad(format!("send {{\"order\": \"...\"}}: {why}")))?;
        let order = told.order.parse().map_err(|why: OrderError| Failure::bad(why.to_string()))?;
        let told = context.devices.order(order).map_err(Failure::bad)?;
        let mut json = Writer::default();
        json.raw(&format!("{{\"told\":{told}}}"));
        Ok(json)
    };
    answered(body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::tests::seen;
    use crate::query::tests::{ask, json};
    use crate::storage::Nowhere;

    fn context() -> Context {
        let context = Context { now_ns: 50, ..Context::default() };
        context.devices.see("udp 10.0.0.7:9".to_owned(), seen(7, 1, 40), 40);
        context.devices.see("udp 10.0.0.7:9".to_owned(), seen(7, 2, 50), 50);
        context
    }

    fn asked(line: &str, body: &[u8]) -> Answer {
        ask(&Nowhere, &context(), line, body).unwrap()
    }

    #[test]
    fn a_device_is_shown_as_it_is_now_and_as_it_was() {
        let all = json(&asked("GET /api/spandrel/v1/devices", b""));
        let expected = serde_json::json!({
            "boots": 2, "id": "0000000000000007", "service": "sensor", "session": 2,
            "peer": "udp 10.0.0.7:9", "first_ns": "1", "last_ns": "50", "state": "live",
            "sync": "exchange", "error_ns": "12000", "drift_ppm": 1.5, "records": 9,
            "frames": 1200, "ring_words": 1024, "ring_most": 512, "lost": {"link": 3},
            "sampled_out": 7, "build": "",
        });
        assert_eq!(all["devices"], serde_json::json!([expected]));
        let one = json(&asked("GET /api/spandrel/v1/devices/7", b""));
        assert_eq!(one["boots"][1]["state"], "over");
        assert_eq!(one["boots"][0]["history"], serde_json::json!([["50", "12000", 1.5, 9, 3]]));
        assert_eq!(asked("GET /api/spandrel/v1/devices/8", b"").status, 404);
        assert_eq!(asked("GET /api/spandrel/v1/devices/x", b"").status, 400);
    }

    #[test]
    fn an_order_that_makes_no_sense_or_that_nobody_hears_is_refused() {
        let path = "POST /api/spandrel/v1/orders";
        for (body, says) in [
            ("", "send {"),
            ("{\"order\":\"sample=2\"}", "sample=5/s"),
            ("{\"order\":\"sample=1\"}", "--no-downlink"),
        ] {
            let refused = asked(path, body.as_bytes());
            assert_eq!(refused.status, 400);
            let why = json(&refused)["error"].as_str().unwrap().to_owned();
            assert!(why.contains(says), "{why}");
        }
        let none = json(&asked("GET /api/spandrel/v1/orders", b""));
        assert_eq!(none, serde_json::json!({"orders": []}));
    }
}
