//! The nouns: a call, the requests it carries, and how they end. A call ends exactly once.

use crate::Nanos;
use crate::catalogue::Kind;
use crate::field::Found;
use crate::naming::Named;
use crate::said::Count;
use crate::tensor::Shape;
use std::collections::VecDeque;

/// Longest name kept (model, version, request id, method); a longer one is cut and never becomes a label.
pub const MAX_NAME_BYTES: usize = 128;

/// Requests of one stream that may be without an answer and still be told apart. Beyond it the oldest is given up:
/// load generators keep some hundreds, and a thousand of them take 208 KiB.
pub const MAX_OPEN_REQUESTS: usize = 1024;

/// Of one connection, over all its streams. Each stream may have [`FREE_OPEN_REQUESTS`] all the same.
pub const MAX_OPEN_REQUESTS_PER_CONNECTION: usize = 4096;

/// What a stream may have open however many its neighbours have.
pub const FREE_OPEN_REQUESTS: usize = 16;

/// One call, open or just ended. For gRPC: one HTTP/2 stream.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// First byte of the request head.
    pub start: Nanos,
    /// `package.Service/Method` without the leading slash; empty when it could not be read.
    pub method: Name,
    /// The method is in the catalogue (so its name may be a label).
    pub known_method: bool,
    /// What the method is for; methods not in the catalogue count as [`Kind::Admin`] so that no objective sees them.
    pub kind: Kind,
    /// The server may send many messages: by the catalogue, or because it did.
    pub streaming: bool,
    /// Each request message is a request of its own.
    pub many_requests: bool,
    /// Model named by the newest request, else by a response.
    pub model: Name,
    /// Version that answered, else the one asked for.
    pub version: Name,
    /// Whose word they are.
    pub named: Named,
    /// `grpc-timeout` as sent.
    pub timeout: Option<Nanos>,
    /// W3C `traceparent` as sent.
    pub traceparent: Name,
    /// Client's END_STREAM.
    pub request_complete: Option<Nanos>,
    /// First byte of the first response message (not of the head).
    pub first_response: Option<Nanos>,
    /// Last byte of the newest complete response message.
    pub last_response: Option<Nanos>,
    /// Message bytes, without the five-byte gRPC prefix.
    pub request_bytes: u64,
    /// Likewise, of responses.
    pub response_bytes: u64,
    /// Complete messages.
    pub request_messages: u64,
    /// Likewise, of responses.
    pub response_messages: u64,
    /// Requests without a complete answer, oldest first. A call whose method does not carry many has exactly one
    /// from its start to its end.
    pub open: VecDeque<OpenRequest>,
    /// What the answer says of its model: the largest batch that it takes, 0 for one that takes none.
    pub max_batch_size: Option<u32>,
    /// Calls open when this one arrived; the sink fills it in [`crate::Sink::opened`].
    pub concurrency: u32,
}

/// A short name as seen on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name {
    /// At most [`MAX_NAME_BYTES`]. UTF-8; other bytes make the name unreadable, which is empty.
    pub text: std::rc::Rc<str>,
}

/// Longest request id kept; a longer one reads as none. UUIDs have 36 bytes, W3C trace contexts 55.
pub const MAX_ID_BYTES: usize = 63;

/// A request id, which is seldom seen twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id {
    len: u8,
    bytes: [u8; MAX_ID_BYTES],
}

impl Id {
    /// The id of these bytes, unless they are too many.
    #[inline]
    pub(crate) fn new(bytes: &[u8]) -> Option<Id> {
        let mut id = Id::default();
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        id.len = bytes.len() as u8;
        Some(id)
    }

