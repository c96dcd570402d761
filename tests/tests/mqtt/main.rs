//! Spans reach the collector through a real MQTT broker, once each, whatever happens to the broker.
#![expect(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "only the host runs it"
)]

mod board;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use spandrel::{Clock, DeviceId, Recorder, Session, SessionSource, Tracer, span};
use spandrel_collector::model::{Batch, Value};
use spandrel_collector::pipeline::{Options, Output, Pipeline, owned};
use spandrel_collector::receiver::mqtt::MqttReceiver;
use spandrel_collector::receiver::{Handler, Hub, Peer, Replies};
use spandrel_collector::stats::Stats;
use spandrel_tests::peers::MqttBroker;
use spandrel_transport::mqtt::{Inbox, Login, Packet, Qos, Refusal, Topics, write};
use spandrel_transport::uplinks::mqtt::{MqttEvent, MqttSettings, MqttUplink, StdBroker};
use spandrel_transport::{Reporter, Settings};

const LIMIT: Duration = Duration::from_secs(60);

/// What the collector has seen so far.
#[derive(Default)]
struct Seen {
    frames: Vec<(Peer, Vec<u8>)>,
    batches: Vec<Batch>,
    stats: Stats,
}

impl Seen {
    /// How often the span of each number came.
    fn spans(&self) -> BTreeMap<i64, usize> {
        let mut spans = BTreeMap::new();
        for span in self.batches.iter().flat_map(|batch| &batch.spans) {
            let number = span.attributes.iter().find(|tag| &*tag.key == "number");
            let Some(Value::Int(number)) = number.map(|tag| &tag.value) else {
                panic!("{span:?} has no number");
            };
            *spans.entry(*number).or_default() += 1;
        }
        spans
    }
}

/// A collector's pipeline behind a hub, and all that came in and out.
struct Collector {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Watched<P> {
    pipeline: P,
    seen: Arc<Mutex<Seen>>,
}

impl<S: FnMut(Output)> Handler for Watched<Pipeline<S>> {
    fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies) {
        self.pipeline.on_frame(bytes, peer, rx_ns, replies);
        let mut seen = self.seen.lock().unwrap();
        seen.frames.push((peer.clone(), bytes.to_vec()));
        seen.stats = *self.pipeline.stats();
    }

    fn on_sent(&mut self, peer: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64) {
        self.pipeline.on_sent(peer, session_tag, ping, sent_ns);
    }

    fn on_closed(&mut self, peer: &Peer) {
        self.pipeline.on_closed(peer);
    }

    fn on_tick(&mut self, now_ns: u64, replies: &mut Replies) {
        self.pipeline.on_tick(now_ns, replies);
    }

    fn on_clock_step(&mut self, step_ns: i64) {
        self.pipeline.on_clock_step(step_ns);
    }
}

impl Collector {
    fn start(url: &str, password: Option<&str>) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let hub = Hub::new();
        let password = password.map(|password| password.as_bytes().to_vec());
        MqttReceiver::new(url.parse().unwrap(), password).start(hub.feed()).unwrap();
        let sink = Arc::clone(&seen);
        let sink = move |batch| sink.lock().unwrap().batches.push(batch);
        let pipeline = Pipeline::new(Options { downlink: true, ..Options::default() }, owned(sink));
        let mut watched = Watched { pipeline, seen: Arc::clone(&seen) };
        let flag = Arc::clone(&stop);
        let thread = Some(thread::spawn(move || hub.run(&mut watched, &flag)));
        Self { seen, stop, thread }
    }

    fn sees<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// A device whose reporter takes a turn when it is told to.
struct Device {
    tracer: &'static Tracer,
    reporter: Reporter<'static, MqttUplink<'static, StdBroker>>,
}

