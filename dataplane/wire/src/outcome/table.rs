//! The table: each way for a call to end, who ended it then, and what it counts as. A decision is changed here and
//! nowhere else; `docs/outcomes.md` and `wayside check --outcomes` are printed from it.

use super::{EndedBy, Outcome};

/// A way to end. Its number is its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    /// gRPC: OK.
    GrpcOk,
    /// gRPC: the client is wrong.
    GrpcClientError,
    /// gRPC: out of time.
    GrpcDeadline,
    /// gRPC: cancelled by a server that nobody asked.
    GrpcCancelled,
    /// gRPC: cancelled by the server at the call's deadline.
    GrpcCancelledLate,
    /// gRPC: no room.
    GrpcExhausted,
    /// gRPC: a message is too large.
    GrpcTooLarge,
    /// gRPC: failed.
    GrpcFailed,
    /// gRPC answered by plain HTTP: no room.
    GrpcShedByHttp,
    /// gRPC answered by plain HTTP: out of time.
    GrpcTimeoutByHttp,
    /// HTTP: good.
    HttpOk,
    /// HTTP: out of time.
    HttpTimeout,
    /// HTTP: cancelled.
    HttpCancelled,
    /// HTTP: no room.
    HttpShed,
    /// HTTP: failed further back.
    HttpFailedDependency,
    /// HTTP: the client is wrong.
    HttpClientError,
    /// HTTP: failed.
    HttpFailed,
    /// An error inside an OK answer.
    InBandError,
    /// The client left when it had everything.
    Served,
    /// The client left.
    ClientLeft,
    /// The client left at its deadline.
    ClientDeadline,
    /// The client of HTTP left after a long silence.
    ClientGaveUp,
    /// The server reset the stream.
    ServerReset,
    /// The server refused the stream.
    Refused,
    /// The server leaves out one stream after the other.
    LeftOut,
    /// The server never looked at the stream.
    Unprocessed,
    /// The server ended the connection.
    ServerLost,
    /// The network did.
    NetworkLost,
    /// Wayside did.
    Cut,
    /// The end could not be read.
    Unread,
}

/// What is decided of a way to end.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which way.
    pub way: Way,
    /// How it comes about, for people.
    pub when: &'static str,
    /// The codes that are shown.
    pub code: &'static str,
    /// Who ended the call.
    pub ended_by: EndedBy,
    /// What it counts as.
    pub outcome: Outcome,
}

