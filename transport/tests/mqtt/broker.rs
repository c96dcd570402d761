//! A broker and a network that the test holds in its hands; time passes only while somebody waits.

use core::cell::RefCell;
use core::time::Duration;
use mqttbytes::v4::{self, Packet};
use spandrel_transport::uplinks::mqtt::{Closed, Connector, MqttEvent, MqttSettings, MqttUplink};
use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) const DEVICE: spandrel::DeviceId = spandrel::DeviceId(0x20_0000_0001);
pub(crate) const UP: &str = "spandrel/0000002000000001/up";
pub(crate) const DOWN: &str = "spandrel/0000002000000001/down";

/// What the test and the uplink share.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) now_us: u64,
    /// The network does not let anybody connect.
    pub(crate) is_down: bool,
    pub(crate) is_open: bool,
    /// When somebody tried to connect.
    pub(crate) tries_us: Vec<u64>,
    /// Bytes on their way to the device, and from it.
    pub(crate) to_device: VecDeque<u8>,
    pub(crate) from_device: Vec<u8>,
    /// The stream takes so many bytes more, and then blocks.
    pub(crate) takes: Option<usize>,
    /// Bytes that one read gives at most.
    pub(crate) piece: Option<usize>,
    /// What the broker does by itself with each packet.
    pub(crate) answers: Option<fn(&Packet) -> Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Broker(pub(crate) Rc<RefCell<Desk>>);

impl Broker {
    /// One that lets everybody in and acknowledges everything.
    pub(crate) fn kind() -> Self {
        let broker = Self::default();
        broker.0.borrow_mut().answers = Some(kindly);
        broker
    }

    pub(crate) fn uplink(&self, settings: MqttSettings<'static>) -> MqttUplink<'static, Self> {
        MqttUplink::new(self.clone(), DEVICE, settings).unwrap()
    }

    pub(crate) fn says(&self, bytes: &[u8]) {
        self.0.borrow_mut().to_device.extend(bytes);
    }

    pub(crate) fn publishes(&self, frame: &[u8]) {
        let publish = v4::Publish::new(DOWN, mqttbytes::QoS::AtMostOnce, frame);
        self.says(&written(|out| publish.write(out)));
    }

    /// What the device said since the last look; all of it must be whole packets.
    pub(crate) fn heard(&self) -> Vec<Packet> {
        let bytes = core::mem::take(&mut self.0.borrow_mut().from_device);
        let mut stream = bytes::BytesMut::from(&bytes[..]);
        let mut packets = Vec::new();
        while !stream.is_empty() {
            packets.push(v4::read(&mut stream, 1 << 20).unwrap());
        }
        packets
    }

    /// The connection breaks.
    pub(crate) fn hangs_up(&self) {
        let mut desk = self.0.borrow_mut();
        (desk.is_open, desk.from_device) = (false, Vec::new());
        desk.to_device.clear();
    }
}

fn kindly(packet: &Packet) -> Vec<u8> {
    match packet {
        Packet::Connect(_) => b"\x20\x02\x00\x00".to_vec(),
        Packet::Subscribe(subscribe) => {
            let granted = vec![v4::SubscribeReasonCode::Success(mqttbytes::QoS::AtMostOnce)];
            written(|out| v4::SubAck::new(subscribe.pkid, granted).write(out))
        }
        Packet::Publish(publish) if publish.pkid != 0 => {
            written(|out| v4::PubAck::new(publish.pkid).write(out))
        }
        Packet::PingReq => b"\xd0\x00".to_vec(),
        _ => Vec::new(),
    }
}

fn written<E: core::fmt::Debug>(
    write: impl FnOnce(&mut bytes::BytesMut) -> Result<usize, E>,
) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    write(&mut out).unwrap();
    out.to_vec()
}

impl Connector for Broker {
    async fn open(&mut self, within: Duration) -> bool {
        let mut desk = self.0.borrow_mut();
        assert!(!desk.is_open, "it was not closed");
        let now_us = desk.now_us;
        desk.tries_us.push(now_us);
        if desk.is_down {
            desk.now_us += within.as_micros() as u64;
        }
        desk.is_open = !desk.is_down;
        desk.is_open
    }

    fn close(&mut self) {
        self.hangs_up();
    }

    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, Closed> {
        assert!(!buffer.is_empty(), "it would wait for nothing");
        let mut desk = self.0.borrow_mut();
        if !desk.is_open {
            return Err(Closed);
        }
        let most = desk.piece.unwrap_or(usize::MAX);
        let count = buffer.len().min(desk.to_device.len()).min(most);
        if count == 0 {
            desk.now_us += within.as_micros() as u64;
            return Ok(0);
        }
        for (to, from) in buffer.iter_mut().zip(desk.to_device.drain(..count)) {
            *to = from;
        }
        // However little: whoever reads without end comes to the end of its time.
        desk.now_us += 1;
        Ok(count)
    }

    async fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), Closed> {
        // A writer that is dropped has perhaps written the first half.
        let half = bytes.len() / 2;
        self.0.borrow_mut().from_device.extend(&bytes[..half]);
        embassy_futures::yield_now().await;
        let mut desk = self.0.borrow_mut();
        if !desk.is_open {
            return Err(Closed);
        }
        if let Some(takes) = &mut desk.takes {
            if *takes < bytes.len() {
                desk.now_us += within.as_micros() as u64;
                return Err(Closed);
            }
            *takes -= bytes.len();
        }
        desk.from_device.extend(&bytes[half..]);
        if let Some(answers) = desk.answers {
            let mut stream = bytes::BytesMut::from(bytes);
            // The head of a message is not whole: it is answered with its frame.
            let whole = v4::read(&mut stream, 1 << 20).ok();
            let all = whole.or_else(|| last_publish(&desk.from_device));
            let answer = all.map(|packet| answers(&packet));
            desk.to_device.extend(answer.unwrap_or_default());
        }
        Ok(())
    }

    async fn pause(&mut self, time: Duration) {
        self.0.borrow_mut().now_us += time.as_micros() as u64;
    }

    fn now_us(&self) -> u64 {
        self.0.borrow().now_us
    }
}

/// The message that ends what the device said, if it is whole.
fn last_publish(said: &[u8]) -> Option<Packet> {
    let mut stream = bytes::BytesMut::from(said);
    let mut last = None;
    while let Ok(packet) = v4::read(&mut stream, 1 << 20) {
        last = Some(packet);
    }
    last.filter(|packet| stream.is_empty() && matches!(packet, Packet::Publish(_)))
}

std::thread_local! {
    static EVENTS: RefCell<Vec<MqttEvent>> = RefCell::default();
}

/// For [`MqttSettings::on_event`].
pub(crate) fn note(event: MqttEvent) {
    EVENTS.with_borrow_mut(|events| events.push(event));
}

/// What was noted in this thread since the last look.
pub(crate) fn noted() -> Vec<MqttEvent> {
    EVENTS.take()
}
