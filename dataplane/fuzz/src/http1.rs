//! A whole connection of HTTP/1.1: the promises of [`crate::conn`], with messages that are made where bytes alone would
//! seldom be one.

use crate::conn::{Burst, play};
use crate::input::Input;
use wire::{Direction, Nanos};

/// What a client says first, so that the connection is one of HTTP/1.1.
const FIRST: &[u8] = b"GET /v2/health/ready HTTP/1.1\r\n\r\n";

/// How a burst is to be understood.
pub mod op {
    /// It comes from the server.
    pub const SERVER: u8 = 1;
    /// It is a body, or one piece of it, whose head is yet to be made: which of a few is in the bits from [`WHICH`].
    pub const MESSAGE: u8 = 2;
    /// A millisecond has passed since the one before.
    pub const LATER: u8 = 4;
    /// Where the number of the head begins.
    pub const WHICH: u32 = 3;
}

/// Heads before a body that has a length.
const REQUESTS: [&str; 4] = [
    "POST /v1/chat/completions HTTP/1.1\r\nContent-Type: application/json\r\nX-Request-Id: r-1",
    "POST /api/generate HTTP/1.0\r\nAccept: */*",
    "POST /v2/models/m/versions/2/infer HTTP/1.1\r\nInference-Header-Content-Length: 9\r\nSeldon-Model: iris",
    "PUT http://x/v2/models/m/infer?y HTTP/1.1\r\nContent-Encoding: gzip",
];
const ANSWERS: [&str; 4] = [
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Generated-Tokens: 7\r\nX-Request-Id: s-1",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream",
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson",
    "HTTP/1.1 503 Oh",
];

/// Input: whether the client's first request is there already, a plan of cuts, then bursts: how to understand it, length,
/// bytes.
pub fn run(bytes: &[u8]) {
    play(bytes, FIRST, burst);
}

fn burst(input: &mut Input<'_>, now: &mut Nanos) -> Burst {
    let how = input.byte();
    let bytes = input.piece();
    let (direction, heads) = match how & op::SERVER {
        0 => (Direction::ToServer, REQUESTS),
        _ => (Direction::ToClient, ANSWERS),
    };
    let which = usize::from(how >> op::WHICH);
    let head = heads[which % heads.len()];
    let bytes = match how & op::MESSAGE {
        0 => bytes.to_vec(),
        _ if which < heads.len() => {
            [format!("{head}\r\nContent-Length: {}\r\n\r\n", bytes.len()).as_bytes(), bytes].concat()
        }
        _ => [format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes(), &chunk(bytes), &chunk(&[])].concat(),
    };
    *now += if how & op::LATER != 0 { 1_000_000 } else { 0 };
    Burst { direction, bytes, at: *now }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
