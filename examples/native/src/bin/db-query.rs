//! The example of the `OpenTracing` overview: sends one span to a collector, and what its baggage is.
//!
//! Arguments: `collector=IP:PORT`.

use core::time::Duration;
use hello_native::{Args, PLATFORM, start_reporter};
use hello_services::db_query::db_query;
use spandrel::{BaggagePool, DeviceId, Recorder, Tracer};

static RECORDER: Recorder<512> = Recorder::new();
static BAGGAGE: BaggagePool<2> = BaggagePool::new();
static TRACER: Tracer = Tracer::new("customers", &RECORDER, PLATFORM.clock)
    .device_id(DeviceId(0xdb))
    .session(PLATFORM.session)
    .tags(PLATFORM.tags)
    .baggage(&BAGGAGE);

fn main() {
    let args = Args::load(&["collector"]);
    start_reporter(&TRACER, args.address("collector"));
    let (query, carried) = db_query(&TRACER);
    println!("trace {}", query.context().trace_id);
    match carried {
        Ok(()) => query.baggage_items().for_each(|(key, value)| println!("{key}: {value}")),
        Err(error) => println!("no baggage: {error}"),
    }
    query.finish();
    TRACER.flush();
    // Hellos tell the collector who it was within two seconds.
    std::thread::sleep(Duration::from_secs(2));
}
