//! How thirtyfour talks to the driver: plain HTTP to this machine, by the client that the project has anyway.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use ureq::Agent;

/// Blocks, which is fine: a test has a thread of its own and waits for each answer.
pub(crate) struct Client(Agent);

impl Client {
    pub(crate) fn new() -> Self {
        // What the driver refuses is an answer, whose text says why.
        Self(Agent::config_builder().http_status_as_error(false).build().into())
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => Vec::new(),
            Body::Json(json) => serde_json::to_vec(json)?,
        };
        let failed = |error: ureq::Error| WebDriverError::HttpError(error.to_string());
        let answer = self.0.run(Request::from_parts(parts, body)).map_err(failed)?;
        let (parts, mut body) = answer.into_parts();
        let bytes = body.with_config().limit(64 << 20).read_to_vec().map_err(failed)?;
        Ok(Response::from_parts(parts, bytes.into()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self(self.0.clone()))
    }
}
