use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn written(write: impl FnOnce(&mut Writer)) -> String {
    let mut out = Writer::default();
    write(&mut out);
    String::from_utf8(out.into_bytes()).unwrap()
}

#[test]
fn doubles_are_as_javascript_writes_them() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (3.0, "3"),
        (0.5, "0.5"),
        (1e-7, "1e-7"),
        (1e-6, "0.000001"),
        (1.5e20, "150000000000000000000"),
        (1e21, "1e+21"),
        (-1.25e300, "-1.25e+300"),
        (f64::NAN, "\"NaN\""),
        (f64::INFINITY, "\"Infinity\""),
        (f64::NEG_INFINITY, "\"-Infinity\""),
    ] {
        assert_eq!(written(|out| out.double(value)), text);
    }
}

#[test]
fn all_numbers_of_few_digits_and_the_ends_of_others() {
    let ends = (0..20).map(|digits| 10_u64.pow(digits)).flat_map(|end| [end - 1, end, end + 1]);
    for number in (0..20_000).chain(ends).chain([u64::MAX]) {
        assert_eq!(written(|out| out.unsigned(number)), number.to_string());
    }
    assert_eq!(written(|out| out.signed(i64::MIN)), i64::MIN.to_string());
}

#[test]
fn every_character_that_is_escaped_is_found_wherever_it_stands() {
    for length in 1..20 {
        for place in 0..length {
            for byte in 0..0x80_u8 {
                let mut text = vec![b'x'; length];
                text[place] = byte;
                let text = String::from_utf8(text).unwrap();
                let json = written(|out| out.string(&text));
                assert_eq!(serde_json::from_str(&json).ok(), Some(text));
                assert_eq!(json.len() == length + 2, !must_be_escaped(byte), "{json}");
            }
        }
    }
}

#[test]
fn control_characters_are_escaped() {
    let text = "\u{0}\u{1f}\u{7f}\"\\\n\r\t\u{8}\u{c}/é";
    let expected = r#""\u0000\u001f"#.to_owned() + "\u{7f}" + r#"\"\\\n\r\t\b\f/é""#;
    assert_eq!(written(|out| out.string(text)), expected);
}

#[test]
fn what_is_indented_says_the_same() {
    let json = r#"{"a":[],"b":{},"c":[1,{"d":"x,\"{y"}],"e":null}"#;
    let expected = "{\n    \"a\": [],\n    \"b\": {},\n    \"c\": [\n        1,\n        {\n            \
                    \"d\": \"x,\\\"{y\"\n        }\n    ],\n    \"e\": null\n}";
    assert_eq!(String::from_utf8(indented(json.as_bytes(), "    ")).unwrap(), expected);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        text: String,
        double in prop::num::f64::NORMAL,
        number: i64,
        bytes in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let json = written(|out| {
            out.raw("{\"text\":");
            out.string(&text);
            out.raw(",\"double\":");
            out.double(double);
            out.raw(",\"number\":");
            out.signed(number);
            out.raw(",\"list\":");
            out.list([&text, "", &text], |out, text| out.string(text));
            out.raw(",\"hex\":\"");
            out.hex(&bytes);
            out.raw("\"}");
        });
        let read: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read["text"], &text);
        prop_assert!(read["double"].is_number());
        prop_assert_eq!(written(|out| out.double(double)).parse(), Ok(double));
        prop_assert_eq!(&read["number"], &json!(number));
        prop_assert_eq!(&read["list"], &json!([text, "", text]));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(&read["hex"], &hex);
        let again: Value = serde_json::from_slice(&indented(json.as_bytes(), "  ")).unwrap();
        prop_assert_eq!(again, read);
    }

    #[test]
    fn numbers_are_as_rust_writes_them(number: u64, shift in 0..64_u32) {
        let number = number >> shift;
        prop_assert_eq!(written(|out| out.unsigned(number)), number.to_string());
        let signed = number.cast_signed();
        prop_assert_eq!(written(|out| out.signed(signed)), signed.to_string());
    }

    #[test]
    fn bytes_that_are_text_are_written_as_text(mut bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let expected = written(|out| out.escaped(&text));
        prop_assert_eq!(written(|out| out.escaped_bytes(text.as_bytes())), expected.clone());
        prop_assert_eq!(serde_json::from_str(&format!("\"{expected}\"")).ok(), Some(text.clone()));
        let is_text = str::from_utf8(&bytes).is_ok();
        prop_assert_eq!(written(|out| out.escaped_bytes(&bytes)), if is_text { expected } else { String::new() });
        // Almost everything is ASCII.
        bytes.iter_mut().for_each(|byte| *byte = b' ' + *byte % 0x60);
        let text = String::from_utf8(bytes).unwrap();
        let expected = text.replace('\\', "\\\\").replace('"', "\\\"");
        prop_assert_eq!(written(|out| out.escaped(&text)), expected);
    }
}
