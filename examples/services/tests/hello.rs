//! The three services over a network that loses and doubles: whatever it does, one trace of five.
#![expect(clippy::std_instead_of_alloc, reason = "a test runs on a host")]

mod net;

use core::net::SocketAddrV4;
use core::pin::{Pin, pin};
use core::time::Duration;
use hello_services::client::{Client, MAX_TRIES, PATIENCE};
use hello_services::hello_world::{self, MIN_UPTIME, Task};
use hello_services::message::{self, BUFFER_LEN, MAX_TEXT_LEN};
use hello_services::{Board as _, formatter, publisher};
use net::{Fate, Tape, TestBoard, Wire, address};
use proptest::prelude::*;
use spandrel::carrier::binary;
use spandrel::wire::{Parent, Record, Reference, SpanRecord, TraceRef, Value};
use spandrel::{Session, SpanContext, SpanId, TraceFlags, TraceId, span};

const HELLO: u8 = 1;
const FORMATTER: u8 = 2;
const PUBLISHER: u8 = 3;

/// The three boards and what they record.
struct Hello {
    wire: Wire,
    boards: [TestBoard; 3],
    tapes: [Tape; 3],
}

impl Hello {
    fn new(fate: impl Fn(usize) -> Fate + 'static) -> Self {
        let wire = Wire::new(fate);
        let boards = [HELLO, FORMATTER, PUBLISHER].map(|number| wire.board(number));
        let names = [hello_world::NAME, formatter::NAME, publisher::NAME];
        let tapes = [0, 1, 2].map(|at| Tape::new(names[at], at as u64 + 1));
        Self { wire, boards, tapes }
    }

    /// Runs `first` beside the two servers.
    fn run<T>(&mut self, first: impl Future<Output = T>) -> T {
        let [_, formatter, publisher] = &self.boards;
        let (mut formatter, mut publisher) = (formatter.clone(), publisher.clone());
        let [_, formats, prints] = [0, 1, 2].map(|at| self.tapes[at].tracer);
        let mut servers: [Pin<Box<dyn Future<Output = ()>>>; 2] = [
            Box::pin(async { formatter::run(&mut formatter, formats).await }),
            Box::pin(async { publisher::run(&mut publisher, prints).await }),
        ];
        self.wire.run(pin!(first), &mut servers, || self.tapes.iter_mut().for_each(Tape::wind))
    }

    fn greet(&mut self, name: &str) -> i32 {
        let task = Task { name, formatter: address(FORMATTER), publisher: address(PUBLISHER) };
        let (mut board, tracer) = (self.boards[0].clone(), self.tapes[0].tracer);
        self.run(async { hello_world::run(&mut board, tracer, &task).await })
    }

    /// Sends datagrams from a board that is none of the three; gives what comes back within a second.
    fn send(&mut self, to: SocketAddrV4, datagrams: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut board = self.wire.board(9);
        self.run(async {
            let (mut answers, mut buffer) = (Vec::new(), [0; BUFFER_LEN]);
            for datagram in datagrams {
                board.send(datagram, to).await;
            }
            while let Some((len, from)) = board.receive(&mut buffer, Duration::from_secs(1)).await {
                assert_eq!(from, to);
                answers.push(buffer[..len].to_vec());
            }
            answers
        })
    }

    fn spans(&self, board: u8) -> Vec<SpanRecord<'_>> {
        let spans = self.tapes[usize::from(board) - 1].records().into_iter();
        spans
            .filter_map(|record| if let Record::Span(span) = record { Some(span) } else { None })
            .collect()
    }

    /// References to spans on other boards.
    fn references(&self, board: u8) -> Vec<Reference> {
        let records = self.tapes[usize::from(board) - 1].records().into_iter();
        records.filter_map(|r| if let Record::Reference(r) = r { Some(r) } else { None }).collect()
    }

    /// How often a string, copied or defined, is in what the board recorded.
    fn mentions(&self, board: u8, wanted: &str) -> usize {
        let has = |values: &[Value<'_>]| values.contains(&Value::Text(wanted));
        let is_it = |record: &Record<'_>| match record {
            Record::Span(span) => has(&span.values),
            Record::Part(part) => has(&part.values),
            Record::Log(log) => has(&log.values),
            Record::Define(define) => define.bytes == wanted.as_bytes(),
            Record::Reference(_) | Record::Clock(_) | Record::Fragment(_) => false,
        };
        self.tapes[usize::from(board) - 1].records().iter().filter(|record| is_it(record)).count()
    }

    /// That there is one trace of five spans, with the right parents.
    fn assert_five_spans(&self) {
        // A span is recorded when it finishes: the root comes last.
        let [format, println, root] = &self.spans(HELLO)[..] else {
            panic!("{:?}", self.spans(HELLO))
        };
        assert_eq!(root.head.parent, Parent::None);
        for client in [format, println] {
            assert_eq!(client.head.parent, Parent::Local(root.head.own));
            assert_eq!(client.head.trace, TraceRef::Own(root.head.own));
        }
        let (device, session) = (self.tapes[0].tracer.device(), Session::new(7));
        let trace = TraceId::expand(device, session, root.head.own);
        for (server, client) in [(FORMATTER, format), (PUBLISHER, println)] {
            let ([span], [reference]) = (&self.spans(server)[..], &self.references(server)[..])
            else {
                panic!("{:?} {:?}", self.spans(server), self.references(server))
            };
            assert_eq!(span.head.parent, Parent::Remote);
            assert_eq!(reference.own, span.head.own);
            assert_eq!(reference.trace, trace);
            assert_eq!(reference.span, SpanId::expand(device, session, client.head.own));
        }
    }

    fn lines(&self, board: u8) -> Vec<String> {
        self.boards[usize::from(board) - 1].lines()
    }
}

