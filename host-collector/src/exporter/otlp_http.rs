//! OTLP over HTTP/1.1: what a chunk is, is what is sent, or the same as JSON.

use super::http::{Answer, Client, Connector, Version, gzip};
use super::send::Outcome;
use super::{Exporter, Target, otlp};
use crate::json::Writer;
use crate::model::Chunk;
use crate::tls::TlsError;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;

/// How OTLP is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As a chunk is.
    Protobuf,
    /// For receivers that cannot read it.
    Json,
}

/// Sends to one OTLP/HTTP receiver.
#[derive(Debug)]
pub struct OtlpHttp {
    name: String,
    client: Client,
    encoding: Encoding,
    gzip: Option<u32>,
}

impl OtlpHttp {
    /// An exporter that connects with the first request.
    ///
    /// # Errors
    /// Where the target asks for TLS and there can be none.
    pub fn new(target: Target, encoding: Encoding) -> Result<Self, TlsError> {
        let Target { url, mut headers, gzip, files, .. } = target;
        let connector = Connector::new(&url, Version::Http1, &files)?;
        let kind = match encoding {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let name = url.to_string();
        let client = Client::new(url, Version::Http1, connector, headers);
        Ok(Self { name, client, encoding, gzip })
    }
}

impl Exporter for OtlpHttp {
    fn name(&self) -> &str {
        &self.name
    }

    fn convert(&self, chunks: &[Chunk]) -> Vec<Bytes> {
        let pieces: Vec<Bytes> = match self.encoding {
            Encoding::Protobuf => chunks.iter().map(|chunk| chunk.bytes().clone()).collect(),
            Encoding::Json => {
                let mut out = Writer::default();
                otlp::json(&mut out, chunks);
                vec![out.into_bytes().into()]
            }
        };
        match self.gzip {
            Some(level) => vec![gzip(&pieces, level)],
            None => pieces,
        }
    }

    async fn send(&mut self, body: &[Bytes]) -> Outcome {
        match self.client.post(body).await {
            Err(failure) => failure.into(),
            Ok(answer) if answer.status.is_success() => {
                let (rejected, message) = partial_success(&answer);
                Outcome::Delivered { rejected, message }
            }
            Ok(answer) => answer.failure("the OTLP/HTTP port (usually 4318)"),
        }
    }
}

/// What a receiver of JSON answers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    partial_success: PartialSuccess,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    /// As text, as protobuf's JSON has numbers of 64 bits, or as a number.
    rejected_spans: Value,
    error_message: String,
}

/// How many spans of a request that it took a server refused, and why.
fn partial_success(answer: &Answer) -> (u64, String) {
    if !answer.is_json() {
        return otlp::partial_success(&answer.body);
    }
    // What is no JSON says nothing.
    let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
    let rejected = match &said.partial_success.rejected_spans {
        Value::String(text) => text.parse().unwrap_or(0),
        number => number.as_u64().unwrap_or(0),
    };
    (rejected, said.partial_success.error_message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use proptest::prelude::*;

    fn said(kind: &'static str, body: &[u8]) -> (u64, String) {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        partial_success(&Answer { headers, body: body.to_vec(), ..Answer::default() })
    }

    #[test]
    fn a_partial_success_is_read_in_both_forms() {
        let old = (1, "old".to_owned());
        assert_eq!(said("application/x-protobuf", b"\x0a\x07\x08\x01\x12\x03old"), old);
        let json = br#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"old"}}"#;
        assert_eq!(said("application/json; charset=utf-8", json), old);
        let json = br#"{"partialSuccess":{"rejectedSpans":1,"errorMessage":"old"}}"#;
        assert_eq!(said("application/json", json), old);
        assert_eq!(said("application/json", b"{}"), (0, String::new()));
    }

    proptest! {
        #[test]
        fn any_answer_is_understood(body: Vec<u8>, text in "[\\[{\"a-z:0-9}\\]]{0,20}") {
            said("application/json", &body);
            said("application/json", text.as_bytes());
        }
    }
}
