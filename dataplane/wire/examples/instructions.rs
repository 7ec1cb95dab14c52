//! The cost of reading, for counting instructions:
//! `valgrind --tool=callgrind target/release/examples/instructions unary 10000`
//!
//! `unary`: calls with everything in the HPACK table but the request id, one message each way. `plain`: the same,
//! headers as Huffman-free literals each time. `stream`: one call with that many responses of 300 bytes.
//! The difference between two counts is the cost of the calls between them.

#[path = "../tests/support/mod.rs"]
mod support;

use support::*;
use wire::{Call, Conn, Direction, End, Nanos, Request, Sink};

#[derive(Default)]
struct Tally {
    calls: u64,
    requests: u64,
    latency: Nanos,
}

impl Sink for Tally {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, request: &Request) {
        self.requests += 1;
        self.latency += request.latency.unwrap_or(0);
    }
    fn gap(&mut self, _: &Call, gap: Nanos) {
        self.latency += gap;
    }
    fn ended(&mut self, _: &Call, _: &End) {
        self.calls += 1;
    }
    fn blinded(&mut self, reason: wire::Blind) {
        panic!("{reason:?}");
    }
    fn recognised(&mut self, _: wire::Protocol) {}
    fn head_truncated(&mut self) {}
}

fn main() {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_else(|| "unary".into());
    let count: u32 = args.next().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let mut conn = Conn::new(catalogue());
    let mut tally = Tally::default();
    conn.feed(Direction::ToServer, PREFACE, 0, &mut tally);
    conn.feed(Direction::ToServer, &settings(), 0, &mut tally);
    conn.feed(Direction::ToClient, &settings(), 0, &mut tally);
    match &*what {
        "stream" => stream(&mut conn, &mut tally, count),
        _ => unary(&mut conn, &mut tally, count, what == "plain"),
    }
    println!("{} calls, {} requests, {} ns", tally.calls, tally.requests, tally.latency);
}

fn unary(conn: &mut Conn, tally: &mut Tally, count: u32, plain: bool) {
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut block = |side: Direction, fields: &[(&str, &str)]| {
        if plain {
            return plain_block(fields);
        }
        let (table, stream) = match side {
            Direction::ToServer => (&mut client, 1),
            Direction::ToClient => (&mut server, 99),
        };
        let first = headers(stream, true, &table.block(fields));
        conn.feed(side, &first, 0, tally);
        table.block(fields)
    };
    let user_agent = ("user-agent", "grpc-python/1.85.1 grpc-c/50.0.0 (linux; chttp2)");
    let extra = [user_agent, ("grpc-accept-encoding", "identity, deflate, gzip")];
    let fields = [&request_fields(INFER)[..], &extra].concat();
    let ask = block(Direction::ToServer, &fields);
    let head = block(
        Direction::ToClient,
        &[
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-accept-encoding", "identity, deflate, gzip"),
        ],
    );
    let end = block(Direction::ToClient, &[("grpc-status", "0"), ("grpc-message", "")]);
    let request = message(&infer_request("resnet50", "1", "request-0001", &[8, 3, 224, 224], 150));
    let response = message(&infer_response("resnet50", "1", "request-0001"));
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    for n in 0..count {
        let id = 2 * n + 3;
        to_server.clear();
        to_client.clear();
        push(&mut to_server, 1, 4, id, &ask);
        push(&mut to_server, 0, 1, id, &request);
        push(&mut to_client, 1, 4, id, &head);
        push(&mut to_client, 0, 0, id, &response);
        push(&mut to_client, 1, 5, id, &end);
        conn.feed(Direction::ToServer, &to_server, u64::from(n), tally);
        conn.feed(Direction::ToClient, &to_client, u64::from(n) + 5, tally);
    }
}

fn stream(conn: &mut Conn, tally: &mut Tally, count: u32) {
    conn.feed(Direction::ToServer, &headers(1, false, &request_head(GENERATE)), 0, tally);
    conn.feed(Direction::ToClient, &headers(1, false, &response_head()), 0, tally);
    let body = [bytes_field(1, &[bytes_field(1, &[1, 2, 3]), text(2, &"x".repeat(280))].concat())].concat();
    let chunk = data(1, false, &message(&body));
    for n in 0..count {
        conn.feed(Direction::ToClient, &chunk, u64::from(n), tally);
    }
}

/// Appends a frame without allocating, so that building costs little beside reading.
fn push(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}
