//! The example of the `OpenTracing` overview comes out as it is written there.
#![expect(clippy::std_instead_of_alloc, reason = "a host program")]

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU32, Ordering};
use hello_services::db_query::db_query;
use spandrel::{
    BaggagePool, Clock, DeviceId, Recorder, Session, SessionSource, Tracer, carrier::uber,
};
use spandrel_collector::exporter::jaeger;
use spandrel_collector::model::{Batch, Trace};
use spandrel_collector::pipeline::{Options, Pipeline, owned};
use spandrel_collector::receiver::{Handler as _, Peer};
use std::sync::{Arc, Mutex};

const PEER: Peer = Peer::Udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9));
/// When the device's clock shows 3.5 ms.
const ARRIVAL_NS: u64 = 1_700_000_000_003_500_000;

static NOW: AtomicU32 = AtomicU32::new(1_000);
static RECORDER: Recorder<512> = Recorder::new();
static BAGGAGE: BaggagePool<2> = BaggagePool::new();
static TRACER: Tracer = Tracer::new(
    "customers",
    &RECORDER,
    // SAFETY: a static, which is read as a whole word.
    unsafe { Clock::register(NOW.as_ptr(), 1_000_000) },
)
.device_id(DeviceId(0x0012_3456_00ab_cdef))
.session(SessionSource::Fixed(Session::new(9)))
.baggage(&BAGGAGE);

#[test]
fn it_is_as_the_overview_has_it() {
    let mut drain = TRACER.drain().expect("nobody else drains it");
    let (query, carried) = db_query(&TRACER);
    carried.expect("there is room");
    let items: Vec<_> = query.baggage_items().collect();
    assert_eq!(items, [("special_id", "vsid1738")]);

    // On to the next service, as Jaeger's clients send it.
    let mut headers = Vec::<(String, String)>::new();
    let context = query.context();
    uber::inject(&context, &mut headers).expect("a list has room");
    let held = TRACER.hold_baggage(&context).expect("the span is there");
    let carried = uber::inject_baggage::<64>(&held, &mut headers);
    assert_eq!(carried.items, 1);
    assert!(headers.contains(&("uberctx-special_id".into(), "vsid1738".into())), "{headers:?}");

    NOW.store(3_500, Ordering::Relaxed);
    query.finish();

    let batches = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&batches);
    let mut pipeline = Pipeline::new(
        Options { downlink: false, ..Options::default() },
        owned(move |batch: Batch| {
            sink.lock().expect("nobody panicked").push(batch);
        }),
    );
    let mut receive = |frame: &[u8]| pipeline.on_frame(frame, &PEER, ARRIVAL_NS, &mut Vec::new());
    let mut buffer = [0; 508];
    receive(drain.hello(&mut buffer).expect("it fits"));
    while let Some(frame) = drain.frame(&mut buffer) {
        receive(frame);
    }
    pipeline.finish(ARRIVAL_NS);

    let batches = core::mem::take(&mut *batches.lock().expect("nobody panicked"));
    let document = jaeger::convert(&[Trace { id: context.trace_id, batches }]);
    let document: serde_json::Value = serde_json::from_slice(&document).expect("it is JSON");
    let document = format!("{document:#}\n");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/article.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(golden, &document).expect("it can be written");
    }
    let golden = std::fs::read_to_string(golden).expect("it is there");
    assert_eq!(document, golden, "BLESS=1 writes it anew");
}
