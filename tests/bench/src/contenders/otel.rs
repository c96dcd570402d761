//! `opentelemetry_sdk`: its batch processor, with an exporter that counts.

use super::{Contender, SPANS, timed};
use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static EXPORTED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Counts;

impl SpanExporter for Counts {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        EXPORTED.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

pub(crate) struct Otel {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Otel {
    pub(crate) fn new() -> Self {
        // Room for a round, which is exported when asked, and not beside another's turn.
        let room = 4 * SPANS as usize;
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(room)
            .with_max_export_batch_size(room)
            .with_scheduled_delay(Duration::from_secs(3600))
            .build();
        let processor = BatchSpanProcessor::builder(Counts).with_batch_config(config).build();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let tracer = provider.tracer("bench");
        Self { provider, tracer }
    }

    fn trace(&self) {
        let root = self.tracer.start("root");
        let _active = Context::current_with_span(root).attach();
        for number in 0..SPANS {
            let number = i64::from(black_box(number));
            self.tracer
                .span_builder("read")
                .with_attributes([KeyValue::new("bus", number), KeyValue::new("state", "idle")])
                .start(&self.tracer)
                .end();
        }
    }
}

impl Contender for Otel {
    fn name(&self) -> &'static str {
        "opentelemetry_sdk"
    }

    fn round(&mut self) -> f64 {
        let before = EXPORTED.load(Ordering::Relaxed);
        let time_ns = timed(|| self.trace());
        self.provider.force_flush().expect("a flush");
        let exported = EXPORTED.load(Ordering::Relaxed) - before;
        assert_eq!(exported, u64::from(SPANS) + 1, "opentelemetry_sdk lost spans");
        time_ns
    }
}
