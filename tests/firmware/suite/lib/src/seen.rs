//! Frames made lines of text, as a collector would read them.
//!
//! ```text
//! span NAME in TRACE                a root; its trace is named after it
//! span NAME of PARENT in TRACE (KEY=VALUE, KEY=VALUE) @START+DURATION parts=PARTS ambiguous
//! part of SPAN (KEY=VALUE)
//! log of SPAN (KEY=VALUE) @TIME
//! reference of SPAN child_of TRACE/SPAN
//! ```
//!
//! Times are those since the bench began, and not shown where they are 0; a copied string is in
//! quotes; of remote ids the first byte is shown.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

use spandrel::wire::{
    self, Body, Define, NameRef, Parent, PartKey, Record, SiteRef, SpanHead, SpanRecord, TraceRef,
    Value,
};

use crate::bench::{BEGIN, DEVICE, SESSION};

/// What a collector has received.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Not yet read.
    frames: Vec<Vec<u8>>,
    reader: Reader,
    known: Known,
    heads: Vec<SpanHead>,
}

impl Seen {
    pub(crate) fn take(&mut self, frame: Vec<u8>) {
        self.frames.push(frame);
    }

    /// The spans of the last lines.
    pub(crate) fn heads(&self) -> &[SpanHead] {
        &self.heads
    }

    pub(crate) fn fragmented(&self) -> u32 {
        self.reader.fragmented
    }

    pub(crate) fn forget_definitions(&mut self) -> Vec<(bool, u16)> {
        core::mem::take(&mut self.known.definitions).into_keys().collect()
    }

    /// A line for each record that is no definition.
    pub(crate) fn lines(&mut self) -> Result<Vec<String>, String> {
        let frames = core::mem::take(&mut self.frames);
        self.heads.clear();
        self.known.sites.clear();
        // First what others refer to, which may stand behind them.
        let mut ahead = self.reader;
        ahead.each(&frames, |record| {
            if let Record::Span(span) = record {
                self.heads.push(span.head);
            }
            self.known.learn(record);
            Ok(())
        })?;
        let mut lines = Vec::new();
        self.reader.each(&frames, |record| {
            lines.extend(self.known.line(record)?);
            Ok(())
        })?;
        Ok(lines)
    }
}

/// How far the frames of a session were read.
#[derive(Clone, Copy, Debug, Default)]
struct Reader {
    packet: u32,
    record: u64,
    /// Records that came in fragments.
    fragmented: u32,
}

/// The last number of the first fragment's frame, and what they hold.
type Begun = (u64, Vec<u8>);

impl Reader {
    /// Calls `f` with each record, and with one that came in fragments when it is whole.
    fn each(
        &mut self,
        frames: &[Vec<u8>],
        mut f: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut begun: Option<Begun> = None;
        for bytes in frames {
            let frame = wire::decode(bytes).map_err(|error| error.to_string())?;
            check_eq!(frame.session_tag, SESSION.tag(DEVICE));
            let Body::Data(data) = frame.body else { return Err("not data".into()) };
            check!(data.head.packet >= self.packet, "packet {} came again", data.head.packet);
            check_eq!(data.head.first_record, self.record);
            self.packet = data.head.packet + 1;
            for record in &data.records {
                let Record::Fragment(fragment) = record else {
                    check!(begun.is_none(), "{record:?} came between fragments");
                    self.record += u64::from(record.ends_number());
                    f(record)?;
                    continue;
                };
                let begin = || (data.head.last_number, Vec::new());
                let (last_number, mut bytes) = begun.take().unwrap_or_else(begin);
                check_eq!(fragment.offset as usize, bytes.len());
                let number = self.record;
                self.record += u64::from(record.ends_number());
                bytes.extend_from_slice(fragment.bytes);
                if fragment.is_last {
                    self.fragmented += 1;
                    let whole = wire::decode_fragments(&bytes, number, last_number);
                    f(&whole.map_err(|error| error.to_string())?)?;
                } else {
                    begun = Some((last_number, bytes));
                }
            }
        }
        check!(begun.is_none(), "the last fragment did not come");
        Ok(())
    }
}

/// What records refer to.
#[derive(Debug, Default)]
struct Known {
    definitions: BTreeMap<(bool, u16), Vec<u8>>,
    /// Sites of spans, by their numbers.
    sites: BTreeMap<u64, u16>,
}

impl Known {
    fn learn(&mut self, record: &Record<'_>) {
        match record {
            Record::Define(Define { is_name, id, bytes, .. }) => {
                self.definitions.insert((*is_name, *id), bytes.to_vec());
            }
            Record::Span(span) => {
                self.sites.insert(span.head.own, span.head.site.id);
            }
            _ => {}
        }
    }

