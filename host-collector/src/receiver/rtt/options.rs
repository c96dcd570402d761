//! What the command line says of RTT.

use super::gdb::GdbServer;
use super::locate::USUAL_RAM;
#[cfg(feature = "probe-rs")]
use super::probe::ProbeTarget;
use super::tcp::RttServer;
use super::{Locate, LocateError, Place, Which};
use crate::receiver::Feed;
use crate::receiver::stream::Text;
use clap::Args;
#[cfg(feature = "probe-rs")]
use probe_rs::probe::DebugProbeSelector;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::thread::JoinHandle;

/// Options of RTT.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Receive over RTT")]
#[group(skip)]
pub struct Options {
    /// Read a channel from this RTT server: of `OpenOCD`, J-Link or whoever else's. Give it once for each.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub rtt_tcp: Vec<String>,
    /// The RTT servers are J-Link's: read this channel.
    #[arg(long, value_name = "NUMBER", requires = "rtt_tcp")]
    pub rtt_jlink_channel: Option<u32>,
    /// Read the channel called spandrel through a GDB server, such as QEMU's. It halts the target at each
    /// look, so it is for where nothing else is.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub rtt_gdb: Option<String>,
    /// Read the channel called spandrel through a debug probe; the chip is told as probe-rs calls it.
    #[cfg(feature = "probe-rs")]
    #[arg(long, value_name = "CHIP")]
    pub rtt_probe: Option<String>,
    /// Which probe, where there are several.
    #[cfg(feature = "probe-rs")]
    #[arg(long, value_name = "VID:PID[:SERIAL]", requires = "rtt_probe")]
    pub rtt_probe_is: Option<DebugProbeSelector>,
    /// The program that runs, as ELF file, which says where RTT's control block is.
    #[arg(long, value_name = "FILE", group = "rtt_place")]
    pub rtt_elf: Option<PathBuf>,
    /// Where RTT's control block is.
    #[arg(long, value_name = "ADDRESS", value_parser = number, group = "rtt_place")]
    pub rtt_address: Option<u32>,
    /// Where to search for RTT's control block; usually 0x20000000+0x40000.
    #[arg(long, value_name = "START+LENGTH", value_parser = range, group = "rtt_place")]
    pub rtt_ram: Option<Range<u32>>,
    /// Read and write the channels with this number, whatever they are called.
    #[arg(long, value_name = "NUMBER")]
    pub rtt_channel: Option<u32>,
}

/// One way to a target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Link {
    /// A server that reads RTT.
    Tcp(RttServer),
    /// A server that gives memory.
    Gdb(GdbServer),
    /// A probe.
    #[cfg(feature = "probe-rs")]
    Probe(ProbeTarget),
}

impl Link {
    /// Reads and writes it, in threads, until the hub is gone; when the thread has ended, no target stands
    /// still any more.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(self, feed: Feed, text: impl Text + Send + 'static) -> io::Result<JoinHandle<()>> {
        match self {
            Self::Tcp(server) => server.start(feed, text),
            Self::Gdb(server) => server.start(feed, text),
            #[cfg(feature = "probe-rs")]
            Self::Probe(target) => target.start(feed, text),
        }
    }
}

impl Options {
    /// What is asked for.
    ///
    /// # Errors
    /// The ELF file is of no use.
    pub fn links(&self) -> Result<Vec<Link>, LocateError> {
        let locate = self.locate();
        // What is wrong should be known now, and not when the target is there.
        locate.place()?;
        let server = |address: &String| {
            Link::Tcp(RttServer { address: address.clone(), jlink_channel: self.rtt_jlink_channel })
        };
        let gdb = |address: &String| {
            Link::Gdb(GdbServer {
                address: address.clone(),
                locate: locate.clone(),
                which: self.which(),
            })
        };
        let links = self.rtt_tcp.iter().map(server).chain(self.rtt_gdb.iter().map(gdb));
        #[cfg(feature = "probe-rs")]
        let links = links.chain(self.rtt_probe.iter().map(|chip| {
            Link::Probe(ProbeTarget {
                chip: chip.clone(),
                selector: self.rtt_probe_is.clone(),
                locate: locate.clone(),
                which: self.which(),
            })
        }));
        Ok(links.collect())
    }

    fn locate(&self) -> Locate {
        match (&self.rtt_elf, self.rtt_address) {
            (Some(path), _) => Locate::Elf(path.clone()),
            (_, Some(address)) => Locate::Known(Place::At(address)),
            _ => Locate::Known(Place::Within(self.rtt_ram.clone().unwrap_or(USUAL_RAM))),
        }
    }

    fn which(&self) -> Which {
        self.rtt_channel.map_or(Which::Named, Which::Number)
    }
}

fn host_and_port(text: &str) -> Result<String, &'static str> {
    const HOW: &str = "give a host and a port, such as 127.0.0.1:19021";

    let (host, port) = text.rsplit_once(':').ok_or(HOW)?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
    if host.is_empty() || !is_port { Err(HOW) } else { Ok(text.to_owned()) }
}

fn number(text: &str) -> Result<u32, &'static str> {
    let digits = text.replace('_', "");
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    number.map_err(|_| "give a number of 32 bits, such as 0x20000000")
}

fn range(text: &str) -> Result<Range<u32>, &'static str> {
    const HOW: &str = "give where the RAM begins and how long it is, such as 0x20000000+0x20000";

    let (start, len) = text.split_once('+').ok_or(HOW)?;
    let (start, len) = (number(start).map_err(|_| HOW)?, number(len).map_err(|_| HOW)?);
    if len == 0 {
        return Err(HOW);
    }
    Ok(start..start.checked_add(len).ok_or("it ends beyond 32 bits")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use clap::error::ErrorKind;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Ok(Line::try_parse_from(line.split(' '))?.options)
    }

    #[test]
    fn places_and_channels_are_what_the_line_says() {
        let options = parse("x --rtt-gdb localhost:1234 --rtt-ram 0x2000_0000+256").unwrap();
        let ram = Locate::Known(Place::Within(0x2000_0000..0x2000_0100));
        assert_eq!((options.locate(), options.which()), (ram, Which::Named));
        assert!(matches!(options.links().unwrap()[..], [Link::Gdb(_)]));
        let options = parse("x --rtt-gdb [::1]:1 --rtt-address 536870912 --rtt-channel 2").unwrap();
        let at = Locate::Known(Place::At(0x2000_0000));
        assert_eq!((options.locate(), options.which()), (at, Which::Number(2)));
        let options = parse("x --rtt-tcp a:1 --rtt-tcp b:2 --rtt-jlink-channel 1").unwrap();
        let links = options.links().unwrap();
        assert!(matches!(links[..], [Link::Tcp(RttServer { jlink_channel: Some(1), .. }), _]));
        assert_eq!(options.locate(), Locate::Known(Place::Within(USUAL_RAM)));
        assert!(parse("x").unwrap().links().unwrap().is_empty());
        parse("x --rtt-elf /no/such/file").unwrap().links().unwrap_err();
    }

    #[test]
    fn what_cannot_be_is_a_usage_error() {
        for line in [
            "--rtt-tcp here",
            "--rtt-tcp :19021",
            "--rtt-gdb host:0",
            "--rtt-address 0x1_0000_0000",
            "--rtt-ram 0x20000000",
            "--rtt-ram 0xffffffff+2",
            "--rtt-ram 0+0",
        ] {
            let error = parse(&format!("x {line}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ValueValidation, "{line}");
        }
        let error = parse("x --rtt-address 1 --rtt-elf a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
        let error = parse("x --rtt-jlink-channel 1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
    }
}
