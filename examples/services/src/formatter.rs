//! The service `formatter`: makes a greeting of a name.

use crate::message::{Text, shown};
use crate::{Board, server};
use spandrel::{Copied, Tracer, log, span};

/// The service's name.
pub const NAME: &str = "formatter";

/// Serves for ever.
pub async fn run<B: Board>(board: &mut B, tracer: &'static Tracer) -> ! {
    server::serve(board, NAME, |_, request| {
        let span = span!(tracer, child_of: request.parent(), "format", "span.kind" = "server");
        request.explain(&span);
        let greeting: Text = shown(format_args!("Hello, {}!", request.text));
        log!(span, event = "string-format", value = Copied(&greeting));
        greeting
    })
    .await
}
