//! Many calls, or a long one, for counting what they cost: making them is next to nothing.

use super::*;
use wire::{Direction, Nanos};

/// Messages that differ in what is theirs alone.
const VARIETY: usize = 16;

/// Calls one after the other, each with everything in the HPACK table but the request id, or `plain`ly with all its fields.
/// They take from 1 to 106 ms.
pub fn unary(count: u32, plain: bool, mut feed: impl FnMut(Direction, &[u8], Nanos)) {
    open(&mut feed);
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
        feed(side, &first, 0);
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
            (spread(n), to_server, to_client)
        })
        .collect::<Vec<_>>();
    let mut now = 0;
    for n in 0..count {
        let (duration, to_server, to_client) = &mut calls[n as usize % VARIETY];
        feed(Direction::ToServer, to_server.on(2 * n + 3), now);
        now += *duration;
        feed(Direction::ToClient, to_client.on(2 * n + 3), now);
    }
}

/// Responses of one call, from 1 to 106 ms apart.
pub fn stream(count: u32, mut feed: impl FnMut(Direction, &[u8], Nanos)) {
    open(&mut feed);
    feed(Direction::ToServer, &headers(1, false, &request_head(GENERATE)), 0);
    feed(Direction::ToClient, &headers(1, false, &response_head()), 0);
    let chunks = (0..VARIETY)
        .map(|n| {
            let tokens = [varint(7 + 40 * n as u64), varint(30_000 + n as u64)].concat();
            let said = bytes_field(1, &[bytes_field(1, &tokens), text(2, &"x".repeat(272 + n))].concat());
            (spread(n), data(1, false, &message(&said)))
        })
        .collect::<Vec<_>>();
    let mut now = 0;
    for n in 0..count {
        let (gap, chunk) = &chunks[n as usize % VARIETY];
        now += gap;
        feed(Direction::ToClient, chunk, now);
    }
}

fn open(feed: &mut impl FnMut(Direction, &[u8], Nanos)) {
    feed(Direction::ToServer, PREFACE, 0);
    feed(Direction::ToServer, &settings(), 0);
    feed(Direction::ToClient, &settings(), 0);
}

/// As many durations as there are messages.
fn spread(n: usize) -> Nanos {
    (1 + 7 * n as u64) * MS
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