#[test]
fn three_boards_make_one_trace_of_five_spans() {
    let mut hello = Hello::new(|_| Fate::Arrives);
    assert_eq!(hello.greet("Bryan"), 0);
    hello.assert_five_spans();
    assert_eq!(hello.wire.sent(), 4);
    assert!(hello.wire.now() >= MIN_UPTIME);
    assert_eq!(hello.lines(HELLO), ["Hello, Bryan!"]);
    assert_eq!(hello.lines(FORMATTER), ["ready: formatter serves 10.0.0.2:9000"]);
    assert_eq!(hello.lines(PUBLISHER), ["ready: publisher serves 10.0.0.3:9000", "Hello, Bryan!"]);
    assert_eq!(hello.mentions(HELLO, "Bryan"), 1);
    assert_eq!(hello.mentions(HELLO, "10.0.0.2:9000"), 1);
    assert_eq!(hello.mentions(HELLO, "10.0.0.3:9000"), 1);
    assert_eq!(hello.mentions(FORMATTER, "Hello, Bryan!"), 1);
}

#[test]
fn a_lost_datagram_costs_time_and_nothing_else() {
    for lost in 0..4 {
        let mut hello =
            Hello::new(move |number| if number == lost { Fate::IsLost } else { Fate::Arrives });
        assert_eq!(hello.greet("Bryan"), 0);
        hello.assert_five_spans();
        // The datagram that was lost, and where it was an answer the request to have it again.
        assert_eq!(hello.wire.sent(), if lost % 2 == 0 { 5 } else { 6 });
        assert_eq!(hello.lines(PUBLISHER).len(), 2, "{:?}", hello.lines(PUBLISHER));
    }
}

#[test]
fn doubled_datagrams_change_nothing() {
    let mut hello = Hello::new(|_| Fate::IsDoubled);
    assert_eq!(hello.greet("Bryan"), 0);
    hello.assert_five_spans();
    assert_eq!(hello.lines(HELLO), ["Hello, Bryan!"]);
    assert_eq!(hello.lines(PUBLISHER).len(), 2);
}

#[test]
fn the_next_run_is_another_trace() {
    let mut hello = Hello::new(|_| Fate::Arrives);
    assert_eq!((hello.greet("Bryan"), hello.greet("Bryan")), (0, 0));
    assert_eq!([HELLO, FORMATTER, PUBLISHER].map(|board| hello.spans(board).len()), [6, 2, 2]);
    let [first, second] = hello.references(PUBLISHER)[..] else { panic!() };
    assert_ne!(first.trace, second.trace);
}

#[test]
fn nobody_there_is_an_error_with_a_trace() {
    let mut hello = Hello::new(|_| Fate::IsLost);
    assert_eq!(hello.greet("Bryan"), 1);
    assert_eq!(hello.lines(HELLO), ["error: formatter at 10.0.0.2:9000: no answer"]);
    assert_eq!(hello.wire.sent(), MAX_TRIES as usize);
    assert!(hello.wire.now() >= PATIENCE * MAX_TRIES);
    assert_eq!(hello.spans(HELLO).len(), 2);
    assert_eq!(hello.mentions(HELLO, "no answer"), 1);
}

#[test]
fn a_name_that_fits_no_request_is_an_error() {
    let mut hello = Hello::new(|_| Fate::Arrives);
    let longest = "B".repeat(MAX_TEXT_LEN - "Hello, !".len());
    assert_eq!(hello.greet(&longest), 0);
    assert_eq!((hello.greet(""), hello.greet(&(longest + "B"))), (1, 1));
    let [_, empty, long] = &hello.lines(HELLO)[..] else { panic!() };
    let why = "the text of a request has 1 to 80 bytes";
    assert_eq!(*empty, format!("error: formatter at 10.0.0.2:9000: {why}"));
    assert_eq!(*long, format!("error: publisher at 10.0.0.3:9000: {why}"));
}

