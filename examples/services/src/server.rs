//! How a service answers: once for each request, however often it comes.
//!
//! A client repeats what is not answered in time, and a link may double it. Work and span belong to
//! the first; what comes again gets the same answer again. Two datagrams are the same request if
//! they are equal byte for byte and come from the same address: each carries the context of the
//! client's span, and no two spans have the same.

use crate::Board;
use crate::message::{self, AnswerBytes, BUFFER_LEN, Request, RequestBytes, Text, shown};
use core::net::SocketAddrV4;
use core::time::Duration;
use heapless::Deque;
use spandrel::{ChildOf, Copied, Span, log};

/// How many requests are remembered. A client waits for one answer before it asks for the next, so
/// a repeat is late only if as many other clients have asked since; then it is served anew.
pub const REMEMBERED: usize = 4;

/// Nothing is due while nobody asks; waits are bounded all the same.
const IDLE: Duration = Duration::from_secs(1);

/// Serves for ever. `work` makes the answer and its span; it is a plain function, so that it may
/// make its span the active one: nothing is awaited before the span is finished.
pub async fn serve<B: Board>(
    board: &mut B,
    service: &str,
    mut work: impl FnMut(&mut B, &Request<'_>) -> Text,
) -> ! {
    let address = board.address();
    board.print(format_args!("ready: {service} serves {address}"));
    let mut answered = Answered::default();
    let mut buffer = [0; BUFFER_LEN];
    loop {
        let Some((len, peer)) = board.receive(&mut buffer, IDLE).await else { continue };
        let datagram = buffer.get(..len).unwrap_or_default();
        if let Some(answer) = answered.find(peer, datagram) {
            board.send(answer, peer).await;
            continue;
        }
        let request = match Request::read(datagram) {
            Ok(request) => request,
            Err(why) => {
                board.print(format_args!("refused {len} bytes from {peer}: {why}"));
                continue;
            }
        };
        if let Err(why) = request.context {
            board.print(format_args!("a trace of its own for {peer}: {why}"));
        }
        let answer = message::answer(request.number, &work(board, &request));
        board.send(&answer, peer).await;
        answered.keep(peer, datagram, answer);
    }
}

impl Request<'_> {
    /// What the span of the server is a child of: the span of the client, which is on another
    /// board. Without one it is the root of a trace of its own.
    #[must_use]
    pub fn parent(&self) -> ChildOf<'static> {
        self.context.ok().into()
    }

    /// Says on the span why it begins a trace, if it should not.
    pub fn explain(&self, span: &Span) {
        if let Err(why) = self.context {
            log!(span, event = "no context", reason = Copied(&shown::<64>(why)));
        }
    }
}

/// The last requests, with their answers.
#[derive(Debug, Default)]
struct Answered(Deque<(SocketAddrV4, RequestBytes, AnswerBytes), REMEMBERED>);

impl Answered {
    fn find(&self, peer: SocketAddrV4, request: &[u8]) -> Option<&AnswerBytes> {
        let known = self.0.iter().find(|(from, known, _)| *from == peer && known == request);
        known.map(|(.., answer)| answer)
    }

    fn keep(&mut self, peer: SocketAddrV4, request: &[u8], answer: AnswerBytes) {
        if self.0.is_full() {
            self.0.pop_front();
        }
        if let Ok(request) = RequestBytes::from_slice(request) {
            // There is room: the oldest has just made some.
            let _ = self.0.push_back((peer, request, answer));
        }
    }
}
