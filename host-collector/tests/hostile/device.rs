//! A device that sends what it is told to.

use spandrel::wire::{
    Body, Data, DataHead, Define, Frame, Hello, Losses, NameRef, Parent, Part, PartKey, Process,
    Record, Shape, SiteRef, SpanHead, SpanRecord, TraceRef, Value,
};
use spandrel::{DeviceId, Session};
use spandrel_collector::receiver::Peer;

/// Its clock has a microsecond a tick, and began at this time.
pub(crate) const EPOCH_NS: u64 = 1_700_000_000_000_000_000;

pub(crate) struct Device {
    pub(crate) peer: Peer,
    id: DeviceId,
    session: Session,
    packet: u32,
    pub(crate) record: u64,
}

impl Device {
    /// A device with this id, below an address of this host of some network.
    pub(crate) fn new(id: u64, host: u16) -> Self {
        let [high, low] = host.to_be_bytes();
        Self {
            peer: Peer::Udp(([10, 0, high, low], 7).into()),
            id: DeviceId(id),
            session: Session::new(1),
            packet: 0,
            record: 0,
        }
    }

    fn frame<'a>(&mut self, body: impl FnOnce(u32) -> Body<'a>) -> Vec<u8> {
        self.packet += 1;
        let body = body(self.packet);
        let frame = Frame { session_tag: self.session.tag(self.id), body };
        frame.to_bytes().expect("it is no longer than a frame can be")
    }

    /// A hello with the piece at this offset of a description with these tags.
    pub(crate) fn hello(&mut self, tags: &[(&str, Value<'_>)], offset: usize) -> Vec<u8> {
        let whole = Process { service: "hostile", build: &[], tags }.to_bytes();
        let piece = &whole[offset..whole.len().min(offset + 1_200)];
        let (device, session) = (self.id.0, self.session.get());
        self.frame(|packet| {
            Body::Hello(Hello {
                packet,
                device,
                session,
                clock_hz: 1_000_000,
                sent_ticks: 1,
                flags: Hello::KEPT,
                sites: u16::MAX,
                losses: Losses::default(),
                process_total: u32::try_from(whole.len()).expect("it is short"),
                process_offset: u32::try_from(offset).expect("it is short"),
                process: piece,
                ..Hello::default()
            })
        })
    }

    pub(crate) fn data(&mut self, records: Vec<Record<'static>>) -> Vec<u8> {
        let first_record = self.record;
        let is_numbered = |record: &&Record<'_>| record.ends_number();
        self.record += records.iter().filter(is_numbered).count() as u64;
        let count = u8::try_from(records.len()).expect("they are few");
        self.frame(|packet| {
            let (last_number, losses) = (first_record, Losses::default());
            let head = DataHead { packet, first_record, last_number, losses, count };
            Body::Data(Data { head, records })
        })
    }
}

pub(crate) fn span(own: u64, parent: Parent, trace: TraceRef) -> Record<'static> {
    let head = SpanHead {
        own,
        parent,
        trace,
        site: SiteRef { id: 1, shape: Shape(0) },
        start_ticks: own,
        duration_ticks: 1,
        parts: 0,
        ambiguous: false,
        cut_off: false,
    };
    Record::Span(SpanRecord { head, values: [].into_iter().collect() })
}

/// A part of a span, whose key is in it.
pub(crate) fn part(own: u64, key: &'static str, value: Value<'static>) -> Record<'static> {
    let key = PartKey::Name(NameRef::Inline(key), Shape::of(core::slice::from_ref(&value)));
    Record::Part(Part { own, key, values: [value].into_iter().collect() })
}

pub(crate) fn site(id: u16, bytes: &'static [u8]) -> Record<'static> {
    Record::Define(Define { is_name: false, by_address: false, id, bytes })
}

pub(crate) fn name(id: u16, bytes: &'static [u8]) -> Record<'static> {
    Record::Define(Define { is_name: true, by_address: false, id, bytes })
}
