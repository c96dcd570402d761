//! A column of values: as numbers, or as numbers of values where few are many times there.
//!
//! ```text
//! | 0 | numbers |      | 1 | count (varint) | the values, sorted | which of them each is |
//! ```

use crate::store::codec::{Damaged, Reader, bits, wire::put_varint};

/// With fewer values nothing is gained.
const LEAST: usize = 32;

/// Writes a column of values that may repeat.
pub(super) fn put(to: &mut Vec<u8>, values: &[u64], may_repeat: bool) {
    if may_repeat && values.len() >= LEAST {
        let mut distinct = values.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if (2..=values.len() / 8).contains(&distinct.len()) {
            let which = |value: &u64| distinct.binary_search(value).unwrap_or_default() as u64;
            let which: Vec<u64> = values.iter().map(which).collect();
            let (mut listed, mut plain) = (Vec::new(), Vec::new());
            put_varint(&mut listed, distinct.len() as u64);
            bits::put(&mut listed, &distinct);
            bits::put(&mut listed, &which);
            bits::put(&mut plain, values);
            let (mark, column) = if listed.len() < plain.len() { (1, listed) } else { (0, plain) };
            to.push(mark);
            to.extend(column);
            return;
        }
    }
    to.push(0);
    bits::put(to, values);
}

/// Reads a column of `count` values behind what is in `into`.
pub(super) fn get(
    reader: &mut Reader<'_>,
    count: usize,
    into: &mut Vec<u64>,
) -> Result<(), Damaged> {
    match reader.byte()? {
        0 => bits::get(reader, count, into),
        1 => {
            let many = reader.size()?;
            if many > count {
                return Err(Damaged);
            }
            let mut distinct = Vec::new();
            bits::get(reader, many, &mut distinct)?;
            let from = into.len();
            bits::get(reader, count, into)?;
            for value in into.iter_mut().skip(from) {
                let which = usize::try_from(*value).map_err(|_| Damaged)?;
                *value = *distinct.get(which).ok_or(Damaged)?;
            }
            Ok(())
        }
        _ => Err(Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_come_back(
            values in prop_oneof![
                prop::collection::vec(any::<u64>(), 0..200),
                prop::collection::vec(prop::sample::select(vec![200_u64, 404, 1 << 60]), 0..200),
            ],
            may_repeat: bool,
        ) {
            let mut bytes = Vec::new();
            put(&mut bytes, &values, may_repeat);
            let (mut reader, mut read) = (Reader::new(&bytes), Vec::new());
            get(&mut reader, values.len(), &mut read).unwrap();
            prop_assert_eq!(read, values);
            prop_assert!(reader.rest().is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>, count in 0_usize..300) {
            let _ = get(&mut Reader::new(&bytes), count, &mut Vec::new());
        }
    }

    #[test]
    fn what_repeats_takes_its_number() {
        let values: Vec<u64> = (0..128).map(|n| if n % 9 == 0 { 1 << 60 } else { n % 2 }).collect();
        let mut bytes = Vec::new();
        put(&mut bytes, &values, true);
        assert!(bytes.len() < 80, "{}", bytes.len());
    }
}
