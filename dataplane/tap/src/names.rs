//! How the words of the wire are spelled in labels.

use wire::catalogue::Kind;
use wire::{Blind, Code, Direction, EndedBy, Outcome, Protocol};

const GRPC: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Frame types of RFC 9113 section 6, in the order of their numbers, and all others.
pub const FRAMES: [&str; 11] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
    "_OTHER",
];

/// `OK`, `UNAVAILABLE`, `503`, `LOST`, `IN_BAND_ERROR`.
pub fn code(code: Code) -> String {
    match code {
        Code::Grpc(number) => GRPC.get(usize::from(number)).unwrap_or(&"UNKNOWN").to_string(),
        Code::Http(status) => status.to_string(),
        Code::Lost => "LOST".to_string(),
        Code::InBandError => "IN_BAND_ERROR".to_string(),
        Code::Unprocessed => "UNPROCESSED".to_string(),
    }
}

/// See `CounterSeries.ended_by`.
pub fn ended_by(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Client => "client",
        EndedBy::Server => "server",
        EndedBy::Network => "network",
        EndedBy::Wayside => "wayside",
    }
}

/// See `CounterSeries.outcome`.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::ClientError => "client_error",
        Outcome::Cancelled => "cancelled",
        Outcome::Timeout => "timeout",
        Outcome::ServerError => "server_error",
        Outcome::Shed => "shed",
    }
}

/// The outcome of that name.
pub fn outcome_named(name: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|each| outcome(*each) == name)
}

/// The code of that name, but for those that nobody sends.
pub fn code_named(name: &str) -> Option<Code> {
    let grpc = GRPC.iter().position(|known| *known == name).map(|number| Code::Grpc(number as u8));
    let http = || name.parse().ok().filter(|status| (100..=599).contains(status)).map(Code::Http);
    grpc.or_else(http).or((name == "IN_BAND_ERROR").then_some(Code::InBandError))
}

/// See `CounterSeries.kind`.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Inference => "inference",
        Kind::Probe => "probe",
        Kind::Admin => "admin",
    }
}

/// See `TapStats.blind`.
pub fn blind(reason: Blind) -> &'static str {
    match reason {
        Blind::Tls => "tls",
        Blind::Protocol | Blind::Upgraded => "protocol",
        Blind::Hpack => "hpack",
        Blind::Frame => "frame",
        Blind::Streams => "streams",
        Blind::Panic => "panic",
    }
}

/// See `BlindCause.direction`.
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "to_server",
        Direction::ToClient => "to_client",
    }
}

/// See `TapStats.connections_by_protocol`.
pub fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http2 => "http2",
        Protocol::Http1 => "http1",
        Protocol::Tls => "tls",
        Protocol::Unknown => "unknown",
    }
}
