//! Answers in a form in which they can be compared: what Jaeger leaves to chance is put in order.

use serde_json::{Map, Value, json};

/// Brings an answer to a question of a vector into the form that vectors have.
///
/// Spans of a trace are in the order of their start, then of their id, then of their text, and
/// processes are named in the order in which those spans name them. Where the question says
/// `any_order` its lists are in the order of their text; where it says `ids_only` traces are their ids;
/// where it says `no_warnings` spans have none. Attributes of OTLP resources are in the order of their text.
pub fn normalise(entry: &Value, answer: &mut Value) {
    for trace in answer.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
        if entry.get("no_warnings").is_some() {
            for span in trace.get_mut("spans").and_then(Value::as_array_mut).into_iter().flatten() {
                span["warnings"].take();
            }
        }
        order_spans(trace);
    }
    let resources = answer.pointer_mut("/result/resourceSpans").and_then(Value::as_array_mut);
    for resource in resources.into_iter().flatten() {
        if let Some(attributes) = resource.pointer_mut("/resource/attributes") {
            sort_lists(attributes);
        }
    }
    order_zipkin(answer);
    if entry.get("any_order").is_some() {
        sort_lists(answer);
    }
    if entry.get("ids_only").is_some() {
        only_ids(answer);
    }
}

/// Spans in one order, and the names of processes after it. Jaeger has both from a hash map.
fn order_spans(trace: &mut Value) {
    let Some(object) = trace.as_object_mut() else { return };
    let processes = object.get("processes").and_then(Value::as_object).cloned().unwrap_or_default();
    let Some(spans) = object.get_mut("spans").and_then(Value::as_array_mut) else { return };
    // The process itself in place of its name, while the name means nothing.
    for span in spans.iter_mut() {
        let process = span["processID"].as_str().and_then(|id| processes.get(id)).cloned();
        span["processID"] = process.unwrap_or_default();
    }
    spans.sort_by_cached_key(|span| {
        let id = span["spanID"].as_str().unwrap_or_default().to_owned();
        (span["startTime"].as_u64(), id, span.to_string())
    });
    let mut named: Vec<Value> = Vec::new();
    for span in spans {
        let process = span["processID"].take();
        let at = named.iter().position(|known| *known == process).unwrap_or_else(|| {
            named.push(process);
            named.len() - 1
        });
        span["processID"] = format!("p{}", at + 1).into();
    }
    let named = named.into_iter().enumerate();
    let named: Map<_, _> = named.map(|(at, process)| (format!("p{}", at + 1), process)).collect();
    object.insert("processes".to_owned(), named.into());
}

/// Spans of Zipkin's traces, in an answer that is one or a list of them, in the order of their text.
fn order_zipkin(answer: &mut Value) {
    let Some(items) = answer.as_array_mut() else { return };
    if items.iter().all(|item| item.get("traceId").is_some()) {
        items.sort_by_key(ToString::to_string);
    } else {
        items.iter_mut().for_each(order_zipkin);
    }
}

/// The lists right in an answer, or the answer where it is one, in the order of their text.
fn sort_lists(answer: &mut Value) {
    let lists = match answer {
        Value::Array(_) => vec![answer],
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    };
    for list in lists.into_iter().filter_map(Value::as_array_mut) {
        list.sort_by_key(ToString::to_string);
    }
}

/// Traces, in Jaeger's form, OTLP's or Zipkin's, as their ids, in their order.
fn only_ids(answer: &mut Value) {
    for trace in answer.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
        *trace = trace["traceID"].take();
    }
    // Zipkin's traces are lists of spans, a list of them or one.
    for trace in answer.as_array_mut().into_iter().flatten() {
        *trace = trace[0]["traceId"].take();
    }
    if let Some(resources) = answer.pointer("/result/resourceSpans").and_then(Value::as_array) {
        let scopes = resources.iter().filter_map(|resource| resource["scopeSpans"].as_array());
        let spans = scopes.flatten().filter_map(|scope| scope["spans"].as_array()).flatten();
        let mut ids: Vec<Value> = Vec::new();
        for span in spans {
            if !ids.contains(&span["traceId"]) {
                ids.push(span["traceId"].clone());
            }
        }
        *answer = json!({"result": ids});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, start: u64, process: &str) -> Value {
        json!({"spanID": id, "startTime": start, "processID": process})
    }

    #[test]
    fn chance_has_no_part_in_a_trace() {
        let processes = json!({"p1": {"serviceName": "a"}, "p2": {"serviceName": "b"}});
        let other_names = json!({"p1": {"serviceName": "b"}, "p2": {"serviceName": "a"}});
        let mut one = json!({"data": [{"processes": processes, "spans": [
            span("2", 5, "p1"), span("1", 5, "p2"), span("3", 4, "p2")]}]});
        let mut other = json!({"data": [{"processes": other_names, "spans": [
            span("3", 4, "p1"), span("2", 5, "p2"), span("1", 5, "p1")]}]});
        normalise(&Value::Null, &mut one);
        normalise(&Value::Null, &mut other);
        assert_eq!(one, other);
        assert_eq!(one["data"][0]["spans"][2], span("2", 5, "p2"));
        assert_eq!(one["data"][0]["processes"], other_names);
    }

    #[test]
    fn a_question_says_what_its_answer_is_reduced_to() {
        let mut services = json!({"data": ["b", "a"], "total": 2});
        normalise(&json!({"any_order": true}), &mut services);
        assert_eq!(services, json!({"data": ["a", "b"], "total": 2}));
        let mut traces = json!({"data": [{"traceID": "2", "spans": []}, {"traceID": "1"}]});
        normalise(&json!({"ids_only": true}), &mut traces);
        assert_eq!(traces, json!({"data": ["2", "1"]}));
    }
}
