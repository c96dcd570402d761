//! What the command line says about doors.

use super::door::{DOORS, Door};
use super::limits::Limits;
use clap::Args;
use core::fmt::{self, Display, Formatter};
use core::str::FromStr;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// Which doors are open, and to whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Doors")]
#[group(skip)]
pub struct Options {
    /// Answer everything over HTTP and gRPC here: spans in OTLP, queries, metrics, and at `/` the page.
    /// Give it once for each address; port 0 takes any that is free, `off` opens none.
    #[arg(long, value_name = "ADDRESS:PORT", default_values_t = both(7727))]
    pub http: Vec<Place>,
    /// Open the ports that clients of Jaeger and Zipkin know, too, on loopback: those of the flags below.
    #[arg(long)]
    pub all_in_one: bool,
    /// Take spans in OTLP over gRPC here, too; with --all-in-one on port 4317.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub otlp_grpc: Vec<Place>,
    /// Take spans in OTLP over HTTP here, too; with --all-in-one on port 4318.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub otlp_http: Vec<Place>,
    /// Answer Jaeger's queries here, too; with --all-in-one on port 16686.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub jaeger_http: Vec<Place>,
    /// Be the store of a Jaeger here, too, over gRPC; with --all-in-one on port 17271.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub jaeger_storage: Vec<Place>,
    /// Say here whether the collector is well, as a Jaeger does; with --all-in-one on port 13133.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub jaeger_health: Vec<Place>,
    /// Answer for sampling strategies here, too; with --all-in-one on port 5778.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub sampling_http: Vec<Place>,
    /// Answer for sampling strategies over gRPC here, too; with --all-in-one on port 5779.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub sampling_grpc: Vec<Place>,
    /// Take spans and answer queries as a Zipkin here, too; with --all-in-one on port 9411.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub zipkin_http: Vec<Place>,
    /// The certificate to show, with those it rests on, as PEM. Doors then speak TLS; those on loopback
    /// speak both.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Let in over TLS only who shows a certificate that rests on one of these, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Answer only who sends a token of this file, one a line, as `Authorization: Bearer TOKEN`. Only its
    /// owner may read it.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Open doors to the network that have neither TLS nor tokens.
    #[arg(long)]
    pub insecure: bool,
    /// Answer also who calls this machine by this name; loopback's names and the address of a door are
    /// known. `*` is any name, and any web page can then read traces. Give it once for each.
    #[arg(long = "allow-host", value_name = "NAME")]
    pub allow_hosts: Vec<String>,
    /// Let web pages from there read answers, such as <http://localhost:3000>. Give it once for each.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,
    /// The longest request that is taken, once it is decompressed.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_message: u32,
    /// How many connections there may be at a time, at all doors together.
    #[arg(long, value_name = "COUNT", default_value_t = 16_384, value_parser = clap::value_parser!(u32).range(8..))]
    pub max_connections: u32,
    /// What cookies are made with, so that they outlast the program; drawn if there is none.
    #[arg(skip)]
    pub cookie_key: Option<[u8; 32]>,
    /// Bounds that need no flag.
    #[arg(skip)]
    pub limits: Limits,
}

impl Options {
    /// Each door with the addresses that it opens at.
    #[must_use]
    pub fn doors(&self) -> Vec<(&'static Door, Vec<SocketAddr>)> {
        let given: [&[Place]; DOORS.len()] = [
            &self.http,
            &self.otlp_grpc,
            &self.otlp_http,
            &self.jaeger_http,
            &self.jaeger_storage,
            &self.jaeger_health,
            &self.sampling_http,
            &self.sampling_grpc,
            &self.zipkin_http,
        ];
        let doors = DOORS.iter().zip(given).map(|(door, given)| {
            let by_default = if self.all_in_one { both(door.port) } else { Vec::new() };
            let places = if given.is_empty() { &*by_default } else { given };
            (door, places.iter().filter_map(|place| place.0).collect())
        });
        doors.filter(|(_, places): &(_, Vec<_>)| !places.is_empty()).collect()
    }
}

/// Where a door opens; nowhere, if it is `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub Option<SocketAddr>);

/// Loopback, in both of its ways.
fn both(port: u16) -> Vec<Place> {
    let at = |address| Place(Some(address));
    vec![at((Ipv4Addr::LOCALHOST, port).into()), at((Ipv6Addr::LOCALHOST, port).into())]
}

/// It is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is an address with a port, such as 127.0.0.1:7727 or [::1]:7727, or off")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| NoPlace)
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser};

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    fn doors(arguments: &[&str]) -> Vec<(&'static str, Vec<String>)> {
        let arguments = ["spandrel"].iter().chain(arguments);
        let options = Program::try_parse_from(arguments).unwrap().options;
        let text = |places: Vec<SocketAddr>| places.iter().map(ToString::to_string).collect();
        options.doors().into_iter().map(|(door, places)| (door.name, text(places))).collect()
    }

    #[test]
    fn one_door_is_open_on_loopback_unless_told_otherwise() {
        let both = vec!["127.0.0.1:7727".to_owned(), "[::1]:7727".to_owned()];
        assert_eq!(doors(&[]), [("http", both)]);
        assert_eq!(doors(&["--http", "off"]), []);
        let one = doors(&["--http", "off", "--zipkin-http", "127.0.0.2:9411"]);
        assert_eq!(one, [("zipkin_http", vec!["127.0.0.2:9411".to_owned()])]);
    }

    #[test]
    fn all_in_one_opens_every_door_that_is_not_told_otherwise() {
        let open =
            doors(&["--all-in-one", "--otlp-http", "127.0.0.1:5000", "--jaeger-storage", "off"]);
        let names: Vec<_> = open.iter().map(|(name, _)| *name).collect();
        let all = DOORS.iter().map(|door| door.name).filter(|name| *name != "jaeger_storage");
        assert_eq!(names, all.collect::<Vec<_>>());
        assert_eq!(open[2].1, ["127.0.0.1:5000"]);
        assert_eq!(open[1].1, ["127.0.0.1:4317", "[::1]:4317"]);
    }

    #[test]
    fn each_door_has_a_flag_that_says_its_port() {
        let command = Program::command();
        for door in &DOORS {
            let flag = command.get_arguments().find(|flag| flag.get_long() == Some(door.flag));
            let help = flag.unwrap().get_help().unwrap().to_string();
            let says = help.contains(&door.port.to_string());
            assert!(says || door.name == "http", "{}: {help}", door.flag);
        }
    }

    #[test]
    fn the_page_of_doors_has_each_with_its_port() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doors.md");
        let page = std::fs::read_to_string(path).unwrap();
        for door in &DOORS {
            let row = format!("| `--{}` | {} |", door.flag, door.port);
            assert!(page.contains(&row), "{row}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["7727", "localhost:7727", "", "127.0.0.1"] {
            assert_eq!(wrong.parse::<Place>(), Err(NoPlace), "{wrong}");
        }
    }
}
