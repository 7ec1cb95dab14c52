//! Words that decide numbers: what a status, a reset or a lost connection counts as.

use crate::Nanos;

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
    /// INTERNAL.
    pub const INTERNAL: u8 = 13;
    /// UNAVAILABLE.
    pub const UNAVAILABLE: u8 = 14;
    /// The largest there is, UNAUTHENTICATED.
    pub const LAST: u8 = 16;
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
    /// The server said `code`.
    pub fn server(code: Code) -> Verdict {
        Verdict { code, ended_by: EndedBy::Server, outcome: of_code(code) }
    }

    /// The connection ended first.
    pub fn lost(ended_by: EndedBy) -> Verdict {
        let outcome = match ended_by {
            EndedBy::Client => Outcome::Cancelled,
            EndedBy::Server | EndedBy::Network | EndedBy::Wayside => Outcome::ServerError,
        };
        Verdict { code: Code::Lost, ended_by, outcome }
    }

    /// The server reset the stream `elapsed` after it began. Servers keep the client's deadline too, and some (grpc-go)
    /// say CANCEL when it has passed; their clock started later than ours, so no allowance is needed.
    pub fn server_reset(error: u32, elapsed: Nanos, timeout: Option<Nanos>) -> Verdict {
        let code = match of_reset(error) {
            Code::Grpc(grpc::CANCELLED) if timeout.is_some_and(|timeout| elapsed >= timeout) => {
                Code::Grpc(grpc::DEADLINE_EXCEEDED)
            }
            code => code,
        };
        Verdict::server(code)
    }

    /// The client reset the stream `elapsed` after it began.
    pub fn client_reset(elapsed: Nanos, timeout: Option<Nanos>) -> Verdict {
        let (code, outcome) = match timeout {
            Some(timeout) if reached(elapsed, timeout) => (grpc::DEADLINE_EXCEEDED, Outcome::Timeout),
            _ => (grpc::CANCELLED, Outcome::Cancelled),
        };
        Verdict { code: Code::Grpc(code), ended_by: EndedBy::Client, outcome }
    }
}

/// What a code that the server sent counts as.
pub fn of_code(code: Code) -> Outcome {
    match code {
        Code::Grpc(0) => Outcome::Ok,
        Code::Grpc(1) => Outcome::Cancelled,
        Code::Grpc(4) => Outcome::Timeout,
        // INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED FAILED_PRECONDITION ABORTED OUT_OF_RANGE
        // UNAUTHENTICATED
        Code::Grpc(3 | 5 | 6 | 7 | 9 | 10 | 11 | 16) => Outcome::ClientError,
        // UNKNOWN RESOURCE_EXHAUSTED UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS
        Code::Grpc(_) => Outcome::ServerError,
        Code::Http(0..=399) => Outcome::Ok,
        Code::Http(400..=499) => Outcome::ClientError,
        Code::Http(_) | Code::Lost | Code::InBandError => Outcome::ServerError,
    }
}

/// The deadline had passed when the client gave up, so that is why it did.
///
/// Two things make a client's reset come "early" by Wayside's clock. grpc-core rounds `grpc-timeout` up, by as
/// much as one percent, so its own deadline is before the one it sent. And the header is written a while after the
/// deadline began to run, and read by Wayside a while later: with a hundred calls begun at once on a busy machine
/// 13 ms were seen. 25 ms allow for that, but at least half of the timeout must have passed. The price: who cancels
/// within the last 25 ms before his deadline counts as out of time.
fn reached(elapsed: Nanos, timeout: Nanos) -> bool {
    const READ_LATE: Nanos = 25_000_000;
    elapsed >= (timeout - timeout / 100).saturating_sub(READ_LATE).max(timeout / 2)
}

/// gRPC status of an HTTP/2 error code in RST_STREAM (gRPC over HTTP/2, "Errors").
fn of_reset(error: u32) -> Code {
    const REFUSED_STREAM: u32 = 0x7;
    const CANCEL: u32 = 0x8;
    const ENHANCE_YOUR_CALM: u32 = 0xb;
    const INADEQUATE_SECURITY: u32 = 0xc;
    Code::Grpc(match error {
        REFUSED_STREAM => grpc::UNAVAILABLE,
        CANCEL => grpc::CANCELLED,
        ENHANCE_YOUR_CALM => grpc::RESOURCE_EXHAUSTED,
        INADEQUATE_SECURITY => grpc::PERMISSION_DENIED,
        _ => grpc::INTERNAL,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grpc_code_has_its_outcome() {
        use Outcome::*;
        let outcomes = [
            Ok,
            Cancelled,
            ServerError,
            ClientError,
            Timeout,
            ClientError,
            ClientError,
            ClientError,
            ServerError,
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
            assert_eq!(of_code(Code::Grpc(code as u8)), outcome, "{code}");
        }
    }

    #[test]
    fn every_http_class_has_its_outcome() {
        for (status, outcome) in [
            (101, Outcome::Ok),
            (200, Outcome::Ok),
            (304, Outcome::Ok),
            (404, Outcome::ClientError),
            (499, Outcome::ClientError),
            (500, Outcome::ServerError),
            (503, Outcome::ServerError),
        ] {
            assert_eq!(of_code(Code::Http(status)), outcome, "{status}");
        }
    }

    #[test]
    fn resets_map_by_the_grpc_table() {
        let expected = [13, 13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13, 13];
        for (error, code) in expected.into_iter().enumerate() {
            assert_eq!(of_reset(error as u32), Code::Grpc(code), "{error}");
        }
    }

    #[test]
    fn a_server_that_cancels_at_the_deadline_has_run_out_of_time() {
        let reset = |error, elapsed, timeout| Verdict::server_reset(error, elapsed, timeout);
        let late = reset(8, 20, Some(20));
        assert_eq!((late.code, late.ended_by, late.outcome), (Code::Grpc(4), EndedBy::Server, Outcome::Timeout));
        assert_eq!(reset(8, 19, Some(20)).outcome, Outcome::Cancelled);
        assert_eq!(reset(8, 20, None).outcome, Outcome::Cancelled);
        assert_eq!(reset(2, 20, Some(20)).code, Code::Grpc(13), "another error is not about time");
    }

    #[test]
    fn a_client_reset_at_its_deadline_is_a_timeout() {
        const MS: Nanos = 1_000_000;
        let outcome = |elapsed, timeout| Verdict::client_reset(elapsed, timeout).outcome;
        assert_eq!(outcome(1000 * MS, Some(1000 * MS)), Outcome::Timeout);
        assert_eq!(outcome(965 * MS, Some(1000 * MS)), Outcome::Timeout);
        assert_eq!(outcome(964 * MS, Some(1000 * MS)), Outcome::Cancelled);
        assert_eq!(outcome(6 * MS, Some(12 * MS)), Outcome::Timeout);
        assert_eq!(outcome(6 * MS - 1, Some(12 * MS)), Outcome::Cancelled);
        assert_eq!(outcome(u64::MAX, None), Outcome::Cancelled);
        assert_eq!(outcome(1, Some(u64::MAX)), Outcome::Cancelled);
    }
}
