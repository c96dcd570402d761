//! A session that is put aside and gone on with gives what it would have given.

use super::*;

/// What happens between a device and its collector.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A hello, whole or a piece of it.
    Hello { offset: usize, length: usize },
    /// Site 1 is defined.
    Site,
    /// Names 1 and 2 are.
    Name,
    /// A span, so long, with two tags of which one is a name.
    Span { own: u64, root: bool, ticks: u64, name: u16 },
    /// A tag of a span that has not ended.
    Part { own: u64 },
    /// A log of a span that has not ended.
    Log { own: u64 },
    /// A span in fragments.
    Fragments { own: u64 },
    /// The device's clock stood still.
    Paused,
    /// What comes next is lost.
    Lose,
    /// What came last comes again.
    Again,
    /// Time passes.
    Wait { ns: u64 },
    /// The last ping is answered.
    Pong { after_ns: u64 },
    /// The address changes.
    Move,
    /// Nothing more comes over this connection.
    Close,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let own = || FIRST..FIRST + 6;
    prop_oneof![
        2 => (0..2_usize, 5..200_usize)
            .prop_map(|(piece, length)| Step::Hello { offset: piece * 5, length }),
        2 => Just(Step::Hello { offset: 0, length: 200 }),
        1 => Just(Step::Site),
        1 => Just(Step::Name),
        6 => (own(), any::<bool>(), 1..50_u64, 1..4_u16)
            .prop_map(|(own, root, ticks, name)| Step::Span { own, root, ticks, name }),
        2 => own().prop_map(|own| Step::Part { own }),
        2 => own().prop_map(|own| Step::Log { own }),
        1 => own().prop_map(|own| Step::Fragments { own }),
        1 => Just(Step::Paused),
        2 => Just(Step::Lose),
        1 => Just(Step::Again),
        6 => (0..4_u32, 1..1000_u64).prop_map(|(power, ns)| Step::Wait { ns: ns * 10_u64.pow(5 + power) }),
        4 => (1..2_000_000_u64).prop_map(|after_ns| Step::Pong { after_ns }),
        1 => Just(Step::Move),
        1 => Just(Step::Close),
    ]
}

/// A key and a value that come behind the start of their span.
fn late() -> (PartKey<'static>, wire::Values<'static>) {
    let list = [wire::Value::Bool(true)];
    (PartKey::Name(NameRef::Inline("late"), Shape::of(&list)), values(list))
}

/// The device, and how far it and the link are.
pub(super) struct Play {
    pub(super) device: Device,
    last: Vec<u8>,
    is_lost: bool,
}

impl Play {
    pub(super) fn new(flags: u8) -> Self {
        Self { device: Device { flags, ..device(1) }, last: Vec::new(), is_lost: false }
    }

    fn receive(&mut self, bench: &mut Bench, bytes: Vec<u8>) {
        if !core::mem::take(&mut self.is_lost) {
            bench.receive(&self.device, &bytes);
        }
        self.last = bytes;
    }

    pub(super) fn step(&mut self, bench: &mut Bench, step: &Step) {
        let ticks = self.device.ticks(bench.now_ns);
        match *step {
            Step::Hello { offset, length } => {
                let bytes = self.device.hello_piece(bench.now_ns, offset, length);
                self.receive(bench, bytes);
            }
            Step::Site => self.data(bench, vec![site(1, READ)]),
            Step::Name => self.data(bench, vec![name(1, "idle"), name(2, "busy")]),
            Step::Span { own, root, ticks: length, name } => {
                let parent = if root { Parent::None } else { Parent::Local(FIRST) };
                let span = span(own, parent, [ticks - length, ticks]);
                let values = [wire::Value::U32(3), wire::Value::Static(NameRef::Id(name))];
                self.data(bench, vec![Record::Span(tags(span, values))]);
            }
            Step::Part { own } => {
                let (key, values) = late();
                self.data(bench, vec![Record::Part(Part { own, key, values })]);
            }
            Step::Log { own } => {
                let (key, values) = late();
                let log = Log { own, time_ticks: ticks, more: false, key, values };
                self.data(bench, vec![Record::Log(log)]);
            }
            Step::Fragments { own } => {
                let span = span(own, Parent::None, [ticks - 5, ticks]);
                for bytes in self.device.fragments(Record::Span(span), 4) {
                    self.receive(bench, bytes);
                }
            }
            Step::Paused => {
                let event = ClockEvent::Paused { ns: 5_000 };
                self.data(bench, vec![Record::Clock(Clock { time_ticks: ticks, event })]);
            }
            Step::Lose => self.is_lost = true,
            Step::Again => bench.receive(&self.device, &self.last),
            Step::Wait { ns } => bench.wait(ns),
            Step::Pong { after_ns } => self.pong(bench, after_ns),
            Step::Move => self.device.peer = Peer::Udp(([10, 0, 0, 2], 7).into()),
            Step::Close => bench.pipeline.on_closed(&self.device.peer),
        }
    }

