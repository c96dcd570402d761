//! The service `publisher`: prints what it is sent.

use crate::message::Text;
use crate::{Board, server};
use spandrel::{Tracer, log, span};

/// The service's name.
pub const NAME: &str = "publisher";

/// Serves for ever; the answer is empty and says that the text is printed.
pub async fn run<B: Board>(board: &mut B, tracer: &'static Tracer) -> ! {
    server::serve(board, NAME, |board, request| {
        let span = span!(tracer, child_of: request.parent(), "publish", "span.kind" = "server");
        request.explain(&span);
        log!(span, event = "println");
        board.print(format_args!("{}", request.text));
        Text::new()
    })
    .await
}
