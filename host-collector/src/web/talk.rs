//! One connection, from its first byte to its end.

use super::connections::Connection;
use super::limits::Limits;
use super::server::Ending;
use super::service::{Entry, Service};
use core::convert::Infallible;
use core::pin::pin;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// What a connection may do once it was told to end, if nothing is under way.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// What a TLS connection begins with.
const HANDSHAKE: u8 = 0x16;

/// How a door speaks.
#[derive(Clone)]
pub(super) enum Speech {
    Plain,
    Tls(TlsAcceptor),
    /// As the client does.
    Either(TlsAcceptor),
}

/// Answers what comes over a connection, until it ends or must.
pub(super) async fn talk(
    stream: TcpStream,
    speech: Speech,
    entry: Entry,
    service: Arc<Service>,
    connection: Arc<Connection>,
    mut ending: Ending,
) {
    let limits = &service.limits;
    let begun = tokio::select! {
        begun = begin(stream, speech) => begun,
        () = connection.overdue(limits) => {
            service.stats.overdue.add(1);
            None
        }
        () = connection.evicted() => None,
        () = ending.begun() => None,
    };
    match begun {
        Some(Begun::Plain(stream)) => serve(stream, entry, &service, &connection, ending).await,
        Some(Begun::Tls(stream)) => {
            let entry = Entry { is_secret: true, ..entry };
            serve(*stream, entry, &service, &connection, ending).await;
        }
        None => {}
    }
}

enum Begun {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// TLS where it is spoken; none if the handshake fails.
async fn begin(stream: TcpStream, speech: Speech) -> Option<Begun> {
    let acceptor = match speech {
        Speech::Plain => return Some(Begun::Plain(stream)),
        Speech::Tls(acceptor) => acceptor,
        Speech::Either(acceptor) => {
            let mut first = [0];
            if stream.peek(&mut first).await.ok()? == 0 || first != [HANDSHAKE] {
                return Some(Begun::Plain(stream));
            }
            acceptor
        }
    };
    match acceptor.accept(stream).await {
        Ok(stream) => Some(Begun::Tls(Box::new(stream))),
        Err(error) => {
            log::debug!("no TLS with a client: {error}");
            None
        }
    }
}

/// The same for what needs no beginning.
pub(super) async fn serve<S>(
    stream: S,
    entry: Entry,
    service: &Arc<Service>,
    connection: &Arc<Connection>,
    mut ending: Ending,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(|request| {
        let exchange = connection.begin();
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request, entry, exchange).await) }
    });
    let limits = &service.limits;
    let builder = builder(limits);
    let mut talk = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let rest = tokio::select! {
        outcome = talk.as_mut() => {
            if let Err(error) = outcome {
                log::trace!("a connection ended: {error}");
            }
            return;
        }
        () = connection.overdue(limits) => {
            service.stats.overdue.add(1);
            LAST_WORDS
        }
        // Another one is there already that needs its place.
        () = connection.evicted() => Duration::ZERO,
        () = ending.begun() => limits.end_time,
    };
    talk.as_mut().graceful_shutdown();
    // What is under way is finished, if it does not take too long.
    let _ = tokio::time::timeout(rest, talk).await;
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        // The connection is watched as a whole.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes.max(8192))
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(256 << 10)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(2 << 20)
        .max_pending_accept_reset_streams(20);
    builder
}
