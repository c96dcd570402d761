//! Why `spandrel serve` cannot start, and what to do about it.

use crate::exporter::{EnvironmentError, PlanError};
use crate::receiver::rtt;
use crate::receiver::serial::Port;
use crate::rules::RulesError;
use crate::store;
use crate::trust::TrustError;
use crate::web;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why `spandrel serve` could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Somebody else has the port.
    #[error(
        "{protocol} port {} of {} is in use: stop what has it, perhaps another spandrel, or choose \
         another with --listen {}:PORT", .address.port(), .address.ip(), .address.ip()
    )]
    PortInUse {
        /// UDP or TCP.
        protocol: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be had for another reason.
    #[error("cannot listen on {protocol} {address}: choose another address with --listen")]
    Listen {
        /// UDP or TCP.
        protocol: &'static str,
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// A serial port cannot be opened.
    #[error("cannot open {port}: {}", advice(.source))]
    Serial {
        /// The port.
        port: Port,
        /// The reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: give another file with --out, --out-otlp or --text", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// What cookies are made with cannot be kept.
    #[error(
        "cannot keep {}, with which cookies are made: name another folder with --store, or keep nothing with \
         --memory",
        .path.display()
    )]
    Cookies {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The user has no folder for data.
    #[error(
        "there is no folder for data: name one with --store FOLDER, or keep nothing with --memory"
    )]
    NoFolder,
    /// The journal cannot be used.
    #[error("cannot use the journal in {}: give another folder with --store", .path.display())]
    Journal {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// A door cannot be opened.
    #[error(transparent)]
    Doors(#[from] web::StartError),
    /// Sampling strategies cannot be used.
    #[error("cannot use the sampling strategies in {} ({why}): they are those of a Jaeger, as JSON", .path.display())]
    Strategies {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Rules cannot be used.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// Devices cannot be told from others.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// RTT cannot be read.
    #[error(transparent)]
    Rtt(#[from] rtt::LocateError),
    /// The environment says something of exporters that cannot be.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// An exporter cannot be.
    #[error(transparent)]
    Export(#[from] PlanError),
    /// The operating system refuses a thread or a signal handler.
    #[error("the operating system refuses what is needed")]
    System(#[from] io::Error),
}

impl ServeError {
    pub(super) fn refused(protocol: &'static str, address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse { protocol, address },
            _ => Self::Listen { protocol, address, source },
        }
    }
}

/// What to do about a port that cannot be opened.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such port: plug it in, and look for it in /dev/serial/by-id"
        }
        io::ErrorKind::PermissionDenied => {
            "it is not yours: join the group that owns it, dialout on most systems, and log in again"
        }
        io::ErrorKind::ResourceBusy => "another program has it: end that one first",
        io::ErrorKind::IsADirectory => "it is a folder: give one of the ports in it",
        _ => "is it a serial port, a terminal or a pipe?",
    }
}