    fn line(&self, record: &Record<'_>) -> Result<Option<String>, String> {
        let mut line = String::new();
        match record {
            Record::Define(_) | Record::Fragment(_) => return Ok(None),
            Record::Span(span) => self.span(span, &mut line)?,
            Record::Part(part) => {
                line.push_str("part of ");
                line.push_str(&self.span_name(part.own));
                self.fields(part.key, &part.values, &mut line)?;
            }
            Record::Log(log) => {
                line.push_str("log of ");
                line.push_str(&self.span_name(log.own));
                self.fields(log.key, &log.values, &mut line)?;
                push_time(log.time_ticks, None, &mut line);
            }
            Record::Reference(reference) => {
                let kind = if reference.follows_from { "follows_from" } else { "child_of" };
                let (trace, span) = (reference.trace.0[0], reference.span.0[0]);
                let name = self.span_name(reference.own);
                let _ = write!(line, "reference of {name} {kind} {trace:02x}/{span:02x}");
            }
            Record::Clock(clock) => {
                let _ = write!(line, "clock {:?}", clock.event);
                push_time(clock.time_ticks, None, &mut line);
            }
        }
        Ok(Some(line))
    }

    fn span(&self, span: &SpanRecord<'_>, line: &mut String) -> Result<(), String> {
        let head = &span.head;
        line.push_str("span ");
        line.push_str(&self.span_name(head.own));
        match head.parent {
            Parent::None => {}
            Parent::Local(parent) => {
                line.push_str(" of ");
                line.push_str(&self.span_name(parent));
            }
            Parent::Remote => line.push_str(" of elsewhere"),
        }
        match head.trace {
            TraceRef::Own(root) => {
                line.push_str(" in ");
                line.push_str(&self.span_name(root));
            }
            TraceRef::Remote(id) => {
                let _ = write!(line, " in {:02x}", id.0[0]);
            }
        }
        self.fields(PartKey::Site(head.site), &span.values, line)?;
        push_time(head.start_ticks, Some(head.duration_ticks), line);
        if head.parts > 0 {
            let _ = write!(line, " parts={}", head.parts);
        }
        if head.ambiguous {
            line.push_str(" ambiguous");
        }
        Ok(())
    }

    fn span_name(&self, number: u64) -> String {
        let site = self.sites.get(&number);
        let name = site.and_then(|id| self.site(*id).ok()?.into_iter().next());
        name.unwrap_or_else(|| "?".into())
    }

    fn fields(
        &self,
        key: PartKey<'_>,
        values: &[Value<'_>],
        line: &mut String,
    ) -> Result<(), String> {
        let keys = match key {
            PartKey::Site(SiteRef { id: 0, .. }) => Vec::new(),
            PartKey::Site(site) => self.site(site.id)?.split_off(1),
            PartKey::Name(name, _) => Vec::from([self.name(name)?]),
        };
        check!(values.len() <= keys.len(), "{} values for {keys:?}", values.len());
        let mut between = " (";
        for (key, value) in keys.iter().zip(values) {
            line.push_str(between);
            line.push_str(key);
            line.push('=');
            self.value(value, line)?;
            between = ", ";
        }
        if !values.is_empty() {
            line.push(')');
        }
        Ok(())
    }

    fn value(&self, value: &Value<'_>, line: &mut String) -> Result<(), String> {
        let _ = match *value {
            Value::Bool(value) => write!(line, "{value}"),
            Value::I32(value) => write!(line, "{value}"),
            Value::U32(value) => write!(line, "{value}u"),
            Value::I64(value) => write!(line, "{value}l"),
            Value::U64(value) => write!(line, "{value}ul"),
            Value::F32(value) => write!(line, "{value:?}f"),
            Value::F64(value) => write!(line, "{value:?}"),
            Value::Static(name) => write!(line, "{}", self.name(name)?),
            Value::Text(text) => write!(line, "\"{text}\""),
            Value::Bytes(bytes) => write!(line, "{bytes:?}"),
            Value::CutText(text) => write!(line, "cut \"{text}\""),
            Value::CutBytes(bytes) => write!(line, "cut {bytes:?}"),
            Value::CutStatic(name) => write!(line, "cut {}", self.name(name)?),
        };
        Ok(())
    }

    fn name(&self, name: NameRef<'_>) -> Result<String, String> {
        match name {
            NameRef::Id(id) => text(self.definition(true, id)?),
            NameRef::Inline(text) => Ok(text.into()),
        }
    }

    /// Name and keys of a site.
    fn site(&self, id: u16) -> Result<Vec<String>, String> {
        let mut rest = self.definition(false, id)?;
        let mut strings = Vec::new();
        while let Some((len, more)) = rest.split_first() {
            let (string, more) = more.split_at_checked(usize::from(*len)).ok_or("a cut site")?;
            strings.push(text(string)?);
            rest = more;
        }
        check!(!strings.is_empty(), "site {id} has no name");
        Ok(strings)
    }

    fn definition(&self, is_name: bool, id: u16) -> Result<&[u8], String> {
        let known = self.definitions.get(&(is_name, id)).map(Vec::as_slice);
        known.ok_or_else(|| {
            alloc::format!("no definition of {} {id}", if is_name { "name" } else { "site" })
        })
    }
}

fn push_time(ticks: u64, duration_ticks: Option<u64>, line: &mut String) {
    let since = ticks.wrapping_sub(BEGIN.into());
    if since == 0 && duration_ticks.unwrap_or(0) == 0 {
        return;
    }
    let _ = write!(line, " @{since}");
    if let Some(duration) = duration_ticks {
        let _ = write!(line, "+{duration}");
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}