    /// There is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// As text; empty when there is none, or it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl Default for Id {
    fn default() -> Id {
        Id { len: 0, bytes: [0; MAX_ID_BYTES] }
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

/// Tokens of one request, as far as the wire tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Ids that were counted, message by message.
    pub ids: u32,
    /// The largest total that was stated, or the sum of what was stated of parts.
    pub usage: Option<u32>,
}

impl Tokens {
    /// Adds what a message tells. Counted ones add up over messages, stated ones are totals, and those stated of parts of
    /// an answer add up where none were counted: what was counted would be told twice.
    #[inline]
    pub(crate) fn add(&mut self, count: Option<Count>) {
        match count {
            Some(Count::More(more)) => self.ids = self.ids.saturating_add(capped(more)),
            Some(Count::Total(total)) => self.usage = self.usage.max(Some(capped(total))),
            Some(Count::Part(part)) if self.ids == 0 => {
                self.usage = Some(self.usage.unwrap_or(0).saturating_add(capped(part)));
            }
            Some(Count::Part(_)) => {}
            None => {}
        }
    }
}

/// No model has a context of four thousand million tokens.
fn capped(tokens: u64) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

/// A request whose answer is not complete.
#[derive(Clone, Debug, Default)]
pub struct OpenRequest {
    /// First byte of the request (of its message on a stream that carries many).
    pub start: Nanos,
    /// Request complete: from here latency counts. None while it is being sent.
    pub complete: Option<Nanos>,
    /// First byte of its first response message.
    pub first_response: Option<Nanos>,
    /// Request id, for matching; empty when the request had none.
    pub id: Id,
    /// The id is a header's that counts before what the body says.
    pub id_is_settled: bool,
    /// Items in the request; 0 = not known.
    pub batch_size: u32,
    /// Of its first input. Its first dimension is the number of items only if the model batches, and is left out where
    /// that is what it always is.
    pub shape: Shape,
    /// Of the prompt.
    pub tokens_in: Tokens,
    /// Generated.
    pub tokens_out: Tokens,
    /// Response messages with output: a lower bound of the tokens generated where the wire tells no better.
    pub chunks: u32,
    /// Last byte of its newest response, where that one said that it was not the last. Whether the last one will say so
    /// is up to the server (Triton's decoupled models do on request only), so from here being open proves nothing.
    pub unfinished: Option<Nanos>,
    /// The sink's: objectives this request has already been counted bad for.
    pub mark: u64,
}

impl OpenRequest {
    /// A request of which nothing is known yet but when it began.
    pub(crate) fn begun(start: Nanos) -> OpenRequest {
        OpenRequest { start, ..OpenRequest::default() }
    }

    /// What the request says of its tokens.
    #[inline]
    pub(crate) fn ask_tokens(&mut self, value: Option<Found<'_>>) {
        self.tokens_in.add(Count::of(value));
    }
}

/// A request that came to its end.
#[derive(Clone, Debug)]
pub struct Request {
    /// As it stood.
    pub open: OpenRequest,
    /// When.
    pub end: Nanos,
    /// What came of it.
    pub code: Code,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// Verdict.
    pub outcome: Outcome,
    /// Request complete to response complete; None when either did not happen.
    pub latency: Option<Nanos>,
    /// `grpc-message` of the call, where it ended with that, capped; empty when there was none.
    pub message: Box<str>,
}

/// How a call came to its end.
#[derive(Clone, Debug)]
pub struct End {
    /// When.
    pub at: Nanos,
    /// What came of it.
    pub code: Code,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// Verdict.
    pub outcome: Outcome,
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndedBy {
    /// The client reset the stream or closed its connection.
    Client,
    /// The server answered, reset the stream, or closed its connection.
    Server,
    /// A connection broke (TCP RST or time-out) without either having closed it.
    Network,
    /// Wayside cut it, as the drain deadline passed, or could no longer follow it.
    Wayside,
}

/// The verdict that objectives count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// Refused for the client's own fault.
    ClientError,
    /// Given up by the client before its deadline.
    Cancelled,
    /// Out of time.
    Timeout,
    /// Failed.
    ServerError,
}

/// What the answer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// gRPC status code, 0..=16; a larger number reads as UNKNOWN.
    Grpc(u8),
    /// HTTP status of an answer without a gRPC one.
    Http(u16),
    /// The connection ended first; or, by [`EndedBy::Wayside`] with [`Outcome::Cancelled`], the end could not be
    /// read because the server's direction had gone blind.
    Lost,
    /// An error inside an OK response.
    InBandError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_tokens_add_up_and_stated_ones_do_not() {
        let mut tokens = Tokens::default();
        for (count, ids, usage) in [
            (Count::More(2), 2, None),
            (Count::More(3), 5, None),
            (Count::Total(9), 5, Some(9)),
            (Count::Total(8), 5, Some(9)),
        ] {
            tokens.add(Some(count));
            assert_eq!(tokens, Tokens { ids, usage });
        }
    }

    #[test]
    fn parts_add_up_where_nothing_was_counted() {
        let told = |counts: &[Count]| {
            let mut tokens = Tokens::default();
            counts.iter().for_each(|count| tokens.add(Some(*count)));
            (tokens.ids, tokens.usage)
        };
        assert_eq!(told(&[Count::Part(6), Count::Part(2), Count::Part(0)]), (0, Some(8)));
        assert_eq!(told(&[Count::More(4), Count::Part(3), Count::More(1), Count::Part(1)]), (5, None));
        assert_eq!(told(&[Count::Part(u64::MAX), Count::Part(1)]), (0, Some(u32::MAX)));
    }
}
