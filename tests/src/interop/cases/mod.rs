//! The cases as a table; a new one is a line here and a function in a file of its subject.

mod export;
mod recorded;

use super::run::Case;

/// In this order: those first that need the least.
pub(super) const CASES: [Case; 3] = [
    Case {
        name: "jaeger.recorded",
        what: "a real Jaeger still answers what the vectors say",
        run: recorded::jaeger,
    },
    Case {
        name: "export.jaeger.http",
        what: "Jaeger shows of the hello-world what our own trace.json says, field by field",
        run: export::to_jaeger,
    },
    Case {
        name: "zipkin.recorded",
        what: "a real Zipkin still answers what the vectors say",
        run: recorded::zipkin,
    },
];
