//! How a device talks to its broker.

use crate::mqtt::{DEFAULT_PREFIX, Qos, Refusal, Will};
use core::time::Duration;

/// How a device talks to its broker. The same for all devices but for user and password.
#[derive(Clone, Copy, Debug)]
pub struct MqttSettings<'a> {
    /// The first levels of the topics. `spandrel`, so that frames go to `spandrel/<device>/up`.
    pub prefix: &'a str,
    /// Who the device is, for brokers that ask.
    pub user: Option<&'a str>,
    /// What proves it; sent with a user alone, and in clear text unless the stream is TLS.
    pub password: Option<&'a [u8]>,
    /// What the broker publishes when the device is gone. None.
    pub will: Option<Will<'a>>,
    /// At QoS 0 what a connection loses is lost and counted. At QoS 1 a frame waits for its PUBACK
    /// before the next goes, and is sent again after a reconnect. QoS 0.
    pub qos: Qos,
    /// After half of it without a word a ping goes out, in seconds; 0 sends none. 60 s.
    pub keep_alive_s: u16,
    /// How long the network may take to connect, or to take one message. No longer than a quarter of a
    /// turn of the tracer's clock, since the reporter waits meanwhile. 2 s.
    pub patience: Duration,
    /// Is told how the connection fares, for a log or a lamp. Nothing.
    pub on_event: fn(MqttEvent),
}

impl MqttSettings<'_> {
    /// The values given with each field.
    pub const DEFAULT: Self = Self {
        prefix: DEFAULT_PREFIX,
        user: None,
        password: None,
        will: None,
        qos: Qos::AtMostOnce,
        keep_alive_s: 60,
        patience: Duration::from_secs(2),
        on_event: |_| {},
    };
}

impl Default for MqttSettings<'_> {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What befalls the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum MqttEvent {
    /// The broker lets the device in.
    Connected,
    /// The broker does not let the device in; it is asked again later.
    Refused(Refusal),
    /// The broker lets the device in, but not hear what the collector says.
    NoDownlink,
    /// The connection is gone, or could not be made; it is tried again later.
    Lost,
}

/// Why settings make no uplink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum MqttError {
    /// The prefix is no beginning of a topic.
    Prefix(crate::mqtt::PrefixError),
    /// User, password and will together are longer than 220 bytes.
    LoginTooLong,
}

impl core::fmt::Display for MqttError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Prefix(error) => error.fmt(f),
            Self::LoginTooLong => f.write_str(
                "user, password and will are too long together: shorten them to 220 bytes",
            ),
        }
    }
}

impl core::error::Error for MqttError {}
