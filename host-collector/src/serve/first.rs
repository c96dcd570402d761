//! What somebody is told who starts the collector for the first time.

use crate::cli::Serve;
use crate::logging;
use std::net::SocketAddr;

/// Where to go on reading.
const FIRMWARE: &str = "firmware: give it the packages spandrel, with the feature enable, and spandrel-transport, and \
                        write span!(TRACER, \"read\"); README.md has the rest in \"In firmware\"";

/// Whether there was no store of this name yet; it is made when it is opened.
pub(super) fn is_first(options: &Serve) -> bool {
    let folder = options.keep.folder().ok().flatten();
    folder.is_some_and(|folder| !folder.exists())
}

/// Says where the page is, where frames go and what firmware needs.
pub(super) fn greet(page: Option<SocketAddr>, frames: SocketAddr, is_tls: bool, with_tcp: bool) {
    lines(page, frames, is_tls, with_tcp).iter().for_each(|line| logging::announce(line));
}

fn lines(
    page: Option<SocketAddr>,
    frames: SocketAddr,
    is_tls: bool,
    with_tcp: bool,
) -> [String; 3] {
    let scheme = if is_tls { "https" } else { "http" };
    let page = match page {
        Some(address) => format!("page: {scheme}://{}/", here(address)),
        None => "page: none, since --http is off".to_owned(),
    };
    let both = if with_tcp { " and TCP" } else { "" };
    let on_network = match frames.ip().is_loopback() {
        true => format!("; --listen 0.0.0.0:{} hears those on the network", frames.port()),
        false => String::new(),
    };
    [page, format!("frames: to {frames} over UDP{both}{on_network}"), FIRMWARE.to_owned()]
}

/// An address that a browser here can open.
fn here(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback: [SocketAddr; 2] =
            [([127, 0, 0, 1], 0).into(), ([0, 0, 0, 0, 0, 0, 0, 1], 0).into()];
        let same = loopback.into_iter().find(|one| one.is_ipv4() == address.is_ipv4());
        address.set_ip(same.map_or(address.ip(), |one| one.ip()));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_say_where_to_look_where_to_send_and_what_to_write() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let told = lines(Some(address("127.0.0.1:7727")), address("127.0.0.1:7726"), false, true);
        assert_eq!(told[0], "page: http://127.0.0.1:7727/");
        assert_eq!(
            told[1],
            "frames: to 127.0.0.1:7726 over UDP and TCP; --listen 0.0.0.0:7726 hears those on the network"
        );
        assert!(told[2].contains("span!(TRACER, \"read\")"));
        let told = lines(Some(address("[::]:80")), address("0.0.0.0:7726"), true, false);
        assert_eq!(told[0], "page: https://[::1]:80/");
        assert_eq!(told[1], "frames: to 0.0.0.0:7726 over UDP");
        assert!(lines(None, address("[::1]:1"), false, true)[0].contains("--http is off"));
    }

    #[test]
    fn what_firmware_needs_is_what_the_readme_says() {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        assert!(readme.contains("## In firmware") && readme.contains("span!(TRACER, \"read\""));
        assert!(readme.contains("feature `enable`"));
    }
}
