//! Servers on loopback that answer as a test tells them to, and tell what they were sent.

use super::client::Version;
use bytes::Bytes;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use http::{HeaderMap, HeaderName, Request, Response};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a server was sent.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Which connection it came by, from 0.
    pub(crate) connection: usize,
}

/// What a server answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<Vec<(&'static str, String)>>,
}

impl Reply {
    pub(crate) fn http(status: u16, body: &[u8]) -> Self {
        Self { status, body: body.to_vec(), ..Self::default() }
    }

    pub(crate) fn grpc(status: u32, message: &str) -> Self {
        let trailers = vec![("grpc-status", status.to_string()), ("grpc-message", message.into())];
        let headers = vec![("content-type", "application/grpc".to_owned())];
        Self { status: 200, headers, body: Vec::new(), trailers: Some(trailers) }
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    received: mpsc::Receiver<Received>,
    // The server ends with it.
    _end: tokio::sync::oneshot::Sender<()>,
}

type Answer = Arc<Mutex<dyn FnMut(&Received) -> Reply + Send>>;

impl Server {
    /// A server on a free port, whose answers `reply` makes.
    pub(crate) fn start(
        version: Version,
        tls: Option<ServerConfig>,
        reply: impl FnMut(&Received) -> Reply + Send + 'static,
    ) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), version, tls, reply)
    }

    pub(crate) fn start_at(
        address: SocketAddr,
        version: Version,
        tls: Option<ServerConfig>,
        reply: impl FnMut(&Received) -> Reply + Send + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::channel();
        let (end, ended) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer: Answer = Arc::new(Mutex::new(reply));
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    _ = ended => {}
                    () = accept(&listener, version, tls, sender, answer) => {}
                }
            });
        });
        Self { address, received, _end: end }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request, which must come.
    pub(crate) fn next(&self) -> Received {
        self.received.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// The requests that came so far.
    pub(crate) fn so_far(&self) -> Vec<Received> {
        self.received.try_iter().collect()
    }
}

async fn accept(
    listener: &TcpListener,
    version: Version,
    tls: Option<TlsAcceptor>,
    sender: mpsc::Sender<Received>,
    answer: Answer,
) {
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, sender, answer) = (tls.clone(), sender.clone(), answer.clone());
        tokio::spawn(async move {
            match tls {
                None => serve(stream, version, connection, sender, answer).await,
                Some(tls) => {
                    // A client that does not believe us goes.
                    let Ok(stream) = tls.accept(stream).await else { return };
                    serve(stream, version, connection, sender, answer).await;
                }
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    version: Version,
    connection: usize,
    sender: mpsc::Sender<Received>,
    answer: Answer,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (sender, answer) = (sender.clone(), answer.clone());
        async move {
            let (parts, mut incoming) = request.into_parts();
            let mut body = Vec::new();
            while let Some(frame) =
                poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await
            {
                body.extend_from_slice(frame?.data_ref().unwrap_or(&Bytes::new()));
            }
            let path = parts.uri.path().to_owned();
            let received = Received { path, headers: parts.headers, body, connection };
            let reply = (answer.lock().unwrap())(&received);
            let _ = sender.send(received);
            Ok::<_, hyper::Error>(response(reply))
        }
    });
    // A client may go at any moment.
    let _ = match version {
        Version::Http1 => {
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        }
        Version::Http2 => {
            http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await
        }
    };
}

fn response(reply: Reply) -> Response<Frames> {
    let map = |list: Vec<(&'static str, String)>| {
        let list = list.into_iter();
        list.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect::<HeaderMap>()
    };
    let data = (!reply.body.is_empty()).then(|| Frame::data(Bytes::from(reply.body)));
    let trailers = reply.trailers.map(|trailers| Frame::trailers(map(trailers)));
    let mut response = Response::new(Frames(data.into_iter().chain(trailers).collect()));
    *response.status_mut() = reply.status.try_into().unwrap();
    *response.headers_mut() = map(reply.headers);
    response
}

struct Frames(VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
