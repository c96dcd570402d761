//! `spandrel serve`: puts receiver, pipeline, view and exporter together.

use crate::cli::Serve;
use crate::exporter::otlp_http::{Limits, OtlpHttp, Report};
use crate::model::Batch;
use crate::pipeline::{self, Pipeline};
use crate::receiver::mqtt::MqttReceiver;
use crate::receiver::rtt;
use crate::receiver::serial::{Port, SerialReceiver};
use crate::receiver::tcp::TcpReceiver;
use crate::receiver::udp::UdpReceiver;
use crate::receiver::{HostClock, Hub};
use crate::signals;
use crate::trust::TrustError;
use crate::view::{self, Colour, Format, OutFile, TextOut, TextTo, View};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long the last spans may take to leave when the program ends.
const GRACE: Duration = Duration::from_secs(5);

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
    /// Devices cannot be told from others.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// RTT cannot be read.
    #[error(transparent)]
    Rtt(#[from] rtt::LocateError),
    /// The operating system refuses a thread or a signal handler.
    #[error("the operating system refuses what is needed")]
    System(#[from] io::Error),
}

/// Receives frames until it is told to end, by a signal or by a reader that left.
///
/// # Errors
/// Where it cannot start; once it runs, whatever goes wrong is logged and it goes on.
pub fn serve(options: &Serve) -> Result<(), ServeError> {
    let gate = options.trust.gate(!options.no_downlink)?;
    let stop = signals::stop_flag()?;
    let hub = Hub::new();
    let sockets = listen(options.listen, !options.no_tcp, gate.is_some())?;
    let ports = open_ports(options)?;
    let probes = open_probes(options)?;
    let view = start_view(options, &stop)?;
    let exporter = options
        .export_otlp
        .clone()
        .map(|endpoint| OtlpHttp::start(endpoint, Limits::default()))
        .transpose()?;

    let sink = |batch: Batch| {
        let batch = Arc::new(batch);
        view.offer(&batch);
        if let Some(exporter) = &exporter {
            exporter.offer(&batch);
        }
    };
    let ways = pipeline::Options {
        downlink: !options.no_downlink,
        align: !options.no_align,
        raw_ticks: options.raw_ticks,
    };
    let mut pipeline = Pipeline::new(ways, sink).with_orders(options.orders.clone());
    if let Some(gate) = gate {
        pipeline = pipeline.behind(gate);
    }
    sockets.start(&hub)?;
    for (port, text) in ports {
        port.start(hub.feed(), text)?;
    }
    if let Some(broker) = &options.mqtt {
        // Not on the command line, which whoever lists processes can read.
        let password = std::env::var_os("SPANDREL_MQTT_PASSWORD").map(OsString::into_encoded_bytes);
        MqttReceiver::new(broker.clone(), password).start(hub.feed())?;
    }
    let mut targets = Vec::new();
    for (link, text) in probes {
        targets.push(link.start(hub.feed(), text)?);
    }
    hub.run(&mut pipeline, &stop);
    drop(hub);
    // No target is left standing still.
    for target in targets {
        let _ = target.join();
    }
    pipeline.finish(HostClock::new().now_ns());
    log::info!("{}", pipeline.stats());
    drop(pipeline);

    // While the exporter is given time, nobody should have to wait for the files.
    view.finish();
    if let Some(exporter) = exporter {
        tell(&exporter.shutdown(GRACE));
    }
    Ok(())
}

/// What frames come in by over the network.
struct Sockets {
    udp: UdpReceiver,
    tcp: Option<TcpReceiver>,
}

impl Sockets {
    fn start(self, hub: &Hub) -> io::Result<()> {
        if let Some(tcp) = self.tcp {
            tcp.start(hub.feed())?;
        }
        self.udp.start(hub.feed())
    }
}

fn listen(address: SocketAddr, with_tcp: bool, with_keys: bool) -> Result<Sockets, ServeError> {
    let sockets = bind(address, with_tcp)?;
    // Not a log line: programs wait for it, whatever the log says. They may also not be there.
    let bound = sockets.udp.local_addr()?;
    let both = if with_tcp { " and tcp" } else { "" };
    let _ = writeln!(io::stderr().lock(), "listening on udp{both} {bound}");
    if !bound.ip().is_loopback() && !with_keys {
        log::warn!(
            "whoever reaches {bound} can send traces here: give devices keys and use --keys, listen on \
             127.0.0.1, or let a firewall choose"
        );
    }
    Ok(sockets)
}

/// Both on one port; where any will do, one that is free for both.
fn bind(address: SocketAddr, with_tcp: bool) -> Result<Sockets, ServeError> {
    const ATTEMPTS: u32 = 20;

    let mut attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        let refused = |error| ServeError::refused("UDP", address, error);
        let udp = UdpReceiver::bind(address).map_err(refused)?;
        if !with_tcp {
            return Ok(Sockets { udp, tcp: None });
        }
        let mut same = address;
        same.set_port(udp.local_addr()?.port());
        match TcpReceiver::bind(same) {
            Ok(tcp) => return Ok(Sockets { udp, tcp: Some(tcp) }),
            Err(error) if attempts == 0 => return Err(ServeError::refused("TCP", same, error)),
            Err(_) => {}
        }
    }
}

