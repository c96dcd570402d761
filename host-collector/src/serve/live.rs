//! Spans as they come, for whoever asks at a door.

use crate::query::own::live::{self, Filter};
use crate::query::own::refused;
use crate::query::{Context as Asked, Failure, Request};
use crate::tap::{Heard, Listener, Tap};
use crate::web::{self, Answer, Ask, Family, Route};
use bytes::Bytes;
use core::task::{Context, Poll};

/// So many chunks are looked at before others have their turn.
const AT_ONCE: usize = 16;

/// Where they are told.
pub(super) fn route(tap: Tap) -> Route {
    let about = "spans as they come";
    Route::stream(Family::Own, "/api/spandrel/v1/live", about, move |ask| open(&tap, ask))
}

fn open(tap: &Tap, ask: &Ask) -> Result<Box<dyn web::Stream>, Box<Answer>> {
    let request = Request { method: "GET", path: &ask.path, query: &ask.query, body: &[] };
    let filter = Filter::read(&request, &Asked::default())
        .map_err(|failure| Box::new(web::whole(refused(&failure))))?;
    let listener = tap.listen().ok_or_else(|| {
        let why = "too many listen already, or the collector ends: try again later";
        let failure = Failure { status: 503, message: why.into() };
        Box::new(web::whole(refused(&failure)).retry_after(1))
    })?;
    Ok(Box::new(Live { listener, filter }))
}

struct Live {
    listener: Listener,
    filter: Filter,
}

impl web::Stream for Live {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        for _ in 0..AT_ONCE {
            let event = match self.listener.poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Heard::Spans(chunk))) => live::spans(&chunk, &self.filter),
                Poll::Ready(Some(Heard::Missed(spans))) => Some(live::skipped(spans)),
            };
            if let Some(event) = event {
                return Poll::Ready(Some(event.into()));
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
