//! What call sites and names are in OTLP's bytes: made once for each, from what the session knows of them.

use super::piece::Piece;
use crate::model::{Attribute, Resource, Value, encode};
use crate::protobuf::Writer;
use crate::session::definitions::{Definitions, Number, Site};
use crate::session::process::SAMPLER;
use spandrel::wire::{self, NameRef};
use std::collections::HashMap;

/// Sites, names and the process as bytes. It holds nothing that could not be made anew.
#[derive(Debug, Default)]
pub(crate) struct Known {
    sites: Table<Option<Plain>>,
    names: Table<Piece>,
    resource: Vec<u8>,
    /// Whether that is the process as it is now.
    is_process_known: bool,
    sampler: Option<Piece>,
    weight: usize,
}

/// A call site whose spans are what they are recorded as: none of its keys says anything but an attribute.
#[derive(Debug)]
pub(super) struct Plain {
    /// The field of the name.
    pub(super) name: Piece,
    pub(super) keys: Vec<Key>,
    /// The attributes that say where it is.
    pub(super) location: Piece<ENDING>,
    /// The same, and what every span ends with.
    pub(super) ending: Piece<ENDING>,
}

/// What most locations take no more than, with what comes behind them.
const ENDING: usize = 96;

/// What a span ends with: that its trace is recorded, by W3C's flag.
pub(super) const FLAGS: [u8; 6] = [0x85, 0x01, 1, 0, 0, 0];

/// How an attribute begins, up to its value: a tag, a byte for the length of what follows, the key, and
/// the tag of the value.
#[derive(Debug)]
pub(super) struct Key(pub(super) Piece);

impl Key {
    /// So many bytes do not count for the attribute's length: the tag, and that length.
    pub(super) const BEFORE: usize = 2;

    fn new(key: &str) -> Self {
        let mut out = Writer::default();
        out.raw(&[0x4a, 0]);
        out.bytes(1, key.as_bytes());
        out.raw(&[0x12]);
        Self(Piece::new(&out.into_bytes()))
    }

    /// How many bytes count.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.0.len().saturating_sub(Self::BEFORE)
    }
}

impl Known {
    /// Whether the names in values are defined.
    #[inline]
    pub(super) fn knows_names(
        &mut self,
        values: &[wire::Value<'_>],
        definitions: &Definitions,
    ) -> bool {
        values.iter().all(|value| match value {
            wire::Value::Static(NameRef::Id(id)) | wire::Value::CutStatic(NameRef::Id(id)) => {
                self.knows_name(*id, definitions)
            }
            _ => true,
        })
    }

    /// Whether a site is defined.
    pub(super) fn knows_site(&mut self, id: u16, definitions: &Definitions) -> bool {
        if self.sites.get(id).is_some() {
            return true;
        }
        let Some(site) = definitions.site(id) else { return false };
        let plain = Plain::of(site);
        self.weight += plain.as_ref().map_or(0, Plain::weight) + ENTRY;
        self.sites.insert(id, plain);
        true
    }

    #[inline]
    fn knows_name(&mut self, id: u16, definitions: &Definitions) -> bool {
        if self.names.get(id).is_some() {
            return true;
        }
        if !definitions.knows(Number::Name(id)) {
            return false;
        }
        let mut out = Writer::default();
        out.message(2, |out| encode::value(out, &Value::Str(definitions.name(id))));
        // Less its tag.
        let piece = Piece::new(out.into_bytes().get(1..).unwrap_or_default());
        self.weight += piece.weight() + ENTRY;
        self.names.insert(id, piece);
        true
    }

    /// A site, if its spans are plain.
    #[inline]
    pub(super) fn site(&self, id: u16) -> Option<&Plain> {
        self.sites.get(id)?.as_ref()
    }

    /// The value that a name is: its length, and the message.
    #[inline]
    pub(super) fn name(&self, id: u16) -> Option<&Piece> {
        self.names.get(id)
    }

    /// The attributes that say what sampled a root.
    #[inline]
    pub(super) fn sampler(&self) -> Option<&Piece> {
        self.sampler.as_ref()
    }

    /// Learns what samples roots, which does not change.
    #[inline]
    pub(super) fn learn_sampler(&mut self, sampler: &[Value; 2]) {
        self.sampler.get_or_insert_with(|| {
            let both = SAMPLER.into_iter().zip(sampler);
            let tags: Vec<_> =
                both.map(|(key, value)| Attribute::new(key, value.clone())).collect();
            Piece::new(&attributes(&tags))
        });
    }

    /// A process as a message.
    pub(super) fn resource(&mut self, resource: &Resource) -> &[u8] {
        if !core::mem::replace(&mut self.is_process_known, true) {
            let mut bytes = core::mem::take(&mut self.resource);
            bytes.clear();
            let mut out = Writer::behind(bytes);
            encode::resource(&mut out, resource);
            self.resource = out.into_bytes();
        }
        &self.resource
    }

    /// The process is another one now.
    pub(in crate::session) fn forget_process(&mut self) {
        self.is_process_known = false;
    }

    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        self.weight + self.resource.capacity() + self.sampler.as_ref().map_or(0, Piece::weight)
    }
}

