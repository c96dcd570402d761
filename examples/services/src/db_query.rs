//! The example that the `OpenTracing` overview opens with: a query of a database that does not answer.

use spandrel::semconv::{DB_INSTANCE, DB_STATEMENT, MESSAGE};
use spandrel::{BaggageError, Span, Tracer, log, span};

/// Begins the span of a query that fails, as the overview has it: two tags, a log and an item of baggage.
///
/// # Errors
/// Where the tracer has no room for baggage; the span is given all the same.
pub fn db_query(tracer: &'static Tracer) -> (Span, Result<(), BaggageError>) {
    let query = span!(
        tracer,
        "db_query",
        { DB_INSTANCE } = "jdbc:mysql://127.0.0.1:3306/customers",
        { DB_STATEMENT } = "SELECT * FROM mytable WHERE foo='bar';",
    );
    let carried = query.set_baggage_item("special_id", "vsid1738");
    log!(query, { MESSAGE } = "Can't connect to mysql server on '127.0.0.1'(10061)");
    (query, carried)
}
