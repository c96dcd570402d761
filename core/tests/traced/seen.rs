//! What a collector would know of the calls.

use spandrel::Tracer;
use spandrel::wire::{self, Body, NameRef, Parent, PartKey, Record, Value};
use std::collections::HashMap;

/// Keys and values, values as text.
pub(crate) type Fields = Vec<(String, String)>;

/// A span.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) parent: Option<u64>,
    pub(crate) number: u64,
    pub(crate) tags: Fields,
    pub(crate) logs: Vec<Fields>,
}

impl Call {
    /// The tags as one text.
    pub(crate) fn tags(&self) -> String {
        text(&self.tags)
    }

    /// The logs as one text.
    pub(crate) fn logs(&self) -> String {
        self.logs.iter().map(text).collect::<Vec<_>>().join("; ")
    }
}

fn text(fields: &Fields) -> String {
    let fields = fields.iter().map(|(key, value)| format!("{key}={value}"));
    fields.collect::<Vec<_>>().join(" ")
}

/// The calls that are finished, in the order of their ends.
pub(crate) fn calls(tracer: &'static Tracer) -> Vec<Call> {
    let mut drain = tracer.drain().expect("asked once");
    let mut frames = Vec::new();
    let mut buffer = [0; 1400];
    while let Some(frame) = drain.frame(&mut buffer) {
        frames.push(frame.to_vec());
    }
    let records = || {
        frames.iter().flat_map(|frame| {
            let Body::Data(data) = wire::decode(frame).expect("the core wrote it").body else {
                panic!("no data");
            };
            data.records
        })
    };
    let mut names = Names::default();
    records().for_each(|record| names.learn(&record));
    let mut calls: HashMap<u64, Call> = HashMap::new();
    let mut order = Vec::new();
    for record in records() {
        match record {
            Record::Span(span) => {
                order.push(span.head.own);
                let call = calls.entry(span.head.own).or_default();
                call.number = span.head.own;
                call.parent = match span.head.parent {
                    Parent::Local(number) => Some(number),
                    Parent::None | Parent::Remote => None,
                };
                if call.name.is_empty() {
                    call.name = names.of_site(span.head.site.id, 0);
                }
                let site = PartKey::Site(span.head.site);
                call.tags.splice(0..0, names.fields(&site, &span.values));
            }
            Record::Part(part) => {
                let call = calls.entry(part.own).or_default();
                for (key, value) in names.fields(&part.key, &part.values) {
                    if key.is_empty() {
                        call.name = value;
                    } else {
                        call.tags.push((key, value));
                    }
                }
            }
            Record::Log(log) => {
                let fields = names.fields(&log.key, &log.values);
                calls.entry(log.own).or_default().logs.push(fields);
            }
            _ => {}
        }
    }
    order.iter().filter_map(|number| calls.remove(number)).collect()
}

#[derive(Default)]
struct Names {
    sites: HashMap<u16, Vec<String>>,
    names: HashMap<u16, String>,
}

impl Names {
    fn learn(&mut self, record: &Record<'_>) {
        let Record::Define(define) = record else { return };
        let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("names are text");
        if define.is_name {
            self.names.insert(define.id, string(define.bytes));
            return;
        }
        let mut strings = Vec::new();
        let mut rest = define.bytes;
        while let Some((len, more)) = rest.split_first() {
            let (bytes, more) = more.split_at(usize::from(*len));
            strings.push(string(bytes));
            rest = more;
        }
        self.sites.insert(define.id, strings);
    }

    fn of_site(&self, site: u16, at: usize) -> String {
        self.sites.get(&site).map_or_else(String::new, |strings| strings[at].clone())
    }

    fn name(&self, name: &NameRef<'_>) -> String {
        match name {
            NameRef::Id(id) => self.names[id].clone(),
            NameRef::Inline(text) => (*text).to_owned(),
        }
    }

    fn fields(&self, key: &PartKey<'_>, values: &[Value<'_>]) -> Fields {
        let field = |(at, value): (usize, &Value<'_>)| {
            let key = match key {
                PartKey::Site(site) => self.of_site(site.id, 1 + at),
                PartKey::Name(name, _) => self.name(name),
            };
            let value = match value {
                Value::Static(name) => self.name(name),
                Value::Text(text) | Value::CutText(text) => (*text).to_owned(),
                other => format!("{other:?}"),
            };
            (key, value)
        };
        values.iter().enumerate().map(field).collect()
    }
}