impl Device {
    fn new(id: u64, broker: &MqttBroker, mqtt: MqttSettings<'static>) -> Self {
        let recorder: &Recorder<4096> = Box::leak(Box::default());
        let tracer = Tracer::new("device", recorder, Clock::monotonic())
            .device_id(DeviceId(id))
            .session(SessionSource::Fixed(Session::new(7)));
        let tracer: &Tracer = Box::leak(Box::new(tracer));
        let connector = StdBroker::new(&format!("127.0.0.1:{}", broker.port()));
        let uplink = MqttUplink::new(connector, tracer.device(), mqtt).unwrap();
        let buffer = Box::leak(Box::new([0; 508]));
        let reporter = Reporter::new(tracer, uplink, buffer, Settings::DEFAULT).unwrap();
        Self { tracer, reporter }
    }

    fn record(&self, numbers: std::ops::Range<u32>) {
        numbers.for_each(|number| span!(self.tracer, "numbered", number = number).finish());
    }

    fn turn(&mut self) {
        embassy_futures::block_on(self.reporter.step());
    }

    /// Takes turns until something is so.
    #[track_caller]
    fn until(&mut self, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < LIMIT, "it does not come about");
            self.turn();
        }
    }
}

/// A client that publishes as it likes, at QoS 1.
struct Client {
    stream: TcpStream,
    inbox: Inbox<[u8; 256]>,
}

impl Client {
    fn new(broker: &MqttBroker, client_id: &[u8]) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", broker.port())).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let login = Login { client_id, keep_alive_s: 0, user: None, password: None, will: None };
        let mut buffer = [0; 256];
        stream.write_all(write::connect(&login, &mut buffer).unwrap()).unwrap();
        let mut client = Self { stream, inbox: Inbox::new([0; 256]) };
        assert_eq!(client.next(|packet| matches!(packet, Packet::ConnAck(Ok(())))), Some(()));
        client
    }

    fn next(&mut self, is_it: impl Fn(&Packet<'_>) -> bool) -> Option<()> {
        loop {
            if let Some(packet) = self.inbox.next().unwrap() {
                return is_it(&packet).then_some(());
            }
            let count = std::io::Read::read(&mut self.stream, self.inbox.space()).unwrap();
            assert_ne!(count, 0, "the broker has closed the connection");
            self.inbox.filled(count);
        }
    }

    fn publish(&mut self, device: u64, frame: &[u8], again: bool) {
        let packet_id = 5.try_into().unwrap();
        let delivery = write::Delivery::AtLeastOnce { packet_id, again };
        let mut buffer = [0; write::MAX_HEAD];
        let head = write::publish_up(
            &Topics::default(),
            DeviceId(device),
            delivery,
            frame.len(),
            &mut buffer,
        );
        self.stream.write_all(&[head.unwrap(), frame].concat()).unwrap();
        assert_eq!(self.next(|packet| *packet == Packet::PubAck(packet_id)), Some(()));
    }
}

fn broker(login: Option<(&'static str, &'static str)>) -> Option<MqttBroker> {
    match MqttBroker::ensure_built() {
        Ok(program) => Some(MqttBroker::start(program, login).unwrap()),
        Err(skip) => {
            skip.report();
            None
        }
    }
}

fn url(broker: &MqttBroker) -> String {
    format!("mqtt://127.0.0.1:{}", broker.port())
}

#[test]
fn spans_go_up_and_pings_come_down() {
    let Some(broker) = broker(None) else { return };
    let collector = Collector::start(&url(&broker), None);
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
        let id = 0xa0 + u64::from(qos == Qos::AtLeastOnce);
        let mut device = Device::new(id, &broker, MqttSettings { qos, ..MqttSettings::DEFAULT });
        let peer = Peer::Mqtt(format!("{id:016x}").into());
        // A collector that subscribes later sees nothing of what was published before.
        device.until(|| collector.sees(|seen| seen.frames.iter().any(|(from, _)| *from == peer)));
        let first = if qos == Qos::AtMostOnce { 0 } else { 1000 };
        device.record(first..first + 100);
        let last = i64::from(first) + 99;
        device.until(|| collector.sees(|seen| seen.spans().contains_key(&last)));
        collector.sees(|seen| {
            let spans = seen.spans();
            assert!((last - 99..=last).all(|number| spans.get(&number) == Some(&1)), "{spans:?}");
            // Exchanges of four times need an answer to a ping that came down.
            let batch = seen.batches.iter().rev().find(|batch| !batch.spans.is_empty()).unwrap();
            let tags = &batch.resource.attributes;
            let error = tags.iter().find(|tag| &*tag.key == "clock.error_us");
            assert!(error.is_some_and(|tag| matches!(tag.value, Value::Int(_))), "{tags:?}");
        });
    }
}

