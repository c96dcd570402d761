//! Zipkin's JSON, read span by span.

use super::span::{self, Endpoint, Fault, Span};
use super::{Groups, ZipkinError};
use core::fmt::{self, Formatter};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;

/// The `ExportTraceServiceRequest` in protobuf of a list of spans.
///
/// # Errors
/// Where it is no such list, or a span in it is none.
pub fn from_json(text: &[u8]) -> Result<Vec<u8>, ZipkinError> {
    let mut groups = Groups::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let fault = List(&mut groups).deserialize(&mut reader)?;
    if let Some((index, fault)) = fault {
        return Err(ZipkinError::Span(index, fault));
    }
    reader.end()?;
    Ok(groups.into_request())
}

/// The list; says which span is wrong, if one is.
struct List<'a>(&'a mut Groups);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Option<(usize, Fault)>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Option<(usize, Fault)>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a list of spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut index = 0;
        let mut fault = None;
        while let Some(span) = list.next_element::<JsonSpan<'_>>()? {
            // What follows a wrong span is read only to see whether it is JSON.
            if fault.is_none() {
                match span.into_span() {
                    Ok(span) => self.0.add(&span),
                    Err(why) => fault = Some((index, why)),
                }
            }
            index += 1;
        }
        Ok(fault)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonSpan<'a> {
    #[serde(borrow)]
    trace_id: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    parent_id: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    timestamp: Option<Number>,
    duration: Option<Number>,
    #[serde(borrow)]
    local_endpoint: Option<JsonEndpoint<'a>>,
    #[serde(borrow)]
    remote_endpoint: Option<JsonEndpoint<'a>>,
    #[serde(borrow)]
    annotations: Option<Vec<JsonAnnotation<'a>>>,
    #[serde(borrow)]
    tags: Option<Tags<'a>>,
    debug: Option<bool>,
    shared: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonEndpoint<'a> {
    #[serde(borrow)]
    service_name: Option<Text<'a>>,
    #[serde(borrow)]
    ipv4: Option<Text<'a>>,
    #[serde(borrow)]
    ipv6: Option<Text<'a>>,
    port: Option<Number>,
}

#[derive(Deserialize)]
struct JsonAnnotation<'a> {
    timestamp: Number,
    #[serde(borrow)]
    value: Text<'a>,
}

/// A text, or a number as it is written.
struct Text<'a>(Cow<'a, str>);

/// A number, or a text that is one; 0 if it is negative.
struct Number(u64);

/// Tags in the order in which they came.
struct Tags<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfText;

        impl<'de> Visitor<'de> for OfText {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(text.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(text.to_owned().into()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Text<'de>, E> {
                Ok(Text(value.to_string().into()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Text<'de>, E> {
                Ok(Text(value.to_string().into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Text<'de>, E> {
                Ok(Text(value.to_string().into()))
            }
        }
        from.deserialize_any(OfText)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfNumber;

        impl Visitor<'_> for OfNumber {
            type Value = Number;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(u64::try_from(value).unwrap_or(0)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
                /// Up to here every whole double is what it says.
                const EXACT: f64 = 9_007_199_254_740_992.0;

                if value.trunc() == value && value.abs() <= EXACT {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "it is within its bounds"
                    )]
                    return self.visit_i64(value as i64);
                }
                Err(E::custom(format_args!("{value} is no whole number")))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                let value =
                    text.parse().map_err(|_| E::custom("a number is expected, not a text"))?;
                self.visit_i64(value)
            }
        }
        from.deserialize_any(OfNumber)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfTags;

        impl<'de> Visitor<'de> for OfTags {
            type Value = Tags<'de>;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tags<'de>, A::Error> {
                let mut tags = Vec::new();
                while let Some((Text(key), Text(value))) = map.next_entry()? {
                    tags.push((key, value));
                }
                Ok(Tags(tags))
            }
        }
        from.deserialize_map(OfTags)
    }
}

impl<'a> JsonSpan<'a> {
    fn into_span(self) -> Result<Span<'a>, Fault> {
        let id_of = |name, text: Option<Text<'_>>| {
            let Text(digits) = text.ok_or(Fault::Missing(name))?;
            span::id(name, &digits)
        };
        let Text(trace_id) = self.trace_id.ok_or(Fault::Missing("traceId"))?;
        let number = |number: Option<Number>| number.map_or(0, |Number(value)| value);
        let annotations = self.annotations.unwrap_or_default().into_iter();
        Ok(Span {
            trace_id: span::id("traceId", &trace_id)?,
            id: id_of("id", self.id)?,
            parent: self.parent_id.map(|parent| id_of("parentId", Some(parent))).transpose()?,
            kind: self.kind.map_or(Ok(0), |Text(name)| span::kind(&name))?,
            name: plain(self.name),
            start_us: number(self.timestamp),
            duration_us: number(self.duration),
            local: endpoint(self.local_endpoint),
            remote: endpoint(self.remote_endpoint),
            annotations: annotations.map(|one| (one.timestamp.0, one.value.0)).collect(),
            tags: self.tags.map_or_else(Vec::new, |Tags(tags)| tags),
            is_debug: self.debug == Some(true),
            is_shared: self.shared == Some(true),
        })
    }
}

fn plain(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.map_or(Cow::Borrowed(""), |Text(text)| text)
}

fn endpoint(endpoint: Option<JsonEndpoint<'_>>) -> Endpoint<'_> {
    let Some(JsonEndpoint { service_name, ipv4, ipv6, port }) = endpoint else {
        return Endpoint::default();
    };
    let address = |text: Option<Text<'_>>| plain(text).parse().ok();
    let port = port.and_then(|Number(port)| u16::try_from(port).ok()).unwrap_or(0);
    Endpoint { service: plain(service_name), v4: address(ipv4), v6: address(ipv6), port }
}
