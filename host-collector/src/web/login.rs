//! The link that lets somebody in who comes by a browser, once.

use super::answer::{Answer, Ask};
use super::visitors::Visitors;
use crate::logging;
use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// Lets in who has the link.
#[derive(Debug)]
pub(super) struct Login {
    visitors: Arc<Visitors>,
    /// Where the page is for whoever must log in, each as the begin of a URL.
    places: Vec<String>,
}

impl Login {
    pub(super) fn new(visitors: Arc<Visitors>, places: Vec<String>) -> Self {
        Self { visitors, places }
    }

    /// Says the link, one for each place; nothing where nobody has to log in.
    pub(super) fn announce(&self) {
        if self.places.is_empty() {
            return;
        }
        let Some(secret) = self.visitors.draw_link() else {
            log::error!("no link can be made to log in with: the system gives no random numbers");
            return;
        };
        for place in &self.places {
            logging::announce(&format!("log in once at {place}/login?once={secret}"));
        }
    }

    pub(super) fn enter(&self, ask: &Ask) -> Answer {
        if !self.visitors.use_link(ask.first("once").unwrap_or_default()) {
            let why = "this link was used, or another took its place: take the last that the collector printed";
            return Answer::text(StatusCode::FORBIDDEN, why).with_header(CACHE_CONTROL, "no-store");
        }
        // Whoever reads what the collector prints may let in another one.
        self.announce();
        Answer::empty(StatusCode::SEE_OTHER)
            .with_header(LOCATION, "./")
            .with_header(CACHE_CONTROL, "no-store")
    }
}

/// The begin of a URL that leads to this address from elsewhere, by a name of this machine if one is given.
pub(super) fn place(address: SocketAddr, is_secret: bool, name: Option<&str>) -> String {
    let scheme = if is_secret { "https" } else { "http" };
    let host = match (name, address.ip()) {
        (Some(name), _) => name.to_owned(),
        (None, ip) if !ip.is_unspecified() => {
            SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned()
        }
        (None, ip) => outward(ip).map_or_else(
            || "localhost".to_owned(),
            |ip| SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned(),
        ),
    };
    format!("{scheme}://{host}:{}", address.port())
}

/// The address by which this machine would talk to others. Nothing is sent to find out.
fn outward(any: IpAddr) -> Option<IpAddr> {
    // Addresses that are for documentation, which nobody has.
    let (from, to) = match any {
        IpAddr::V4(_) => ("0.0.0.0:0", "192.0.2.1:9"),
        IpAddr::V6(_) => ("[::]:0", "[2001:db8::1]:9"),
    };
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_where_the_door_is() {
        let at = |address: &str, is_secret, name| place(address.parse().unwrap(), is_secret, name);
        assert_eq!(at("10.0.0.7:7727", false, None), "http://10.0.0.7:7727");
        assert_eq!(at("[2001:db8::7]:7727", true, None), "https://[2001:db8::7]:7727");
        assert_eq!(at("0.0.0.0:80", true, Some("gateway.lan")), "https://gateway.lan:80");
        assert!(!at("0.0.0.0:7727", false, None).contains("0.0.0.0:"));
    }
}
