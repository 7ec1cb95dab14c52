//! Words that decide numbers: how a call ended, who ended it, and what that counts as.
//!
//! Every decision is a row of [`table`]: what is here and in `exchange` only finds the row. [`rules`] are what a user or a
//! catalogue says otherwise.

use crate::Nanos;

pub mod rules;
pub mod table;

pub use table::Way;

/// gRPC status codes used here by name.
pub mod grpc {
    /// OK.
    pub const OK: u8 = 0;
    /// CANCELLED.
    pub const CANCELLED: u8 = 1;
    /// UNKNOWN.
    pub const UNKNOWN: u8 = 2;
    /// DEADLINE_EXCEEDED.
    pub const DEADLINE_EXCEEDED: u8 = 4;
    /// PERMISSION_DENIED.
    pub const PERMISSION_DENIED: u8 = 7;
    /// RESOURCE_EXHAUSTED.
    pub const RESOURCE_EXHAUSTED: u8 = 8;
    /// UNIMPLEMENTED.
    pub const UNIMPLEMENTED: u8 = 12;
    /// INTERNAL.
    pub const INTERNAL: u8 = 13;
    /// UNAVAILABLE.
    pub const UNAVAILABLE: u8 = 14;
    /// UNAUTHENTICATED, the largest there is.
    pub const UNAUTHENTICATED: u8 = 16;
}

/// Error codes of HTTP/2 used here by name (RFC 9113 section 7).
pub mod http2 {
    /// REFUSED_STREAM: not processed at all.
    pub const REFUSED_STREAM: u32 = 0x7;
    /// CANCEL.
    pub const CANCEL: u32 = 0x8;
    /// ENHANCE_YOUR_CALM.
    pub const ENHANCE_YOUR_CALM: u32 = 0xb;
    /// INADEQUATE_SECURITY.
    pub const INADEQUATE_SECURITY: u32 = 0xc;
}

/// How long after a graceful GOAWAY a refused stream still belongs to that server's farewell. Servers that age their
/// connections or shut down give their streams this long as a rule (grpc-go's and Kubernetes' grace); a server that refuses
/// later has no room.
pub const FAREWELL: Nanos = 30_000_000_000;

/// How long after the first stream that a server left out others count as sent again, if it has answered nothing since.
/// gRPC sends a call again by itself once and at once (gRFC A6), so a server that leaves out everything for longer fails its
/// clients.
pub const SENT_AGAIN: Nanos = 2_000_000_000;

/// Without anything new for so long, a client of HTTP that leaves has given up on the server: HTTP has no deadline on the
/// wire. The shortest time-out in common use for calls of models.
pub const GIVE_UP: Nanos = 30_000_000_000;

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
    /// Turned away by a server that had no room.
    Shed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 6] =
        [Outcome::Ok, Outcome::ClientError, Outcome::Cancelled, Outcome::Timeout, Outcome::ServerError, Outcome::Shed];

    /// It tells that the server did not do what it is there for.
    pub fn is_failure(self) -> bool {
        matches!(self, Outcome::Timeout | Outcome::ServerError | Outcome::Shed)
    }
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
    /// The server says that it never looked at the call: the client's library sends it again by itself.
    Unprocessed,
}

/// How something ended, before it is known what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// What was said.
    pub code: Code,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// What it counts as.
    pub outcome: Outcome,
}

/// The end was not, or could not be, read: the direction is blind, or too many requests were open to follow.
/// Good would be a lie and bad would be a lie, so it is the outcome that objectives exclude and count apart.
pub const UNREAD: Verdict = Verdict { code: Code::Lost, ended_by: EndedBy::Wayside, outcome: Outcome::Cancelled };

impl Verdict {
    /// As the table says of a way to end.
    #[inline]
    pub fn of(way: Way, code: Code) -> Verdict {
        let row = way.row();
        Verdict { code, ended_by: row.ended_by, outcome: row.outcome }
    }

    /// It ended in success, which nobody overrules.
    pub const OK: Verdict = Verdict { code: Code::Grpc(grpc::OK), ended_by: EndedBy::Server, outcome: Outcome::Ok };

    /// The connection ended first, and not by the client's doing.
    pub fn lost(by: EndedBy) -> Verdict {
        let way = match by {
            EndedBy::Client => Way::ClientLeft,
            EndedBy::Server => Way::ServerLost,
            EndedBy::Network => Way::NetworkLost,
            EndedBy::Wayside => Way::Cut,
        };
        Verdict::of(way, Code::Lost)
    }

