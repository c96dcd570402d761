//! TCP, through a proxy that cuts connections.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use spandrel::span;
use spandrel_collector::receiver::tcp::TcpReceiver;
use spandrel_transport::Settings;
use spandrel_transport::uplinks::std_tcp::{StdTcp, StdTcpUplink};
use spandrel_transport::uplinks::std_thread;

use crate::collector::Collector;
use crate::tracer;

/// Hands bytes on both ways.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        let address = listener.local_addr().expect("it is bound");
        let open = Arc::<Mutex<Vec<TcpStream>>>::default();
        let kept = Arc::clone(&open);
        thread::spawn(move || {
            for device in listener.incoming().map_while(Result::ok) {
                let collector = TcpStream::connect(to).expect("it listens");
                let ends = [&device, &collector].map(|end| end.try_clone().expect("it is open"));
                kept.lock().expect("nobody panics").extend(ends);
                let both = (device.try_clone(), collector.try_clone());
                let (Ok(from_device), Ok(from_collector)) = both else { continue };
                thread::spawn(move || hand_on(from_device, collector));
                thread::spawn(move || hand_on(from_collector, device));
            }
        });
        Self { address, open }
    }

    /// Cuts all connections; how many ends there were.
    pub(crate) fn cut(&self) -> usize {
        let ends: Vec<_> = self.open.lock().expect("nobody panics").drain(..).collect();
        ends.iter().for_each(|end| drop(end.shutdown(Shutdown::Both)));
        ends.len()
    }
}

fn hand_on(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 1000];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..len]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn spans_pass_and_a_session_goes_on_over_connections_that_are_cut() {
    let receiver = TcpReceiver::bind(([127, 0, 0, 1], 0).into()).expect("there are ports");
    let proxy = Proxy::start(receiver.local_addr().expect("it is bound"));
    let collector = Collector::start(|feed| receiver.start(feed.clone()).expect("it starts"));
    let tracer = tracer(0x7c9);
    let uplink = StdTcpUplink::new(StdTcp::new(proxy.address)).with_mtu(1400);
    std_thread::spawn(tracer, uplink, Settings::DEFAULT).expect("it is the only one");
    let mut recorded = 0;
    for cut in 0..4 {
        // What is recorded around a cut may be lost; what comes behind arrives.
        for _ in 0..500 {
            span!(tracer, "around", n = recorded).finish();
            recorded += 1;
        }
        collector.until("a span behind a cut", |collector| {
            span!(tracer, "behind", n = cut).finish();
            collector.numbers("behind").contains_key(&i64::from(cut))
        });
        if cut == 0 {
            // Nothing was cut yet.
            collector.until("each span", |collector| collector.numbers("around").len() == 500);
        }
        assert_eq!(proxy.cut(), 2);
    }
    let around = collector.numbers("around");
    assert!(around.values().all(|times| *times == 1) && around.len() > 500, "{around:?}");
    let stats = collector.end();
    assert_eq!((stats.sessions, stats.clashes, stats.malformed), (1, 0, 0), "{stats}");
}

#[test]
fn a_collector_that_comes_late_is_found() {
    let place = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let address = place.local_addr().expect("it is bound");
    drop(place);
    let tracer = tracer(0x7ca);
    let uplink = StdTcpUplink::new(StdTcp::new(address));
    std_thread::spawn(tracer, uplink, Settings::DEFAULT).expect("it is the only one");
    (0..100).for_each(|number| span!(tracer, "early", n = number).finish());
    thread::sleep(Duration::from_millis(500));
    let receiver = TcpReceiver::bind(address).expect("nobody took it meanwhile");
    let collector = Collector::start(|feed| receiver.start(feed.clone()).expect("it starts"));
    collector.until("each span", |collector| collector.numbers("early").len() == 100);
}
