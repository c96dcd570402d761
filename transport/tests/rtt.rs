//! The RTT uplink over the channels of rtt-target, with the test as the probe.

use core::ptr;
use core::time::Duration;
use embassy_futures::block_on;
use embedded_hal_async::delay::DelayNs;
use rtt_target::{DownChannel, UpChannel};
use spandrel_transport::Uplink;
use spandrel_transport::framing::stream::{Encoder, Item, Splitter};
use spandrel_transport::uplinks::rtt::{MIN_RING, MTU, RttUplink};
use std::sync::{LazyLock, Mutex};

/// Channels of the program's one control block, each for one test.
type Channels = Vec<Option<(UpChannel, DownChannel)>>;

static CHANNELS: LazyLock<Mutex<Channels>> = LazyLock::new(|| {
    let channels = rtt_target::rtt_init! {
        up: {
            0: { size: 64, name: "spandrel" }
            1: { size: 64, name: "spandrel" }
            2: { size: 100, name: "spandrel" }
            3: { size: 519, name: "spandrel" }
            4: { size: 64, name: "spandrel" }
        }
        down: {
            0: { size: 32, name: "spandrel" }
            1: { size: 32, name: "spandrel" }
            2: { size: 32, name: "spandrel" }
            3: { size: 32, name: "spandrel" }
            4: { size: 32, name: "spandrel" }
        }
    };
    let (up, down) = (channels.up, channels.down);
    let pairs = [(up.0, down.0), (up.1, down.1), (up.2, down.2), (up.3, down.3), (up.4, down.4)];
    Mutex::new(pairs.map(Some).into())
});

const UPS: usize = 5;
/// Words of the control block before the channels, and of each channel.
const HEADER_WORDS: usize = 16 / size_of::<usize>() + 2;
const CHANNEL_WORDS: usize = 6;
const BUFFER: usize = 1;
const SIZE: usize = 2;
const WRITE: usize = 3;
const READ: usize = 4;
const FLAGS: usize = 5;
const BLOCK_IF_FULL: usize = 2;

unsafe extern "C" {
    #[link_name = "_SEGGER_RTT"]
    static mut CONTROL_BLOCK: usize;
}

/// What a probe does with a channel: those up first.
#[derive(Clone, Copy)]
struct Probe(usize);

impl Probe {
    fn word(self, word: usize) -> *mut usize {
        // SAFETY: the control block was made by `rtt_init!` and has so many channels.
        unsafe { (&raw mut CONTROL_BLOCK).add(HEADER_WORDS + self.0 * CHANNEL_WORDS + word) }
    }

    fn get(self, word: usize) -> usize {
        // SAFETY: as above; the one who writes it is this thread.
        unsafe { ptr::read_volatile(self.word(word)) }
    }

    fn set(self, word: usize, value: usize) {
        // SAFETY: as above; a probe may write any word.
        unsafe { ptr::write_volatile(self.word(word), value) }
    }

    /// The place of a byte in the ring.
    fn place(self, at: usize) -> *mut u8 {
        // SAFETY: `at` is an offset that the target keeps within the ring.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(self.get(BUFFER)).add(at) }
    }

    fn read(self) -> Vec<u8> {
        let (mut at, mut bytes) = (self.get(READ), Vec::new());
        while at != self.get(WRITE) {
            // SAFETY: it was written by the target.
            bytes.push(unsafe { self.place(at).read_volatile() });
            at = (at + 1) % self.get(SIZE);
        }
        self.set(READ, at);
        bytes
    }

    /// Writes as much as there is room for, and says how much.
    fn write(self, bytes: &[u8]) -> usize {
        let mut at = self.get(WRITE);
        let mut written = 0;
        for byte in bytes {
            let next = (at + 1) % self.get(SIZE);
            if next == self.get(READ) {
                break;
            }
            // SAFETY: within the ring, and the target does not look at it yet.
            unsafe { self.place(at).write_volatile(*byte) };
            (at, written) = (next, written + 1);
        }
        self.set(WRITE, at);
        written
    }
}

/// A timer that is always over, and counts how often it was asked.
#[derive(Debug, Default)]
struct Timer<'a>(Option<&'a core::cell::Cell<u32>>);

impl DelayNs for Timer<'_> {
    async fn delay_ns(&mut self, ns: u32) {
        assert!(ns > 0);
        self.0.inspect(|count| count.set(count.get() + 1));
    }
}

fn desk(number: usize) -> (RttUplink<Timer<'static>>, Probe, Probe) {
    let (up, down) = CHANNELS.lock().unwrap()[number].take().expect("each test has its own");
    (RttUplink::new(up, Some(down), Timer(None)), Probe(number), Probe(UPS + number))
}

