//! What the frames of one run say, over all of its boots, and whether that is what was recorded.

use std::collections::{BTreeMap, HashMap};

use spandrel::wire::{self, Body, NameRef, PartKey, Record, Value};
use spandrel_tests::vectors::from_hex;

use crate::expected::{self, State};

/// One run.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    line: &'a str,
    pub(crate) done: usize,
    pub(crate) pc: u32,
    pub(crate) unfinished: u32,
    /// Records that came twice, under the same number.
    pub(crate) doubled: usize,
    is_judged: bool,
    /// In the order in which they were heard of.
    sessions: Vec<([u8; 4], Session)>,
}

/// What a collector knows of a session.
#[derive(Debug, Default)]
struct Session {
    /// Numbers and cause, if it said so.
    number: Option<u32>,
    ended: Option<(wire::ResetCause, u64)>,
    previous: Option<u32>,
    sites: HashMap<u16, Vec<String>>,
    names: HashMap<u16, String>,
    /// By number: what it is, and of which span.
    records: BTreeMap<u64, (u64, Kind, Vec<RawTag>)>,
    packets: Vec<u32>,
    last_tick: u64,
    /// The description of the process, as far as hellos told it.
    process: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Span { is_cut_off: bool, start: u64, duration: u64 },
    Part,
    Log,
    Reference,
}

/// A key and a value, with names by their numbers: they may be told later.
type RawTag = (Key, Raw);

#[derive(Clone, Debug, PartialEq)]
enum Key {
    /// The name of the site itself, or one of its keys.
    Site(u16, usize),
    Name(Raw),
}

#[derive(Clone, Debug, PartialEq)]
enum Raw {
    Text(String),
    Name(u16),
}

impl<'a> Run<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self {
            line,
            done: 0,
            pc: 0,
            unfinished: 0,
            doubled: 0,
            is_judged: false,
            sessions: Vec::new(),
        }
    }

    /// A line that the firmware printed of it.
    pub(crate) fn line(&mut self, word: &str, rest: &str) {
        match word {
            "frame" => self.frame(&from_hex(rest).unwrap()),
            "reset" => {
                let (done, pc) = rest.split_once(' ').unwrap();
                self.done = done.parse().unwrap();
                self.pc = u32::from_str_radix(pc, 16).unwrap();
            }
            "boot" => {
                self.is_judged = true;
                let field = |name: &str| {
                    let value = rest.split_once(name).unwrap().1.trim_start_matches(": ");
                    value.split([',', ' ']).next().unwrap().to_owned()
                };
                assert_eq!(field("is_cold"), "false", "{}: {rest}", self.line);
                assert_eq!(field("is_damaged"), "false", "{}: {rest}", self.line);
                assert_eq!(field("given_up"), "0", "{}: {rest}", self.line);
                self.unfinished = field("unfinished").parse().unwrap();
            }
            _ => panic!("{}: the firmware said: {word} {rest}", self.line),
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        let frame = wire::decode(bytes).unwrap();
        let known = self.sessions.iter().position(|(tag, _)| *tag == frame.session_tag);
        let at = known.unwrap_or_else(|| {
            self.sessions.push((frame.session_tag, Session::default()));
            self.sessions.len() - 1
        });
        let (_, session) = &mut self.sessions[at];
        session.frame(&frame.body, &mut self.doubled);
    }

    /// Whether it is what it must be.
    pub(crate) fn check(&self) {
        assert!(self.is_judged, "{}: it has no end", self.line);
        if let Err(wrong) = self.try_check() {
            panic!("{} ({} done, at {:#x}): {wrong}", self.line, self.done, self.pc);
        }
    }

    /// How many spans were cut off.
    pub(crate) fn cut_off(&self) -> usize {
        let sessions = self.sessions.iter().map(|(_, session)| session);
        let all = sessions.flat_map(|session| session.records.values());
        all.filter(|(_, kind, _)| matches!(kind, Kind::Span { is_cut_off: true, .. })).count()
    }

    fn try_check(&self) -> Result<(), String> {
        let (first, rest) = self.sessions.split_first().ok_or("no session")?;
        let (last, middle) = rest.split_last().ok_or("only one session")?;
        let first = first.1.spans(None)?;
        let expected = (0..8).map(|n| (n, (expected::text_of_first(n), [3, 7].contains(&n))));
        if first != expected.collect() {
            return Err(format!("the first boot recorded other than {first:?}"));
        }
        let (_, last) = last;
        if last.spans(None)? != BTreeMap::from([(99, ("after count=99".to_owned(), false))]) {
            return Err(format!("the last boot recorded other than {last:?}"));
        }
        let work = match middle {
            [] => &Session::default(),
            [(_, work)] => work,
            more => return Err(format!("{} sessions too many", more.len() - 1)),
        };
        self.check_work(work)?;
        for (_, session) in self.sessions.iter().take(self.sessions.len() - 1) {
            session.check_end()?;
        }
        Ok(())
    }

    /// What was done is there; what was just being done may be.
    fn check_work(&self, work: &Session) -> Result<(), String> {
        let beginning = match expected::OPERATIONS.get(self.done) {
            Some(expected::Operation::Begin(number)) => Some(*number),
            _ => None,
        };
        let spans = work.spans(beginning)?;
        let is_parted = |number: u32| {
            // A part that was just being written.
            let operation = expected::OPERATIONS.get(self.done);
            number % 10 == 4
                && (operation == Some(&expected::Operation::Part(number))
                    || operation == Some(&expected::Operation::Begin(number))
                    || expected::state(number, self.done) == State::Open)
        };
        for number in expected::numbers() {
            let found = match spans.get(&number) {
                None => State::Absent,
                Some((_, true)) => State::Open,
                Some((_, false)) => State::Committed,
            };
            let allowed = [self.done, self.done + 1].map(|done| expected::state(number, done));
            if !allowed.contains(&found) {
                return Err(format!("span {number} is {found:?}, and not one of {allowed:?}"));
            }
            let Some((text, _)) = spans.get(&number) else { continue };
            let whole = expected::text(number);
            if *text != whole && !(is_parted(number) && whole.starts_with(&**text)) {
                return Err(format!("span {number} is `{text}`"));
            }
        }
        if let Some(other) = spans.keys().find(|number| expected::numbers().all(|n| n != **number))
        {
            return Err(format!("nobody made span {other}"));
        }
        let logs = work.logs()?;
        let done: Vec<_> = expected::logs(self.done).collect();
        let next: Vec<_> = expected::logs(self.done + 1).collect();
        if logs != done && logs != next {
            return Err(format!("the logs are {logs:?}, and not {done:?}"));
        }
        Ok(())
    }
}

