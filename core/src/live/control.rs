//! Remote control: what the collector may change while the program runs.

use super::Halves;
use super::drain::Drain;
use super::names::Names;
use super::tracer::Tracer;
use crate::site::table;
use crate::wire::{Answer, AnswerStatus, Asked, Command, Control, Writer};
use crate::{AdjustError, Strategy};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// Memory for [`Tracer::controlled`]; 44 bytes of RAM, all zero at first.
#[derive(Debug)]
pub struct ControlCell {
    /// The number of the last command, and what became of it.
    id: Halves,
    status: AtomicU32,
    detail: AtomicU32,
    /// Whether an answer is due, and to which number.
    is_due: AtomicU32,
    due_id: Halves,
    /// Bytes a second; 0 where there is no limit.
    budget: AtomicU32,
    /// Bytes that may be sent, or are owed, when the counter was last looked at.
    credit: AtomicU32,
    since: AtomicU32,
    /// The number of the next site to be defined, used or not; 0 where all are.
    site: AtomicU32,
}

const _: () = assert!(size_of::<ControlCell>() == 44, "its documentation says so");

impl ControlCell {
    /// Memory for one tracer.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for statics alone")]
    pub const fn new() -> Self {
        Self {
            id: Halves::new(),
            status: AtomicU32::new(0),
            detail: AtomicU32::new(0),
            is_due: AtomicU32::new(0),
            due_id: Halves::new(),
            budget: AtomicU32::new(0),
            credit: AtomicU32::new(0),
            since: AtomicU32::new(0),
            site: AtomicU32::new(0),
        }
    }
}

/// A tracer that is controlled. Without it nothing refers to the functions, and they are not in the
/// program. What is called often asks only whether there is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controlled {
    pub(super) cell: &'static ControlCell,
    pub(super) on_control: fn(&Drain, &ControlCell, &[u8]) -> Asked,
    pub(super) answer: fn(&mut Drain, &ControlCell, &mut Writer<'_>),
    /// Whether the budget lets a frame go; and one of so many bytes went.
    pub(super) may_send: fn(&Drain, &ControlCell) -> bool,
    pub(super) sent: fn(&ControlCell, u32),
    /// Has the next site be defined, if one is asked for.
    pub(super) next_site: fn(&ControlCell, &mut Names),
}

impl Controlled {
    pub(super) fn is_answer_due(self) -> bool {
        self.cell.is_due.load(Relaxed) != 0
    }

    pub(super) fn is_site_due(self) -> bool {
        self.cell.site.load(Relaxed) != 0
    }
}

impl Tracer {
    /// Lets the collector change the sampler (if it is
    /// [adjustable](crate::Sampler::adjustable)) and how many bytes a second are sent, ask for the
    /// definitions of all call sites, and have the reporter send at once.
    ///
    /// Each command is done once and answered; one that this program does not know is answered so. A
    /// tracer without it ignores commands.
    ///
    /// ```
    /// use spandrel::{AdjustableSampler, Clock, ControlCell, Recorder, Sampler, Tracer};
    ///
    /// static RECORDER: Recorder<1024> = Recorder::new();
    /// static SAMPLING: AdjustableSampler<4> = AdjustableSampler::new();
    /// static CONTROL: ControlCell = ControlCell::new();
    /// static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic())
    ///     .sampler(Sampler::adjustable(&SAMPLING))
    ///     .controlled(&CONTROL);
    /// ```
    #[cfg(feature = "control")]
    #[must_use]
    pub const fn controlled(mut self, cell: &'static ControlCell) -> Self {
        self.optional.control = Some(Controlled {
            cell,
            on_control: Drain::on_control,
            answer: Drain::write_answer,
            may_send: Drain::may_send,
            sent: ControlCell::sent,
            next_site: ControlCell::next_site,
        });
        self
    }

