//! The command line.

use crate::Order;
use crate::convert::Convert;
use crate::exporter;
use crate::logging;
use crate::manage::{Import, StoreCommand};
use crate::receiver::mqtt;
use crate::receiver::rtt;
use crate::receiver::serial::Port;
use crate::rules;
use crate::serve::{Answers, Keep};
use crate::terminal::{Completions, Manual, Question};
use crate::trust::Trust;
use crate::view::TextTo;
use crate::web;
use clap::{ArgAction, Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Collects the traces of microcontrollers and shows them, or hands them to Jaeger, Zipkin or any
/// OTLP backend.
#[derive(Clone, Debug, Parser)]
#[command(name = "spandrel", version, long_version = LONG_VERSION, arg_required_else_help = true)]
pub struct Cli {
    /// Say more on standard error; twice for everything.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// What is logged.
    #[command(flatten)]
    pub log: logging::Options,
    /// Read this TOML file instead of the usual one, which is spandrel/config.toml in the user's folder of
    /// configurations. The variable `SPANDREL_CONFIG` may name it, too.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no file.
    #[arg(long, global = true)]
    pub no_config: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\nreads frames of wire version 1");
const _: () = assert!(spandrel::wire::VERSION == 1, "the long version says otherwise");

/// What `spandrel` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Receive frames and show their traces as they come.
    ///
    /// Each trace is printed as a tree once nothing more of it has come for a second. Ctrl-C sends
    /// and writes what is left and ends; a second one ends at once.
    ///
    /// Whatever option stands under a heading is a key of the configuration file and a variable of the
    /// environment, too; `spandrel config` shows their names. A switch that is turned on there is turned
    /// off by `--switch=false`.
    Serve(Box<Serve>),
    /// Show what `serve` would run with, and where each value comes from: a default, a line of the file, a
    /// variable of the environment or an option.
    Config(Config),
    /// Look at a store, check it, make it smaller, copy or empty it.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Take files of traces into the store.
    Import(Box<Import>),
    /// Make a file of traces into one of another format.
    Convert(Convert),
    /// What a collector is asked.
    #[command(flatten)]
    Question(Box<Question>),
    /// Write what a shell needs to complete the words of this program.
    ///
    /// For bash: `source <(spandrel completions bash)`; docs/terminal.md has the other shells.
    Completions(Completions),
    /// Write the manual, as a page for `man`.
    Man(Manual),
}

/// Options of `spandrel config`.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Show nothing, and only say whether it is right.
    #[arg(long)]
    pub check: bool,
    /// What `serve` would be given.
    #[command(flatten)]
    pub serve: Box<Serve>,
}

