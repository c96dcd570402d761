//! A command with an option of each kind, and an environment without a machine.

use super::Environment;
use clap::{Arg, ArgAction, Command, value_parser};
use std::net::SocketAddr;

/// Its command `serve` has the options, and `other` has one of them.
pub(crate) fn command() -> Command {
    let listen = Arg::new("listen")
        .long("listen")
        .value_name("ADDRESS:PORT")
        .value_parser(value_parser!(SocketAddr))
        .default_value("127.0.0.1:1");
    let many = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
    let number = |name: &'static str| Arg::new(name).long(name).value_parser(value_parser!(u8));
    let store = Arg::new("store").long("store").value_name("FOLDER").help_heading("Store");
    let serve = Command::new("serve")
        .arg(Arg::new("check").long("check").action(ArgAction::SetTrue))
        .next_help_heading("Receive")
        .arg(listen)
        .arg(Arg::new("no_tcp").long("no-tcp").action(ArgAction::SetTrue))
        .arg(many("serial").value_name("PATH").conflicts_with("no_tcp"))
        .next_help_heading("Receive over RTT")
        .arg(many("rtt-tcp"))
        .arg(number("rtt-jlink-channel").requires("rtt-tcp"))
        .arg(number("rtt-channel"))
        .next_help_heading("Export")
        .arg(Arg::new("export-otlp").long("export-otlp").value_name("URL"))
        .arg(many("export-headers"))
        .arg(store.clone());
    let format = Arg::new("log-format")
        .long("log-format")
        .value_parser(["text", "json"])
        .global(true)
        .help_heading("Log")
        .default_value("text");
    let config = Arg::new("config").long("config").global(true);
    let no_config = Arg::new("no_config").long("no-config").global(true);
    let mut command = Command::new("spandrel")
        .args([format, config, no_config.action(ArgAction::SetTrue)])
        .subcommands([serve, Command::new("other").arg(store)]);
    command.build();
    command
}

/// An environment of these variables.
pub(crate) fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::from(variables.iter().map(|&(name, value)| (name.into(), value.into())))
}
