//! Opens the doors, lets connections in, and ends.

use super::budget::Budget;
use super::builtin::{self, List};
use super::connections::Connections;
use super::door::{DOORS, Door, Family};
use super::guard::Guard;
use super::listen::{ListenError, listen, may_be_missing};
use super::login::{self, Login};
use super::options::Options;
use super::router::{Route, Router};
use super::service::{Entry, Service};
use super::stats::Stats;
use super::talk::{Speech, serve, talk};
use super::tokens::{Tokens, TokensError};
use super::visitors::Visitors;
use crate::metrics::{Kind, Metrics, Page};
use crate::rules::SourceLimit;
use crate::storage::{Intake, Reader};
use crate::tls::{self, Identity, TlsError};
use core::fmt::{self, Debug, Formatter};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// What doors need from the rest of the program.
pub struct Parts {
    /// Where spans go.
    pub intake: Arc<dyn Intake>,
    /// Where traces come from.
    pub reader: Arc<dyn Reader>,
    /// What is answered beside spans, health, metrics and the list of it all.
    pub routes: Vec<Route>,
    /// What `/metrics` shows.
    pub metrics: Metrics,
    /// How much one source may hand in.
    pub source_limit: Option<Arc<SourceLimit>>,
    /// What runs the doors.
    pub runtime: Handle,
}

impl Debug for Parts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// Why the doors cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Certificates and keys cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There are no tokens where there should be.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The operating system refuses.
    #[error("the operating system refuses what doors need")]
    System(#[from] io::Error),
}

/// The doors.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Opens all doors that the options name; each is open once this returns.
    ///
    /// # Errors
    /// Where one of them cannot be opened; then none is.
    pub fn start(options: &Options, parts: Parts) -> Result<Running, StartError> {
        let tls = speech(options)?;
        let tokens = options.token_file.as_deref().map(Tokens::read).transpose()?;
        let is_guarded = tls.is_some() || tokens.is_some() || options.insecure;
        let open = open(options, is_guarded)?;
        let most_files = super::files::raise(u64::from(options.max_connections));
        let most =
            usize::try_from(most_files.min(options.max_connections.into())).unwrap_or(usize::MAX);

        let is_ending = Arc::new(AtomicBool::new(false));
        let list = List::default();
        let visitors = match options.cookie_key {
            Some(key) => Some(Visitors::new(key)),
            None => Visitors::unknown(),
        };
        let none = || io::Error::other("the system gives no random numbers");
        let visitors = Arc::new(visitors.ok_or_else(none)?);
        let guard = Guard::new(options, tokens);
        let places = open
            .iter()
            .filter(|open| open.door.answers(Family::Login) && guard.has_login(open.address.ip()));
        let name = options.allow_hosts.iter().find(|name| *name != "*").map(|name| &**name);
        let places = places.map(|open| login::place(open.address, tls.is_some(), name)).collect();
        let login = Arc::new(Login::new(visitors.clone(), places));
        let mut routes = builtin::routes(&parts.metrics, &is_ending, &list, &login);
        routes.extend(parts.routes);
        let router = Router::new(routes);
        let doors: Vec<_> = open.iter().map(|open| (open.door, open.address)).collect();
        let _ = list.set(builtin::sections(router.routes(), &doors));
        let service = Arc::new(Service {
            guard,
            visitors,
            router,
            limits: options.limits.clone(),
            most: usize::try_from(options.max_message).unwrap_or(usize::MAX) << 20,
            budget: Budget::new(options.limits.bytes),
            connections: Connections::new(most),
            stats: Stats::default(),
            queries: Arc::new(Semaphore::new(options.limits.queries)),
            intake: parts.intake,
            reader: parts.reader,
            is_ending,
            source_limit: parts.source_limit,
        });
        parts.metrics.add(counts(&service));

        let (ending, is_begun) = watch::channel(false);
        let _inside = parts.runtime.enter();
        for Open { door, index, listener, address } in open {
            let speech = match &tls {
                None => Speech::Plain,
                Some(tls) if address.ip().is_loopback() => Speech::Either(tls.clone()),
                Some(tls) => Speech::Tls(tls.clone()),
            };
            let listener = TcpListener::from_std(listener)?;
            log::debug!("door {} is open at {address}", door.name);
            let hall =
                Hall { index, speech, service: service.clone(), ending: Ending(is_begun.clone()) };
            parts.runtime.spawn(hall.let_in(listener));
        }
        login.announce();
        Ok(Running { doors, ending, service, runtime: parts.runtime })
    }
}

/// How to speak TLS; none if no certificate is given.
fn speech(options: &Options) -> Result<Option<TlsAcceptor>, TlsError> {
    let (Some(certificate), Some(key)) = (&options.tls_cert, &options.tls_key) else {
        return Ok(None);
    };
    let identity = Identity::read(certificate, key)?;
    let clients = options.tls_client_ca.as_deref();
    let config = tls::server(identity, clients, &[b"h2", b"http/1.1"])?;
    Ok(Some(Arc::new(config).into()))
}

