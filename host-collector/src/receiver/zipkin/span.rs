//! A span of Zipkin's, and what it is in OTLP.

use crate::protobuf::Writer;
use std::borrow::Cow;
use std::net::IpAddr;

/// What is wrong with a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An id is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An id is too long.
    #[error("{0} is longer than {1} digits")]
    TooLong(&'static str, usize),
    /// An id is something else.
    #[error("{0} is no number in lower-case hexadecimal digits")]
    NoHex(&'static str),
    /// An id of protobuf has another length.
    #[error("{0} has another length than an id has")]
    Length(&'static str),
    /// An id is no id.
    #[error("{0} is all zeros")]
    Zero(&'static str),
    /// There is no such kind.
    #[error("`{0}` is no kind: CLIENT, SERVER, PRODUCER and CONSUMER are")]
    Kind(String),
}

/// One side of a call. What is no address is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoint<'a> {
    pub(super) service: Cow<'a, str>,
    pub(super) v4: Option<IpAddr>,
    pub(super) v6: Option<IpAddr>,
    pub(super) port: u16,
}

/// A span, with what it says and nothing made up.
#[derive(Clone, Debug, Default)]
pub(super) struct Span<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    /// As OTLP numbers it; 0 if it is not said.
    pub(super) kind: u64,
    pub(super) name: Cow<'a, str>,
    /// Microseconds; 0 if it is not said.
    pub(super) start_us: u64,
    pub(super) duration_us: u64,
    pub(super) local: Endpoint<'a>,
    pub(super) remote: Endpoint<'a>,
    pub(super) annotations: Vec<(u64, Cow<'a, str>)>,
    pub(super) tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) is_debug: bool,
    pub(super) is_shared: bool,
}

/// OTLP's number of a server.
pub(super) const SERVER: u64 = 2;

/// A kind by its name.
pub(super) fn kind(name: &str) -> Result<u64, Fault> {
    match name {
        "CLIENT" => Ok(3),
        "SERVER" => Ok(SERVER),
        "PRODUCER" => Ok(4),
        "CONSUMER" => Ok(5),
        other => Err(Fault::Kind(other.chars().take(40).collect())),
    }
}

/// The number of `N` bytes that digits say, which may be fewer.
pub(super) fn id<const N: usize>(name: &'static str, digits: &str) -> Result<[u8; N], Fault> {
    if digits.len() > 2 * N {
        return Err(Fault::TooLong(name, 2 * N));
    }
    let mut value: u128 = 0;
    for digit in digits.bytes() {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(Fault::NoHex(name)),
        };
        value = value << 4 | u128::from(digit);
    }
    let mut id = [0; N];
    let bytes = value.to_be_bytes();
    id.iter_mut().rev().zip(bytes.iter().rev()).for_each(|(place, byte)| *place = *byte);
    if value == 0 { Err(Fault::Zero(name)) } else { Ok(id) }
}

/// An attribute that is text.
pub(super) fn text(out: &mut Writer, field: u32, key: &str, value: &str) {
    out.message(field, |out| {
        out.bytes(1, key.as_bytes());
        out.message(2, |out| out.bytes_always(1, value.as_bytes()));
    });
}

impl Endpoint<'_> {
    fn write(&self, out: &mut Writer, address: &str, port: &str) {
        for ip in [self.v4, self.v6].into_iter().flatten() {
            text(out, 9, address, &ip.to_string());
        }
        if self.port != 0 {
            out.message(9, |out| {
                out.bytes(1, port.as_bytes());
                out.message(2, |out| out.varint_always(3, self.port.into()));
            });
        }
    }
}

impl Span<'_> {
    fn tag(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
    }

    /// Writes it as a span of OTLP.
    pub(super) fn write(&self, out: &mut Writer) {
        let earliest = || self.annotations.iter().map(|(at, _)| *at).min().unwrap_or(0);
        let start_us = if self.start_us == 0 { earliest() } else { self.start_us };
        out.bytes(1, &self.trace_id);
        out.bytes(2, &self.id);
        out.bytes(3, self.tag("w3c.tracestate").unwrap_or_default().as_bytes());
        if let Some(parent) = self.parent.filter(|parent| *parent != self.id) {
            out.bytes(4, &parent);
        }
        out.bytes(5, self.name.as_bytes());
        out.varint(6, self.kind);
        out.fixed64(7, start_us.saturating_mul(1000));
        out.fixed64(8, start_us.saturating_add(self.duration_us).saturating_mul(1000));
        for (key, value) in &self.tags {
            if !matches!(&**key, "error" | "otel.status_code" | "w3c.tracestate") {
                text(out, 9, key, value);
            }
        }
        self.local.write(out, "net.host.ip", "net.host.port");
        if !self.remote.service.is_empty() {
            text(out, 9, "peer.service", &self.remote.service);
        }
        self.remote.write(out, "net.peer.ip", "net.peer.port");
        for (key, is_so) in [
            ("zipkin.shared", self.is_shared && self.kind == SERVER),
            ("zipkin.debug", self.is_debug),
        ] {
            if is_so {
                out.message(9, |out| {
                    out.bytes(1, key.as_bytes());
                    out.message(2, |out| out.varint_always(2, 1));
                });
            }
        }
        for (at_us, value) in &self.annotations {
            out.message(11, |out| {
                out.fixed64(1, at_us.saturating_mul(1000));
                out.bytes(2, value.as_bytes());
            });
        }
        self.write_status(out);
    }

    /// A tag `error` says that it failed, whatever its value; it says why, where it says more than `true`.
    fn write_status(&self, out: &mut Writer) {
        let code = match (self.tag("error"), self.tag("otel.status_code")) {
            (Some(_), _) | (None, Some("ERROR")) => 2,
            (None, Some("OK")) => 1,
            _ => return,
        };
        out.message(15, |out| {
            let why = self.tag("error").filter(|why| *why != "true");
            out.bytes(2, why.unwrap_or_default().as_bytes());
            out.varint(3, code);
        });
    }
}
