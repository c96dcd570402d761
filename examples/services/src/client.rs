//! How a service asks another: a request is repeated until it is answered.
//!
//! Datagrams get lost, above all the first ones to a board that has just booted. A repeat is the
//! same bytes again, with the context of the same span, so that the server can tell it from a new
//! request (see [`crate::server`]): however often it is sent, it stays one span on either side.

use crate::Board;
use crate::message::{self, BUFFER_LEN, Text};
use core::fmt;
use core::net::SocketAddrV4;
use core::time::Duration;
use spandrel::{Span, log};

/// How long to wait for an answer before the request is repeated. A round trip takes a few
/// milliseconds, and a datagram that waits for an address to be resolved some hundred.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// How often a request is sent before nobody is believed to be there: six seconds in all.
pub const MAX_TRIES: u32 = 20;

/// Numbers the requests of a service.
#[derive(Debug, Default)]
pub struct Client {
    number: u8,
}

impl Client {
    /// A client that has asked nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { number: 0 }
    }

    /// Asks `peer` on behalf of `span` and waits for the answer.
    ///
    /// # Errors
    /// The text is empty or too long, or no answer came.
    pub async fn ask<B: Board>(
        &mut self,
        board: &mut B,
        span: &Span,
        peer: SocketAddrV4,
        text: &str,
    ) -> Result<Text, AskError> {
        self.number = self.number.wrapping_add(1);
        let request =
            message::request(self.number, &span.context(), text).ok_or(AskError::Length)?;
        for tries in 1..=MAX_TRIES {
            board.send(&request, peer).await;
            if let Some(answer) = self.wait(board, peer).await {
                return Ok(answer);
            }
            // In the trace it explains why the call took so long.
            log!(span, event = "no answer in time", tries = tries);
        }
        Err(AskError::NoAnswer)
    }

    /// Waits for the answer to the present request; what else comes meanwhile is passed over.
    async fn wait<B: Board>(&self, board: &mut B, peer: SocketAddrV4) -> Option<Text> {
        let end = board.uptime().saturating_add(PATIENCE);
        let mut buffer = [0; BUFFER_LEN];
        loop {
            let left = end.checked_sub(board.uptime()).filter(|left| !left.is_zero())?;
            let (len, from) = board.receive(&mut buffer, left).await?;
            let answer = buffer.get(..len).filter(|_| from == peer);
            if let Some(answer) = answer.and_then(|bytes| message::read_answer(bytes, self.number))
            {
                return Some(answer);
            }
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskError {
    /// The text is empty or does not fit a request.
    Length,
    /// Nothing came back, however often the request was sent.
    NoAnswer,
}

const _: () = assert!(message::MAX_TEXT_LEN == 80, "as the message of `AskError::Length` says");

impl AskError {
    /// What went wrong, in a form that a span keeps by its address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Length => "the text of a request has 1 to 80 bytes",
            Self::NoAnswer => "no answer",
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for AskError {}
