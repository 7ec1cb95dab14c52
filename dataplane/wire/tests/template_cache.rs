//! Messages that say the same as one before: what is told of them is what is told when each is read.

mod support;

use support::*;
use wire::{Direction, EndedBy};

/// Calls alike, more than it takes until a message is known.
const CALLS: u32 = 8;

/// Who sends, and what.
type Sent = (Direction, Vec<u8>);

/// What is told when all comes as it was sent, so that each message is whole; having made sure that the same is told when
/// all comes byte by byte, where each is read.
fn told(sent: &[Sent]) -> support::Recorder {
    let rig = |cut: bool| {
        let mut rig = Rig::http2();
        for (direction, bytes) in sent {
            rig.wait(1);
            for piece in bytes.chunks(if cut { 1 } else { bytes.len() }) {
                match direction {
                    Direction::ToServer => rig.client(piece),
                    Direction::ToClient => rig.server(piece),
                };
            }
        }
        rig.end(EndedBy::Client);
        rig.told
    };
    let (whole, cut) = (rig(false), rig(true));
    assert_eq!(whole.log, cut.log);
    whole
}

fn ask(stream: u32, path: &str, body: &[u8], end: bool) -> Sent {
    let head = headers(stream, false, &request_head(path));
    (Direction::ToServer, [head, data(stream, end, &message(body))].concat())
}

fn answer(stream: u32, bodies: &[Vec<u8>]) -> Sent {
    let messages = bodies.iter().map(|body| data(stream, false, &message(body)));
    let parts = [headers(stream, false, &response_head())].into_iter().chain(messages);
    (Direction::ToClient, parts.chain([headers(stream, true, &trailers("0"))]).flatten().collect())
}

#[test]
fn unary_calls() {
    let mut sent = Vec::new();
    for n in 0..CALLS {
        let (stream, id) = (2 * n + 1, format!("id-{n}"));
        // The last of them differ in what counts: a batch of another size, another version, another model, another shape,
        // elements of another type.
        let (batch, version, model) = match n {
            4 => (9, "2", "resnet"),
            5 => (8, "1", "resnex"),
            _ => (8, "1", "resnet"),
        };
        let mut body = infer_request(model, version, &id, &[batch, if n == 6 { 5 } else { 3 }], 40);
        if n == 7 {
            let at = body.windows(4).position(|word| word == b"FP32").unwrap();
            body[at..at + 4].copy_from_slice(b"INT8");
        }
        sent.push(ask(stream, INFER, &body, true));
        sent.push(answer(stream, &[infer_response(model, "", &id)]));
    }
    let told = told(&sent);
    let said: Vec<_> = told.requests.iter().map(|r| (r.open.id.text().to_string(), r.open.shape.to_string())).collect();
    let shapes = [["FP32[8,3]"; 4], ["FP32[9,3]", "FP32[8,3]", "FP32[8,5]", "INT8[8,3]"]].concat();
    let wanted = shapes.into_iter().zip(0..).map(|(shape, n)| (format!("id-{n}"), shape.to_string()));
    assert_eq!(said, wanted.collect::<Vec<_>>());
    let names = |at: usize| (&*told.ended[at].0.model.text, &*told.ended[at].0.version.text);
    assert_eq!([3, 4, 5].map(names), [("resnet", "1"), ("resnet", "2"), ("resnex", "1")]);
}

#[test]
fn the_answer_alone_names_the_model() {
    let mut sent = Vec::new();
    for n in 0..CALLS {
        let stream = 2 * n + 1;
        sent.push(ask(stream, INFER, &infer_request("", "", "", &[], 40), true));
        sent.push(answer(stream, &[infer_response("resnet", "3", "")]));
    }
    let told = told(&sent);
    assert!(told.ended.iter().all(|(call, _)| (&*call.model.text, &*call.version.text) == ("resnet", "3")));
}

#[test]
fn a_stream_of_many_requests_answered_in_another_order() {
    let mut sent = vec![(Direction::ToServer, headers(1, false, &request_head(STREAM_INFER)))];
    let order = [1, 0, 3, 2, 5, 4, 7, 6];
    for round in 0..4u32 {
        let id = |n: u32| format!("{:02}", 8 * round + n);
        let requests = (0..8).map(|n| data(1, false, &message(&infer_request("m", "1", &id(n), &[4], 40))));
        sent.push((Direction::ToServer, requests.flatten().collect()));
        for (at, n) in order.into_iter().enumerate() {
            let error = [text(1, "out of memory"), bytes_field(2, &infer_response("m", "1", &id(n)))].concat();
            let body = if at == 5 { error } else { stream_response(&id(n), Some(true)) };
            let head = if sent.len() == 2 { headers(1, false, &response_head()) } else { Vec::new() };
            sent.push((Direction::ToClient, [head, data(1, false, &message(&body))].concat()));
        }
    }
    let told = told(&sent);
    let answered: Vec<u32> = told.requests.iter().map(|r| r.open.id.text().parse().unwrap()).collect();
    let wanted = (0..4).flat_map(|round| order.map(|n| 8 * round + n));
    assert_eq!(answered, wanted.collect::<Vec<_>>());
    assert_eq!(told.requests.iter().filter(|r| r.code == wire::Code::InBandError).count(), 4);
}

#[test]
fn tokens_of_a_stream() {
    let chunk = |tokens: [u64; 2], said: &str| {
        let tokens: Vec<u8> = tokens.iter().flat_map(|&token| varint(token)).collect();
        bytes_field(1, &[bytes_field(1, &tokens), text(2, said)].concat())
    };
    let prompt = bytes_field(2, &bytes_field(2, &[1, 2, 3]));
    let mut sent = Vec::new();
    for n in 0..CALLS {
        let stream = 2 * n + 1;
        sent.push(ask(stream, GENERATE, &[text(1, &format!("id-{n}")), prompt.clone()].concat(), true));
        let chunks = (0..10).map(|n| chunk([300 + n, n], &format!("said {n}")));
        sent.push(answer(stream, &chunks.collect::<Vec<_>>()));
    }
    let told = told(&sent);
    for request in &told.requests {
        assert_eq!((request.open.tokens_in.ids, request.open.tokens_out.ids), (3, 20), "{request:?}");
    }
}
