//! A handler that sends every frame back as a ping and notes what it sees, a hub that runs it, and the device's
//! end of a stream.

use super::stream::{LONGEST, Text};
use super::{Feed, Handler, Hub, Peer, Replies, Reply};
use spandrel_transport::framing::stream::{Encoder, Item, Splitter, buffer_len, encoded_len};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a handler has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) frames: Vec<(Peer, Vec<u8>)>,
    pub(super) rx_ns: Vec<u64>,
    /// When each ping went out, which is numbered as the frames from 1.
    pub(super) sent_ns: Vec<(u32, u64)>,
    pub(super) closed: Vec<Peer>,
}

#[derive(Debug)]
struct Echo(Arc<Mutex<Seen>>);

impl Handler for Echo {
    fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies) {
        let mut seen = self.0.lock().unwrap();
        seen.frames.push((peer.clone(), bytes.to_vec()));
        seen.rx_ns.push(rx_ns);
        let ping = Some(([1; 4], u32::try_from(seen.frames.len()).unwrap()));
        replies.push(Reply { peer: peer.clone(), bytes: bytes.to_vec(), ping });
    }

    fn on_sent(&mut self, _: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64) {
        assert_eq!(session_tag, [1; 4]);
        self.0.lock().unwrap().sent_ns.push((ping, sent_ns));
    }

    fn on_closed(&mut self, peer: &Peer) {
        self.0.lock().unwrap().closed.push(peer.clone());
    }

    fn on_tick(&mut self, _: u64, _: &mut Replies) {}

    fn on_clock_step(&mut self, _: i64) {}
}

/// A hub that runs.
#[derive(Debug)]
pub(super) struct Desk {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    /// Starts it with the link that is started with its feed.
    pub(super) fn start(link: impl FnOnce(Feed)) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let hub = Hub::new();
        link(hub.feed());
        let (mut echo, flag) = (Echo(seen.clone()), stop.clone());
        let thread = Some(thread::spawn(move || hub.run(&mut echo, &flag)));
        Self { seen, stop, thread }
    }

    /// Waits until it has seen something.
    #[track_caller]
    pub(super) fn until(&self, is_seen: impl Fn(&Seen) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !is_seen(&self.seen.lock().unwrap()) {
            assert!(Instant::now() < until, "{:?}", self.seen.lock().unwrap());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it; what it has seen.
    pub(super) fn end(mut self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Keeps what a device prints.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Text for Kept {
    fn write(&mut self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

/// A frame as it goes over a stream.
pub(super) fn encoded(frame: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; encoded_len(frame.len())];
    let len = Encoder::new(frame).fill(&mut bytes);
    bytes.truncate(len);
    bytes
}

/// The next frame that comes down a stream.
pub(super) fn receive(stream: &mut impl Read) -> Vec<u8> {
    let mut splitter = Splitter::new(vec![0; buffer_len(LONGEST)]);
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        if let Some(Item::Frame(frame)) = splitter.next(&mut &byte[..]) {
            return frame.to_vec();
        }
    }
}
