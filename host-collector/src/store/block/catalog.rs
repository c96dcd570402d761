//! What lists show: services, their operations and peers, and values of tags.

use super::terms;
use crate::model::Kind;
use crate::store::codec::Reader;
use crate::store::codec::wire::{Damaged, narrow, put_bytes, put_varint};
use crate::store::rows::{Op, Rows, Type, at};
use std::collections::{BTreeMap, BTreeSet};

/// Operations in one list at most, of all services.
const MOST_OPERATIONS: usize = 65_536;
/// Peers at most, of all services.
const MOST_PEERS: usize = 16_384;
/// Keys whose values are listed at most.
const MOST_KEYS: usize = 1_024;
/// Values of a key that are listed at most.
const MOST_VALUES: usize = 64;
/// Values that are longer are not listed.
const LONGEST_VALUE: usize = 128;

fn spot(known: &(u32, u64)) -> u64 {
    (u64::from(known.0) << 32 ^ known.1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The lists. What goes beyond their bounds is left out of them, and of nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Catalog {
    pub(in crate::store) services: BTreeSet<String>,
    pub(in crate::store) operations: BTreeSet<(String, String, Kind)>,
    pub(in crate::store) peers: BTreeSet<(String, String)>,
    pub(in crate::store) values: BTreeMap<String, BTreeSet<String>>,
}

impl Catalog {
    /// Adds rows that `keeps` says yes to.
    pub(in crate::store) fn add(&mut self, rows: &Rows, keeps: impl Fn(usize) -> bool) {
        let mut of_shape = vec![false; rows.shapes.len()];
        // Values that were seen, since most are many times.
        let mut seen = hashbrown::HashTable::<(u32, u64)>::new();
        for row in (0..rows.len()).filter(|row| keeps(*row)) {
            let number = at(&rows.shape, row);
            let shape = rows.shapes.get(number);
            if let Some(is_known) = of_shape.get_mut(number as usize)
                && !core::mem::replace(is_known, true)
            {
                self.shape(rows, number);
            }
            let values = rows.values_of(row);
            let is_of_span = |op: Op| !matches!(op.kind(), Type::Event | Type::Link);
            for (place, op) in shape.placed().take_while(|(_, op)| is_of_span(*op)) {
                let value = at(values, place);
                if !op.kind().is_attribute()
                    || seen.len() > 4 * MOST_VALUES * MOST_KEYS
                    || seen.find(spot(&(op.0, value)), |known| *known == (op.0, value)).is_some()
                {
                    continue;
                }
                seen.insert_unique(spot(&(op.0, value)), (op.0, value), spot);
                let text = terms::text_of(&rows.texts, op.kind(), value);
                self.list(rows.texts.text(op.text()), &text);
            }
            if let Some((place, kind)) = terms::peer_of_shape(&rows.texts, shape) {
                let peer = terms::text_of(&rows.texts, kind, at(values, place));
                let peer = (rows.service(shape).to_owned(), peer.into_owned());
                if self.peers.len() < MOST_PEERS {
                    self.peers.insert(peer);
                }
            }
        }
    }

    /// Adds what shapes alone know: services and operations.
    pub(in crate::store) fn add_shapes(&mut self, rows: &Rows) {
        (0..narrow(rows.shapes.len())).for_each(|number| self.shape(rows, number));
    }

    fn shape(&mut self, rows: &Rows, number: u32) {
        let shape = rows.shapes.get(number);
        let service = rows.service(shape);
        if self.operations.len() < MOST_OPERATIONS {
            self.services.insert(service.to_owned());
            let name = rows.texts.text(shape.name()).to_owned();
            let kind = Kind::from_number(shape.kind().into());
            self.operations.insert((service.to_owned(), name, kind));
        }
    }

    fn list(&mut self, key: &str, value: &str) {
        if value.len() > LONGEST_VALUE {
            return;
        }
        if let Some(values) = self.values.get_mut(key) {
            if values.len() < MOST_VALUES {
                values.insert(value.to_owned());
            }
        } else if self.values.len() < MOST_KEYS {
            self.values.insert(key.to_owned(), BTreeSet::from([value.to_owned()]));
        }
    }

    /// Adds what another has.
    pub(in crate::store) fn merge(&mut self, other: Self) {
        let room = MOST_OPERATIONS.saturating_sub(self.operations.len());
        self.services.extend(other.services.into_iter().take(room.max(1)));
        self.operations.extend(other.operations.into_iter().take(room));
        let room = MOST_PEERS.saturating_sub(self.peers.len());
        self.peers.extend(other.peers.into_iter().take(room));
        for (key, values) in other.values {
            values.iter().for_each(|value| self.list(&key, value));
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.services.len() as u64);
        self.services.iter().for_each(|service| put_bytes(&mut out, service.as_bytes()));
        put_varint(&mut out, self.operations.len() as u64);
        for (service, name, kind) in &self.operations {
            put_bytes(&mut out, service.as_bytes());
            put_bytes(&mut out, name.as_bytes());
            out.push(*kind as u8);
        }
        put_varint(&mut out, self.peers.len() as u64);
        for (service, peer) in &self.peers {
            put_bytes(&mut out, service.as_bytes());
            put_bytes(&mut out, peer.as_bytes());
        }
        put_varint(&mut out, self.values.len() as u64);
        for (key, values) in &self.values {
            put_bytes(&mut out, key.as_bytes());
            put_varint(&mut out, values.len() as u64);
            values.iter().for_each(|value| put_bytes(&mut out, value.as_bytes()));
        }
        out
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let reader = &mut Reader::new(bytes);
        let text = |reader: &mut Reader<'_>| {
            let bytes = reader.bytes()?;
            str::from_utf8(bytes).map(str::to_owned).map_err(|_| Damaged)
        };
        let mut catalog = Self::default();
        for _ in 0..reader.count(1)? {
            catalog.services.insert(text(reader)?);
        }
        for _ in 0..reader.count(3)? {
            let (service, name) = (text(reader)?, text(reader)?);
            let kind = Kind::from_number(reader.byte()?.into());
            catalog.operations.insert((service, name, kind));
        }
        for _ in 0..reader.count(2)? {
            catalog.peers.insert((text(reader)?, text(reader)?));
        }
        for _ in 0..reader.count(2)? {
            let key = text(reader)?;
            let values = catalog.values.entry(key).or_default();
            for _ in 0..reader.count(1)? {
                values.insert(text(reader)?);
            }
        }
        Ok(catalog)
    }
}
