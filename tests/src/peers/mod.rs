//! Real backends and clients, built and run on this machine, to show that traces and contexts reach them
//! whole.

mod carriers;
mod go;
mod grpc;
mod install;
mod jaeger;
mod lines;
mod mqtt;
mod python;
mod tracegen;
mod zipkin;

pub use carriers::CarrierPeers;
pub use grpc::GrpcClient;
pub use jaeger::{Jaeger, Setup as JaegerSetup};
pub use mqtt::MqttBroker;
pub use python::PythonSdk;
pub use tracegen::{Protocol, Tracegen};
pub use zipkin::Zipkin;
