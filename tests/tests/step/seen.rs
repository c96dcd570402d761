//! The records of a run, put into words with the definitions that came before them.

use std::collections::BTreeMap;

use spandrel::wire::{
    self, Body, NameRef, Parent, PartKey, Record, SiteRef, SpanRecord, TraceRef, Value,
};

/// A record in words: what it says, the span that it belongs to or is below, and the trace.
pub(crate) type Line = [String; 3];

/// The records of a run and what they refer to.
#[derive(Default)]
pub(crate) struct Seen<'a> {
    pub(crate) records: Vec<Record<'a>>,
    /// By whether it is a name, and its number.
    definitions: BTreeMap<(bool, u16), Vec<u8>>,
}

/// The number of the span that a record is a part of.
pub(crate) fn belongs_to(record: &Record<'_>) -> Option<u64> {
    match record {
        Record::Part(part) => Some(part.own),
        Record::Log(log) => Some(log.own),
        Record::Reference(reference) => Some(reference.own),
        Record::Span(_) | Record::Clock(_) | Record::Define(_) | Record::Fragment(_) => None,
    }
}

impl<'a> Seen<'a> {
    /// Decodes frames, which must follow each other without a gap.
    pub(crate) fn decode(frames: &'a [Vec<u8>]) -> Result<Self, String> {
        let mut seen = Self::default();
        for (packet, frame) in frames.iter().enumerate() {
            let frame = wire::decode(frame).map_err(|error| error.to_string())?;
            let Body::Data(data) = frame.body else { return Err("not a data frame".into()) };
            let (head, next) = (data.head, seen.records.len() as u64);
            // A full ring is the one way to lose something here; without a slot nothing is lost.
            let wire::Losses { ring_full, open_full, .. } = head.losses;
            let losses = wire::Losses { ring_full, open_full, ..Default::default() };
            if (head.packet as usize, head.first_record, head.losses) != (packet, next, losses) {
                return Err(format!("packet {packet} with record {next} and not {head:?}"));
            }
            data.records.into_iter().for_each(|record| seen.take(record));
        }
        Ok(seen)
    }

    fn take(&mut self, record: Record<'a>) {
        if let Record::Define(define) = record {
            let bytes = self.definitions.entry((define.is_name, define.id)).or_default();
            *bytes = define.bytes.to_vec();
        } else {
            self.records.push(record);
        }
    }

    /// The operation name of each span, by its number, which no other span has.
    pub(crate) fn names_of_spans(&self) -> Result<BTreeMap<u64, String>, String> {
        let mut names = BTreeMap::new();
        for record in &self.records {
            if let Record::Span(span) = record {
                let name = self.site(span.head.site)?.swap_remove(0);
                if names.insert(span.head.own, name).is_some() {
                    return Err(format!("two spans have the number {}", span.head.own));
                }
            }
        }
        Ok(names)
    }

    /// A record in words; a span whose own record is missing is called `lost`.
    pub(crate) fn line(
        &self,
        record: &Record<'_>,
        names: &BTreeMap<u64, String>,
    ) -> Result<Line, String> {
        let name_of = |own| names.get(&own).map_or("lost", String::as_str).to_owned();
        let of = belongs_to(record).map(name_of).unwrap_or_default();
        Ok(match record {
            Record::Span(span) => self.span(span, &name_of)?,
            Record::Part(part) => [self.fields("part", part.key, &part.values)?, of, String::new()],
            Record::Log(log) => [self.fields("log", log.key, &log.values)?, of, String::new()],
            Record::Reference(reference) => {
                let is_right = reference.trace.0 == [7; 16]
                    && reference.span.0 == [9; 8]
                    && !reference.follows_from;
                let trace = if is_right { "remote".to_owned() } else { format!("{reference:?}") };
                ["reference".to_owned(), of, trace]
            }
            Record::Clock(_) => return Err("nothing befell the clock".into()),
            Record::Define(_) => return Err("a definition is no record".into()),
            Record::Fragment(_) => return Err("no frame is too short for a record".into()),
        })
    }

    fn span(
        &self,
        span: &SpanRecord<'_>,
        name_of: &impl Fn(u64) -> String,
    ) -> Result<Line, String> {
        let name = self.site(span.head.site)?.swap_remove(0);
        let what =
            self.fields(&format!("span {name}"), PartKey::Site(span.head.site), &span.values)?;
        let parent = match span.head.parent {
            Parent::None => "none".to_owned(),
            Parent::Local(own) => name_of(own),
            Parent::Remote => "elsewhere".to_owned(),
        };
        let trace = match span.head.trace {
            TraceRef::Own(root) => name_of(root),
            TraceRef::Remote(id) if id.0 == [7; 16] => "remote".to_owned(),
            other => format!("{other:?}"),
        };
        Ok([what, parent, trace])
    }

    fn fields(&self, what: &str, key: PartKey<'_>, values: &[Value<'_>]) -> Result<String, String> {
        let keys = match key {
            PartKey::Site(site) => self.site(site)?.split_off(1),
            PartKey::Name(name, _) => vec![self.name(name)?],
        };
        let mut text = what.to_owned();
        for (at, value) in values.iter().enumerate() {
            let key = keys.get(at).ok_or("there are more values than keys")?;
            text.push_str(&format!(" {key}={}", self.value(value)?));
        }
        Ok(text)
    }

    fn value(&self, value: &Value<'_>) -> Result<String, String> {
        Ok(match value {
            Value::Bool(value) => value.to_string(),
            Value::I32(value) => value.to_string(),
            Value::U32(value) => value.to_string(),
            Value::U64(value) => value.to_string(),
            Value::Static(name) => self.name(*name)?,
            Value::Text(text) => (*text).to_owned(),
            other => format!("{other:?}"),
        })
    }

    fn name(&self, name: NameRef<'_>) -> Result<String, String> {
        match name {
            NameRef::Id(id) => text(self.definition(true, id)?),
            NameRef::Inline(text) => Ok(text.to_owned()),
        }
    }

    /// Name and keys of a site.
    fn site(&self, site: SiteRef) -> Result<Vec<String>, String> {
        let mut rest = self.definition(false, site.id)?;
        let mut strings = Vec::new();
        while let Some((len, more)) = rest.split_first() {
            let (string, more) = more.split_at_checked(usize::from(*len)).ok_or("a cut site")?;
            strings.push(text(string)?);
            rest = more;
        }
        if strings.is_empty() { Err("an empty site".into()) } else { Ok(strings) }
    }

    fn definition(&self, is_name: bool, id: u16) -> Result<&[u8], String> {
        let known = self.definitions.get(&(is_name, id)).map(Vec::as_slice);
        known.ok_or_else(|| {
            format!("no definition of {} {id}", if is_name { "name" } else { "site" })
        })
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}
