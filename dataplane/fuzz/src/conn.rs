//! A whole connection: any chunking gives the same facts, every call ends once, memory is bounded.

use crate::heap::peak_bytes;
use crate::input::{Cuts, Input};
use crate::support::{PREFACE, Recorder, catalogue, frame};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use wire::{Blind, Call, Catalogue, Code, Conn, Direction, End, EndedBy, Nanos, Protocol, Request, Sink};

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(catalogue);

/// More than one connection ever holds without streams, and with each open stream in addition.
const MAX_HEAP_BYTES: usize = 512 * 1024;
const MAX_HEAP_BYTES_PER_CALL: usize = 4096;

/// How a burst is to be understood.
mod op {
    /// It comes from the server.
    pub const SERVER: u8 = 1;
    /// It is the type, flags, stream and payload of a frame, whose head is yet to be made.
    pub const FRAME: u8 = 2;
    /// A millisecond has passed since the one before.
    pub const LATER: u8 = 4;
}

/// Bytes one side sends at one moment; none: it ends its half of the connection, and a client that has done so already
/// answers what it is sent with a reset.
pub struct Burst {
    pub direction: Direction,
    pub bytes: Vec<u8>,
    pub at: Nanos,
}

/// Input: whether the client sends a preface, a plan of cuts, then bursts: how to understand it, length, bytes.
pub fn run(bytes: &[u8]) {
    play(bytes, PREFACE, burst);
}

/// Reads an input, whose connection may begin with `first`, burst by burst, and holds it to its promises.
pub fn play(bytes: &[u8], first: &[u8], burst: impl Fn(&mut Input<'_>, &mut Nanos) -> Burst) {
    let mut input = Input(bytes);
    let first = if input.byte() % 2 == 1 { first } else { &[] };
    let cuts = input.cuts();
    let mut bursts = vec![Burst { direction: Direction::ToServer, bytes: first.to_vec(), at: 0 }];
    let mut now = 0;
    while !input.0.is_empty() {
        bursts.push(burst(&mut input, &mut now));
    }
    promise(&bursts, cuts);
}

fn burst(input: &mut Input<'_>, now: &mut Nanos) -> Burst {
    let how = input.byte();
    let bytes = input.piece();
    let direction = if how & op::SERVER == 0 { Direction::ToServer } else { Direction::ToClient };
    let bytes = match bytes {
        [kind, flags, stream, payload @ ..] if how & op::FRAME != 0 => {
            frame(*kind, *flags, u32::from(*stream), payload)
        }
        _ => bytes.to_vec(),
    };
    *now += if how & op::LATER != 0 { 1_000_000 } else { 0 };
    Burst { direction, bytes, at: *now }
}

/// Holds a connection to all that is promised of one.
fn promise(bursts: &[Burst], cuts: Cuts<'_>) {
    let whole = told(bursts, None);
    assert_eq!(told(bursts, Some(cuts)).log, whole.log);
    assert_eq!(told(bursts, Some(Cuts::default())).log, whole.log);
    check(&whole);

    let mut calls = 0;
    let peak = peak_bytes(|| calls = show(bursts, None, &mut Nobody));
    let bound = MAX_HEAP_BYTES + calls * MAX_HEAP_BYTES_PER_CALL;
    let bytes: usize = bursts.iter().map(|burst| burst.bytes.len()).sum();
    assert!(peak < bound, "{peak} bytes for {calls} calls in {bytes} bytes");
}

/// What is told of a connection.
pub fn told(bursts: &[Burst], cuts: Option<Cuts<'_>>) -> Recorder {
    let mut told = Recorder::default();
    show(bursts, cuts, &mut told);
    told
}

/// Shows a connection from its beginning to its end; returns how many calls were open at most.
fn show<S: Sink>(bursts: &[Burst], mut cuts: Option<Cuts<'_>>, sink: &mut S) -> usize {
    let mut conn = Conn::new(CATALOGUE.clone());
    let mut most_calls = 0;
    let mut at = 0;
    let (mut closer, mut client_left) = (EndedBy::Server, false);
    for (number, burst) in bursts.iter().enumerate() {
        at = burst.at;
        match &mut cuts {
            _ if burst.bytes.is_empty() && number == 0 => {} // there is no preface
            _ if burst.bytes.is_empty() => match burst.direction {
                Direction::ToServer if client_left => conn.client_refused(),
                Direction::ToServer => {
                    (closer, client_left) = (EndedBy::Client, true);
                    conn.client_left(at, sink);
                }
                Direction::ToClient => conn.server_left(closer, at, sink),
            },
            None => conn.feed(burst.direction, &burst.bytes, at, sink),
            Some(cuts) => cuts.apply(&burst.bytes).for_each(|piece| conn.feed(burst.direction, piece, at, sink)),
        }
        most_calls = most_calls.max(conn.open_calls());
    }
    conn.end(closer, at, sink);
    assert_eq!(conn.open_calls(), 0);
    most_calls
}

/// Every call that was opened ended once, and so did a request of each that does not carry many, unless the server never
/// looked at it.
fn check(told: &Recorder) {
    let mut opened: Vec<u32> = told.opened.iter().map(|call| call.concurrency).collect();
    let mut ended: Vec<u32> = told.ended.iter().map(|(call, _)| call.concurrency).collect();
    opened.sort_unstable();
    ended.sort_unstable();
    assert_eq!(ended, opened);
    let asked = told.ended.iter().filter(|(_, end)| end.code != Code::Unprocessed);
    let single = asked.filter(|(call, _)| !call.many_requests).count();
    assert!(told.requests.len() >= single);
    let reasons: HashSet<Blind> = told.blinded.iter().copied().collect();
    assert_eq!(reasons.len(), told.blinded.len(), "each reason once: {:?}", told.blinded);
    assert!(told.recognised.len() <= 1);
}

/// Keeps nothing, so that only the connection's own memory is seen.
struct Nobody;

impl Sink for Nobody {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, _: &Request) {}
    fn gap(&mut self, _: &Call, _: Nanos) {}
    fn ended(&mut self, _: &Call, _: &End) {}
    fn blinded(&mut self, _: Blind) {}
    fn recognised(&mut self, _: Protocol) {}
    fn head_truncated(&mut self) {}
}
