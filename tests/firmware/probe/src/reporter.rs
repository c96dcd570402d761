//! The reporter of `spandrel-transport` over a link that does nothing.

use core::future::Future as _;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;

use spandrel::Tracer;
use spandrel_transport::{Reporter, Settings, Uplink};

/// Says that it takes every frame, or not, and receives who knows what.
struct Nowhere;

impl Uplink for Nowhere {
    fn mtu(&self) -> usize {
        black_box(508)
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        black_box(frame);
        black_box(true)
    }

    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        black_box((buffer, within));
        black_box(Some(1))
    }
}

/// Lets it report for ever, as a task would.
///
/// The compiler gives every `async fn` a panic of its own, for being polled behind its end, which
/// `.await` never does. Here no future is ever suspended, so that it can see as much: what is left are
/// panics that the reporter's code could cause.
#[inline(never)]
pub(crate) fn use_all(tracer: &'static Tracer) {
    let settings = Settings { max_age: black_box(Duration::from_millis(100)), ..Settings::DEFAULT };
    let mut buffer = [0; 508];
    let Ok(mut reporter) = Reporter::new(tracer, Nowhere, &mut buffer, settings) else { return };
    let mut context = Context::from_waker(Waker::noop());
    // It goes by `step`, turn by turn.
    let _ = pin!(reporter.run()).poll(&mut context);
}
