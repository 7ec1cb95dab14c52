//! Properties: any chunking gives the same facts, garbage never panics, every call ends exactly once.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::*;
use wire::{Code, Conn, Direction, EndedBy};

/// Bytes one side sends at one moment.
#[derive(Clone, Debug)]
struct Burst {
    direction: Direction,
    bytes: Vec<u8>,
    at: u64,
}

/// What one side does next on one stream.
#[derive(Clone, Debug)]
enum Act {
    Ask { path: usize, split: bool, named: bool },
    Send { body: Vec<u8>, end: bool },
    Answer { informational: bool, named: bool },
    Reply { body: Vec<u8>, pad: u8 },
    Finish { status: u8, named: bool },
    Reset { client: bool, code: u32 },
    Goaway { last: u32 },
    Other { kind: u8, client: bool, payload: Vec<u8> },
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let id = prop_oneof![Just("a"), Just("b"), Just("")];
    prop_oneof![
        (id.clone(), 0..3000usize).prop_map(|(id, raw)| infer_request("resnet", "2", id, &[4, 300], raw)),
        id.clone().prop_map(|id| infer_response("resnet", "2", id)),
        (0..20u64).prop_map(|limit| config_response("resnet", limit)),
        (id, proptest::option::of(any::<bool>())).prop_map(|(id, last)| stream_response(id, last)),
        vec(any::<u8>(), 0..40),
        Just(text(1, "an error")),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..5usize, any::<bool>(), any::<bool>()).prop_map(|(path, split, named)| Act::Ask { path, split, named }),
        6 => (body(), any::<bool>()).prop_map(|(body, end)| Act::Send { body, end }),
        6 => any::<[bool; 2]>().prop_map(|[informational, named]| Act::Answer { informational, named }),
        6 => (body(), any::<u8>()).prop_map(|(body, pad)| Act::Reply { body, pad }),
        4 => (0..18u8, any::<bool>()).prop_map(|(status, named)| Act::Finish { status, named }),
        1 => (any::<bool>(), 0..14u32).prop_map(|(client, code)| Act::Reset { client, code }),
        1 => (0..40u32).prop_map(|last| Act::Goaway { last }),
        1 => (10..30u8, any::<bool>(), vec(any::<u8>(), 0..20))
            .prop_map(|(kind, client, payload)| Act::Other { kind, client, payload }),
    ]
}

/// Acts on a handful of streams, as bursts of bytes. Headers go through one indexing encoder per side.
fn conversation() -> impl Strategy<Value = Vec<Burst>> {
    vec((act(), 0..4u32), 1..40).prop_map(|acts| {
        let (mut client, mut server) = (Encoder::default(), Encoder::default());
        let mut newest = 1;
        let mut bursts = vec![
            Burst { direction: Direction::ToClient, bytes: settings(), at: 0 },
            Burst { direction: Direction::ToServer, bytes: [PREFACE, &settings()].concat(), at: 1 },
        ];
        for (at, (act, back)) in acts.into_iter().enumerate() {
            if matches!(act, Act::Ask { .. }) {
                newest += 2;
            }
            let stream = (newest - 2 * back.min((newest - 1) / 2)).max(1);
            let (direction, bytes) = perform(act, stream, newest, &mut client, &mut server);
            bursts.push(Burst { direction, bytes, at: 1000 * at as u64 });
        }
        bursts
    })
}

fn perform(act: Act, stream: u32, newest: u32, client: &mut Encoder, server: &mut Encoder) -> (Direction, Vec<u8>) {
    use Direction::{ToClient, ToServer};
    let side = |client: bool| if client { ToServer } else { ToClient };
    match act {
        Act::Ask { path, split, named } => {
            let path = [INFER, STREAM_INFER, GENERATE, CONFIG, "/some.Other/Method"][path];
            let timeout = format!("{newest}m");
            let extra = [("grpc-timeout", &*timeout), ("x-anything", "whatever it may be")];
            let named: &[_] = if named { &[("seldon-model", "other"), ("x-request-id", "r-1")] } else { &[] };
            let block = client.block(&[&request_fields(path)[..], &extra, named].concat());
            match split {
                true => (ToServer, split_headers(newest, false, &block, 7)),
                false => (ToServer, headers(newest, false, &block)),
            }
        }
        Act::Send { body, end } => (ToServer, data(stream, end, &message(&body))),
        Act::Answer { informational, named } => {
            let status = if informational { "103" } else { "200" };
            let version = if named { "x-version" } else { "x-other" };
            let fields = [(":status", status), ("content-type", "application/grpc"), (version, "5")];
            (ToClient, headers(stream, false, &server.block(&fields)))
        }
        Act::Reply { body, pad } => (ToClient, padded_data(stream, false, &message(&body), pad)),
        Act::Finish { status, named } => {
            let status = status.to_string();
            let version = if named { "x-version" } else { "x-other" };
            let fields = [("grpc-status", &*status), ("grpc-message", "so%20it ended"), (version, "6")];
            (ToClient, split_headers(stream, true, &server.block(&fields), 3))
        }
        Act::Reset { client, code } => (side(client), rst(stream, code)),
        Act::Goaway { last } => (ToClient, goaway(last, 0, b"debug")),
        Act::Other { kind, client, payload } => (side(client), frame(kind, 0xff, stream, &payload)),
    }
}