#[test]
fn a_broker_that_ends_and_comes_back_costs_no_span_at_qos_1() {
    let Some(mut broker) = broker(None) else { return };
    let collector = Collector::start(&url(&broker), None);
    let settings = MqttSettings { qos: Qos::AtLeastOnce, ..MqttSettings::DEFAULT };
    let mut device = Device::new(0xb0, &broker, settings);
    device.until(|| collector.sees(|seen| !seen.frames.is_empty()));
    device.record(0..50);
    device.until(|| collector.sees(|seen| seen.spans().len() == 50));

    broker.stop();
    for number in 50..80 {
        device.record(number..number + 1);
        device.turn();
    }
    broker.restart().unwrap();
    // What goes up while the collector is not there yet would reach nobody: so it waits for it.
    let before = collector.seen.lock().unwrap().frames.len();
    let begun = Instant::now();
    while collector.sees(|seen| seen.frames.len() == before) {
        assert!(begun.elapsed() < LIMIT, "the collector does not come back");
        Client::new(&broker, b"probe").publish(0xff, b"no frame", false);
    }
    device.until(|| collector.sees(|seen| seen.spans().len() == 80));
    let spans = collector.seen.lock().unwrap().spans();
    assert!(spans.values().all(|count| *count == 1), "{spans:?}");
}

#[test]
fn frames_that_come_twice_count_once() {
    let Some(broker) = broker(None) else { return };
    let collector = Collector::start(&url(&broker), None);
    let mut device = Device::new(0xc0, &broker, MqttSettings::DEFAULT);
    device.until(|| collector.sees(|seen| !seen.frames.is_empty()));
    device.record(0..50);
    device.until(|| collector.sees(|seen| seen.spans().len() == 50));
    let frames = collector.seen.lock().unwrap().frames.clone();
    let doubles = collector.sees(|seen| seen.stats.doubles == 0);
    assert!(doubles, "nothing came twice yet");
    let mut client = Client::new(&broker, b"again");
    for (_, frame) in &frames {
        client.publish(0xc0, frame, true);
    }
    let count = frames.len();
    device.until(|| collector.sees(|seen| seen.frames.len() >= 2 * count));
    collector.sees(|seen| {
        assert_eq!(seen.stats.doubles, count as u64, "{}", seen.stats);
        assert!(seen.spans().values().all(|count| *count == 1), "{:?}", seen.spans());
    });
}

#[test]
fn a_broker_with_a_password_lets_in_who_has_it() {
    static REFUSED: AtomicBool = AtomicBool::new(false);
    let Some(broker) = broker(Some(("me", "secret"))) else { return };
    let url = format!("mqtt://me@127.0.0.1:{}", broker.port());
    let collector = Collector::start(&url, Some("secret"));
    let stranger = MqttSettings {
        user: Some("me"),
        password: Some(b"guess"),
        on_event: |event| {
            if matches!(event, MqttEvent::Refused(Refusal::Login | Refusal::NotAuthorized)) {
                REFUSED.store(true, Ordering::Relaxed);
            }
        },
        ..MqttSettings::DEFAULT
    };
    Device::new(0xd0, &broker, stranger).until(|| REFUSED.load(Ordering::Relaxed));
    let settings =
        MqttSettings { user: Some("me"), password: Some(b"secret"), ..MqttSettings::DEFAULT };
    let mut device = Device::new(0xd1, &broker, settings);
    device.until(|| collector.sees(|seen| !seen.frames.is_empty()));
    collector.sees(|seen| {
        assert!(seen.frames.iter().all(|(peer, _)| *peer == Peer::Mqtt("00000000000000d1".into())));
    });
}