/// The place of a site or a name in its table, which may be half empty.
const ENTRY: usize = 2 * (size_of::<Option<Plain>>() + size_of::<(u16, u32)>());

impl Plain {
    fn of(site: &Site) -> Option<Self> {
        /// What does not become an attribute, or not as it stands.
        const SPECIAL: [&str; 6] =
            ["span.kind", "error", "otel.status_code", "http.status_code", SAMPLER[0], SAMPLER[1]];
        const LOCATION: [&str; 2] = ["code.file.path", "code.line.number"];

        let keys = site.keys.iter().map(|key| &**key);
        let is_plain = |(place, key): (usize, &str)| {
            let is_first = site.keys.iter().position(|other| **other == *key) == Some(place);
            is_first && !SPECIAL.contains(&key) && !LOCATION.contains(&key)
        };
        if !keys.clone().enumerate().all(is_plain) {
            return None;
        }
        let location = site.location().map_or_else(Vec::new, |(file, line)| {
            let [path, number] = LOCATION;
            vec![Attribute::new(path, file.clone()), Attribute::new(number, *line)]
        });
        let name = if site.name.is_empty() { "empty-span-name" } else { &*site.name };
        let location = attributes(&location);
        let mut field = Writer::default();
        field.bytes(5, name.as_bytes());
        Some(Self {
            name: Piece::new(&field.into_bytes()),
            keys: keys.map(Key::new).collect(),
            ending: Piece::new(&[&*location, &FLAGS].concat()),
            location: Piece::new(&location),
        })
    }

    fn weight(&self) -> usize {
        let keys: usize = self.keys.iter().map(|key| key.0.weight()).sum();
        self.name.weight() + keys + self.location.weight() + self.ending.weight()
    }
}

fn attributes(tags: &[Attribute]) -> Vec<u8> {
    let mut out = Writer::default();
    encode::attributes(&mut out, 9, tags);
    out.into_bytes()
}

/// So many are found at once.
const RECENT: usize = 32;

/// Things by their number; those of the last numbers are found at once.
#[derive(Debug)]
struct Table<T> {
    /// By a few bits of a number: a number, and its place in the list.
    recent: [Option<(u16, u32)>; RECENT],
    places: HashMap<u16, u32>,
    list: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { recent: [None; RECENT], places: HashMap::new(), list: Vec::new() }
    }
}

impl<T> Table<T> {
    #[inline]
    fn get(&self, id: u16) -> Option<&T> {
        let place = match self.recent.get(usize::from(id) % RECENT) {
            Some(Some((recent, place))) if *recent == id => *place,
            _ => *self.places.get(&id)?,
        };
        self.list.get(usize::try_from(place).ok()?)
    }

    fn insert(&mut self, id: u16, thing: T) {
        let Ok(place) = u32::try_from(self.list.len()) else { return };
        self.list.push(thing);
        self.places.insert(id, place);
        if let Some(recent) = self.recent.get_mut(usize::from(id) % RECENT) {
            *recent = Some((id, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_found_by_their_number() {
        let mut table = Table::default();
        for id in (0..4000).step_by(3) {
            table.insert(id, id);
        }
        for id in 0..4000 {
            assert_eq!(table.get(id).copied(), (id % 3 == 0).then_some(id));
        }
    }
}