#[test]
fn without_a_reporter_the_wait_ends() {
    let wire = Wire::new(|_| Fate::IsLost);
    let (mut board, tape) = (wire.board(HELLO), Tape::new(hello_world::NAME, 1));
    let task = Task { name: "", formatter: address(FORMATTER), publisher: address(PUBLISHER) };
    let run = pin!(hello_world::run(&mut board, tape.tracer, &task));
    assert_eq!(wire.run(run, &mut [], || ()), 1);
    assert_eq!(wire.now(), Duration::from_secs(5));
}

#[test]
fn an_answer_to_the_request_before_or_of_another_board_is_not_taken() {
    let mut hello = Hello::new(|_| Fate::IsDoubled);
    let (mut board, tracer) = (hello.wire.board(9), hello.tapes[0].tracer);
    let mut client = Client::new();
    let mut stranger = hello.wire.board(8);
    hello.run(async {
        stranger.send(b"\x01Hello, stranger!", board.address()).await;
        for name in ["Ada", "Bryan", "Chris"] {
            let span = span!(tracer, "ask");
            let answer = client.ask(&mut board, &span, address(FORMATTER), name).await.unwrap();
            assert_eq!(answer, format!("Hello, {name}!").as_str());
        }
    });
    assert_eq!(hello.spans(FORMATTER).len(), 3);
}

#[test]
fn a_request_without_a_context_begins_a_trace_and_says_why() {
    let mut hello = Hello::new(|_| Fate::Arrives);
    let request = [&[5][..], &[0x10], &[0; binary::LEN - 1], b"Bryan"].concat();
    assert_eq!(hello.send(address(FORMATTER), &[&request]), [b"\x05Hello, Bryan!"]);
    let [span] = &hello.spans(FORMATTER)[..] else { panic!() };
    assert_eq!((span.head.parent, span.head.trace), (Parent::None, TraceRef::Own(span.head.own)));
    assert_eq!(hello.mentions(FORMATTER, "binary context: the trace id is zero"), 1);
    let line = "a trace of its own for 10.0.0.9:9000: binary context: the trace id is zero";
    assert_eq!(hello.lines(FORMATTER)[1], line);
}

#[test]
fn what_is_no_request_is_printed_and_not_answered() {
    let mut hello = Hello::new(|_| Fate::Arrives);
    let context = SpanContext::new(TraceId([1; 16]), SpanId([2; 8]), TraceFlags::SAMPLED);
    let good = message::request(1, &context, "Bryan").unwrap();
    let long = [&good[..], &[b'B'; MAX_TEXT_LEN]].concat();
    let not_utf8 = [&good[..], b"\xff"].concat();
    let bad: [&[u8]; 5] = [b"", &good[..10], &good[..26], &long, &not_utf8];
    assert!(hello.send(address(PUBLISHER), &bad).is_empty());
    assert_eq!(hello.spans(PUBLISHER).len(), 0);
    assert_eq!(
        hello.lines(PUBLISHER)[1..],
        [
            "refused 0 bytes from 10.0.0.9:9000: it has no text behind its first 26 bytes",
            "refused 10 bytes from 10.0.0.9:9000: it has no text behind its first 26 bytes",
            "refused 26 bytes from 10.0.0.9:9000: it has no text behind its first 26 bytes",
            "refused 111 bytes from 10.0.0.9:9000: its text is longer than 80 bytes",
            "refused 32 bytes from 10.0.0.9:9000: its text is not UTF-8",
        ]
    );
    assert_eq!(hello.send(address(PUBLISHER), &[&good]), [[1]]);
}

proptest! {
    #[test]
    fn any_datagram_is_answered_once_or_refused(
        datagram in prop::collection::vec(any::<u8>(), 0..BUFFER_LEN),
        text in "\\PC{1,20}",
        is_text in any::<bool>(),
    ) {
        let mut datagram = datagram;
        if is_text {
            datagram.truncate(26);
            datagram.resize(26, 0);
            datagram.extend_from_slice(text.as_bytes());
        }
        let mut hello = Hello::new(|_| Fate::Arrives);
        let answers = hello.send(address(FORMATTER), &[&datagram, &datagram]);
        let is_request = message::Request::read(&datagram).is_ok();
        prop_assert_eq!(answers.len(), if is_request { 2 } else { 0 });
        prop_assert!(answers.windows(2).all(|two| two[0] == two[1]));
        let sampled = hello.spans(FORMATTER).len() + hello.tapes[1].tracer.losses().sampled_out as usize;
        prop_assert_eq!(sampled, usize::from(is_request));
    }
}
