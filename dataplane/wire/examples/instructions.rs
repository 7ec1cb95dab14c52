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
    let feed = |direction, bytes: &[u8], now| conn.feed(direction, bytes, now, &mut tally);
    match &*what {
        "stream" => replay::stream(count, feed),
        _ => replay::unary(count, what == "plain", feed),
    }
    println!("{} calls, {} requests, {} ns", tally.calls, tally.requests, tally.latency);
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