/// Feeds the bursts cut by `cut`, which is asked for the next chunk length; returns what was told.
fn told(bursts: &[Burst], mut cut: impl FnMut() -> usize) -> Recorder {
    let mut conn = Conn::new(catalogue());
    let mut told = Recorder::default();
    for burst in bursts {
        let mut rest = &burst.bytes[..];
        while !rest.is_empty() {
            let (chunk, tail) = rest.split_at(cut().clamp(1, rest.len()));
            conn.feed(burst.direction, chunk, burst.at, &mut told);
            rest = tail;
        }
    }
    conn.end(EndedBy::Server, 1_000_000, &mut told);
    assert_eq!(conn.open_calls(), 0);
    told
}

/// Every opened call ended once, after its requests; one that the server never looked at has none.
fn check_ends(told: &Recorder) {
    let mut opened: Vec<u32> = told.opened.iter().map(|call| call.concurrency).collect();
    let mut ended: Vec<u32> = told.ended.iter().map(|(call, _)| call.concurrency).collect();
    ended.sort_unstable();
    opened.sort_unstable();
    assert_eq!(opened, ended);
    let asked = told.ended.iter().filter(|(_, end)| end.code != Code::Unprocessed);
    let single = asked.filter(|(call, _)| !call.many_requests).count();
    let ended_after_request = told.log.windows(2).filter(|w| w[0].starts_with("request") && w[1].starts_with("ended"));
    assert!(ended_after_request.count() >= single);
    assert!(told.requests.len() >= single);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_facts(
        bursts in conversation(),
        cuts in vec(1..60usize, 1..30),
    ) {
        let whole = told(&bursts, || usize::MAX);
        check_ends(&whole);
        prop_assert_eq!(&whole.blinded, &[]);
        let single_bytes = told(&bursts, || 1);
        prop_assert_eq!(&whole.log, &single_bytes.log);
        let mut next = cuts.iter().cycle();
        let random = told(&bursts, || *next.next().unwrap());
        prop_assert_eq!(&whole.log, &random.log);
    }

    #[test]
    fn garbage_after_a_valid_head_ends_every_call_once(
        bursts in conversation(),
        garbage in vec(any::<u8>(), 0..300),
        to_server in any::<bool>(),
        place in any::<prop::sample::Index>(),
    ) {
        let mut bursts = bursts;
        let direction = if to_server { Direction::ToServer } else { Direction::ToClient };
        let at = 2 + place.index(bursts.len() - 1);
        bursts.insert(at.min(bursts.len()), Burst { direction, bytes: garbage, at: 5 });
        let whole = told(&bursts, || usize::MAX);
        check_ends(&whole);
        prop_assert_eq!(&whole.log, &told(&bursts, || 1).log);
    }

    #[test]
    fn a_changed_byte_ends_every_call_once(
        bursts in conversation(),
        burst in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut bursts = bursts;
        let burst = burst.index(bursts.len());
        let at = byte.index(bursts[burst].bytes.len());
        bursts[burst].bytes[at] = value;
        let whole = told(&bursts, || usize::MAX);
        check_ends(&whole);
        prop_assert_eq!(&whole.log, &told(&bursts, || 1).log);
    }

    #[test]
    fn random_bytes_never_panic(
        client in vec(any::<u8>(), 0..400),
        server in vec(any::<u8>(), 0..400),
        preface in any::<bool>(),
    ) {
        let first = if preface { PREFACE } else { &[] };
        let client = [first, &client].concat();
        let bursts = [
            Burst { direction: Direction::ToServer, bytes: client, at: 0 },
            Burst { direction: Direction::ToClient, bytes: server, at: 1 },
        ];
        let whole = told(&bursts, || usize::MAX);
        check_ends(&whole);
        prop_assert_eq!(&whole.log, &told(&bursts, || 1).log);
    }
}
