//! OTLP over gRPC: HTTP/2 with five bytes before what a chunk is, and a status behind the answer.
//!
//! That is all that one method without streams needs of gRPC, so there is no library for it.

mod status;

use super::http::{Client, Connector, Version, gzip};
use super::send::Outcome;
use super::{Exporter, Target};
use crate::model::Chunk;
use crate::tls::TlsError;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, HeaderName, TE};

const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Sends to one OTLP/gRPC receiver.
#[derive(Debug)]
pub struct OtlpGrpc {
    name: String,
    client: Client,
    gzip: Option<u32>,
}

impl OtlpGrpc {
    /// An exporter that connects with the first request.
    ///
    /// # Errors
    /// Where the target asks for TLS and there can be none.
    pub fn new(target: Target) -> Result<Self, TlsError> {
        let Target { url, mut headers, gzip, files, timeout } = target;
        let connector = Connector::new(&url, Version::Http2, &files)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if gzip.is_some() {
            let name = HeaderName::from_static("grpc-encoding");
            headers.insert(name, HeaderValue::from_static("gzip"));
        }
        let within = HeaderValue::from_str(&format!("{}m", timeout.as_millis().min(99_999_999)));
        if let Ok(within) = within {
            headers.insert(HeaderName::from_static("grpc-timeout"), within);
        }
        let name = url.to_string();
        let client = Client::new(url.at(METHOD), Version::Http2, connector, headers);
        Ok(Self { name, client, gzip })
    }
}

impl Exporter for OtlpGrpc {
    fn name(&self) -> &str {
        &self.name
    }

    fn convert(&self, chunks: &[Chunk]) -> Vec<Bytes> {
        let mut pieces: Vec<Bytes> = chunks.iter().map(|chunk| chunk.bytes().clone()).collect();
        if let Some(level) = self.gzip {
            pieces = vec![gzip(&pieces, level)];
        }
        let length: usize = pieces.iter().map(Bytes::len).sum();
        // Longer requests than four bytes can tell are divided long before.
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        let prefix = [&[u8::from(self.gzip.is_some())], &length[..]].concat();
        pieces.insert(0, prefix.into());
        pieces
    }

    async fn send(&mut self, body: &[Bytes]) -> Outcome {
        match self.client.post(body).await {
            Err(failure) => failure.into(),
            Ok(answer) => status::judge(&answer),
        }
    }
}
