//! What devices in the field send is read for ever: the vectors of version 1 as it was frozen, which no
//! commit changes.
//!
//! `vectors.rs` holds today's vectors, which may grow; these are a copy that nobody blesses.

use serde_json::Value;
use spandrel_tests::vectors::{Frame, Vector, from_hex};
use spandrel_tests::workspace;

/// The file is the one that was frozen: FNV-1a of its bytes.
const DIGEST: u64 = 0xa8ed_4b26_1245_ec21;

fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn file() -> String {
    let file = workspace::root().join("tests/vectors/v1/frames.json");
    std::fs::read_to_string(file).expect("the vectors are in the repository")
}

#[test]
fn nobody_has_changed_the_vectors_of_version_1() {
    let found = digest(file().as_bytes());
    assert_eq!(found, DIGEST, "{found:#x}: version 1 is frozen; what is new goes into frames.json");
}

/// Every frame of version 1 means what it meant.
#[test]
fn the_decoder_of_today_reads_version_1() {
    let documents: Vec<Value> = serde_json::from_str(&file()).expect("it is a list");
    let (mut read, mut refused) = (0, 0);
    for document in documents {
        let name = document["name"].clone();
        let wanted = document.get("frame").cloned();
        let vector: Vector = serde_json::from_value(document).expect("it has the form it had");
        let bytes = from_hex(&vector.hex).expect("hexadecimal digits");
        let found = Frame::decode(vector.direction, &bytes);
        if let Some(wanted) = wanted {
            let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(serde_json::to_value(found).expect("it is JSON"), wanted, "{name}");
            read += 1;
        } else {
            // A later program may know more kinds; it takes no nonsense for a frame.
            let is_kind =
                matches!(&vector.refused, Some(why) if format!("{why:?}").contains("Kind"));
            assert!(is_kind || found.is_err(), "{name}");
            refused += 1;
        }
    }
    assert!(read > 70 && refused > 50, "{read} and {refused}");
}
