//! The cost of reading, for counting instructions:
//! `valgrind --tool=callgrind target/release/examples/instructions unary 10000`
//!
//! `unary`: calls with everything in the HPACK table but the request id, one message each way, whose ids and tensors
//! differ. `plain`: the same, headers as Huffman-free literals each time. `stream`: one call with that many responses of
//! some 300 bytes, whose tokens and texts differ. `events`: requests of HTTP/1.1 answered by that many server-sent
//! events of some 300 bytes, as OpenAI's API has them.
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
    if what == "events" {
        events(&mut tally, count);
        return println!("{} ns", tally.latency);
    }
    conn.feed(Direction::ToServer, PREFACE, 0, &mut tally);
    conn.feed(Direction::ToServer, &settings(), 0, &mut tally);
    conn.feed(Direction::ToClient, &settings(), 0, &mut tally);
    match &*what {
        "stream" => stream(&mut conn, &mut tally, count),
        _ => unary(&mut conn, &mut tally, count, what == "plain"),
    }
    println!("{} calls, {} requests, {} ns", tally.calls, tally.requests, tally.latency);
}

/// Messages that differ in what is theirs alone.
const VARIETY: usize = 16;

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
    let mut calls = (0..VARIETY)
        .map(|n| {
            let id = format!("request-{n:04}");
            let mut request = message(&infer_request("resnet50", "1", &id, &[8, 3, 224, 224], 150));
            request.iter_mut().rev().take(150).for_each(|byte| *byte = n as u8); // the tensor comes last
            let (mut to_server, mut to_client) = (Frames::default(), Frames::default());
            to_server.push(1, 4, &ask).push(0, 1, &request);
            let response = message(&infer_response("resnet50", "1", &id));
            to_client.push(1, 4, &head).push(0, 0, &response).push(1, 5, &end);
            (to_server, to_client)
        })
        .collect::<Vec<_>>();
    for n in 0..count {
        let (to_server, to_client) = &mut calls[n as usize % VARIETY];
        conn.feed(Direction::ToServer, to_server.on(2 * n + 3), u64::from(n), tally);
        conn.feed(Direction::ToClient, to_client.on(2 * n + 3), u64::from(n) + 5, tally);
    }
}

fn stream(conn: &mut Conn, tally: &mut Tally, count: u32) {
    conn.feed(Direction::ToServer, &headers(1, false, &request_head(GENERATE)), 0, tally);
    conn.feed(Direction::ToClient, &headers(1, false, &response_head()), 0, tally);
    let chunks = (0..VARIETY)
        .map(|n| {
            let tokens = [varint(7 + 40 * n as u64), varint(30_000 + n as u64)].concat();
            let said = bytes_field(1, &[bytes_field(1, &tokens), text(2, &"x".repeat(272 + n))].concat());
            data(1, false, &message(&said))
        })
        .collect::<Vec<_>>();
    for n in 0..count {
        conn.feed(Direction::ToClient, &chunks[n as usize % VARIETY], u64::from(n), tally);
    }
}

/// What models say: words with their space, punctuation, white space that JSON escapes, other alphabets.
const TOKENS: [&str; 8] = [" the", " token", ",", "ization", r"\n\n", r#" \"quoted"#, " 東京", " 1"];

/// Answers on as many connections, in turns.
const STREAMS: usize = 4;

fn events(tally: &mut Tally, count: u32) {
    let body = r#"{"model":"llama","stream":true}"#;
    let ask = format!("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let catalogue = catalogue();
    let mut streams: Vec<(Conn, [Vec<u8>; TOKENS.len()])> = (0..STREAMS)
        .map(|stream| {
            let mut conn = Conn::new(catalogue.clone());
            conn.feed(Direction::ToServer, ask.as_bytes(), 0, tally);
            conn.feed(Direction::ToClient, head.as_bytes(), 0, tally);
            (conn, TOKENS.map(|token| event(stream, token)))
        })
        .collect();
    for n in 0..count as usize {
        let (conn, events) = &mut streams[n % STREAMS];
        conn.feed(Direction::ToClient, &events[n / STREAMS % TOKENS.len()], n as u64, tally);
    }
}

/// One event in a chunk of its own.
fn event(stream: usize, token: &str) -> Vec<u8> {
    let id = format!("chatcmpl-{stream:032x}");
    let created = 1_760_000_000 + stream;
    let model = "meta-llama/Llama-3.1-8B-Instruct";
    let rest = format!(r#""object":"chat.completion.chunk","created":{created},"model":"{model}""#);
    let delta = format!(r#"{{"index":0,"delta":{{"content":"{token}"}}"#);
    let choice = format!(r#"{delta},"logprobs":null,"finish_reason":null,"stop_reason":null}}"#);
    let event = format!("data: {{\"id\":\"{id}\",{rest},\"choices\":[{choice}]}}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}

/// Frames of one stream, whose number is all that changes from call to call, so that sending costs next to nothing.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    streams: Vec<usize>,
}

impl Frames {
    fn push(&mut self, kind: u8, flags: u8, payload: &[u8]) -> &mut Frames {
        self.streams.push(self.bytes.len() + 5);
        self.bytes.extend(frame(kind, flags, 0, payload));
        self
    }

    fn on(&mut self, stream: u32) -> &[u8] {
        for &at in &self.streams {
            self.bytes[at..at + 4].copy_from_slice(&stream.to_be_bytes());
        }
        &self.bytes
    }
}
