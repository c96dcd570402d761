//! A promise that spans are on the disk, for threads and for futures alike.

use super::Refused;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Outcome = Result<(), Refused>;

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, outcome: Outcome) {
        let mut state = self.lock();
        if state.outcome.is_none() {
            state.outcome = Some(outcome);
            self.done.notify_all();
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// What whoever handed over spans holds until they are on the disk.
///
/// It can be waited for by a thread or awaited. Dropping it takes nothing back.
#[derive(Debug)]
#[must_use = "spans are only on the disk when their ticket is kept"]
pub struct Ticket(Arc<Shared>);

/// The other side of a [`Ticket`]: kept once, by whoever wrote the spans.
///
/// One that is dropped unkept tells that the collector is ending, so nobody waits for ever.
#[derive(Debug)]
pub struct Promise(Arc<Shared>);

impl Ticket {
    /// A ticket, and the promise that it waits for.
    pub fn new() -> (Self, Promise) {
        let shared = Arc::new(Shared::default());
        (Self(shared.clone()), Promise(shared))
    }

    /// A ticket that is kept already.
    pub fn kept() -> Self {
        let (ticket, promise) = Self::new();
        promise.keep(Ok(()));
        ticket
    }

    /// Waits until the spans are on the disk, or it is known that they will not be.
    ///
    /// # Errors
    ///
    /// [`Refused`] where they were not written.
    pub fn wait(self) -> Result<(), Refused> {
        let mut state = self.0.lock();
        loop {
            if let Some(outcome) = &state.outcome {
                return outcome.clone();
            }
            state = self.0.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits at most that long; none if it is still open then.
    pub fn wait_for(&self, at_most: Duration) -> Option<Result<(), Refused>> {
        let state = self.0.lock();
        let waited = self.0.done.wait_timeout_while(state, at_most, |s| s.outcome.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.outcome.clone()
    }

    /// How it came out, if it has.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<(), Refused>> {
        self.0.lock().outcome.clone()
    }
}

impl Future for Ticket {
    type Output = Result<(), Refused>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Promise {
    /// Says how it came out, and wakes whoever waits.
    pub fn keep(self, outcome: Result<(), Refused>) {
        self.0.settle(outcome);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.settle(Err(Refused::Closing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::task::Waker;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;
    use std::thread;

    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_thread_waits_until_the_promise_is_kept() {
        let (ticket, promise) = Ticket::new();
        let waiting = thread::spawn(move || ticket.wait());
        promise.keep(Ok(()));
        assert_eq!(waiting.join().unwrap(), Ok(()));
    }

    #[test]
    fn a_future_is_woken_without_a_runtime() {
        let (mut ticket, promise) = Ticket::new();
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(flag.clone());
        let mut context = Context::from_waker(&waker);
        assert_eq!(Pin::new(&mut ticket).poll(&mut context), Poll::Pending);
        assert!(!flag.0.load(Ordering::SeqCst));
        promise.keep(Err(Refused::Disk("full".into())));
        assert!(flag.0.load(Ordering::SeqCst));
        let refused = Poll::Ready(Err(Refused::Disk("full".into())));
        assert_eq!(Pin::new(&mut ticket).poll(&mut context), refused);
    }

    #[test]
    fn a_promise_that_is_dropped_keeps_nobody_waiting() {
        let (ticket, promise) = Ticket::new();
        drop(promise);
        assert_eq!(ticket.outcome(), Some(Err(Refused::Closing)));
        assert_eq!(ticket.wait(), Err(Refused::Closing));
        assert_eq!(Ticket::kept().wait(), Ok(()));
    }
}