impl ServeError {
    fn refused(protocol: &'static str, address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse { protocol, address },
            _ => Self::Listen { protocol, address, source },
        }
    }
}

fn open_ports(options: &Serve) -> Result<Vec<(SerialReceiver, TextOut)>, ServeError> {
    let open = |port: &Port| {
        let failed = |source| ServeError::Serial { port: port.clone(), source };
        let receiver = SerialReceiver::open(port.clone()).map_err(failed)?;
        let text = open_text(options)?;
        // As above, for whoever waits for it.
        let _ = writeln!(io::stderr().lock(), "listening on serial {port}");
        Ok((receiver, text))
    };
    options.serial.iter().map(open).collect()
}

fn open_probes(options: &Serve) -> Result<Vec<(rtt::Link, TextOut)>, ServeError> {
    let links = options.rtt.links()?;
    links.into_iter().map(|link| Ok((link, open_text(options)?))).collect()
}

fn open_text(options: &Serve) -> Result<TextOut, ServeError> {
    options.text.open().map_err(|source| {
        let path = match &options.text {
            TextTo::File(path) => path.clone(),
            _ => PathBuf::new(),
        };
        ServeError::File { path, source }
    })
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

fn start_view(options: &Serve, stop: &Arc<AtomicBool>) -> Result<View, ServeError> {
    let file = |path: &Option<PathBuf>, format| path.clone().map(|path| OutFile::new(path, format));
    let files = [file(&options.out, Format::Jaeger), file(&options.out_otlp, Format::Otlp)];
    let files: Vec<_> = files.into_iter().flatten().collect();
    for file in &files {
        // What cannot be written should be known now, not when the first trace is there.
        file.write(&[])
            .map_err(|source| ServeError::File { path: file.path().to_owned(), source })?;
    }
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour =
        if io::stdout().is_terminal() && !is_plain { Colour::Always } else { Colour::Never };
    let tree = (!options.no_tree).then_some(colour);
    // Where trees are all that is made, there is nothing left to do when nobody reads them.
    let unseen = (tree.is_some() && options.export_otlp.is_none()).then(|| stop.clone());
    Ok(View::start(view::Options { tree, files, unseen, ..view::Options::default() })?)
}

fn tell(report: &Report) {
    let Report { delivered, rejected, dropped, undelivered } = *report;
    log::info!("exported {delivered} spans");
    for (count, what) in [
        (rejected, "refused by the server"),
        (dropped, "dropped because the server did not keep up"),
        (undelivered, "not delivered before the end"),
    ] {
        if count != 0 {
            log::warn!("{count} spans were {what}");
        }
    }
}