fn frames(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut splitter, mut found, mut input) = (Splitter::new([0; 600]), Vec::new(), stream);
    while let Some(item) = splitter.next(&mut input) {
        match item {
            Item::Frame(frame) => found.push(frame.to_vec()),
            Item::Text(text) => panic!("half a frame: {text:?}"),
        }
    }
    assert!(!splitter.is_in_frame());
    found
}

fn encoded(frame: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 2 * frame.len() + 20];
    let len = Encoder::new(frame).fill(&mut bytes);
    bytes.truncate(len);
    bytes
}

fn receive(uplink: &mut RttUplink<Timer<'_>>, buffer: &mut [u8]) -> Option<usize> {
    block_on(uplink.receive(buffer, Duration::from_millis(2)))
}

#[test]
fn a_frame_is_written_whole_or_not_at_all_also_where_a_probe_asks_for_blocking() {
    let (mut uplink, up, _) = desk(0);
    up.set(FLAGS, BLOCK_IF_FULL);
    let mut sent = Vec::new();
    let mut seen = Vec::new();
    for round in 0..50_u8 {
        let frame: Vec<u8> = (0..20).map(|at| (at * (round % 3)) ^ round).collect();
        if block_on(uplink.send(&frame)) {
            sent.push(frame);
        } else {
            // Again, with the same frame, as the reporter does.
            assert!(!block_on(uplink.send(&frame)));
            seen.extend(frames(&up.read()));
            assert_eq!(seen, sent);
            assert!(block_on(uplink.send(&frame)));
            sent.push(frame);
        }
    }
    seen.extend(frames(&up.read()));
    assert_eq!(seen, sent);
    assert_eq!(uplink.mtu(), MTU);
}

#[test]
fn frames_come_down_through_a_ring_that_is_shorter() {
    let (mut uplink, _, down) = desk(1);
    let frame: Vec<u8> = (0..100).map(|at| at % 7).collect();
    let stream =
        [encoded(b"too long for the buffer").as_slice(), b"text", &encoded(&frame)].concat();
    let mut buffer = [0; 16];
    let mut rest = &stream[..];
    assert_eq!(receive(&mut uplink, &mut buffer), None);
    let mut long = [0; 100];
    let mut found = None;
    while !rest.is_empty() {
        assert!(found.is_none());
        let written = down.write(rest);
        rest = &rest[written..];
        // Where the reporter has a frame that waits nothing is taken.
        assert_eq!(receive(&mut uplink, &mut []), None);
        if rest.len() > 90 {
            assert_eq!(receive(&mut uplink, &mut buffer), None);
        } else {
            found = receive(&mut uplink, &mut long);
        }
    }
    assert_eq!(found.map(|len| long[..len].to_vec()), Some(frame));
}

#[test]
fn a_ring_that_is_too_short_makes_frames_shorter() {
    let (mut uplink, up, _) = desk(2);
    let mut lost = 0;
    loop {
        let frame = vec![3; uplink.mtu()];
        assert!(block_on(uplink.send(&frame)));
        match frames(&up.read()).pop() {
            Some(seen) => break assert_eq!(seen, frame),
            None => lost += 1,
        }
    }
    assert_eq!((uplink.mtu(), lost), (69, 7));
}

#[test]
fn the_shortest_ring_for_all_frames_takes_them() {
    let (mut uplink, up, _) = desk(3);
    assert_eq!(up.get(SIZE), MIN_RING);
    for byte in [0, 1] {
        assert!(block_on(uplink.send(&[byte; MTU])));
        assert_eq!(frames(&up.read()), [[byte; MTU]]);
        assert_eq!(uplink.mtu(), MTU);
    }
}

#[test]
fn a_wait_wakes_once_unless_asked_for_more_and_looks_before_and_behind() {
    let (up, down) = CHANNELS.lock().unwrap()[4].take().expect("each test has its own");
    let probe = Probe(UPS + 4);
    let waits = core::cell::Cell::new(0);
    let mut uplink = RttUplink::new(up, Some(down), Timer(Some(&waits)));
    let mut buffer = [0; 16];
    let counted = |uplink: &mut RttUplink<_>, buffer: &mut [u8]| {
        waits.set(0);
        let received = block_on(uplink.receive(buffer, Duration::from_millis(25)));
        (received, waits.get())
    };
    let asked = encoded(b"asked");
    assert_eq!(probe.write(&asked), asked.len());
    assert_eq!(counted(&mut uplink, &mut buffer), (Some(5), 0));
    // embedded-hal-async makes one wait of 25 ms of several of nanoseconds, where it must.
    assert_eq!(counted(&mut uplink, &mut buffer), (None, 1));
    let mut uplink = uplink.poll_every(Duration::from_millis(10));
    assert_eq!(counted(&mut uplink, &mut buffer), (None, 3));
    assert_eq!(counted(&mut uplink, &mut []), (None, 1));
}
