//! What reads bytes from outside, and what must hold for any of them.
//!
//! `fuzz_targets/` runs these functions under libFuzzer; `tests/tests/fuzz.rs` includes this file and runs
//! them on mutated vectors, from a seed.

mod collector;

pub use collector::collector;

use spandrel::SpanContext;
use spandrel::carrier::short::ShortContext;
use spandrel::carrier::w3c::TraceState;
use spandrel::carrier::{
    Carried, ExtractError, Headers, b3, binary, jaeger, jaeger_binary, uber, w3c, w3c_binary,
};
use spandrel::wire;
use spandrel_collector::receiver::rtt::gdb::Client;
use spandrel_collector::receiver::rtt::gdb::packet::{self, Event, MAX_PAYLOAD, Parser};
use spandrel_collector::receiver::rtt::{Memory, MemoryError, Place, Reader, Which, elf};
use spandrel_transport::framing::segments::{Assembler, Segmenter};
use spandrel_transport::framing::stream::{self, Encoder, Item, Splitter, encoded_len};
use spandrel_transport::mqtt::{Inbox, Malformed, Packet, decode};
use std::io;

/// A list of pairs that takes everything.
type Pairs = Vec<(String, String)>;

/// Reads bytes as every carrier.
///
/// # Panics
/// If a context is made up, or is another one after it was written and read again.
pub fn carriers(data: &[u8]) {
    of_bytes(data);
    of_headers(&Headers(data));
    let text = String::from_utf8_lossy(data);
    let text = text.trim_end_matches(['\r', '\n']);
    // Flags that a form does not carry are its own.
    comes_back(w3c::parse(text), |context| w3c::parse(&w3c::value(context).unwrap()));
    comes_back(uber::parse(text), |context| uber::parse(&uber::value(context).unwrap()));
    if let Ok(found) = b3::parse(text)
        && let Some(context) = found.context()
    {
        assert_eq!(b3::parse(&b3::value(&context).unwrap()).unwrap().context(), Some(context));
    }
}

fn of_bytes(data: &[u8]) {
    comes_back(binary::extract(data), |context| binary::extract(&binary::inject(context).unwrap()));
    comes_back(w3c_binary::extract(data), |context| {
        w3c_binary::extract(&w3c_binary::inject(context).unwrap())
    });
    comes_back(jaeger_binary::extract(data), |context| {
        jaeger_binary::extract(&jaeger_binary::inject(context).unwrap())
    });
    if let Ok(context) = ShortContext::from_bytes(data) {
        assert_eq!(context.to_bytes().as_ref().map(|bytes| bytes.as_slice()), Ok(data));
    }
    let (mut baggage, mut buffer) = (Pairs::new(), vec![0; data.len() + 1]);
    if let Ok((context, carried)) = binary::extract_with_baggage(data, &mut baggage) {
        counted(carried, &baggage);
        let (bytes, again) =
            binary::inject_with_baggage(&context, &baggage, &mut buffer).expect("it was shorter");
        assert_eq!(again.items, carried.items);
        let mut found = Pairs::new();
        assert_eq!(binary::extract_with_baggage(bytes, &mut found), Ok((context, again)));
        assert_eq!(found, baggage);
    }
    let mut baggage = Pairs::new();
    if let Ok((context, carried)) = jaeger_binary::extract_with_baggage(data, &mut baggage) {
        counted(carried, &baggage);
        let (bytes, again) = jaeger_binary::inject_with_baggage(&context, &baggage, &mut buffer)
            .expect("it was shorter");
        assert_eq!(again.items, carried.items);
        let mut found = Pairs::new();
        assert_eq!(jaeger_binary::extract_with_baggage(bytes, &mut found), Ok((context, again)));
        assert_eq!(found, baggage);
    }
}

