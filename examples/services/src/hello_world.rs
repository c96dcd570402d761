//! The service `hello-world`: greets somebody with the help of the two others, once.

use crate::client::{AskError, Client};
use crate::message::{Text, shown};
use crate::{Board, formatter, publisher};
use core::fmt;
use core::net::SocketAddrV4;
use core::time::Duration;
use heapless::String;
use spandrel::{Copied, Span, Tracer, log, span, tag};

/// The service's name.
pub const NAME: &str = "hello-world";

/// How long the program lives at least. A board that only asks is done within milliseconds, and
/// gone before the collector could compare clocks with it. The collector can ask for the time as
/// soon as it has seen a hello, and one that starts late or loses a frame sees the next a second
/// later: two seconds leave room for both.
pub const MIN_UPTIME: Duration = Duration::from_secs(2);

/// How long the reporter may take to send what is recorded.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Between two looks whether it has.
const FLUSH_POLL: Duration = Duration::from_millis(20);

/// A frame that the network stack has taken is not out yet: whoever ends the program at once may
/// take it back.
const LAST_FRAME: Duration = Duration::from_millis(100);

/// Room for `255.255.255.255:65535`.
const MAX_ADDRESS_LEN: usize = 21;

/// Whom to greet, and who helps.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Who is greeted.
    pub name: &'a str,
    /// Where the formatter listens.
    pub formatter: SocketAddrV4,
    /// Where the publisher listens.
    pub publisher: SocketAddrV4,
}

/// Greets, ships the trace, prints the greeting or what failed; gives the program's exit code.
pub async fn run<B: Board>(board: &mut B, tracer: &'static Tracer, task: &Task<'_>) -> i32 {
    let greeted = say_hello(board, tracer, task).await;
    // A trace of a failure is worth more than one of success.
    let flushed = flush(board, tracer).await;
    match greeted.and_then(|greeting| flushed.map(|()| greeting)) {
        Ok(greeting) => {
            board.print(format_args!("{greeting}"));
            0
        }
        Err(why) => {
            board.print(format_args!("error: {why}"));
            1
        }
    }
}

/// The trace: `say-hello`, and in it the calls `format` and `println`.
async fn say_hello<B: Board>(
    board: &mut B,
    tracer: &'static Tracer,
    task: &Task<'_>,
) -> Result<Text, Failure> {
    let mut client = Client::new();
    let root = span!(tracer, "say-hello", "hello-to" = Copied(task.name));

    let address: String<MAX_ADDRESS_LEN> = shown(task.formatter);
    let span = {
        // The guard ends before the first await: behind it another task may run, and whatever that
        // one traced would become a child of this span.
        let _active = root.enter();
        span!(
            tracer,
            "format",
            "span.kind" = "client",
            "peer.service" = formatter::NAME,
            "peer.address" = Copied(&address),
        )
    };
    let answer = client.ask(board, &span, task.formatter, task.name).await;
    let greeting = answer.map_err(|why| failed(&span, formatter::NAME, task.formatter, why))?;
    span.finish();

    let address: String<MAX_ADDRESS_LEN> = shown(task.publisher);
    // Awaits lie between the root and here, so that it is named.
    let span = span!(
        tracer, child_of: &root, "println", "span.kind" = "client",
        "peer.service" = publisher::NAME, "peer.address" = Copied(&address),
    );
    let answer = client.ask(board, &span, task.publisher, &greeting).await;
    answer.map_err(|why| failed(&span, publisher::NAME, task.publisher, why))?;
    span.finish();
    root.finish();
    Ok(greeting)
}

/// Marks the span of a call as failed.
fn failed(span: &Span, service: &'static str, peer: SocketAddrV4, why: AskError) -> Failure {
    tag!(span, error = true);
    log!(span, event = "error", message = why.as_str());
    Failure::Call { service, peer, why }
}

/// Waits until what was recorded is sent, and no shorter than the collector needs.
async fn flush<B: Board>(board: &mut B, tracer: &'static Tracer) -> Result<(), Failure> {
    tracer.flush();
    let end = board.uptime().saturating_add(FLUSH_LIMIT);
    while !tracer.is_flushed() {
        if board.uptime() >= end {
            return Err(Failure::NotFlushed);
        }
        board.pause(FLUSH_POLL).await;
    }
    board.pause(MIN_UPTIME.saturating_sub(board.uptime()).max(LAST_FRAME)).await;
    Ok(())
}

/// Why there was no greeting, or no trace of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Call { service: &'static str, peer: SocketAddrV4, why: AskError },
    NotFlushed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { service, peer, why } => write!(f, "{service} at {peer}: {why}"),
            Self::NotFlushed => {
                write!(f, "the reporter did not send the trace within {FLUSH_LIMIT:?}")
            }
        }
    }
}