impl Session {
    fn frame(&mut self, body: &Body<'_>, doubled: &mut usize) {
        let packet = match body {
            Body::Hello(hello) => {
                self.number = Some(hello.session);
                self.previous = hello.previous;
                self.ended = hello.ended.map(|cause| (cause, hello.first_record));
                self.last_tick = hello.sent_ticks;
                if hello.process_offset as usize == self.process.len() {
                    self.process.extend_from_slice(hello.process);
                }
                hello.packet
            }
            Body::Data(data) => {
                let mut number = data.head.first_record;
                for record in &data.records {
                    self.record(number, record, doubled);
                    number += u64::from(record.ends_number());
                }
                data.head.packet
            }
            other => panic!("{other:?}"),
        };
        assert!(!self.packets.contains(&packet), "packet {packet} came twice");
        self.packets.push(packet);
    }

    fn record(&mut self, number: u64, record: &Record<'_>, doubled: &mut usize) {
        let taken = match record {
            Record::Define(define) => return self.define(define),
            Record::Span(span) => {
                let (is_cut_off, head) = (span.head.cut_off, &span.head);
                let kind = Kind::Span {
                    is_cut_off,
                    start: head.start_ticks,
                    duration: head.duration_ticks,
                };
                assert!(!head.ambiguous);
                (head.own, kind, tags(&PartKey::Site(head.site), &span.values, true))
            }
            Record::Part(part) => (part.own, Kind::Part, tags(&part.key, &part.values, false)),
            Record::Log(log) => (log.own, Kind::Log, tags(&log.key, &log.values, false)),
            Record::Reference(reference) => (reference.own, Kind::Reference, Vec::new()),
            other => panic!("{other:?}"),
        };
        if let Some(known) = self.records.get(&number) {
            assert_eq!(*known, taken, "two records have number {number}");
            *doubled += 1;
        } else {
            self.records.insert(number, taken);
        }
    }

    fn define(&mut self, define: &wire::Define<'_>) {
        assert!(!define.by_address, "it is the same build");
        if define.is_name {
            let name = String::from_utf8(define.bytes.to_vec()).unwrap();
            if let Some(known) = self.names.insert(define.id, name.clone()) {
                assert_eq!(known, name, "a number has two names");
            }
            return;
        }
        let (mut rest, mut strings) = (define.bytes, Vec::new());
        while let Some((len, more)) = rest.split_first() {
            let (string, more) = more.split_at(usize::from(*len));
            strings.push(String::from_utf8(string.to_vec()).unwrap());
            rest = more;
        }
        self.sites.insert(define.id, strings);
    }

