//! `spandrel serve`: puts receiver, pipeline, view and exporter together.

use crate::cli::Serve;
use crate::exporter::otlp_http::{Limits, OtlpHttp, Report};
use crate::model::Batch;
use crate::pipeline::{self, Pipeline};
use crate::receiver::HostClock;
use crate::receiver::udp::UdpReceiver;
use crate::signals;
use crate::view::{self, Colour, Format, OutFile, View};
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
        "port {} of {} is in use: stop what has it, perhaps another spandrel, or choose another \
         with --listen {}:PORT", .0.port(), .0.ip(), .0.ip()
    )]
    PortInUse(SocketAddr),
    /// The address cannot be had for another reason.
    #[error("cannot listen on {address}: choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: give another file with --out or --out-otlp", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The operating system refuses a thread or a signal handler.
    #[error("the operating system refuses what is needed")]
    System(#[from] io::Error),
}

/// Receives frames until it is told to end, by a signal or by a reader that left.
///
/// # Errors
/// Where it cannot start; once it runs, whatever goes wrong is logged and it goes on.
pub fn serve(options: &Serve) -> Result<(), ServeError> {
    let stop = signals::stop_flag()?;
    let receiver = listen(options.listen)?;
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
    let mut pipeline = Pipeline::new(ways, sink);
    receiver.run(&mut pipeline, &stop);
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

fn listen(address: SocketAddr) -> Result<UdpReceiver, ServeError> {
    let receiver = UdpReceiver::bind(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse(address),
        _ => ServeError::Listen { address, source },
    })?;
    // Not a log line: programs wait for it, whatever the log says. They may also not be there.
    let bound = receiver.local_addr()?;
    let _ = writeln!(io::stderr().lock(), "listening on udp {bound}");
    Ok(receiver)
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
