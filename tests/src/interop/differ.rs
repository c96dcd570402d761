//! Where two answers differ first: what a person needs of two pages of JSON.

use serde_json::Value;

/// The way to the first difference, and what is there on both sides; none if there is none.
#[must_use]
pub fn difference(wanted: &Value, got: &Value) -> Option<String> {
    let (way, wanted, got) = first(wanted, got, String::new())?;
    Some(format!("at {way}\n    wanted {}\n    got    {}", short(wanted), short(got)))
}

/// As much as somebody reads.
fn short(value: Option<&Value>) -> String {
    const LONGEST: usize = 300;
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() { shown + "..." } else { shown }
}

fn first<'a>(
    wanted: &'a Value,
    got: &'a Value,
    way: String,
) -> Option<(String, Option<&'a Value>, Option<&'a Value>)> {
    let step = |name: &str, wanted: Option<&'a Value>, got: Option<&'a Value>| match (wanted, got) {
        (Some(wanted), Some(got)) => first(wanted, got, format!("{way}/{name}")),
        (None, None) => None,
        _ => Some((format!("{way}/{name}"), wanted, got)),
    };
    match (wanted, got) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            names.into_iter().find_map(|name| step(name, one.get(name), other.get(name)))
        }
        (Value::Array(one), Value::Array(other)) => (0..one.len().max(other.len()))
            .find_map(|at| step(&at.to_string(), one.get(at), other.get(at))),
        _ => (wanted != got).then_some((way, Some(wanted), Some(got))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_with_the_way_to_it() {
        let one = json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(difference(&one, &one.clone()), None);
        let said = difference(&one, &json!({"a": [1, {"b": 4}], "c": 5})).unwrap();
        assert_eq!(said, "at /a/1/b\n    wanted 2\n    got    4");
        let said = difference(&one, &json!({"a": [1], "c": 3})).unwrap();
        assert_eq!(said, "at /a/1\n    wanted {\"b\":2}\n    got    nothing");
        let said = difference(&one, &json!({"a": [1, {"b": 2}], "c": 3, "d": null})).unwrap();
        assert_eq!(said, "at /d\n    wanted nothing\n    got    null");
    }
}
