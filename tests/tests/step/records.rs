//! What a run of the firmware must have recorded, and what it did.

use spandrel::wire::Record;

use crate::coverage::Coverage;
use crate::seen::{Line, Seen, belongs_to};

/// One run: what the firmware said of it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) line: String,
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) dropped: usize,
    is_interrupted: bool,
    fillers: u32,
    begun: u32,
    ended: u32,
}

fn line(what: &str, of: &str, trace: &str) -> Line {
    [what, of, trace].map(str::to_owned)
}

/// What `work.rs` of the firmware records, besides the fillers.
fn expected_of(stretch: &str) -> Vec<Line> {
    match stretch {
        "w1" => vec![line("span w1 count=1 state=ready", "base", "base")],
        "w2" => vec![line("span w2", "base", "base")],
        "log" => vec![line("log count=7", "base", "")],
        "text" => vec![line("log event=some text size=9 last=true", "base", "")],
        "scope" => vec![
            line("span inner count=5 state=busy", "outer", "base"),
            line("span beside", "base", "base"),
            line("span outer count=4", "base", "base"),
        ],
        "tags" => vec![
            line("part a=true b=-2 c=three", "tagged", ""),
            line("part d=4 e=five", "tagged", ""),
            line("part f=6", "tagged", ""),
            line("log event=full", "tagged", ""),
            line("span tagged", "base", "base"),
        ],
        "root" => vec![line("span other count=8", "none", "other")],
        "remote" => vec![
            line("reference", "entry", "remote"),
            line("part count=6", "entry", ""),
            line("span below", "entry", "remote"),
            line("span entry", "elsewhere", "remote"),
        ],
        "drain" => vec![],
        other => panic!("an unknown stretch: {other}"),
    }
}

impl Run {
    /// What the firmware's line says; where the interrupt came goes into the coverage.
    pub(crate) fn new(line: &str, coverage: &mut Coverage) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let [when, at, _pc, before, fillers, dropped, begun, ended] = words[..] else {
            panic!("not a run: {line}")
        };
        if when == "inside" {
            coverage.came(at.parse().unwrap(), u16::from_str_radix(before, 16).unwrap());
        }
        Self {
            line: line.to_owned(),
            frames: Vec::new(),
            dropped: dropped.parse().unwrap(),
            is_interrupted: when != "undisturbed",
            fillers: fillers.parse().unwrap(),
            begun: begun.parse().unwrap(),
            ended: ended.parse().unwrap(),
        }
    }

    /// Whether what was recorded is what was made, less as many records as were dropped.
    pub(crate) fn check(&self, stretch: &str) -> Result<(), String> {
        let seen = Seen::decode(&self.frames)?;
        let names = seen.names_of_spans()?;
        let mut missing = self.made(stretch);
        for label in missing.iter_mut().flat_map(|[_, of, trace]| [of, trace]) {
            let is_span = !["", "none", "elsewhere", "remote"].contains(&label.as_str());
            if is_span && !names.values().any(|name| name == label) {
                "lost".clone_into(label);
            }
        }
        let mut fillers = 0;
        for record in &seen.records {
            let found = seen.line(record, &names)?;
            let known = missing.iter().position(|made| *made == found);
            let Some(at) = known else { return Err(format!("nobody made {found:?}")) };
            missing.remove(at);
            self.check_record(record, &seen)?;
            if let Some(count) = found[0].strip_prefix("span filler count=") {
                let count: u32 = count.parse().unwrap();
                if count < fillers {
                    return Err(format!("filler {count} comes behind filler {fillers}"));
                }
                fillers = count;
            }
        }
        if missing.len() != self.dropped {
            return Err(format!("{} dropped, and missing are {missing:?}", self.dropped));
        }
        Ok(())
    }

    /// All that was made.
    fn made(&self, stretch: &str) -> Vec<Line> {
        let mut made = expected_of(stretch);
        let fillers = (0..self.fillers).map(|n| format!("span filler count={n}"));
        made.extend(fillers.map(|filler| line(&filler, "base", "base")));
        made.push(line("span behind", "base", "base"));
        made.push(line("span base", "none", "base"));
        if self.is_interrupted {
            made.push(line("span tock count=3 state=on", "tick", "tick"));
            made.push(line("log event=beat", "tick", ""));
            made.push(line("span tick", "none", "tick"));
        }
        made
    }

    /// The times lie within the run, and a span says how many records belong to it.
    fn check_record(&self, record: &Record<'_>, seen: &Seen<'_>) -> Result<(), String> {
        let length = u64::from(self.ended.wrapping_sub(self.begun));
        #[expect(clippy::cast_possible_truncation, reason = "the counter has 32 bits")]
        let is_within = |from: u64, to: u64| {
            let since = (from as u32).wrapping_sub(self.begun);
            u64::from(since) <= length && to - from <= length - u64::from(since)
        };
        match record {
            Record::Span(span) => {
                let (start, end) =
                    (span.head.start_ticks, span.head.start_ticks + span.head.duration_ticks);
                if span.head.ambiguous || !is_within(start, end) {
                    return Err(format!("not the right time: {span:?}"));
                }
                let others =
                    seen.records.iter().filter(|other| belongs_to(other) == Some(span.head.own));
                let others = others.count();
                let parts = usize::from(span.head.parts);
                if others > parts || (self.dropped == 0 && others != parts) {
                    return Err(format!("{others} records belong to {span:?}"));
                }
            }
            Record::Log(log) if !is_within(log.time_ticks, log.time_ticks) => {
                return Err(format!("not the right time: {log:?}"));
            }
            _ => {}
        }
        Ok(())
    }
}
