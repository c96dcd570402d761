//! The build id that linkers note.

/// The build id in an ELF note, as GNU's and LLVM's linkers write it with `--build-id` into the section
/// `.note.gnu.build-id`; none where the bytes are no such note.
///
/// Where the section is only its linker script knows: a fragment of that gives its bounds as symbols.
/// [`Tracer::build_id_from`](crate::Tracer::build_id_from) takes the function that reads them.
///
/// ```
/// let note = b"\x04\0\0\0\x02\0\0\0\x03\0\0\0GNU\0\xca\xfe";
/// assert_eq!(spandrel::build_id_of_note(note), Some(&[0xca, 0xfe][..]));
/// ```
#[must_use]
pub const fn build_id_of_note(note: &[u8]) -> Option<&[u8]> {
    const GNU_BUILD_ID: u32 = 3;

    // Length of the name, length of the id, type, name.
    let Some((head, id)) = note.split_first_chunk::<16>() else { return None };
    let [4, 0, 0, 0, a, b, c, d, t, u, v, w, b'G', b'N', b'U', 0] = *head else { return None };
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    if u32::from_le_bytes([t, u, v, w]) != GNU_BUILD_ID || len == 0 {
        return None;
    }
    match id.split_at_checked(len) {
        Some((id, _)) => Some(id),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::build_id_of_note;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_build_id_is_none() {
        let note = *b"\x04\0\0\0\x02\0\0\0\x03\0\0\0GNU\0\xca\xfe\0\0";
        assert_eq!(build_id_of_note(&note), Some(&[0xca, 0xfe][..]));
        let changed = |at: usize, byte| {
            let mut other = note;
            other[at] = byte;
            build_id_of_note(&other).map(<[u8]>::len)
        };
        assert_eq!([changed(0, 5), changed(4, 9), changed(8, 1), changed(13, b'X')], [None; 4]);
        assert_eq!((changed(4, 0), build_id_of_note(&note[..17])), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_note_or_not(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(id) = build_id_of_note(&bytes) {
                prop_assert!(id.len() + 16 <= bytes.len());
            }
        }
    }
}