    /// The spans by their first tag: name and tags as text, and whether they were cut off. One that was just
    /// beginning may have none yet.
    fn spans(&self, beginning: Option<u32>) -> Result<BTreeMap<u32, (String, bool)>, String> {
        let mut spans = BTreeMap::new();
        for (own, kind, tags) in self.records.values() {
            let Kind::Span { is_cut_off, start, duration } = kind else { continue };
            if *is_cut_off && start + duration != self.last_tick {
                return Err(format!(
                    "a span cut off at {}, not {}",
                    start + duration,
                    self.last_tick
                ));
            }
            let parts =
                self.records.values().filter(|(of, kind, _)| of == own && *kind == Kind::Part);
            let all = tags.iter().chain(parts.flat_map(|(_, _, tags)| tags));
            let texts: Vec<_> = all.map(|tag| self.text(tag)).collect::<Result<_, _>>()?;
            let count = texts.iter().find_map(|text| text.strip_prefix("count="));
            let number = match (count, beginning.filter(|_| *is_cut_off)) {
                (Some(count), _) => count.parse().unwrap(),
                (None, Some(beginning)) => beginning,
                (None, None) => return Err(format!("a span without a count: {texts:?}")),
            };
            let text = texts.join(" ");
            if let Some(other) = spans.insert(number, (text.clone(), *is_cut_off)) {
                return Err(format!("span {number} is there twice: {text} and {other:?}"));
            }
        }
        Ok(spans)
    }

    /// The logs: the first tag of the span that they are of, and their field.
    fn logs(&self) -> Result<Vec<(u32, u32)>, String> {
        let spans = self.records.values().filter(|(_, kind, _)| matches!(kind, Kind::Span { .. }));
        let number = |tags: &[RawTag]| {
            let texts: Vec<_> = tags.iter().map(|tag| self.text(tag)).collect::<Result<_, _>>()?;
            let count = texts.iter().find_map(|text: &String| text.strip_prefix("count="));
            count.and_then(|count| count.parse().ok()).ok_or_else(|| format!("no count: {texts:?}"))
        };
        let owners: HashMap<_, _> = spans.map(|(own, _, tags)| (*own, number(tags))).collect();
        let mut logs = Vec::new();
        for (own, kind, fields) in self.records.values() {
            if *kind == Kind::Log {
                let owner = owners.get(own).ok_or("a log of no span")?.clone()?;
                logs.push((owner, number(fields)?));
            }
        }
        Ok(logs)
    }

    /// It says that it has ended, and how many records it had: all of them came.
    fn check_end(&self) -> Result<(), String> {
        let (cause, records) = self.ended.ok_or("nobody said that the session has ended")?;
        if cause == wire::ResetCause::Unknown {
            return Err("the cause is not known".to_owned());
        }
        // A service, a build id as long as the linker makes it, and no tags.
        let (service, build, tags): (&str, &[u8], u8) =
            postcard::from_bytes(&self.process).map_err(|error| error.to_string())?;
        if (service, build.len(), tags) != ("reset", 20, 0) {
            return Err(format!("the process is {service} of build {build:?}"));
        }
        let numbers: Vec<_> = self.records.keys().copied().collect();
        if numbers != (0..records).collect::<Vec<_>>() {
            return Err(format!("of {records} records there are {numbers:?}"));
        }
        Ok(())
    }

    fn text(&self, (key, value): &RawTag) -> Result<String, String> {
        let raw = |raw: &Raw| match raw {
            Raw::Text(text) => Ok(text.clone()),
            Raw::Name(id) => self.names.get(id).cloned().ok_or_else(|| format!("no name {id}")),
        };
        let key = match key {
            Key::Site(id, at) => {
                let site = self.sites.get(id).ok_or_else(|| format!("no site {id}"))?;
                site.get(*at).ok_or_else(|| format!("no key {at} of {site:?}"))?.clone()
            }
            Key::Name(name) => raw(name)?,
        };
        let value = raw(value)?;
        Ok(if value.is_empty() { key } else { format!("{key}={value}") })
    }
}

/// Keys and values; with the name of the site in front where it is a span's.
fn tags(key: &PartKey<'_>, values: &wire::Values<'_>, has_name: bool) -> Vec<RawTag> {
    let name = |name: &NameRef<'_>| match name {
        NameRef::Id(id) => Raw::Name(*id),
        NameRef::Inline(text) => Raw::Text((*text).to_owned()),
    };
    let mut tags = Vec::new();
    if let (PartKey::Site(site), true) = (key, has_name) {
        tags.push((Key::Site(site.id, 0), Raw::Text(String::new())));
    }
    for (at, value) in values.iter().enumerate() {
        let key = match key {
            PartKey::Site(site) => Key::Site(site.id, 1 + at),
            PartKey::Name(key, _) => Key::Name(name(key)),
        };
        let value = match value {
            Value::Static(text) | Value::CutStatic(text) => name(text),
            Value::Text(text) => Raw::Text((*text).to_owned()),
            Value::I32(number) => Raw::Text(number.to_string()),
            Value::U32(number) => Raw::Text(number.to_string()),
            Value::U64(number) => Raw::Text(number.to_string()),
            other => panic!("{other:?}"),
        };
        tags.push((key, value));
    }
    tags
}
