//! The link that `docs/porting.md` shows is this one, is short, and carries frames.

#[expect(unreachable_pub, reason = "it is shown as a library would have it")]
mod link;

use embassy_futures::block_on;
use embedded_hal_async::delay::DelayNs;
use link::PolledUart;
use spandrel::{Clock, Recorder, Tracer, span, wire};
use spandrel_transport::framing::stream::{Item, Splitter, buffer_len};
use spandrel_transport::{Reporter, Settings, Uplink as _};

struct NoTime;

impl DelayNs for NoTime {
    async fn delay_ns(&mut self, _: u32) {}
}

#[test]
fn the_page_shows_it_whole() {
    let link = include_str!("link.rs");
    assert!(link.lines().count() < 50);
    assert!(include_str!("../../../docs/porting.md").contains(link));
}

#[test]
fn it_carries_frames() {
    static RECORDER: Recorder<1024> = Recorder::new();
    static TRACER: Tracer = Tracer::new("own", &RECORDER, Clock::monotonic());
    let (mut line, mut buffer) = (Vec::new(), [0; 256]);
    let uplink = PolledUart::new(|byte| line.push(byte), NoTime);
    assert!(uplink.mtu() >= wire::MIN_MTU);
    let mut reporter = Reporter::new(&TRACER, uplink, &mut buffer, Settings::DEFAULT).unwrap();
    (0..9).for_each(|number| span!(TRACER, "sent", n = number).finish());
    TRACER.flush();
    for _ in 0..4 {
        block_on(reporter.step());
    }
    let mut splitter = Splitter::new([0; buffer_len(256)]);
    let (mut rest, mut spans) = (&line[..], 0);
    while let Some(item) = splitter.next(&mut rest) {
        let Item::Frame(frame) = item else { panic!("{item:?}") };
        if let wire::Body::Data(data) = wire::decode(frame).unwrap().body {
            let is_span = |record: &&wire::Record<'_>| matches!(record, wire::Record::Span(_));
            spans += data.records.iter().filter(is_span).count();
        }
    }
    assert_eq!(spans, 9);
}