    fn data(&mut self, bench: &mut Bench, records: Vec<Record<'static>>) {
        let bytes = self.device.data(records);
        self.receive(bench, bytes);
    }

    fn pong(&mut self, bench: &mut Bench, after_ns: u64) {
        let mut pings = bench.replies.iter().filter_map(|reply| reply.ping);
        let Some((tag, ping)) = pings.next_back() else { return };
        bench.pipeline.on_sent(&self.device.peer, tag, ping, bench.now_ns);
        bench.now_ns += after_ns;
        let sent_ticks = self.device.ticks(bench.now_ns);
        let bytes = self.device.frame(|packet| {
            Body::Pong(Pong { packet, id: ping, received_ticks: sent_ticks, sent_ticks })
        });
        self.receive(bench, bytes);
    }
}

/// Everything that a collector makes of the steps, with a restart before each of `cuts`.
fn played(steps: &[Step], cuts: &[usize]) -> (Vec<Batch>, Vec<Reply>) {
    let mut bench = Bench::new(true);
    let mut play = Play::new(Hello::KEPT);
    for (index, step) in steps.iter().enumerate() {
        if cuts.contains(&index) {
            let saved = bench.pipeline.save();
            bench.restart();
            saved.iter().for_each(|one| bench.pipeline.resume(&one.bytes).unwrap());
            assert_eq!(bench.pipeline.save(), saved);
        }
        play.step(&mut bench, step);
    }
    bench.wait(60 * SECOND);
    bench.pipeline.finish(bench.now_ns);
    (bench.batches(), bench.replies)
}

proptest! {
    #[test]
    fn a_restart_changes_nothing(
        steps in prop::collection::vec(step(), 1..60),
        cuts in prop::collection::vec(0..60_usize, 1..4),
    ) {
        prop_assert_eq!(played(&steps, &[]), played(&steps, &cuts));
    }

    #[test]
    fn a_damaged_session_is_refused(
        steps in prop::collection::vec(step(), 1..30),
        place in any::<prop::sample::Index>(),
        change in 1..=u8::MAX,
    ) {
        let mut bench = Bench::new(true);
        let mut play = Play::new(Hello::KEPT);
        steps.iter().for_each(|step| play.step(&mut bench, step));
        for saved in bench.pipeline.save() {
            let mut bytes = saved.bytes;
            let place = place.index(bytes.len());
            let mut other = Pipeline::new(Options::default(), drop::<Output>);
            prop_assert!(other.resume(&bytes[..place]).is_err());
            bytes[place] ^= change;
            prop_assert!(other.resume(&bytes).is_err());
            prop_assert_eq!(other.save(), []);
        }
    }
}

#[test]
fn a_session_of_another_form_is_refused_with_what_to_do() {
    let mut pipeline = Pipeline::new(Options::default(), drop::<Output>);
    let error = pipeline.resume(&[9, 1, 2]).unwrap_err();
    assert_eq!(error, ResumeError::OtherForm(9));
    assert!(error.to_string().contains("by a version of spandrel that writes form 9"), "{error}");
    assert_eq!(pipeline.resume(&[]), Err(ResumeError::Damaged));
}

#[test]
fn what_is_saved_says_where_it_goes_on() {
    let mut bench = Bench::new(true);
    let mut device = device(1);
    bench.hello(&mut device);
    let hello = device.hello(bench.now_ns);
    bench.receive(&device, &hello);
    let saved = bench.pipeline.save();
    let source = Source { device: device.id, session: device.session };
    assert_eq!((saved[0].source, saved[0].next_packet), (Some(source), 2));
}
