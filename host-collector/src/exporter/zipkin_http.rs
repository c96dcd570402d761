//! Zipkin's JSON over HTTP/1.1, as any server takes it that knows Zipkin's clients.

use super::http::{Client, Connector, Version, gzip};
use super::send::Outcome;
use super::{Exporter, Target, zipkin};
use crate::json::Writer;
use crate::model::Chunk;
use crate::tls::TlsError;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// Sends to one server that takes Zipkin's spans.
#[derive(Debug)]
pub struct ZipkinHttp {
    name: String,
    client: Client,
    gzip: Option<u32>,
}

impl ZipkinHttp {
    /// An exporter that connects with the first request.
    ///
    /// # Errors
    /// Where the target asks for TLS and there can be none.
    pub fn new(target: Target) -> Result<Self, TlsError> {
        let Target { url, mut headers, gzip, files, .. } = target;
        let connector = Connector::new(&url, Version::Http1, &files)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let name = url.to_string();
        Ok(Self { name, client: Client::new(url, Version::Http1, connector, headers), gzip })
    }
}

impl Exporter for ZipkinHttp {
    fn name(&self) -> &str {
        &self.name
    }

    fn convert(&self, chunks: &[Chunk]) -> Vec<Bytes> {
        let mut out = Writer::default();
        let spans: Vec<_> = chunks.iter().flat_map(zipkin::spans).collect();
        zipkin::write_spans(&mut out, &spans);
        let json = Bytes::from(out.into_bytes());
        vec![match self.gzip {
            Some(level) => gzip(&[json], level),
            None => json,
        }]
    }

    async fn send(&mut self, body: &[Bytes]) -> Outcome {
        match self.client.post(body).await {
            Err(failure) => failure.into(),
            // There is no partial success: what makes no sense to it is a refusal.
            Ok(answer) if answer.status.is_success() => {
                Outcome::Delivered { rejected: 0, message: String::new() }
            }
            Ok(answer) => answer.failure("the port of a Zipkin (usually 9411)"),
        }
    }
}
