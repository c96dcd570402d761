//! Questions to a collector that runs, over one connection.

use super::Reply;
use crate::exporter::http::{Connector, Files, Pieces, Url, Version};
use crate::terminal::error::Error;
use crate::text::chain;
use bytes::Bytes;
use core::pin::Pin;
use core::time::Duration;
use http::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// A machine that is there answers sooner.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A search through everything may take so long.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);
/// No answer that is read at once is longer.
const LONGEST_ANSWER: usize = 256 << 20;

/// A collector, and how to get to it.
pub(in crate::terminal) struct Collector {
    url: Url,
    runtime: Runtime,
    connector: Connector,
    headers: HeaderMap,
    connection: Option<SendRequest<Pieces>>,
}

/// Why there is no answer.
pub(in crate::terminal) enum Failure {
    /// There is nobody.
    Nobody(String),
    /// There was somebody, and then something broke.
    Broken(String),
}

impl Collector {
    pub(in crate::terminal) fn new(
        url: &Url,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connector = Connector::new(url, Version::Http1, &Files::default())?;
        let mut headers = HeaderMap::new();
        let agent = concat!("spandrel/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        Ok(Self { url: url.clone(), runtime, connector, headers, connection: None })
    }

    /// Where it is.
    pub(in crate::terminal) fn name(&self) -> String {
        self.url.to_string().trim_end_matches('/').to_owned()
    }

    /// Asks for a path with its query, and waits for the whole answer.
    pub(in crate::terminal) fn get(&mut self, path: &str) -> Result<Reply, Failure> {
        let old = self.connection.take().filter(|old| !old.is_closed());
        self.runtime.block_on(async {
            // What was left open since the last question may be closed by now.
            if let Some(mut old) = old
                && let Ok(reply) = exchange(&mut old, &self.url, &self.headers, path).await
            {
                self.connection = Some(old);
                return Ok(reply);
            }
            let mut connection = connect(&self.connector, &self.url).await?;
            let reply = exchange(&mut connection, &self.url, &self.headers, path).await;
            let reply = reply.map_err(Failure::Broken)?;
            self.connection = Some(connection);
            Ok(reply)
        })
    }

    /// Asks for what has no end. Gives the answer in pieces, or what it is instead.
    pub(in crate::terminal) fn stream(
        &self,
        path: &str,
    ) -> Result<Result<Stream<'_>, Reply>, Failure> {
        self.runtime.block_on(async {
            let mut connection = connect(&self.connector, &self.url).await?;
            let response = ask(&mut connection, &self.url, &self.headers, path).await;
            let response = response.map_err(Failure::Broken)?;
            if response.status() != http::StatusCode::OK {
                return Ok(Err(read(response).await.map_err(Failure::Broken)?));
            }
            let body = response.into_body();
            Ok(Ok(Stream { runtime: &self.runtime, body, _connection: connection }))
        })
    }
}

/// An answer without an end.
pub(in crate::terminal) struct Stream<'a> {
    runtime: &'a Runtime,
    body: Incoming,
    _connection: SendRequest<Pieces>,
}

/// What came of a stream.
pub(in crate::terminal) enum Piece {
    /// Bytes.
    Bytes(Bytes),
    /// Nothing in that time.
    Nothing,
    /// It is over, for this reason.
    Over(String),
}

impl Stream<'_> {
    /// Waits for more, for so long.
    pub(in crate::terminal) fn next(&mut self, wait: Duration) -> Piece {
        let body = &mut self.body;
        let next = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        match self.runtime.block_on(async { timeout(wait, next).await }) {
            Err(_) => Piece::Nothing,
            Ok(None) => Piece::Over("it ended".to_owned()),
            Ok(Some(Err(error))) => Piece::Over(chain(&error)),
            Ok(Some(Ok(frame))) => Piece::Bytes(frame.into_data().unwrap_or_default()),
        }
    }
}

async fn connect(connector: &Connector, url: &Url) -> Result<SendRequest<Pieces>, Failure> {
    let connected = timeout(CONNECT_LIMIT, connector.connect(url)).await;
    let stream = connected.map_err(|_| Failure::Nobody("nothing is heard of it".to_owned()))?;
    let stream = stream.map_err(Failure::Nobody)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::Broken(chain(&error)))?;
    // How it ends is told to whoever waits for an answer.
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(
    connection: &mut SendRequest<Pieces>,
    url: &Url,
    headers: &HeaderMap,
    path: &str,
) -> Result<Response<Incoming>, String> {
    let mut request = Request::new(Pieces::new(&[]));
    *request.headers_mut() = headers.clone();
    let base = url.path().trim_end_matches('/');
    let uri = format!("{base}{path}").parse();
    *request.uri_mut() = uri.map_err(|error| format!("{path} is no path: {error}"))?;
    let host = HeaderValue::from_str(url.authority()).map_err(|error| error.to_string())?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
    connection.ready().await.map_err(|error| chain(&error))?;
    let response = timeout(ANSWER_LIMIT, connection.send_request(request)).await;
    response.map_err(|_| "it takes too long".to_owned())?.map_err(|error| chain(&error))
}

async fn exchange(
    connection: &mut SendRequest<Pieces>,
    url: &Url,
    headers: &HeaderMap,
    path: &str,
) -> Result<Reply, String> {
    read(ask(connection, url, headers, path).await?).await
}

/// The whole of an answer.
async fn read(response: Response<Incoming>) -> Result<Reply, String> {
    let (parts, mut incoming) = response.into_parts();
    let mut reply = Reply { status: parts.status.as_u16(), body: Vec::new() };
    let mut next = async || poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await;
    loop {
        let frame = timeout(ANSWER_LIMIT, next()).await;
        match frame.map_err(|_| "it takes too long".to_owned())? {
            None => return Ok(reply),
            Some(Err(error)) => return Err(chain(&error)),
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                if reply.body.len() + data.len() > LONGEST_ANSWER {
                    return Err(format!("it is longer than {} MiB", LONGEST_ANSWER >> 20));
                }
                reply.body.extend_from_slice(&data);
            }
        }
    }
}
