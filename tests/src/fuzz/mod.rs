//! Whatever reads bytes from outside, and what must hold for any of them.
//!
//! The same targets run from a seed ([`run`]) and guided by coverage (`tests/fuzz`, with cargo-fuzz).
//! A new one is a line in [`TARGETS`].

mod calls;
mod collector;
mod corpus;
mod doors;
mod drain;
mod files;
mod mutate;
mod queries;
mod sealed;
mod shapes;
mod spans;
mod targets;

pub use mutate::{Found, Limit, Report, run};

/// The environment variable that names the target to libFuzzer.
pub const CHOICE: &str = "SPANDREL_FUZZ_TARGET";
/// Longer inputs are cut: they would only take time.
pub const MAX_LEN: usize = 16 << 10;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Something that reads bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What `--only` calls it.
    pub name: &'static str,
    /// Reads an input; panics where something does not hold.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// How much memory one input may take, in bytes.
    pub most_bytes: usize,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target::new("carriers", targets::carriers, corpus::carriers, 256 * KIB),
    Target::new("wire", targets::wire, corpus::frames, 4 * MIB),
    Target::new("stream", targets::stream, corpus::streams, 256 * KIB),
    Target::new("segments", targets::segments, corpus::segments, 64 * KIB),
    Target::new("rtt", targets::rtt, corpus::probes, 512 * KIB),
    Target::new("mqtt", targets::mqtt, corpus::brokers, 64 * KIB),
    Target::new("spans", spans::run, spans::corpus, MIB),
    Target::new("calls", calls::run, calls::corpus, MIB),
    Target::new("files", files::run, files::corpus, 16 * MIB),
    Target::new("queries", queries::run, queries::corpus, 4 * MIB),
    Target::new("shapes", shapes::run, shapes::corpus, 4 * MIB),
    Target::new("doors", doors::run, doors::corpus, 4 * MIB),
    Target::new("sealed", sealed::run, corpus::sealed, MIB),
    Target::new("drain", drain::run, corpus::talks, 256 * KIB),
    Target::new("collector", collector::run, corpus::scripts, 16 * MIB),
];

impl Target {
    const fn new(
        name: &'static str,
        run: fn(&[u8]),
        corpus: fn() -> Vec<Vec<u8>>,
        most_bytes: usize,
    ) -> Self {
        Self { name, run, corpus, most_bytes }
    }
}

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// What is said in turn, for what keeps a state: each piece behind a byte of its own and its length.
fn pieces(mut data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    core::iter::from_fn(move || {
        let ([choice, low, high], rest) = data.split_first_chunk()?;
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (piece, rest) = rest.split_at(len);
        data = rest;
        Some((*choice, piece))
    })
}

/// The other way.
fn piece(choice: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes();
    [&[choice, len[0], len[1]], &bytes[..bytes.len().min(u16::MAX.into())]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_and_any_bytes_are_pieces() {
        let said = [(3, &b"hello"[..]), (255, b""), (0, &[7; 300])];
        let data: Vec<u8> = said.iter().flat_map(|(choice, bytes)| piece(*choice, bytes)).collect();
        assert!(pieces(&data).eq(said));
        assert!(pieces(&[1, 255, 255, 9]).eq([(1, &[9][..])]));
        assert_eq!(pieces(&[1, 2]).count(), 0);
    }

    #[test]
    fn names_are_unique() {
        for (index, target) in TARGETS.iter().enumerate() {
            assert!(TARGETS[..index].iter().all(|other| other.name != target.name));
        }
    }
}
