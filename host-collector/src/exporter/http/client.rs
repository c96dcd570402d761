//! One connection to one server, kept as long as it is good, one request at a time.

use super::body::Pieces;
use super::connect::Connector;
use super::{Answer, Url};
use crate::text::chain;
use bytes::Bytes;
use core::fmt;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::poll_fn;
use std::pin::Pin;

/// An answer of more than this is cut off; only its first lines are of interest.
const LONGEST_ANSWER: usize = 64 << 10;

/// Which HTTP is spoken; nothing is negotiated but by TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, which gRPC needs.
    Http2,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server was not reached.
    Unreachable(String),
    /// It was, and then something broke.
    Broken(String),
}

enum Connection {
    Http1(http1::SendRequest<Pieces>),
    Http2(http2::SendRequest<Pieces>),
}

/// A client of one server.
pub(crate) struct Client {
    url: Url,
    version: Version,
    connector: Connector,
    headers: HeaderMap,
    connection: Option<Connection>,
}

impl Client {
    /// A client that sends these headers with each request.
    pub(crate) fn new(
        url: Url,
        version: Version,
        connector: Connector,
        mut headers: HeaderMap,
    ) -> Self {
        let agent = HeaderValue::from_static(concat!("spandrel/", env!("CARGO_PKG_VERSION")));
        headers.entry(USER_AGENT).or_insert(agent);
        Self { url, version, connector, headers, connection: None }
    }

    /// Posts a body. A server may close a connection that it heard nothing on just when it is used, so
    /// an old one that breaks is tried again with a new one. Whoever drops the future ends the exchange.
    pub(crate) async fn post(&mut self, body: &[Bytes]) -> Result<Answer, Failure> {
        if let Some(connection) = self.connection.take().filter(Connection::is_open)
            && let Ok(answer) = self.exchange(connection, body).await
        {
            return Ok(answer);
        }
        let connection = self.connect().await.map_err(Failure::Unreachable)?;
        self.exchange(connection, body).await.map_err(|error| Failure::Broken(chain(&error)))
    }

    async fn connect(&self) -> Result<Connection, String> {
        let io = TokioIo::new(self.connector.connect(&self.url).await?);
        match self.version {
            Version::Http1 => {
                let (sender, connection) =
                    http1::handshake(io).await.map_err(|error| chain(&error))?;
                // How it ends is told to whoever waits for an answer.
                tokio::spawn(connection);
                Ok(Connection::Http1(sender))
            }
            Version::Http2 => {
                let builder = http2::Builder::new(TokioExecutor::new());
                let (sender, connection) =
                    builder.handshake(io).await.map_err(|error| chain(&error))?;
                tokio::spawn(connection);
                Ok(Connection::Http2(sender))
            }
        }
    }

    async fn exchange(
        &mut self,
        mut connection: Connection,
        body: &[Bytes],
    ) -> Result<Answer, hyper::Error> {
        let body = Pieces::new(body);
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.headers_mut() = self.headers.clone();
        let response = match &mut connection {
            Connection::Http1(sender) => {
                *request.uri_mut() = self.url.path().parse().unwrap_or_default();
                if let Ok(host) = HeaderValue::from_str(self.url.authority()) {
                    request.headers_mut().insert(HOST, host);
                }
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Connection::Http2(sender) => {
                *request.uri_mut() = self.whole_uri();
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (answer, is_whole) = read(response).await;
        if is_whole {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    fn whole_uri(&self) -> Uri {
        let scheme = if self.url.is_tls() { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(self.url.authority());
        // It was taken apart from one.
        uri.path_and_query(self.url.path()).build().unwrap_or_default()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Connection {
    fn is_open(&self) -> bool {
        match self {
            Self::Http1(sender) => !sender.is_closed(),
            Self::Http2(sender) => !sender.is_closed(),
        }
    }
}

/// Reads what came behind the headers; what breaks off there does not make it less of an answer. Says
/// whether it was all.
async fn read(response: Response<Incoming>) -> (Answer, bool) {
    let (parts, mut incoming) = response.into_parts();
    let mut answer = Answer {
        status: parts.status,
        headers: parts.headers,
        body: Vec::new(),
        trailers: HeaderMap::new(),
    };
    loop {
        match poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
            None => return (answer, true),
            Some(Err(_)) => return (answer, false),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if answer.body.len() + data.len() > LONGEST_ANSWER => {
                    let room = LONGEST_ANSWER - answer.body.len();
                    answer.body.extend_from_slice(data.get(..room).unwrap_or_default());
                    return (answer, false);
                }
                Ok(data) => answer.body.extend_from_slice(&data),
                Err(frame) => answer.trailers.extend(frame.into_trailers().unwrap_or_default()),
            },
        }
    }
}
