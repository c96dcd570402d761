//! What the numbers in records stand for: call sites and names, as a session has defined them.

use super::record::SHARED;
use serde::{Deserialize, Serialize};
use spandrel::wire::Define;
use std::collections::HashMap;
use std::sync::Arc;

/// No session may fill more memory with definitions.
const MOST_BYTES: usize = 512 * 1024;

/// A call site: the operation and the keys of its tags, or of a log's fields.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Site {
    /// The operation name; empty for a log.
    pub(super) name: Arc<str>,
    /// The keys, in order.
    pub(super) keys: Vec<Arc<str>>,
    /// File and line, if the firmware tells.
    location: Option<(Arc<str>, i64)>,
}

/// Which definition: of a name or of a site, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Number {
    Site(u16),
    Name(u16),
}

/// The definitions of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Definitions {
    #[serde(serialize_with = "super::saved::in_order")]
    sites: HashMap<u16, Arc<Site>>,
    #[serde(serialize_with = "super::saved::in_order")]
    names: HashMap<u16, Arc<str>>,
    weight: usize,
}

impl Definitions {
    /// Takes a definition; false where it makes no sense or there is no room.
    pub(super) fn define(&mut self, define: &Define<'_>) -> bool {
        let number = if define.is_name { Number::Name(define.id) } else { Number::Site(define.id) };
        // Definitions rotate; what is known does not change within a session.
        if self.knows(number) {
            return true;
        }
        if !define.by_address {
            return self.learn(number, define.bytes);
        }
        // Of another build than the one that said where it was: nobody follows that address.
        let said: Result<(u64, u32), _> = postcard::from_bytes(define.bytes);
        said.is_ok_and(|(address, _)| {
            self.learn(number, format!("unknown@{address:#x}").as_bytes())
        })
    }

    fn learn(&mut self, number: Number, bytes: &[u8]) -> bool {
        match number {
            Number::Name(id) => {
                let name = text(bytes);
                let weight = 2 * size_of::<(u16, Arc<str>)>() + weigh(&*name);
                self.has_room(weight).then(|| self.names.insert(id, name)).is_some()
            }
            Number::Site(id) => {
                // What has no room is not read: a flood of definitions should cost little time, too.
                let least =
                    strings(bytes).map(|text| weigh(text.unwrap_or_default())).sum::<usize>();
                if self.weight + least > MOST_BYTES {
                    return false;
                }
                let Some(site) = site(bytes) else { return false };
                let (weight, site) = (site.weight(), Arc::new(site));
                self.has_room(weight).then(|| self.sites.insert(id, site)).is_some()
            }
        }
    }

    /// Takes a site that another session of the same build has defined.
    pub(super) fn borrow(&mut self, id: u16, site: Arc<Site>) {
        if !self.knows(Number::Site(id)) && self.has_room(site.weight()) {
            self.sites.insert(id, site);
        }
    }

    /// Whether there is room for so much more, which is then taken.
    fn has_room(&mut self, weight: usize) -> bool {
        let fits = self.weight + weight <= MOST_BYTES;
        if fits {
            self.weight += weight;
        }
        fits
    }

    /// Whether there is a definition of this number. Site 0 is none and needs none.
    pub(super) fn knows(&self, number: Number) -> bool {
        match number {
            Number::Site(id) => id == 0 || self.sites.contains_key(&id),
            Number::Name(id) => self.names.contains_key(&id),
        }
    }

    pub(super) fn site(&self, id: u16) -> Option<&Arc<Site>> {
        self.sites.get(&id)
    }

    /// File and line of a call site, if the firmware tells.
    pub(super) fn location(&self, id: u16) -> Option<&(Arc<str>, i64)> {
        self.site(id)?.location()
    }

    /// The name with this number, or what stands for one that never came.
    pub(super) fn name(&self, id: u16) -> Arc<str> {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("unknown#{id}").into())
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

impl Site {
    /// File and line, if the firmware tells.
    pub(super) fn location(&self) -> Option<&(Arc<str>, i64)> {
        self.location.as_ref()
    }

