//! Answers in the form that vectors have: what a Jaeger leaves to chance is put in order.

use serde_json::{Map, Value as Json, json};

/// Orders spans, names processes after that order, and does what the question of the vector says.
pub(super) fn normalise(entry: &Json, answer: &mut Json) {
    for trace in answer.get_mut("data").and_then(Json::as_array_mut).into_iter().flatten() {
        if entry.get("no_warnings").is_some() {
            for span in trace["spans"].as_array_mut().into_iter().flatten() {
                span["warnings"].take();
            }
        }
        order_spans(trace);
    }
    let groups = answer.pointer_mut("/result/resourceSpans").and_then(Json::as_array_mut);
    for group in groups.into_iter().flatten() {
        if let Some(attributes) = group.pointer_mut("/resource/attributes") {
            sort(attributes);
        }
    }
    if entry.get("any_order").is_some() {
        match answer {
            Json::Object(fields) => fields.values_mut().for_each(sort),
            Json::Array(_) => sort(answer),
            _ => {}
        }
    }
    if entry.get("ids_only").is_some() {
        only_ids(answer);
    }
}

fn sort(list: &mut Json) {
    if let Json::Array(list) = list {
        list.sort_by_key(ToString::to_string);
    }
}

fn order_spans(trace: &mut Json) {
    let Some(processes) = trace.get("processes").and_then(Json::as_object).cloned() else { return };
    let Some(spans) = trace["spans"].as_array_mut() else { return };
    for span in spans.iter_mut() {
        span["processID"] = processes[span["processID"].as_str().unwrap()].clone();
    }
    spans.sort_by_cached_key(|span| {
        (span["startTime"].as_u64(), span["spanID"].as_str().unwrap().to_owned(), span.to_string())
    });
    let mut named: Vec<Json> = Vec::new();
    for span in spans {
        let process = span["processID"].take();
        let place = named.iter().position(|known| *known == process).unwrap_or(named.len());
        if place == named.len() {
            named.push(process);
        }
        span["processID"] = format!("p{}", place + 1).into();
    }
    let named = named.into_iter().enumerate();
    let named: Map<_, _> =
        named.map(|(place, process)| (format!("p{}", place + 1), process)).collect();
    trace["processes"] = named.into();
}

fn only_ids(answer: &mut Json) {
    if let Json::Array(lists) = answer {
        lists.iter_mut().for_each(|list| *list = list[0]["traceId"].take());
        return;
    }
    for trace in answer.get_mut("data").and_then(Json::as_array_mut).into_iter().flatten() {
        *trace = trace["traceID"].take();
    }
    let spans = answer.pointer("/result/resourceSpans").and_then(Json::as_array).map(|groups| {
        let scopes = groups.iter().flat_map(|group| group["scopeSpans"].as_array().unwrap());
        let spans = scopes.flat_map(|scope| scope["spans"].as_array().unwrap());
        let mut ids: Vec<Json> = spans.map(|span| span["traceId"].clone()).collect();
        let mut seen = Vec::new();
        ids.retain(|id| {
            !seen.contains(id) && {
                seen.push(id.clone());
                true
            }
        });
        ids
    });
    if let Some(ids) = spans {
        *answer = json!({"result": ids});
    }
}
