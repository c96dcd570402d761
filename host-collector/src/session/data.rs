//! What a frame of data brings.

use super::around::Sight;
use super::fragments::Whole;
use super::{Effects, Session};
use crate::stats::Stats;
use spandrel::wire::{Data, FragmentOf, Record};

/// What a frame has brought.
#[derive(Debug, Default)]
struct News {
    /// Definitions.
    learned: bool,
    /// Spans that are finished.
    finished: Vec<u64>,
    /// When the last of them was.
    latest_ticks: Option<u64>,
}

impl Session {
    /// Takes a frame of data.
    pub(super) fn on_data(
        &mut self,
        data: &Data<'_>,
        rx_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        let mut number = data.head.first_record;
        let mut news = News::default();
        self.gaps.reach(number, rx_ns);
        self.device_says(&data.head.losses, rx_ns);
        for record in &data.records {
            match record {
                // Records come again in frames of their own where they were not acknowledged in time.
                Record::Fragment(fragment)
                    if fragment.of != FragmentOf::Record || self.gaps.is_new(number) =>
                {
                    let whole = self.fragments.insert(number, fragment, data.head.last_number);
                    match whole.as_ref().map(Whole::record) {
                        Some(Ok(record)) => {
                            self.on_record(number, &record, rx_ns, &mut news, stats);
                        }
                        Some(Err(_)) => stats.nonsense += 1,
                        None => {}
                    }
                }
                Record::Fragment(_) => stats.doubles += 1,
                _ => self.on_record(number, record, rx_ns, &mut news, stats),
            }
            number = number.wrapping_add(record.ends_number().into());
        }
        self.behind_records(number, data.head.last_number, news.latest_ticks, rx_ns);
        if news.learned {
            self.emit_ready(rx_ns, effects, stats);
        } else {
            let is_ready =
                |own: &u64| self.assembly.is_ready(*own, &self.definitions, &self.gaps, rx_ns);
            let ready = news.finished.into_iter().filter(is_ready).collect();
            self.emit_if_allowed(ready, rx_ns, effects, stats);
        }
        self.make_room(rx_ns, effects, stats);
    }

    /// Takes what there is to learn behind the records of a frame: the number of the next, that of the last
    /// span, and when the last span that is new was finished.
    pub(super) fn behind_records(
        &mut self,
        next: u64,
        last_number: u64,
        latest_ticks: Option<u64>,
        rx_ns: u64,
    ) {
        // A record of which a fragment is missing has been sent, too.
        self.gaps.reach(next, rx_ns);
        self.gaps.expire(rx_ns);
        self.last_number = self.last_number.max(last_number);
        if let (Some(identity), Some(ticks)) = (&mut self.identity, latest_ticks) {
            // What is finished was finished before it arrived.
            identity.clock.arrived(ticks, rx_ns);
        }
    }

    /// Takes a record that is whole, and notes what is new.
    fn on_record(
        &mut self,
        number: u64,
        record: &Record<'_>,
        rx_ns: u64,
        news: &mut News,
        stats: &mut Stats,
    ) {
        if let Record::Define(define) = record {
            news.learned = true;
            stats.nonsense += u64::from(!self.definitions.define(define));
            return;
        }
        if !self.gaps.came(number, rx_ns) {
            stats.doubles += 1;
            return;
        }
        match record {
            Record::Span(span) => {
                let sight = Sight::from(&span.head);
                news.latest_ticks = news.latest_ticks.max(Some(sight.end_ticks));
                news.finished.push(sight.own);
                self.gaps.saw(number, &sight);
                self.parents.saw(number, &sight);
            }
            Record::Log(log) => self.gaps.at(number, log.time_ticks),
            Record::Clock(clock) => {
                self.gaps.at(number, clock.time_ticks);
                stats.records_used += 1;
                self.on_clock(clock, rx_ns);
            }
            _ => {}
        }
        self.assembly.insert(number, record, rx_ns);
    }
}
