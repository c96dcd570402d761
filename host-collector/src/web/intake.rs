//! Spans that clients hand in: read, checked, stored, and only then acknowledged.

use super::answer::{Answer, essence};
use super::body::{self, BodyError, Coding};
use super::budget::Share;
use super::grpc::{self, ENCODING, unframe};
use super::otlp::{Form, Trouble, partial_success};
use super::router::Spans;
use super::service::{Entry, Service};
use super::stats::Received;
use crate::model::Checked;
use crate::receiver::Peer;
use bytes::Bytes;
use http::request::Parts;
use http_body::Body;
use std::time::Instant;

/// Longer bodies are not decompressed and read where others wait for it.
const LONG: usize = 128 << 10;

impl Service {
    /// Over HTTP.
    pub(super) async fn take<B>(
        &self,
        spans: Spans,
        parts: &Parts,
        body: B,
        entry: Entry,
        share: &mut Share,
    ) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let content_type = essence(&parts.headers);
        let (form, stats) = match spans {
            Spans::Zipkin | Spans::ZipkinCall => {
                (Form::of_zipkin(&content_type), &self.stats.zipkin_http)
            }
            Spans::Otlp | Spans::OtlpCall => (Form::of(&content_type), &self.stats.otlp_http),
        };
        let form = match form {
            Ok(form) => form,
            Err(trouble) => {
                stats.refused(trouble.reason());
                return Form::Json.refused(&trouble);
            }
        };
        let read = async {
            let coding = Coding::of(&parts.headers)?;
            let body = body::read(body, self.most, &self.limits, share).await?;
            self.is_within_limit(entry, body.len())?;
            self.keep(form, coding, body, share, stats).await
        };
        match read.await {
            Ok((rejected, why)) => form.taken(rejected, why),
            Err(trouble) => {
                stats.refused(trouble.reason());
                form.refused(&trouble)
            }
        }
    }

    /// Over gRPC.
    pub(super) async fn take_call<B>(
        &self,
        spans: Spans,
        parts: &Parts,
        body: B,
        entry: Entry,
        share: &mut Share,
    ) -> Result<Vec<Bytes>, grpc::Status>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (form, stats) = match spans {
            Spans::Zipkin | Spans::ZipkinCall => (Form::ZipkinProtobuf, &self.stats.zipkin_grpc),
            Spans::Otlp | Spans::OtlpCall => (Form::Protobuf, &self.stats.otlp_grpc),
        };
        let kept = async {
            let (coding, message) = self.framed(parts, body, share).await?;
            self.is_within_limit(entry, message.len())?;
            self.keep(form, coding, message, share, stats).await
        };
        match kept.await {
            // Zipkin's answer has no field, and nothing is left out of what it is for.
            Ok((rejected, why)) => Ok(vec![partial_success(rejected, why).into()]),
            Err(trouble) => {
                stats.refused(trouble.reason());
                Err(trouble.call_status())
            }
        }
    }

    /// Whether a source may hand in so many bytes now, as they came.
    fn is_within_limit(&self, entry: Entry, bytes: usize) -> Result<(), Trouble> {
        let Some(limit) = &self.source_limit else { return Ok(()) };
        let source = Peer::Tcp(entry.peer).origin();
        limit.take(&source, bytes, Instant::now()).map_err(Trouble::TooFast)
    }

    /// The message of a call, decompressed.
    pub(super) async fn message<B>(
        &self,
        parts: &Parts,
        body: B,
        share: &mut Share,
    ) -> Result<Bytes, Trouble>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (coding, message) = self.framed(parts, body, share).await?;
        Ok(body::decompress(coding, message, self.most, &self.limits, share)?)
    }

    async fn framed<B>(
        &self,
        parts: &Parts,
        body: B,
        share: &mut Share,
    ) -> Result<(Coding, Bytes), Trouble>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let coding = parts.headers.get(ENCODING).map_or(Ok(Coding::Identity), Coding::named)?;
        let body = body::read(body, self.most + grpc::HEAD, &self.limits, share).await?;
        let (is_compressed, message) =
            unframe(body).map_err(|status| Trouble::Nonsense(status.message))?;
        if !is_compressed {
            return Ok((Coding::Identity, message));
        }
        if coding == Coding::Identity {
            let why = "the message says that it is compressed, but not how: set grpc-encoding";
            return Err(Trouble::Nonsense(why.to_owned()));
        }
        Ok((coding, message))
    }

    /// Stores spans, and says how many were left out and why.
    async fn keep(
        &self,
        form: Form,
        coding: Coding,
        body: Bytes,
        share: &mut Share,
        stats: &Received,
    ) -> Result<(usize, &'static str), Trouble> {
        let (checked, len) = self.check(form, coding, body, share).await?;
        let Checked { chunk, rejected, why } = checked;
        let spans = chunk.len();
        if spans != 0 {
            let ticket = self.intake.offer(chunk).map_err(Trouble::Refused)?;
            ticket.await.map_err(Trouble::Refused)?;
        }
        stats.taken(spans, rejected, len);
        Ok((rejected, why))
    }

    /// The spans, and how long they are decompressed.
    async fn check(
        &self,
        form: Form,
        coding: Coding,
        body: Bytes,
        share: &mut Share,
    ) -> Result<(Checked, usize), Trouble> {
        let (most, limits) = (self.most, self.limits.clone());
        let mut working = core::mem::replace(share, self.budget.share());
        let is_long = body.len() > LONG;
        let read = move || {
            let read = body::decompress(coding, body, most, &limits, &mut working);
            let read = read.map_err(Trouble::from).and_then(|body| {
                if form != Form::Protobuf {
                    // What is made of it is hardly ever longer.
                    working.take(body.len()).map_err(BodyError::from)?;
                }
                let len = body.len();
                Ok((form.read(body)?, len))
            });
            (read, working)
        };
        let (read, working) = if is_long {
            let read = tokio::task::spawn_blocking(read).await;
            read.map_err(|_| {
                Trouble::Nonsense("the request cannot be read: see the log".to_owned())
            })?
        } else {
            read()
        };
        *share = working;
        read
    }
}