    /// About how many bytes it holds. The table that it is in may be half empty.
    fn weight(&self) -> usize {
        let keys: usize = self.keys.iter().map(|key| weigh(&**key)).sum();
        2 * size_of::<(u16, Self)>()
            + weigh(&*self.name)
            + self.keys.capacity() * size_of::<Arc<str>>()
            + keys
            + self.location.as_ref().map_or(0, |(file, _)| weigh(&**file))
    }
}

fn weigh(text: impl AsRef<[u8]>) -> usize {
    SHARED + text.as_ref().len()
}

/// Strings, each with its length in one byte before it; the last is none if it is cut off.
fn strings(mut bytes: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    core::iter::from_fn(move || {
        let (length, rest) = bytes.split_first()?;
        let (string, rest) = rest.split_at_checked(usize::from(*length)).unzip();
        bytes = rest.unwrap_or_default();
        Some(string)
    })
}

/// A name and keys.
fn site(bytes: &[u8]) -> Option<Site> {
    let mut strings: Vec<_> =
        strings(bytes).map(|string| string.map(text)).collect::<Option<_>>()?;
    // No key begins with a zero byte: this is where the call is.
    let location = strings.pop_if(|last| last.starts_with('\0')).and_then(|location| {
        let (file, line) = location.get(1..)?.rsplit_once(':')?;
        Some((Arc::from(file), line.parse().ok()?))
    });
    let mut strings = strings.into_iter();
    Some(Site { name: strings.next()?, keys: strings.collect(), location })
}

/// Firmware that was not written in Rust may send what is not UTF-8: it is shown as far as it is.
fn text(bytes: &[u8]) -> Arc<str> {
    String::from_utf8_lossy(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn define(id: u16, bytes: &[u8]) -> Define<'_> {
        Define { is_name: false, by_address: false, id, bytes }
    }

    #[test]
    fn a_site_has_a_name_and_keys() {
        let mut definitions = Definitions::default();
        assert!(definitions.define(&define(3, b"\x04read\x03bus\0")));
        let site = definitions.site(3).unwrap();
        assert_eq!(&*site.name, "read");
        assert_eq!(site.keys, [Arc::from("bus"), Arc::from("")]);
        assert!(definitions.knows(Number::Site(0)) && !definitions.knows(Number::Name(3)));
    }

    #[test]
    fn a_site_may_say_where_it_is() {
        let mut definitions = Definitions::default();
        assert!(definitions.define(&define(3, b"\x04read\x03bus\x0c\0src/a.rs:12")));
        assert_eq!(definitions.site(3).unwrap().keys, [Arc::from("bus")]);
        assert_eq!(definitions.location(3), Some(&("src/a.rs".into(), 12)));
        assert!(definitions.define(&define(4, b"\x04read\x03\0a:")));
        assert!(definitions.location(4).is_none() && definitions.site(4).unwrap().keys.is_empty());
    }

    #[test]
    fn nonsense_is_refused_and_forgotten() {
        let mut definitions = Definitions::default();
        assert!(!definitions.define(&define(3, b"\x04r")));
        assert!(!definitions.define(&define(3, b"")));
        assert_eq!(definitions.weight(), 0);
        assert!(definitions.define(&define(3, b"\x04read")));
    }

    proptest! {
        #[test]
        fn no_flood_of_definitions_fills_the_memory(
            flood in prop::collection::vec((any::<bool>(), any::<u16>(), 0..400_usize), 0..800),
        ) {
            let mut definitions = Definitions::default();
            for (is_name, id, length) in flood {
                let bytes = &vec![0; length];
                definitions.define(&Define { is_name, by_address: false, id, bytes });
                prop_assert!(definitions.weight() <= MOST_BYTES);
            }
        }
    }
}
