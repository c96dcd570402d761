//! Inputs to begin with: the golden vectors.

use crate::vectors::{Direction, Vector, from_hex};
use crate::workspace;

/// Every carrier of the vectors.
pub(super) fn carriers() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    let dir = workspace::root().join("tests/vectors");
    for entry in std::fs::read_dir(dir).expect("the vectors are in the repository") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(path).expect("vectors are text");
            corpus.extend(text.lines().filter_map(carrier));
        }
    }
    corpus
}

/// The bytes of a line of carrier vectors.
fn carrier(line: &str) -> Option<Vec<u8>> {
    let (carrier, _) = line.rsplit_once(" => ")?;
    match carrier.split_once('"') {
        Some((_, text)) => {
            let text = text.strip_suffix('"')?.replace("\\r", "\r").replace("\\n", "\n");
            Some(text.into_bytes())
        }
        None => from_hex(carrier).ok(),
    }
}

/// Every frame of the vectors, up and down, also those that are refused.
pub(super) fn frames() -> Vec<Vec<u8>> {
    vectors().iter().filter_map(|vector| from_hex(&vector.hex).ok()).collect()
}

/// Each frame of the vectors by itself, behind a hello, and all of one direction in a row.
pub(super) fn talks() -> Vec<Vec<u8>> {
    let mut talks = Vec::new();
    for direction in [Direction::Up, Direction::Down] {
        let vectors = vectors();
        let frames = vectors.iter().filter(|vector| vector.direction == direction);
        let frames: Vec<_> = frames.filter_map(|vector| from_hex(&vector.hex).ok()).collect();
        let said = |frame: &Vec<u8>| super::piece(1, frame);
        talks.extend(frames.iter().map(said));
        let first = frames.first().map(said).unwrap_or_default();
        talks.extend(frames.iter().map(|frame| [first.clone(), said(frame)].concat()));
        talks.push(frames.iter().flat_map(said).collect());
    }
    talks
}

fn vectors() -> Vec<Vector> {
    let file = workspace::root().join("tests/vectors/frames.json");
    let text = std::fs::read_to_string(file).expect("the vectors are in the repository");
    serde_json::from_str(&text).expect("the vectors are of their own form")
}
