//! The cases as a table; a new one is a line here and a function in a file of its subject.

mod export;
mod queries;
mod recorded;
mod sdk;
mod storage;
mod through;

use super::run::Case;

/// In this order: those first that need the least.
pub(super) const CASES: [Case; 18] = [
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
        name: "sdk.tracegen.http",
        what: "all that Jaeger's tracegen sends over OTLP/HTTP is there",
        run: sdk::tracegen_http,
    },
    Case {
        name: "sdk.tracegen.grpc",
        what: "all that Jaeger's tracegen sends over OTLP/gRPC is there",
        run: sdk::tracegen_grpc,
    },
    Case {
        name: "sdk.tracegen.one_port",
        what: "one port takes OTLP over HTTP and over gRPC",
        run: sdk::tracegen_one_port,
    },
    Case {
        name: "sdk.python.http",
        what: "what Python's SDK sends over OTLP/HTTP is shown as by Jaeger",
        run: sdk::python_http,
    },
    Case {
        name: "sdk.python.grpc",
        what: "what Python's SDK sends over OTLP/gRPC is shown as by Jaeger",
        run: sdk::python_grpc,
    },
    Case {
        name: "query.jaeger",
        what: "Jaeger's questions are answered as by Jaeger, field by field",
        run: queries::jaeger,
    },
    Case {
        name: "query.zipkin",
        what: "Zipkin's questions are answered as by Zipkin, field by field",
        run: queries::zipkin,
    },
    Case {
        name: "query.storage",
        what: "our store answers jaeger.storage.v2 as a Jaeger's",
        run: queries::storage,
    },
    Case {
        name: "query.jaeger_on_ours",
        what: "a Jaeger whose store is ours answers as with its own, and as ours does itself",
        run: storage::of_jaeger,
    },
    Case {
        name: "query.jaeger_long_trace",
        what: "a Jaeger whose store is ours shows a trace of 30,000 spans and more than 8 MiB",
        run: storage::of_long_trace,
    },
    Case {
        name: "doors.otlp",
        what: "OTLP doors take and refuse what Jaeger's do",
        run: queries::doors,
    },
    Case {
        name: "sampling",
        what: "strategies are those that Jaeger has from the same file",
        run: queries::sampling,
    },
    Case {
        name: "export.through.http",
        what: "what goes through ours by OTLP/HTTP is shown by Jaeger as if it came at once",
        run: through::to_jaeger_http,
    },
    Case {
        name: "export.through.grpc",
        what: "what goes through ours by OTLP/gRPC is shown by Jaeger as if it came at once",
        run: through::to_jaeger_grpc,
    },
    Case {
        name: "zipkin.recorded",
        what: "a real Zipkin still answers what the vectors say",
        run: recorded::zipkin,
    },
    Case {
        name: "export.zipkin",
        what: "what ours sends on to Zipkin is shown there as the rules of the conversion say",
        run: through::to_zipkin,
    },
];
