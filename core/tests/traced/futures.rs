//! `#[traced]` on an `async fn`.

use crate::seen::calls;
use crate::tracer;
use core::future::{Future, pending, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use spandrel::{semconv, span, traced};

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

/// Gives way once.
async fn give_way() {
    let mut is_first = true;
    poll_fn(|_| if core::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}

#[test]
fn a_task_has_its_span_active_over_every_await() {
    tracer!(TRACER);

    #[traced(TRACER, args)]
    async fn outer(steps: u8, name: &str) -> u8 {
        let mut failed = 0;
        for step in 0..steps {
            give_way().await;
            failed += u8::from(inner(step).await.is_err());
        }
        failed + u8::try_from(name.len()).unwrap()
    }

    #[traced(TRACER, args, err = "display", tags({semconv::SPAN_KIND} = "client"))]
    async fn inner(step: u8) -> Result<u8, &'static str> {
        give_way().await;
        span!(TRACER, "by hand").finish();
        if step == 1 {
            return Err("one");
        }
        Ok(step)
    }

    {
        let mut future = pin!(outer(2, "xy"));
        let outside = || assert!(TRACER.active_context().is_none());
        outside();
        while poll(future.as_mut()) != Poll::Ready(3) {
            outside();
        }
        outside();
    }
    let calls = calls(&TRACER);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["by hand", "inner", "by hand", "inner", "outer"]);
    let outer = Some(calls[4].number);
    let parents: Vec<_> = calls.iter().map(|call| call.parent).collect();
    assert_eq!(parents, [Some(calls[1].number), outer, Some(calls[3].number), outer, None]);
    assert_eq!(
        (calls[1].tags(), calls[1].logs()),
        ("step=U32(0) span.kind=client".into(), "".into())
    );
    assert_eq!(calls[3].tags(), "step=U32(1) span.kind=client error=Bool(true)");
    assert_eq!(calls[3].logs(), "event=error message=one");
    assert_eq!(calls[4].tags(), "steps=U32(2) name=xy");
}

#[test]
fn a_future_that_is_dropped_says_cancelled_if_it_began() {
    tracer!(TRACER);

    #[traced(TRACER)]
    async fn plain() {
        pending::<()>().await;
    }

    #[traced(TRACER, err)]
    async fn with_result() -> Result<(), ()> {
        pending().await
    }

    /// As tasks of executors are.
    #[traced(TRACER)]
    async fn endless() -> ! {
        loop {
            give_way().await;
        }
    }

    {
        let mut begun = pin!(plain());
        assert!(poll(begun.as_mut()).is_pending());
        let mut begun = pin!(with_result());
        assert!(poll(begun.as_mut()).is_pending());
        let mut begun = pin!(endless());
        assert!(poll(begun.as_mut()).is_pending());
        let _never_polled = (plain(), with_result());
    }
    let calls = calls(&TRACER);
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.tags() == "cancelled=Bool(true)"));
}

tracer!(METHODS);

struct Queue<T>(Vec<T>);

impl<T: Send> Queue<T> {
    #[traced(METHODS, err)]
    async fn last(&mut self) -> Result<&mut T, Box<dyn core::error::Error + Send + Sync>> {
        give_way().await;
        let Some(last) = self.0.last_mut() else { return Err("none".into()) };
        Ok(last)
    }

    #[traced(METHODS, args)]
    async fn first(&self, and: &str) -> &T {
        give_way().await;
        assert!(!and.is_empty());
        &self.0[0]
    }

    #[traced(METHODS, err)]
    async fn number(
        &self,
        text: impl AsRef<str> + Send,
    ) -> Result<u8, Box<dyn core::error::Error>> {
        let number = text.as_ref().parse()?;
        Ok(number)
    }
}

trait Ask {
    async fn ask(&mut self, what: u8) -> Result<u8, ()>;
}

impl Ask for Queue<u8> {
    #[traced(METHODS, args, err)]
    async fn ask(&mut self, what: u8) -> Result<u8, ()> {
        self.0.pop().filter(|got| *got == what).ok_or(())
    }
}

/// A task that an executor may move between threads stays one.
fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[test]
fn methods_borrow_and_return() {
    let mut queue = Queue(vec![1, 2]);
    *ready(is_send(queue.last())).unwrap() = 3;
    assert_eq!(*ready(is_send(queue.first("x"))), 1);
    assert_eq!(ready(queue.number("7")).unwrap(), 7);
    assert!(ready(queue.number("seven")).is_err());
    assert_eq!(ready(queue.ask(3)), Ok(3));
    assert_eq!(ready(queue.ask(3)), Err(()));
    let calls = calls(&METHODS);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["last", "first", "number", "number", "ask", "ask"]);
    let failed = |call: &&crate::seen::Call| call.tags().contains("error=Bool(true)");
    assert_eq!(calls.iter().filter(failed).count(), 2);
}
