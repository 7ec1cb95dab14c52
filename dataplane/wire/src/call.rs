//! The nouns: a call, the requests it carries, and how they end. A call ends exactly once.

use crate::Nanos;
use crate::catalogue::Kind;
use crate::name_precedence::NamePrecedence;
use crate::outcome::{Code, EndedBy, Outcome};
use crate::output::Output;
use crate::tensor::Shape;
use std::collections::VecDeque;

pub use crate::names::{Id, MAX_NAME_BYTES, Name};
pub use crate::tokens::Tokens;

/// Requests of one stream that may be without an answer and still be told apart. Beyond it the oldest is given up:
/// load generators keep some hundreds, and a thousand of them take 248 KiB.
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
    /// Whose word the model and the version are, which decides who may change them.
    pub named: NamePrecedence,
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
    /// Message bytes of the responses, without prefixes as well.
    pub response_bytes: u64,
    /// Complete messages of the client.
    pub request_messages: u64,
    /// Complete messages of the server.
    pub response_messages: u64,
    /// Requests without a complete answer, oldest first. A call whose method does not carry many has exactly one
    /// from its start to its end.
    pub open: VecDeque<OpenRequest>,
    /// What the answer says of its model: the largest batch that it takes, 0 for one that takes none.
    pub max_batch_size: Option<u32>,
    /// Calls open when this one arrived; the sink fills it in [`crate::Sink::opened`].
    pub concurrency: u32,
    /// The answer comes in one piece, as the request wanted or as the answer's head says: it has no first token. Since
    /// when that is known.
    pub whole: Option<Nanos>,
    /// An end mark came after the newest output of its one request, and nothing more is waited for. Known when the call is
    /// looked at.
    pub rests: bool,
    /// When its client had everything over HTTP, and might leave; 0 = it had not. Known when the call is looked at.
    pub served: Nanos,
    /// The client ended its half of the connection: it may have left then, or still be reading.
    pub client_left: Option<ClientLeft>,
}

/// The end of a client's half of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLeft {
    /// When that was; earlier, where it had everything by then: until here it is known to have waited.
    pub at: Nanos,
    /// How long nothing new had come of an answer over HTTP then.
    pub gave_up_after: Option<Nanos>,
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
    /// Tokens of its prompt.
    pub tokens_in: Tokens,
    /// Tokens that were generated for it.
    pub tokens_out: Tokens,
    /// When its output came. Of the one request of a call it is known when the call is looked at, and when it ends.
    pub output: Output,
    /// Response messages with output: a lower bound of the tokens generated where the wire tells no better.
    pub chunks: u32,
    /// Last byte of its newest response, where that one said that it was not the last. Whether the last one will say so
    /// is up to the server (Triton's decoupled models do on request only), so from here being open proves nothing.
    pub unfinished: Option<Nanos>,
    /// The sink's: objectives this request has already been counted bad for.
    pub mark: u64,
}

impl OpenRequest {
    /// It is complete, and being open means that it waits for its answer.
    pub fn is_waiting(&self) -> bool {
        self.complete.is_some() && self.unfinished.is_none()
    }

    /// A request of which nothing is known yet but when it began.
    pub(crate) fn begun(start: Nanos) -> OpenRequest {
        OpenRequest { start, ..OpenRequest::default() }
    }
}

/// A request that came to its end.
#[derive(Clone, Debug)]
pub struct Request {
    /// How it stood just before that.
    pub open: OpenRequest,
    /// When it ended.
    pub end: Nanos,
    /// What came of it.
    pub code: Code,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// What objectives count it as.
    pub outcome: Outcome,
    /// Request complete to response complete; None when either did not happen.
    pub latency: Option<Nanos>,
    /// How long nothing new had come when a client of HTTP left, of a complete request. None: it did not end so.
    pub gave_up_after: Option<Nanos>,
    /// The server's own words: `grpc-message`, or the error in the answer where the catalogue wants it, capped; empty when
    /// there were none.
    pub message: Box<str>,
}

/// How a call came to its end.
#[derive(Clone, Debug)]
pub struct End {
    /// When it ended.
    pub at: Nanos,
    /// What came of it.
    pub code: Code,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// What objectives count it as.
    pub outcome: Outcome,
}