fn of_headers(headers: &Headers<'_>) {
    let mut state = TraceState::<64>::new();
    let found = w3c::extract_with_state(headers, &mut state);
    assert_eq!(found, w3c::extract(headers));
    assert!(state.as_str().is_empty() || matches!(found, Ok(Some(_))));
    valid(found);
    valid(uber::extract(headers));
    valid(b3::extract(headers).map(|found| found.and_then(|found| found.context())));
    valid(b3::multi::extract(headers).map(|found| found.and_then(|found| found.context())));
    if let Ok(Some(jaeger::Start::Debug(id))) = jaeger::extract(headers) {
        let mut again = Pairs::new();
        if jaeger::inject_debug_id(&id, &mut again).is_ok() {
            assert_eq!(jaeger::extract(&again), Ok(Some(jaeger::Start::Debug(id))));
        }
    }
    let mut baggage = Pairs::new();
    counted(w3c::extract_baggage(headers, &mut baggage), &baggage);
    let (mut again, mut found) = (Pairs::new(), Pairs::new());
    if w3c::inject_baggage::<4096>(&baggage, &mut again).is_whole() {
        counted(w3c::extract_baggage(&again, &mut found), &baggage);
        assert_eq!(found, baggage);
    }
    let mut baggage = Pairs::new();
    counted(jaeger::extract_baggage(headers, &mut baggage), &baggage);
    let _ = jaeger::inject_baggage::<4096>(&baggage, &mut Pairs::new());
    let _ = uber::inject_baggage::<256>(&baggage, &mut Pairs::new());
}

fn counted(carried: Carried, baggage: &Pairs) {
    assert_eq!(usize::from(carried.items), baggage.len());
}

fn valid(found: Result<Option<SpanContext>, ExtractError>) {
    assert!(found.ok().flatten().is_none_or(|context| context.is_valid()));
}

fn comes_back(
    found: Result<SpanContext, ExtractError>,
    again: impl Fn(&SpanContext) -> Result<SpanContext, ExtractError>,
) {
    if let Ok(context) = found {
        assert!(context.is_valid());
        assert_eq!(again(&context), found);
    }
}

/// Reads bytes as frames up and down, and as what fragments hold.
///
/// # Panics
/// If a request is another one after it was written and read again.
pub fn wire(data: &[u8]) {
    if let Ok(frame) = wire::decode(data) {
        // All of it is looked at.
        assert!(!format!("{frame:?}").is_empty());
    }
    if let Ok(downlink) = wire::decode_downlink(data) {
        let mut buffer = vec![0; data.len() + 64];
        let mut out = wire::Writer::new(&mut buffer);
        downlink.write(&mut out);
        let bytes = out.finish().expect("it is not longer than it came");
        assert_eq!(wire::decode_downlink(bytes), Ok(downlink));
    }
    if let Some((numbers, fragments)) = data.split_first_chunk::<2>() {
        let [first_record, last_number] = numbers.map(u64::from);
        if let Ok(record) = wire::decode_fragments(fragments, first_record, last_number) {
            assert!(!format!("{record:?}").is_empty());
        }
    }
}

/// Reads bytes as a stream with frames in it, in one piece and byte by byte, and writes what is found again.
///
/// # Panics
/// If a byte is lost or made up, or the pieces matter.
pub fn stream(data: &[u8]) {
    let (frames, text) = split(data, data.len().max(1));
    assert_eq!(split(data, 1), (frames.clone(), text.clone()));
    let zeros = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == 0).count();
    assert_eq!(zeros(&text), 0);
    let mut again = Vec::new();
    for frame in &frames {
        let mut bytes = vec![0; encoded_len(frame.len())];
        let len = Encoder::new(frame).fill(&mut bytes);
        again.extend_from_slice(&bytes[..len]);
    }
    assert_eq!(split(&again, 7), (frames.clone(), Vec::new()));
    // What is in no frame passed, so the rest is frames with all that belongs to them.
    let rest = data.len() - zeros(data) - text.len();
    assert_eq!(rest == 0, frames.is_empty());
}

fn split(data: &[u8], piece: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut splitter = Splitter::new(vec![0; stream::buffer_len(1500)]);
    let (mut frames, mut text) = (Vec::new(), Vec::new());
    for mut piece in data.chunks(piece) {
        while let Some(item) = splitter.next(&mut piece) {
            match item {
                Item::Frame(frame) => frames.push(frame.to_vec()),
                Item::Text(bytes) => text.extend_from_slice(bytes),
            }
        }
    }
    if let Some(Item::Text(bytes)) = splitter.give_up() {
        text.extend_from_slice(bytes);
    }
    (frames, text)
}