/// An address that is open.
struct Open {
    door: &'static Door,
    index: usize,
    listener: StdListener,
    address: SocketAddr,
}

fn open(options: &Options, is_guarded: bool) -> Result<Vec<Open>, StartError> {
    let mut open = Vec::new();
    for (door, addresses) in options.doors() {
        let index = DOORS.iter().position(|known| known == door).unwrap_or_default();
        let mut is_open = false;
        for address in addresses {
            if !address.ip().is_loopback() && !is_guarded {
                return Err(ListenError::Unguarded { address, flag: door.flag }.into());
            }
            match listen(door, address) {
                Ok(listener) => {
                    let address = listener.local_addr()?;
                    open.push(Open { door, index, listener, address });
                    is_open = true;
                }
                Err(error) if is_open && may_be_missing(address, &error) => {
                    log::debug!("this machine has no {address}");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(open)
}

/// What is counted here, for the page of metrics.
fn counts(service: &Arc<Service>) -> Arc<dyn crate::metrics::Source> {
    // It must not keep the service once the doors are closed.
    let service = Arc::downgrade(service);
    Arc::new(move |page: &mut Page| {
        let Some(service) = service.upgrade() else { return };
        service.stats.write(page);
        page.family("spandrel_http_connections", Kind::Gauge, "Connections that are open.")
            .sample(&[], service.connections.open());
        page.family(
            "spandrel_http_free_bytes",
            Kind::Gauge,
            "How many more bytes of requests and answers may be under way.",
        )
        .sample(&[], service.budget.left());
    })
}

/// Tells when the doors close.
#[derive(Clone, Debug)]
pub(super) struct Ending(watch::Receiver<bool>);

impl Ending {
    /// Waits until they do.
    pub(super) async fn begun(&mut self) {
        // Where nobody can say it any more, they do, too.
        let _ = self.0.wait_for(|is_ending| *is_ending).await;
    }
}

/// Where those stand who come through one door.
struct Hall {
    index: usize,
    speech: Speech,
    service: Arc<Service>,
    ending: Ending,
}

impl Hall {
    async fn let_in(mut self, listener: TcpListener) {
        /// How long to wait where there is nothing left to let anybody in with.
        const PAUSE: Duration = Duration::from_millis(50);

        let mut is_told = false;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.ending.begun() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    is_told = false;
                    self.welcome(stream, peer);
                }
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    if !is_told {
                        is_told = true;
                        log::warn!("no connection can be let in for now: {error}");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr) {
        let stats = &self.service.stats;
        stats.accepted.add(1);
        let Some((connection, made_room)) = self.service.connections.enter(peer) else {
            stats.turned_away.add(1);
            return;
        };
        if made_room {
            stats.evicted.add(1);
        }
        // Answers are written whole; what is left should not wait for more.
        let _ = stream.set_nodelay(true);
        let Ok(local) = stream.local_addr() else { return };
        let entry = Entry { door: self.index, local: local.ip(), peer, is_secret: false };
        let speech = self.speech.clone();
        let (service, ending) = (self.service.clone(), self.ending.clone());
        tokio::spawn(talk(stream, speech, entry, service, connection, ending));
    }
}

/// Whether only the one connection is lost that would have come.
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Doors that are open.
pub struct Running {
    doors: Vec<(&'static Door, SocketAddr)>,
    ending: watch::Sender<bool>,
    service: Arc<Service>,
    runtime: Handle,
}

impl Running {
    #[cfg(test)]
    pub(super) fn visitors(&self) -> &Visitors {
        &self.service.visitors
    }

    /// Each door that is open, and where; a door on two addresses is there twice.
    #[must_use]
    pub fn addresses(&self) -> &[(&'static Door, SocketAddr)] {
        &self.doors
    }

    /// Answers what comes over a stream that somebody else let in, as the first door does.
    pub async fn answer_over<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let peer = SocketAddr::new(here, 0);
        let Some((connection, _)) = self.service.connections.enter(peer) else { return };
        let entry = Entry { door: 0, local: here, peer, is_secret: false };
        let ending = Ending(self.ending.subscribe());
        serve(stream, entry, &self.service, &connection, ending).await;
    }

    /// Lets nobody in any more, finishes what is under way, and closes what is left after
    /// [`Limits::end_time`](super::Limits).
    ///
    /// It blocks, so it is not for the threads of the runtime.
    pub fn stop(self) {
        const LOOK: Duration = Duration::from_millis(10);

        self.service.is_ending.store(true, Ordering::Relaxed);
        self.ending.send_replace(true);
        let connections = &self.service.connections;
        let most = self.service.limits.end_time + LOOK;
        self.runtime.block_on(async {
            let all = async {
                while connections.open() != 0 {
                    tokio::time::sleep(LOOK).await;
                }
            };
            let _ = tokio::time::timeout(most, all).await;
        });
    }
}

impl Debug for Running {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("doors", &self.doors).finish_non_exhaustive()
    }
}