    /// Does what is asked; says what became of it.
    fn command(&self, cell: &ControlCell, command: Command<'_>) -> (AnswerStatus, u32) {
        let adjusted = |result: Result<(), AdjustError>| match result {
            Ok(()) => (AnswerStatus::Done, 0),
            Err(_) => (AnswerStatus::Refused, 0),
        };
        let sample = |strategy| adjusted(self.adjust_sampler(strategy));
        let operation = |name: Option<&'static str>, share: f32, at_least| match name {
            Some(name) if !name.is_empty() => {
                adjusted(self.adjust_operation(name, share.into(), at_least))
            }
            _ => (AnswerStatus::Refused, 0),
        };
        match command {
            Command::SampleAlways => sample(Strategy::Const(true)),
            Command::SampleNever => sample(Strategy::Const(false)),
            Command::SampleShare(share) => sample(Strategy::Probabilistic(share.into())),
            Command::SampleRate(rate) => sample(Strategy::RateLimiting(rate)),
            Command::SiteShare { site, share } => operation(table().name_of(site), share, 0.0),
            Command::Operation { name, share, at_least } => {
                operation(table().name_like(name), share, at_least)
            }
            Command::Budget(bytes) => {
                cell.budget.store(bytes, Relaxed);
                cell.credit.store(bytes.min(1 << 30), Relaxed);
                cell.since.store(self.clock.ticks(), Relaxed);
                (AnswerStatus::Done, 0)
            }
            Command::Flush => {
                self.flush();
                (AnswerStatus::Done, 0)
            }
            Command::Sites { from } => {
                cell.site.store(u32::from(from.max(1)), Relaxed);
                (AnswerStatus::Done, table().units().into())
            }
            Command::Other(..) => (AnswerStatus::Unknown, 0),
        }
    }
}

impl Drain {
    fn on_control(&self, cell: &ControlCell, bytes: &[u8]) -> Asked {
        let Some(control) = Control::read(bytes) else { return Asked::Nothing };
        let last = cell.id.load();
        if control.id > last {
            let (status, detail) = self.tracer().command(cell, control.command);
            cell.id.store(control.id);
            cell.status.store(status as u32, Relaxed);
            cell.detail.store(detail, Relaxed);
        }
        cell.due_id.store(control.id);
        cell.is_due.store(1, Relaxed);
        Asked::Answer
    }

    fn write_answer(&mut self, cell: &ControlCell, out: &mut Writer<'_>) {
        cell.is_due.store(0, Relaxed);
        let id = cell.due_id.load();
        let (status, detail) = if id == cell.id.load() {
            (AnswerStatus::from_number(cell.status.load(Relaxed)), cell.detail.load(Relaxed))
        } else {
            // It was overtaken, and not done.
            (None, 0)
        };
        let status = status.unwrap_or(AnswerStatus::Refused);
        Answer { packet: self.packet(), id, status, detail }.write(self.tag(), out);
    }

    /// Whether the budget lets a frame go: it may owe one, and holds what one second brings.
    fn may_send(&self, cell: &ControlCell) -> bool {
        let budget = cell.budget.load(Relaxed);
        if budget == 0 {
            return true;
        }
        let now = self.counter();
        let elapsed = u64::from(now.wrapping_sub(cell.since.load(Relaxed)));
        let earned = elapsed * u64::from(budget) / u64::from(self.tick_hz().max(1));
        let credit = cell.credit.load(Relaxed).cast_signed();
        // What is less than a byte is not lost: the moment moves only with a byte.
        let earned = u32::try_from(earned).unwrap_or(u32::MAX).min(budget).min(1 << 30);
        if earned == 0 {
            return credit > 0;
        }
        let most = budget.min(1 << 30).cast_signed();
        let credit = credit.saturating_add_unsigned(earned).min(most);
        cell.credit.store(credit.cast_unsigned(), Relaxed);
        cell.since.store(now, Relaxed);
        credit > 0
    }
}

impl ControlCell {
    fn sent(&self, bytes: u32) {
        if self.budget.load(Relaxed) != 0 {
            let credit = self.credit.load(Relaxed).cast_signed().saturating_sub_unsigned(bytes);
            self.credit.store(credit.cast_unsigned(), Relaxed);
        }
    }

    fn next_site(&self, names: &mut Names) {
        let table = table();
        #[expect(clippy::cast_possible_truncation, reason = "sites have 16 bits")]
        let from = self.site.load(Relaxed) as u16;
        if let Some(site) = table.next_from(from) {
            names.ask(false, site, table);
            self.site.store(u32::from(site) + 1, Relaxed);
        } else {
            self.site.store(0, Relaxed);
        }
    }
}
