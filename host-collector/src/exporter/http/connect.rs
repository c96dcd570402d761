//! A connection to a server, through TLS where its URL says so.

use super::Url;
use crate::tls::{self, Identity, Roots, TlsError};
use core::pin::Pin;
use core::task::{Context, Poll};
use rustls_pki_types::ServerName;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Version;

/// Files for TLS, where the system's do not do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Certificates of those who are believed, instead of the system's.
    pub authority: Option<PathBuf>,
    /// What is shown to a server that asks who is there: certificate and key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// How connections are made. They go where the user said and through no proxy.
pub(crate) struct Connector(Option<TlsConnector>);

impl Connector {
    /// Reads what TLS needs, if the URL asks for it.
    ///
    /// # Errors
    /// Where there can be no TLS.
    pub(crate) fn new(url: &Url, version: Version, files: &Files) -> Result<Self, TlsError> {
        if !url.is_tls() {
            return Ok(Self(None));
        }
        let roots = files.authority.as_deref().map_or(Roots::System, Roots::File);
        let identity = match &files.identity {
            Some((chain, key)) => Some(Identity::read(chain, key)?),
            None => None,
        };
        let protocol: &[u8] = match version {
            Version::Http1 => b"http/1.1",
            Version::Http2 => b"h2",
        };
        let config = tls::client(roots, identity, &[protocol])?;
        Ok(Self(Some(TlsConnector::from(Arc::new(config)))))
    }

    pub(crate) async fn connect(&self, url: &Url) -> Result<Stream, String> {
        let (host, port) = url.host_and_port();
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(|error| format!("cannot connect: {error}"))?;
        // A request is written in a few large pieces, the last of which should not wait.
        let _ = stream.set_nodelay(true);
        let Some(connector) = &self.0 else {
            return Ok(Stream::Plain(stream));
        };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host} is no name that a certificate could be for"))?;
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| format!("no TLS with it: {error}"))?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// Bytes to and from a server.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
