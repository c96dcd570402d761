//! The links that frames come in by: sockets, ports, brokers and probes.

use super::ServeError;
use crate::cli::Serve;
use crate::logging;
use crate::receiver::Hub;
use crate::receiver::mqtt::MqttReceiver;
use crate::receiver::rtt;
use crate::receiver::serial::{Port, SerialReceiver};
use crate::receiver::tcp::TcpReceiver;
use crate::receiver::udp::UdpReceiver;
use crate::view::{TextOut, TextTo};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;

/// All of them, open but not started: what cannot be had is known before anything runs.
pub(super) struct Links {
    sockets: Sockets,
    ports: Vec<(SerialReceiver, TextOut)>,
    probes: Vec<(rtt::Link, TextOut)>,
    broker: Option<MqttReceiver>,
}

impl Links {
    pub(super) fn open(options: &Serve, with_keys: bool) -> Result<Self, ServeError> {
        let broker = options.mqtt.as_ref().map(|broker| {
            // Not on the command line, which whoever lists processes can read.
            let password = std::env::var_os("SPANDREL_MQTT_PASSWORD");
            MqttReceiver::new(broker.clone(), password.map(OsString::into_encoded_bytes))
        });
        Ok(Self {
            sockets: listen(options.listen, !options.no_tcp, with_keys)?,
            ports: open_ports(options)?,
            probes: open_probes(options)?,
            broker,
        })
    }

    /// Where frames come in over the network.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.sockets.udp.local_addr()
    }

    /// Starts them; gives the threads that must have ended before the program does.
    pub(super) fn start(self, hub: &mut Hub) -> io::Result<Vec<JoinHandle<()>>> {
        self.sockets.udp.kernel_drops().into_iter().for_each(|drops| hub.watch(drops));
        self.sockets.start(hub)?;
        for (port, text) in self.ports {
            port.start(hub.feed(), text)?;
        }
        if let Some(broker) = self.broker {
            broker.start(hub.feed())?;
        }
        let start = |(link, text): (rtt::Link, TextOut)| link.start(hub.feed(), text);
        self.probes.into_iter().map(start).collect()
    }
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
    let bound = sockets.udp.local_addr()?;
    let both = if with_tcp { " and tcp" } else { "" };
    logging::announce(&format!("listening on udp{both} {bound}"));
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

fn open_ports(options: &Serve) -> Result<Vec<(SerialReceiver, TextOut)>, ServeError> {
    let open = |port: &Port| {
        let failed = |source| ServeError::Serial { port: port.clone(), source };
        let receiver = SerialReceiver::open(port.clone()).map_err(failed)?;
        let text = open_text(options)?;
        logging::announce(&format!("listening on serial {port}"));
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
