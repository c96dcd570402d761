//! What a Jaeger does to a trace before it shows it, as far as both of its APIs do the same.

mod address;
mod ids;
mod skew;

pub(in crate::query) use address::dotted;
pub(in crate::query) use ids::{NewIds, Side};
pub(in crate::query) use skew::{Node, warnings};

/// Tags whose number is an address.
pub(in crate::query) const ADDRESSES: [&str; 2] = ["ip", "peer.ipv4"];

/// Tags of a span that tell of its process.
pub(in crate::query) const LIBRARY: [&str; 5] = [
    "telemetry.distro.name",
    "telemetry.distro.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
];