impl Way {
    /// What is decided of it.
    #[inline]
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

const fn row(way: Way, ended_by: EndedBy, outcome: Outcome, code: &'static str, when: &'static str) -> Row {
    Row { way, when, code, ended_by, outcome }
}

use EndedBy::{Client, Network, Server, Wayside};
use Outcome::{Cancelled, ClientError, Ok, ServerError, Shed, Timeout};

/// In the order of [`Way`].
pub const TABLE: [Row; 30] = [
    row(Way::GrpcOk, Server, Ok, "OK", "gRPC: OK"),
    row(
        Way::GrpcClientError,
        Server,
        ClientError,
        "INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, \
         UNAUTHENTICATED",
        "gRPC: a status that blames the client, or RST_STREAM(INADEQUATE_SECURITY)",
    ),
    row(Way::GrpcDeadline, Server, Timeout, "DEADLINE_EXCEEDED", "gRPC: the server says that time is up"),
    row(
        Way::GrpcCancelled,
        Server,
        ServerError,
        "CANCELLED",
        "CANCELLED or RST_STREAM(CANCEL) from a server that no client had asked for it",
    ),
    row(
        Way::GrpcCancelledLate,
        Server,
        Timeout,
        "CANCELLED, DEADLINE_EXCEEDED",
        "the same at or after the call's deadline: CANCELLED as said, a reset as DEADLINE_EXCEEDED",
    ),
    row(
        Way::GrpcExhausted,
        Server,
        Shed,
        "RESOURCE_EXHAUSTED",
        "gRPC: the server has no room, or RST_STREAM(ENHANCE_YOUR_CALM)",
    ),
    row(
        Way::GrpcTooLarge,
        Server,
        ClientError,
        "RESOURCE_EXHAUSTED",
        "gRPC: the same where the server's words tell of a message larger than allowed",
    ),
    row(
        Way::GrpcFailed,
        Server,
        ServerError,
        "UNKNOWN, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS",
        "gRPC: a status that blames the server, or none at all (UNKNOWN); also plain HTTP where gRPC was asked for: 400 \
         (INTERNAL), 404 (UNIMPLEMENTED), 502 and 503 (UNAVAILABLE), others (UNKNOWN), but 401 and 403 blame the client",
    ),
    row(
        Way::GrpcShedByHttp,
        Server,
        Shed,
        "UNAVAILABLE",
        "plain HTTP where gRPC was asked for: 429, or 503 with Retry-After",
    ),
    row(Way::GrpcTimeoutByHttp, Server, Timeout, "UNAVAILABLE", "plain HTTP where gRPC was asked for: 504"),
    row(Way::HttpOk, Server, Ok, "101, 2xx, 3xx", "HTTP: a good status"),
    row(Way::HttpTimeout, Server, Timeout, "408, 504", "HTTP: 504, or 408 after the whole request"),
    row(Way::HttpCancelled, Server, Cancelled, "499", "HTTP: the server was told to stop"),
    row(Way::HttpShed, Server, Shed, "429, 503", "HTTP: 429, or 503 with Retry-After"),
    row(Way::HttpFailedDependency, Server, ServerError, "424", "HTTP: what the server depends on failed"),
    row(
        Way::HttpClientError,
        Server,
        ClientError,
        "4xx",
        "HTTP: any other status that blames the client, and 408 before the whole request",
    ),
    row(Way::HttpFailed, Server, ServerError, "5xx", "HTTP: any other status that blames the server"),
    row(Way::InBandError, Server, ServerError, "IN_BAND_ERROR", "an error inside an answer that says OK or 200"),
    row(
        Way::Served,
        Server,
        Ok,
        "that of the answer",
        "HTTP: the client left a stream after its end mark ([DONE], done, message_stop, response.completed, the last \
         usage); after it was told of a failure it is that failure, in any of the rows above",
    ),
    row(
        Way::ClientLeft,
        Client,
        Cancelled,
        "CANCELLED, LOST",
        "the client reset the stream (CANCELLED), or ended the connection (LOST), earlier than in the next two rows",
    ),
    row(
        Way::ClientDeadline,
        Client,
        Timeout,
        "DEADLINE_EXCEEDED, LOST",
        "gRPC: the client did so at or after its deadline",
    ),
    row(
        Way::ClientGaveUp,
        Client,
        Timeout,
        "CANCELLED, LOST",
        "HTTP: the client did so after `give_up` without an answer, or without anything new in a stream",
    ),
    row(Way::ServerReset, Server, ServerError, "INTERNAL", "the server reset the stream, for a reason not named here"),
    row(
        Way::Refused,
        Server,
        Shed,
        "UNAVAILABLE",
        "RST_STREAM(REFUSED_STREAM), from a server that has not said goodbye",
    ),
    row(
        Way::LeftOut,
        Server,
        ServerError,
        "UNAVAILABLE",
        "the stream is above the last one of a GOAWAY, of a server that has answered nothing since it left out another \
         2 s ago or earlier",
    ),
    row(
        Way::Unprocessed,
        Server,
        Cancelled,
        "UNPROCESSED",
        "the stream is above the last one of a GOAWAY, or was refused within 30 s of a graceful one of that upstream: the \
         client's library sends it again, so it is a call without requests, and in no objective",
    ),
    row(
        Way::ServerLost,
        Server,
        ServerError,
        "LOST",
        "the server ended the connection, or had already done so when the request came, or could not be reached",
    ),
    row(Way::NetworkLost, Network, ServerError, "LOST", "the connection broke, and neither end had closed it"),
    row(Way::Cut, Wayside, ServerError, "LOST", "Wayside cut it, as the time for draining was over"),
    row(Way::Unread, Wayside, Cancelled, "LOST", "Wayside could not read its end"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Code, UNREAD, Verdict};

    #[test]
    fn a_way_is_the_number_of_its_row() {
        for (number, row) in TABLE.iter().enumerate() {
            assert_eq!(row.way as usize, number, "{:?}", row.way);
        }
        assert_eq!(Way::Unread as usize + 1, TABLE.len());
    }

    #[test]
    fn constants_say_what_the_table_says() {
        assert_eq!(UNREAD, Verdict::of(Way::Unread, Code::Lost));
        assert_eq!(Verdict::OK, Verdict::of(Way::GrpcOk, Code::Grpc(0)));
    }
}