/// Options of `spandrel serve`.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// Receive frames over UDP and TCP here; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7726")]
    #[arg(help_heading = "Receive")]
    pub listen: SocketAddr,
    /// Do not receive over TCP.
    #[arg(long, help_heading = "Receive")]
    pub no_tcp: bool,
    /// Receive frames from a serial port, a terminal or a pipe, too; `-` is standard input. Give it
    /// once for each. 115200 baud unless told otherwise.
    #[arg(long, value_name = "PATH[:BAUD]", help_heading = "Receive")]
    pub serial: Vec<Port>,
    /// Where to write what comes over serial ports and is no frame: stdout, stderr, none, or a file.
    #[arg(long, value_name = "WHERE", default_value = "stdout", help_heading = "Receive")]
    pub text: TextTo,
    /// Receive frames from the devices of an MQTT broker, too: they publish to PREFIX/DEVICE/up, where
    /// PREFIX is spandrel unless told otherwise. A password is read from the environment, as
    /// `SPANDREL_MQTT_PASSWORD`.
    #[arg(long, value_name = "mqtt://[USER@]HOST[:PORT][/PREFIX]", help_heading = "Receive")]
    pub mqtt: Option<mqtt::Endpoint>,
    /// Send nothing to devices: do not ask for what is missing, nor for the time.
    #[arg(long, help_heading = "Receive")]
    pub no_downlink: bool,
    /// Who is let in.
    #[command(flatten)]
    pub trust: Trust,
    /// Receive frames through debug probes.
    #[command(flatten)]
    pub rtt: rtt::Options,
    /// Tell devices what to do, all or those of one service: `sample=always`, `sample=never`,
    /// `sample=0.1` (a share), `sample=5/s` (traces a second), `operation=NAME:0.1`,
    /// `budget=20000` (bytes a second), `sites` (define all call sites). Give it once for each.
    #[arg(long = "tell", value_name = "[SERVICE/]COMMAND", help_heading = "Devices")]
    #[arg(conflicts_with = "no_downlink")]
    pub orders: Vec<Order>,
    /// Where spans are kept.
    #[command(flatten)]
    pub keep: Keep,
    /// What of them is left out.
    #[command(flatten)]
    pub rules: rules::Options,
    /// Who is answered.
    #[command(flatten)]
    pub web: web::Options,
    /// What is answered.
    #[command(flatten)]
    pub answers: Answers,
    /// Do not put devices on one time line: show each by its own clock, from its first arrival on.
    #[arg(long, help_heading = "Time")]
    pub no_align: bool,
    /// Tag spans with the device's ticks: `clock.ticks` at the start, `clock.end_ticks` at the end.
    #[arg(long, help_heading = "Time")]
    pub raw_ticks: bool,
    /// Keep the recent traces in this file, as Jaeger UI JSON: drop it into Jaeger UI.
    #[arg(long, value_name = "FILE", help_heading = "Show")]
    pub out: Option<PathBuf>,
    /// Keep the recent traces in this file, as OTLP JSON.
    #[arg(long, value_name = "FILE", help_heading = "Show")]
    pub out_otlp: Option<PathBuf>,
    /// Print no trees.
    #[arg(long, help_heading = "Show")]
    pub no_tree: bool,
    /// Where spans go.
    #[command(flatten)]
    pub export: exporter::Options,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    fn serve(arguments: &[&str]) -> Result<Serve, clap::Error> {
        let arguments = ["spandrel", "serve"].iter().chain(arguments);
        match Cli::try_parse_from(arguments)?.command {
            Command::Serve(serve) => Ok(*serve),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn frames_are_received_on_loopback_unless_told_otherwise() {
        assert_eq!(serve(&[]).unwrap().listen, ([127, 0, 0, 1], 7726).into());
        assert_eq!(serve(&["--listen", "[::1]:0"]).unwrap().listen.port(), 0);
    }

    #[test]
    fn devices_are_aligned_and_keep_their_ticks_to_themselves_unless_told_otherwise() {
        let serve = |arguments| serve(arguments).unwrap();
        assert!(!serve(&[]).no_align && !serve(&[]).raw_ticks);
        assert!(serve(&["--no-align"]).no_align && serve(&["--raw-ticks"]).raw_ticks);
    }

    #[test]
    fn a_port_has_a_path_and_perhaps_a_rate() {
        let ports =
            serve(&["--serial", "/dev/ttyACM0", "--serial", "/dev/ttyUSB0:921600"]).unwrap();
        let ports: Vec<_> = ports.serial.iter().map(|port| (&*port.path, port.baud)).collect();
        assert_eq!(ports, [("/dev/ttyACM0", 115_200), ("/dev/ttyUSB0", 921_600)]);
        let colons = serve(&["--serial", "/dev/serial/by-path/pci-0:1.0"]).unwrap();
        assert_eq!(&*colons.serial[0].path, "/dev/serial/by-path/pci-0:1.0");
        for wrong in [":9600", "/dev/ttyUSB0:0"] {
            let error = serve(&["--serial", wrong]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ValueValidation, "{wrong}");
        }
    }

    #[test]
    fn a_broker_has_no_password_on_the_command_line() {
        let broker = serve(&["--mqtt", "mqtt://me@broker/site"]).unwrap().mqtt.unwrap();
        assert_eq!((broker.user(), &broker.address()[..]), (Some("me"), "broker:1883"));
        let error = serve(&["--mqtt", "mqtt://me:secret@broker"]).unwrap_err().to_string();
        assert!(error.contains("SPANDREL_MQTT_PASSWORD"), "{error}");
    }

    #[test]
    fn an_url_that_cannot_work_is_a_usage_error() {
        let error = serve(&["--export-otlp", "ftp://example.com"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueValidation);
        assert!(error.to_string().contains("not an http:// or https:// URL"), "{error}");
        let both = ["--export-otlp", "http://a", "--export-otlp", "https://b protocol=grpc"];
        assert_eq!(serve(&both).unwrap().export.export_otlp.len(), 2);
    }

    #[test]
    fn without_a_command_there_is_help() {
        let error = Cli::try_parse_from(["spandrel"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    }
}
