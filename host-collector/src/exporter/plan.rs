//! Which exporters there will be: what options and environment say, put together and read.

use super::environment::{Environment, TRACES_PATH};
use super::http::{Url, leads_back};
use super::send::{Export, Limits};
use super::settings::{Protocol, SettingError, Settings, header};
use super::{Destination, Encoding, Exporter, Options, OtlpGrpc, OtlpHttp, Target, ZipkinHttp};
use crate::storage::Spool;
use crate::tls::TlsError;
use core::time::Duration;
use http::HeaderMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// How long an attempt may take, unless somebody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// So much of a URL is in a name.
const LONGEST_PLACE: usize = 80;

/// Where a Zipkin takes spans, unless the URL has a path.
const ZIPKIN_PATH: &str = "/api/v2/spans";

/// An exporter that is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    kind: Kind,
    target: Target,
    /// The option or the variable that it comes from.
    said_by: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    OtlpHttp,
    OtlpJson,
    OtlpGrpc,
    Zipkin,
}

/// Why an exporter cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{said_by} {url}: {fault}")]
pub struct PlanError {
    /// The option or the variable that asks for it.
    pub said_by: &'static str,
    /// The server.
    pub url: String,
    /// What is wrong.
    #[source]
    pub fault: Fault,
}

/// What is wrong with an exporter that is to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A setting does not go with others, or a file holds none.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// There can be no TLS.
    #[error(transparent)]
    Tls(#[from] Box<TlsError>),
    /// The server is this collector.
    #[error(
        "it is a door of this collector, which would be sent its own spans for ever: give the address of \
         another one, or leave it out"
    )]
    Loop,
    /// There is another one like it.
    #[error("it is given twice, and would be sent everything twice")]
    Twice,
    /// The operating system refuses a thread.
    #[error("the operating system refuses a thread for it: {0}")]
    System(#[from] io::Error),
}

/// The exporters that `options` ask for, or the one of the environment if they ask for none by OTLP.
///
/// # Errors
/// Where one cannot be.
pub fn plans(options: &Options, environment: &Environment) -> Result<Vec<Plan>, PlanError> {
    let mut plans: Vec<Plan> = Vec::new();
    let mut defaults = environment.settings.clone();
    if options.export_otlp.is_empty() {
        if let Some((url, variable)) = &environment.endpoint {
            let kind = Kind::of(defaults.protocol.unwrap_or(Protocol::Http));
            plans.push(Plan::new(kind, url.clone(), &defaults, variable)?);
        }
    } else if environment.endpoint.is_some() {
        // They may hold what only the other server should know.
        defaults.headers.clear();
    }
    for destination in &options.export_otlp {
        let url = destination.url.clone();
        let settings = destination.settings.clone().over(&defaults);
        let usual = if url.host_and_port().1 == 4317 { Protocol::Grpc } else { Protocol::Http };
        let kind = Kind::of(settings.protocol.unwrap_or(usual));
        let url = if kind == Kind::OtlpGrpc { url } else { url.below_once(TRACES_PATH) };
        plans.push(Plan::new(kind, url, &settings, "--export-otlp")?);
    }
    for destination in &options.export_zipkin {
        let Destination { url, settings } = destination.clone();
        let url = if url.path() == "/" { url.at(ZIPKIN_PATH) } else { url };
        let is_otlp = settings.protocol.is_some();
        let plan = Plan::new(Kind::Zipkin, url, &settings, "--export-zipkin")?;
        if is_otlp {
            let what = "there are no protocols to choose from: it is always Zipkin's JSON";
            return Err(plan.fault(Fault::Setting(SettingError(what.to_owned()))));
        }
        plans.push(plan);
    }
    let is_twice = |(number, plan): &(usize, &Plan)| {
        plans.iter().take(*number).any(|other| other.name() == plan.name())
    };
    match plans.iter().enumerate().find(is_twice) {
        Some((_, plan)) => Err(plan.fault(Fault::Twice)),
        None => Ok(plans),
    }
}

