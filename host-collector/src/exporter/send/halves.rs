//! Requests that are too long, in two.

use crate::model::{Chunk, ChunkWriter};

/// The first and the second half; none where there is nothing to divide.
pub(super) fn halves(chunks: &[Chunk]) -> Option<[Vec<Chunk>; 2]> {
    if let [only] = chunks {
        let [first, second] = in_two(only)?;
        return Some([vec![first], vec![second]]);
    }
    let bytes: usize = chunks.iter().map(|chunk| chunk.bytes().len()).sum();
    let mut before = 0;
    let middle = chunks.iter().position(|chunk| {
        before += chunk.bytes().len();
        before > bytes / 2
    });
    // Both have one at least.
    let (first, second) = chunks.split_at_checked(middle?.clamp(1, chunks.len() - 1))?;
    Some([first.to_vec(), second.to_vec()])
}

/// The spans before the middle one, and the others, each in its resource and scope.
fn in_two(chunk: &Chunk) -> Option<[Chunk; 2]> {
    let middle = chunk.len() / 2;
    (middle > 0).then(|| [part(chunk, 0, middle), part(chunk, middle, chunk.len())])
}

fn part(chunk: &Chunk, from: usize, to: usize) -> Chunk {
    let mut writer = ChunkWriter::default();
    let mut number = 0;
    for group in chunk.resources() {
        let before = number;
        let spans = group.scopes().map(|group| group.spans().count()).sum::<usize>();
        number += spans;
        if number <= from || before >= to {
            continue;
        }
        writer.resource_spans(group.resource().raw(), group.schema_url(), |scopes| {
            let mut number = before;
            for group in group.scopes() {
                let before = number;
                number += group.spans().count();
                if number <= from || before >= to {
                    continue;
                }
                scopes.scope_spans(group.scope().raw(), group.schema_url(), |spans| {
                    let skipped = from.saturating_sub(before);
                    for span in group.spans().take(to - before).skip(skipped) {
                        spans.span(span.raw());
                    }
                });
            }
        });
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::otlp;
    use crate::model::testing;
    use proptest::prelude::*;

    fn spans(chunks: &[Chunk]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let spans = chunks.iter().flat_map(Chunk::spans);
        spans.map(|(resource, _, span)| (resource.raw().to_vec(), span.raw().to_vec())).collect()
    }

    proptest! {
        #[test]
        fn halves_have_the_same_spans_in_the_same_order(
            traces in prop::collection::vec(testing::trace(), 1..4),
        ) {
            let chunks: Vec<Chunk> = traces
                .iter()
                .map(|trace| Chunk::check(otlp::to_protobuf(&trace.batches)).unwrap().chunk)
                .filter(|chunk| !chunk.is_empty())
                .collect();
            let all = spans(&chunks);
            let Some([first, second]) = halves(&chunks) else {
                prop_assert!(all.len() <= 1);
                return Ok(());
            };
            prop_assert!(!spans(&first).is_empty() && !spans(&second).is_empty());
            for chunk in first.iter().chain(&second) {
                let checked = Chunk::check(chunk.bytes().clone()).unwrap();
                prop_assert_eq!((&checked.chunk, checked.rejected), (chunk, 0));
            }
            prop_assert_eq!([spans(&first), spans(&second)].concat(), all);
        }
    }
}
