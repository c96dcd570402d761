//! Hostile sections; what groups give back is tested with blocks.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_sections_are_unpacked_without_harm(
        sections in [vec(any::<u8>(), 0..200), vec(any::<u8>(), 0..200), vec(any::<u8>(), 0..200), vec(any::<u8>(), 0..200)]
    ) {
        let sections = sections.each_ref().map(Vec::as_slice);
        if let Ok(group) = unpack(sections, Want::ALL) {
            let rows = group.rows.len();
            prop_assert!(rows <= ROWS);
            (0..rows).for_each(|row| drop(group.rows.piece(row)));
        }
    }
}
