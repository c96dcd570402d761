//! Calls of gRPC, as a Jaeger makes them of its store and services of strategies.

use crate::interop::call::message;
use crate::interop::world::World;
use spandrel_collector::query::{Context, methods};
use spandrel_collector::storage::Nowhere;

/// Answers the rest of the bytes as the method that the first one chooses.
///
/// # Panics
/// If what makes no sense is anybody's fault but the caller's.
pub(super) fn run(data: &[u8]) {
    let Some((choice, message)) = data.split_first() else { return };
    let Some((_, method)) = methods().nth(usize::from(*choice) % methods().count()) else { return };
    if let Err(failure) = (method.handler)(message, &Nowhere, &Context::default()) {
        assert_eq!(failure.status, 400, "{}: {}", method.path, failure.message);
    }
}

/// The calls that a real Jaeger was asked by.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for name in ["storage", "sampling"] {
        let world = World::named("jaeger", name).expect("the vectors are in the repository");
        for entry in world.answers().iter().filter(|entry| entry.get("call").is_some()) {
            let method = methods().position(|(_, method)| entry["call"] == method.path);
            let Some(method) = method.and_then(|at| u8::try_from(at).ok()) else { continue };
            let message = message(entry).expect("vectors are understood");
            corpus.push([&[method][..], &message].concat());
        }
    }
    corpus
}
