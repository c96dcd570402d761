//! Real backends and clients, built and run on this machine, to show that traces and contexts reach them
//! whole.

mod carriers;
mod go;
mod jaeger;
mod mqtt;

pub use carriers::CarrierPeers;
pub use jaeger::{Jaeger, Setup as JaegerSetup};
pub use mqtt::MqttBroker;