    /// The server reset the stream. `late`: its deadline had passed; servers keep the client's deadline too, and some
    /// (grpc-go) say CANCEL then. `farewell`: the server has said goodbye of late.
    pub fn server_reset(error: u32, late: bool, farewell: bool) -> Verdict {
        match error {
            http2::REFUSED_STREAM if farewell => Verdict::left_out(true),
            http2::REFUSED_STREAM => Verdict::of(Way::Refused, Code::Grpc(grpc::UNAVAILABLE)),
            http2::CANCEL if late => Verdict::of(Way::GrpcCancelledLate, Code::Grpc(grpc::DEADLINE_EXCEEDED)),
            http2::CANCEL => Verdict::of(Way::GrpcCancelled, Code::Grpc(grpc::CANCELLED)),
            http2::ENHANCE_YOUR_CALM => Verdict::of(Way::GrpcExhausted, Code::Grpc(grpc::RESOURCE_EXHAUSTED)),
            http2::INADEQUATE_SECURITY => Verdict::of(Way::GrpcClientError, Code::Grpc(grpc::PERMISSION_DENIED)),
            _ => Verdict::of(Way::ServerReset, Code::Grpc(grpc::INTERNAL)),
        }
    }

    /// The server never looked at the stream. `again`: its client sends it again.
    pub fn left_out(again: bool) -> Verdict {
        match again {
            true => Verdict::of(Way::Unprocessed, Code::Unprocessed),
            false => Verdict::of(Way::LeftOut, Code::Grpc(grpc::UNAVAILABLE)),
        }
    }

    /// gRPC's own status. `late`: the call's deadline had passed. `message` is the server's own words.
    #[inline]
    pub fn of_grpc(code: u8, late: bool, message: &str) -> Verdict {
        if code == grpc::OK {
            return Verdict::OK;
        }
        let way = match code {
            grpc::CANCELLED if late => Way::GrpcCancelledLate,
            grpc::CANCELLED => Way::GrpcCancelled,
            grpc::DEADLINE_EXCEEDED => Way::GrpcDeadline,
            grpc::RESOURCE_EXHAUSTED if is_too_large(message) => Way::GrpcTooLarge,
            grpc::RESOURCE_EXHAUSTED => Way::GrpcExhausted,
            3 | 5..=7 | 9..=11 | grpc::UNAUTHENTICATED => Way::GrpcClientError,
            _ => Way::GrpcFailed,
        };
        Verdict::of(way, Code::Grpc(code))
    }

    /// The status of HTTP. `complete`: the server had the whole request. `retry_after`: the answer has that field.
    #[inline]
    pub fn of_http(status: u16, complete: bool, retry_after: bool) -> Verdict {
        let way = match status {
            ..=399 => Way::HttpOk,
            408 if complete => Way::HttpTimeout,
            504 => Way::HttpTimeout,
            424 => Way::HttpFailedDependency,
            429 => Way::HttpShed,
            503 if retry_after => Way::HttpShed,
            499 => Way::HttpCancelled,
            400..=499 => Way::HttpClientError,
            500.. => Way::HttpFailed,
        };
        Verdict::of(way, Code::Http(status))
    }

    /// The status of HTTP where gRPC was asked for: a proxy, or a server that speaks none.
    pub fn of_http_for_grpc(status: u16, retry_after: bool) -> Verdict {
        let code = grpc_of_http(status);
        match status {
            429 => Verdict::of(Way::GrpcShedByHttp, Code::Grpc(code)),
            503 if retry_after => Verdict::of(Way::GrpcShedByHttp, Code::Grpc(code)),
            504 => Verdict::of(Way::GrpcTimeoutByHttp, Code::Grpc(code)),
            _ => Verdict::of_grpc(code, false, ""),
        }
    }
}

/// gRPC's own mapping ("HTTP to gRPC Status Code Mapping").
fn grpc_of_http(status: u16) -> u8 {
    match status {
        400 => grpc::INTERNAL,
        401 => grpc::UNAUTHENTICATED,
        403 => grpc::PERMISSION_DENIED,
        404 => grpc::UNIMPLEMENTED,
        429 | 502..=504 => grpc::UNAVAILABLE,
        _ => grpc::UNKNOWN,
    }
}

/// RESOURCE_EXHAUSTED is said of a message larger than allowed, too, which no more room would help: grpc-core "Received
/// message larger than max", grpc-go "received message larger than max", grpc-java "gRPC message exceeds maximum size",
/// grpc-dotnet "message exceeds the maximum configured message size", tonic "message length too large".
fn is_too_large(words: &str) -> bool {
    const SAID: [&str; 6] = [
        "message larger than",
        "message after decompression larger than",
        "message exceeds maximum size",
        "message exceeds the maximum configured message size",
        "message length too large",
        "message too large",
    ];
    let words = words.to_ascii_lowercase();
    SAID.into_iter().any(|said| words.contains(said))
}

