//! JSON that people read and compare: whatever fits into a line is one.

use serde_json::Value;

const WIDTH: usize = 110;

/// The document, with a newline at its end.
#[must_use]
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, 0);
    out.push('\n');
    out
}

/// Writes `value` at `indent`; `used` columns of the line are taken by its name and its comma.
fn write(out: &mut String, value: &Value, indent: usize, used: usize) {
    let flat = value.to_string();
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            let name = |name: &String| format!("{}: ", Value::from(name.as_str()));
            fields.iter().map(|(key, value)| (name(key), value)).collect()
        }
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() || indent + used + flat.chars().count() <= WIDTH {
        out.push_str(&flat);
        return;
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    let last = parts.len() - 1;
    for (index, (name, part)) in parts.into_iter().enumerate() {
        out.push('\n');
        out.extend(core::iter::repeat_n(' ', indent + 2));
        out.push_str(&name);
        write(out, part, indent + 2, name.chars().count() + 1);
        if index < last {
            out.push(',');
        }
    }
    out.push('\n');
    out.extend(core::iter::repeat_n(' ', indent));
    out.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_values_stay_on_their_line() {
        let long = "x".repeat(90);
        let document = json!({"a": [1, {"b": null}], "long": [long, 2, [3, 4]]});
        let text = pretty(&document);
        assert_eq!(
            text,
            format!(
                "{{\n  \"a\": [1,{{\"b\":null}}],\n  \"long\": [\n    \"{long}\",\n    2,\n    [3,4]\n  ]\n}}\n"
            )
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }
}