/// Reads bytes as segments, each behind a byte that says its length, and writes what is found again.
///
/// # Panics
/// If a frame is another one then.
pub fn segments(data: &[u8]) {
    let mut assembler = Assembler::new([0; 256]);
    let mut rest = data;
    while let Some((len, behind)) = rest.split_first() {
        let (datagram, behind) = behind.split_at(behind.len().min(usize::from(len % 16)));
        rest = behind;
        let Some(frame) = assembler.take(datagram).map(<[u8]>::to_vec) else { continue };
        assert!(!frame.is_empty() && frame.len() <= 252);
        let (mut segmenter, mut datagram) = (Segmenter::new(&frame, 60), [0; 8]);
        let mut again = Assembler::new([0; 256]);
        let mut found = None;
        while let Some(len) = segmenter.fill(&mut datagram) {
            assert_eq!(found, None);
            found = again.take(&datagram[..len]).map(<[u8]>::to_vec);
        }
        assert_eq!(found, Some(frame));
    }
}

/// Reads bytes as what a GDB server says, as the memory of a target with RTT, and as a program.
///
/// # Panics
/// If a packet is another one after it was written and read again, or a look at a target reads or keeps more
/// than it may.
pub fn rtt(data: &[u8]) {
    let mut parser = Parser::default();
    for event in data.iter().filter_map(|byte| parser.push(*byte)) {
        let Event::Packet(payload) = &event else { continue };
        assert!(payload.len() <= MAX_PAYLOAD);
        let mut bytes = Vec::new();
        packet::encode(payload, &mut bytes);
        let mut again = Parser::default();
        let found: Vec<_> = bytes.iter().filter_map(|byte| again.push(*byte)).collect();
        assert_eq!(found, [event]);
    }
    if let Ok(mut client) = Client::start(Babbler(data)) {
        let _ = client.read(0, &mut [0; 64]);
        let _ = client.resume();
        let _ = client.halt();
    }
    let _ = elf::control_block(data);

    let len = u32::try_from(data.len()).expect("inputs are short");
    for place in [Place::At(0), Place::Within(0..len)] {
        let mut target = Lying { ram: data.to_vec(), moved: 0 };
        let mut reader = Reader::new(place, Which::Number(0));
        let mut down = [7; 100].into();
        for _ in 0..3 {
            let mut up = Vec::new();
            target.moved = 0;
            let look = reader.look(&mut target, &mut up, &mut down);
            assert!(look.is_ok() && up.len() < 64 << 10 && target.moved < 160 << 10);
        }
    }
}

/// Reads bytes as what a broker sends: the first is how long the inbox is, the second how long the
/// pieces are that the rest comes in.
///
/// # Panics
/// If it stands still, or finds other packets in pieces than in the whole.
pub fn mqtt(data: &[u8]) {
    let Some(([room, piece], stream)) = data.split_first_chunk::<2>() else { return };
    let mut inbox = Inbox::new(vec![0; usize::from(*room).max(8)]);
    let (mut rest, mut whole) = (stream, stream);
    loop {
        match inbox.next() {
            Ok(Some(packet @ Packet::TooLong { .. })) => {
                assert!(!format!("{packet:?}").is_empty());
                // The rest is found in pieces alone.
                whole = &[];
            }
            Ok(Some(packet)) => {
                if let Ok(Some((same, len))) = decode(whole) {
                    assert_eq!(packet, same);
                    whole = &whole[len..];
                }
                if packet_is_kept(&packet) {
                    inbox.hold();
                    assert!(inbox.held().is_some());
                }
            }
            Err(Malformed) => return,
            Ok(None) if rest.is_empty() => return,
            Ok(None) => {
                let space = inbox.space();
                assert!(!space.is_empty(), "it stands still");
                let count = space.len().min(rest.len()).min(usize::from(*piece).max(1));
                let (now, later) = rest.split_at(count);
                space[..count].copy_from_slice(now);
                inbox.filled(count);
                rest = later;
            }
        }
    }
}

/// Says all of it and leaves, whatever it is told.
struct Babbler<'a>(&'a [u8]);

impl io::Read for Babbler<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl io::Write for Babbler<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The memory of a target that says anything of itself.
struct Lying {
    ram: Vec<u8>,
    moved: usize,
}

impl Lying {
    fn part(&mut self, address: u32, len: usize) -> Result<&mut [u8], MemoryError> {
        self.moved += len;
        let part = self.ram.get_mut(address as usize..).and_then(|ram| ram.get_mut(..len));
        part.ok_or(MemoryError::Refused(address))
    }
}

impl Memory for Lying {
    fn read(&mut self, address: u32, out: &mut [u8]) -> Result<(), MemoryError> {
        out.copy_from_slice(self.part(address, out.len())?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        self.part(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Some of the messages.
fn packet_is_kept(packet: &Packet<'_>) -> bool {
    matches!(packet, Packet::Publish { payload, .. } if payload.len() % 2 == 0)
}