/// The deadline had passed when the client gave up, so that is why it did.
///
/// Two things make a client's reset come "early" by Wayside's clock. grpc-core rounds `grpc-timeout` up, by as
/// much as one percent, so its own deadline is before the one it sent. And the header is written a while after the
/// deadline began to run, and read by Wayside a while later: with a hundred calls begun at once on a busy machine
/// 13 ms were seen. 25 ms allow for that, but at least half of the timeout must have passed. The price: who cancels
/// within the last 25 ms before his deadline counts as out of time.
pub fn reached(elapsed: Nanos, timeout: Nanos) -> bool {
    const READ_LATE: Nanos = 25_000_000;
    elapsed >= (timeout - timeout / 100).saturating_sub(READ_LATE).max(timeout / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grpc_code_has_its_outcome() {
        use Outcome::*;
        let outcomes = [
            Ok,
            ServerError,
            ServerError,
            ClientError,
            Timeout,
            ClientError,
            ClientError,
            ClientError,
            Shed,
            ClientError,
            ClientError,
            ClientError,
            ServerError,
            ServerError,
            ServerError,
            ServerError,
            ClientError,
        ];
        for (code, outcome) in outcomes.into_iter().enumerate() {
            let verdict = Verdict::of_grpc(code as u8, false, "");
            let expected = Verdict { code: Code::Grpc(code as u8), ended_by: EndedBy::Server, outcome };
            assert_eq!(verdict, expected);
        }
        assert_eq!(Verdict::of_grpc(1, true, "").outcome, Timeout, "the server ended it at its deadline");
    }

    #[test]
    fn every_http_status_has_its_outcome() {
        use Outcome::*;
        for (status, complete, retry_after, outcome) in [
            (101, true, false, Ok),
            (200, true, false, Ok),
            (304, true, false, Ok),
            (400, true, false, ClientError),
            (404, true, true, ClientError),
            (408, false, false, ClientError),
            (408, true, false, Timeout),
            (424, true, false, ServerError),
            (429, true, false, Shed),
            (429, true, true, Shed),
            (499, true, false, Cancelled),
            (500, true, true, ServerError),
            (503, true, false, ServerError),
            (503, true, true, Shed),
            (504, true, false, Timeout),
            (599, true, false, ServerError),
        ] {
            let verdict = Verdict::of_http(status, complete, retry_after);
            let expected = Verdict { code: Code::Http(status), ended_by: EndedBy::Server, outcome };
            assert_eq!(verdict, expected, "{status}");
        }
    }

    #[test]
    fn plain_http_where_grpc_was_asked_for_is_mapped_as_grpc_maps_it() {
        use Outcome::*;
        for (status, retry_after, code, outcome) in [
            (400, false, 13, ServerError),
            (401, false, 16, ClientError),
            (403, false, 7, ClientError),
            (404, false, 12, ServerError),
            (408, false, 2, ServerError),
            (429, false, 14, Shed),
            (500, false, 2, ServerError),
            (502, false, 14, ServerError),
            (503, false, 14, ServerError),
            (503, true, 14, Shed),
            (504, false, 14, Timeout),
            (302, false, 2, ServerError),
        ] {
            let verdict = Verdict::of_http_for_grpc(status, retry_after);
            assert_eq!((verdict.code, verdict.outcome), (Code::Grpc(code), outcome), "{status}");
        }
    }

    #[test]
    fn resets_of_the_server_map_by_the_grpc_table() {
        let expected = [13, 13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13, 13];
        for (error, code) in expected.into_iter().enumerate() {
            assert_eq!(Verdict::server_reset(error as u32, false, false).code, Code::Grpc(code), "{error}");
        }
        assert_eq!(Verdict::server_reset(7, false, false).outcome, Outcome::Shed);
        assert_eq!(Verdict::server_reset(7, false, true).code, Code::Unprocessed);
        assert_eq!(Verdict::server_reset(8, false, true).outcome, Outcome::ServerError, "nobody asked for it");
        let late = Verdict::server_reset(8, true, false);
        assert_eq!((late.code, late.ended_by, late.outcome), (Code::Grpc(4), EndedBy::Server, Outcome::Timeout));
        assert_eq!(Verdict::server_reset(2, true, false).code, Code::Grpc(13), "another error is not about time");
    }

    #[test]
    fn a_message_that_is_too_large_is_no_lack_of_room() {
        for (words, outcome) in [
            ("Received message larger than max (5000000 vs. 4194304)", Outcome::ClientError),
            ("CLIENT: Sent message larger than max (9 vs. 4)", Outcome::ClientError),
            ("grpc: received message larger than max (5000000 vs. 4194304)", Outcome::ClientError),
            ("gRPC message exceeds maximum size 4194304: 5000000", Outcome::ClientError),
            ("Received message exceeds the maximum configured message size.", Outcome::ClientError),
            ("Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes", Outcome::ClientError),
            ("exceeds maximum queue size", Outcome::Shed),
            ("too many requests: the queue is larger than allowed", Outcome::Shed),
            ("too many requests: message queue too large", Outcome::Shed),
            ("", Outcome::Shed),
        ] {
            assert_eq!(Verdict::of_grpc(grpc::RESOURCE_EXHAUSTED, false, words).outcome, outcome, "{words}");
        }
    }

    #[test]
    fn a_deadline_is_reached_a_little_early_but_never_before_its_half() {
        const MS: Nanos = 1_000_000;
        assert!(reached(1000 * MS, 1000 * MS));
        assert!(reached(965 * MS, 1000 * MS));
        assert!(!reached(964 * MS, 1000 * MS));
        assert!(reached(6 * MS, 12 * MS));
        assert!(!reached(6 * MS - 1, 12 * MS));
        assert!(!reached(1, u64::MAX));
    }
}
