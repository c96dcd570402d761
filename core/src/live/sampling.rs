//! Decisions of samplers that can be adjusted: what of them is not in [`Tracer::decide_root`].

use super::open::{Open, mark};
use super::tracer::Tracer;
use crate::sampler::{AdjustableRef, Operation, Rules};
use crate::site::table;
use crate::{AdjustError, Strategy, TraceId};

/// A sampler that can be adjusted, and what begins its roots. Where there is none nothing refers to the
/// function, and it is not in the program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjustable {
    pub(super) sampler: AdjustableRef,
    pub(super) begin: fn(&mut Open, &Self),
}

/// Who decided.
#[derive(Clone, Copy)]
enum By {
    Const(bool),
    Share(f64),
    Rate(f64),
    LowerBound(f64),
}

impl Adjustable {
    /// Decides about a root that begins, and notes who did.
    ///
    /// The root has a number in any case: the trace id is made of it.
    pub(super) fn begin(open: &mut Open, this: &Self) {
        let tracer = open.tracer;
        let own = open.number();
        let low =
            TraceId::expand_low(tracer.device(), tracer.session_number(), tracer.widen_number(own));
        let by = this.decide(tracer, open.site_bits(), low, open.start);
        let Some(by) = by else { return open.mark_unsampled() };
        open.settle();
        let (name, param) = match by {
            By::Const(all) => return open.tags_of(("const", all)),
            By::Share(share) => ("probabilistic", share),
            By::Rate(rate) => ("ratelimiting", rate),
            By::LowerBound(share) => ("lowerbound", share),
        };
        open.tags_of((name, param));
    }

    fn decide(&self, tracer: &Tracer, site: u32, low: u64, now: u32) -> Option<By> {
        if let Some(operation) = self.operation(table().name_of_own(site)) {
            let (share, bucket) = (&operation.share, &operation.bucket);
            // What the share takes counts for the lower bound too.
            let is_due = bucket.take(now);
            let param = share.param();
            return if share.has(low) {
                Some(By::Share(param))
            } else {
                is_due.then_some(By::LowerBound(param))
            };
        }
        let Rules { share, bucket } = self.sampler.rules;
        if bucket.has_limit() {
            return bucket.take(now).then(|| By::Rate(bucket.per_second(tracer.clock.hz())));
        }
        let param = share.param();
        let by = if param.is_infinite() { By::Const(param > 0.0) } else { By::Share(param) };
        share.has(low).then_some(by)
    }

    /// The entry of an operation.
    fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.sampler.operations.iter().find(|entry| entry.name().is_some_and(|known| known == name))
    }
}

impl Tracer {
    /// Changes what the sampler does from now on.
    ///
    /// Callable from every context.
    ///
    /// # Errors
    /// Where the sampler is none of those that can be adjusted.
    pub fn adjust_sampler(&self, strategy: Strategy) -> Result<(), AdjustError> {
        let Rules { share, bucket } = self.adjustable().ok_or(AdjustError::NotAdjustable)?.rules;
        let (part, rate) = match strategy {
            Strategy::Const(true) => (f64::INFINITY, None),
            Strategy::Const(false) => (f64::NEG_INFINITY, None),
            Strategy::Probabilistic(part) => (part.clamp(0.0, 1.0), None),
            Strategy::RateLimiting(rate) => (f64::INFINITY, Some(rate)),
        };
        share.set(part);
        bucket.set(rate, self.clock.hz(), self.clock.ticks());
        Ok(())
    }

    /// Has an operation's roots be recorded with a share of their own, and so many a second at least,
    /// from now on. What has no entry goes by [`Tracer::adjust_sampler`].
    ///
    /// Operations go by the name of their call site; one that is given at run time counts as none.
    ///
    /// # Errors
    /// Where the sampler is none of those that can be adjusted, or its entries are taken by other
    /// operations.
    pub fn adjust_operation(
        &self,
        operation: &'static str,
        share: f64,
        at_least: f32,
    ) -> Result<(), AdjustError> {
        let sampler = self.adjustable().ok_or(AdjustError::NotAdjustable)?;
        let mut entries = sampler.operations.iter();
        let entry = entries.find(|entry| entry.claim(operation)).ok_or(AdjustError::Full)?;
        entry.share.set(share.clamp(0.0, 1.0));
        entry.bucket.set(Some(at_least), self.clock.hz(), self.clock.ticks());
        Ok(())
    }
}

impl Open {
    fn mark_unsampled(&self) {
        self.first.set(self.first.get() | mark::UNSAMPLED);
        self.settle();
    }

    fn tags_of<P: crate::TagValue>(&self, (name, param): (&'static str, P)) {
        crate::__site_static!(SAMPLER, &["", "sampler.type", "sampler.param"]);
        self.tags(SAMPLER.start(), (name, param));
    }
}