/// The plans that lead away from here. One of an option that leads to a door of this collector is an
/// error; one of the environment is meant for other programs, and is left out with a warning.
///
/// # Errors
/// [`Fault::Loop`], see above.
pub fn without_own_doors(plans: Vec<Plan>, doors: &[SocketAddr]) -> Result<Vec<Plan>, PlanError> {
    let mut left = Vec::new();
    for plan in plans {
        if !leads_back(&plan.target.url, doors) {
            left.push(plan);
        } else if plan.said_by.starts_with("--") {
            return Err(plan.fault(Fault::Loop));
        } else {
            let name = plan.said_by;
            log::warn!(
                "{name} in the environment is a door of this collector: nothing is sent there"
            );
        }
    }
    Ok(left)
}

impl Kind {
    fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => Self::OtlpHttp,
            Protocol::Json => Self::OtlpJson,
            Protocol::Grpc => Self::OtlpGrpc,
        }
    }
}

impl Plan {
    fn new(
        kind: Kind,
        url: Url,
        settings: &Settings,
        said_by: &'static str,
    ) -> Result<Self, PlanError> {
        let fault = |fault| PlanError { said_by, url: url.to_string(), fault };
        let headers = headers(settings).map_err(fault)?;
        let files = settings.files().map_err(|error| fault(error.into()))?;
        let timeout = settings.timeout.unwrap_or(TIMEOUT);
        let target = Target { url, headers, gzip: settings.gzip(), timeout, files };
        Ok(Self { kind, target, said_by })
    }

    fn fault(&self, fault: Fault) -> PlanError {
        PlanError { said_by: self.said_by, url: self.target.url.to_string(), fault }
    }

    /// Where it will send, and how.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A name for what it keeps from one run to the next: the same for the same server.
    #[must_use]
    pub fn name(&self) -> String {
        let kind = match self.kind {
            Kind::OtlpHttp => "otlp-http",
            Kind::OtlpJson => "otlp-json",
            Kind::OtlpGrpc => "otlp-grpc",
            Kind::Zipkin => "zipkin",
        };
        let url = self.target.url.to_string();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let place = url.chars().map(|c| if is_plain(c) { c } else { '-' }).take(LONGEST_PLACE);
        // What of it a name cannot have, or must not show, tells servers apart, too.
        let whole = xxh3_64(format!("{url}{}", self.target.url.path()).as_bytes());
        format!("{kind}-{}-{whole:016x}", place.collect::<String>().trim_matches('-'))
    }

    /// Starts the exporter.
    ///
    /// # Errors
    /// Where it asks for TLS and there can be none, or the operating system refuses a thread.
    pub fn start(self, spool: Arc<dyn Spool>, limits: Limits) -> Result<Export, PlanError> {
        let limits = Limits { timeout: self.target.timeout, ..limits };
        let target = self.target.clone();
        let started = match self.kind {
            Kind::OtlpHttp => run(OtlpHttp::new(target, Encoding::Protobuf), spool, limits),
            Kind::OtlpJson => run(OtlpHttp::new(target, Encoding::Json), spool, limits),
            Kind::OtlpGrpc => run(OtlpGrpc::new(target), spool, limits),
            Kind::Zipkin => run(ZipkinHttp::new(target), spool, limits),
        };
        started.map_err(|fault| self.fault(fault))
    }
}

fn run(
    exporter: Result<impl Exporter, TlsError>,
    spool: Arc<dyn Spool>,
    limits: Limits,
) -> Result<Export, Fault> {
    Ok(Export::start(exporter.map_err(Box::new)?, spool, limits)?)
}

/// Those of the files, and over them those that were said.
fn headers(settings: &Settings) -> Result<HeaderMap, Fault> {
    let read = |path: &Path| {
        let path = path.to_owned();
        fs::read_to_string(&path).map_err(|source| Fault::File { path, source })
    };
    let mut headers = HeaderMap::new();
    if let Some(path) = &settings.headers_file {
        for line in read(path)?.lines().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| {
                SettingError(format!("{} has a line that is no NAME: VALUE", path.display()))
            })?;
            headers.extend([header(name, value)?]);
        }
    }
    if let Some(path) = &settings.token_file {
        headers.extend([header("authorization", &format!("Bearer {}", read(path)?.trim()))?]);
    }
    for (name, value) in settings.headers.clone() {
        headers.insert(name, value);
    }
    Ok(headers)
}
