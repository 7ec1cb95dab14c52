//! gRPC-Web: binary and in base64, over HTTP/1.1 and HTTP/2; where its status may stand, and that any chunking gives the
//! same facts.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::*;
use wire::{Code, Conn, Direction, EndedBy, Outcome};

const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text";

fn infer() -> Vec<u8> {
    message(&infer_request("resnet", "2", "id-1", &[8, 3], 100))
}

fn status(code: u8) -> Vec<u8> {
    trailers_frame(0x80, &format!("grpc-status: {code}\r\ngrpc-message: so%20it ended\r\n"))
}

/// One call over HTTP/1.1, as what either side sends.
fn http1(types: [&str; 2], request: &[u8], fields: &str, answer: &[u8]) -> [Vec<u8>; 2] {
    let head =
        format!("POST {INFER} HTTP/1.1\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n", types[0], request.len());
    let kind = if types[1].is_empty() { String::new() } else { format!("content-type: {}\r\n", types[1]) };
    let chunks: Vec<u8> = answer
        .chunks(11)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .collect();
    let answer_head = format!("HTTP/1.1 200 OK\r\n{kind}{fields}Transfer-Encoding: chunked\r\n\r\n");
    [[head.as_bytes(), request].concat(), [answer_head.as_bytes(), &chunks, b"0\r\n\r\n"].concat()]
}

/// The same over HTTP/2.
fn http2(types: [&str; 2], request: &[u8], fields: &[(&str, &str)], answer: &[u8]) -> [Vec<u8>; 2] {
    let mut asked = request_fields(INFER);
    asked[4].1 = types[0];
    let mut told = vec![(":status", "200")];
    told.extend(Some(("content-type", types[1])).filter(|(_, kind)| !kind.is_empty()));
    told.extend(fields);
    let frames: Vec<u8> = answer.chunks(11).flat_map(|piece| padded_data(1, false, piece, 2)).collect();
    [
        [PREFACE, &settings(), &headers(1, false, &plain_block(&asked)), &data(1, true, request)].concat(),
        [&settings()[..], &headers(1, false, &plain_block(&told)), &frames, &data(1, true, b"")].concat(),
    ]
}

/// Feeds what both sides send, cut by `cut`.
fn told(sides: &[Vec<u8>; 2], mut cut: impl FnMut() -> usize) -> Recorder {
    let (mut conn, mut told) = (Conn::new(catalogue()), Recorder::default());
    for ((bytes, direction), at) in sides.iter().zip([Direction::ToServer, Direction::ToClient]).zip([0, MS]) {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(cut().clamp(1, rest.len()));
            conn.feed(direction, piece, at, &mut told);
            rest = tail;
        }
    }
    conn.end(EndedBy::Client, 2 * MS, &mut told);
    told
}

/// Both protocols, of which each must say the same.
fn verdicts(types: [&str; 2], request: &[u8], answer: &[u8]) -> (Code, Outcome, String, u64) {
    let of = |told: Recorder| {
        let [(call, end)] = &told.ended[..] else { panic!("{:#?}", told.log) };
        assert_eq!((&*call.model.text, &*call.version.text, call.request_messages), ("resnet", "3", 1));
        assert_eq!(call.response_bytes, infer_response("resnet", "3", "").len() as u64 * call.response_messages);
        (end.code, end.outcome, told.requests[0].message.to_string(), call.response_messages)
    };
    let one = of(told(&http1(types, request, "", answer), || usize::MAX));
    let two = of(told(&http2(types, request, &[], answer), || usize::MAX));
    assert_eq!(one, two);
    one
}

#[test]
fn the_status_is_the_last_frame_of_the_body() {
    let reply = message(&infer_response("resnet", "3", ""));
    let ended = |code, outcome, message: &str| (Code::Grpc(code), outcome, message.to_string(), 1);
    for (frame, verdict) in [
        (status(0), ended(0, Outcome::Ok, "so it ended")),
        (status(14), ended(14, Outcome::ServerError, "so it ended")),
        (trailers_frame(0x80, "GRPC-STATUS:\t5"), ended(5, Outcome::ClientError, "")),
        // It is there, compressed: what it says cannot be known.
        (trailers_frame(0x81, "grpc-status: 0\r\n"), (Code::Lost, Outcome::Cancelled, String::new(), 1)),
        (trailers_frame(0x80, ""), ended(2, Outcome::ServerError, "")),
        (Vec::new(), ended(2, Outcome::ServerError, "")),
        (status(0)[..9].to_vec(), ended(2, Outcome::ServerError, "")),
        (
            trailers_frame(0x80, &format!("x: {}\r\ngrpc-status: 0", "y".repeat(5000))),
            ended(2, Outcome::ServerError, ""),
        ),
        ([status(0), status(14)].concat(), ended(14, Outcome::ServerError, "so it ended")),
    ] {
        let answer = [&reply[..], &frame].concat();
        let (asked, asked_text) = (infer(), base64(&infer()));
        assert_eq!(verdicts([BINARY, BINARY], &asked, &answer), verdict);
        assert_eq!(verdicts([BINARY, ""], &asked, &answer), verdict);
        assert_eq!(verdicts([TEXT, BINARY], &asked_text, &answer), verdict);
        for each in [1, 2, 5, usize::MAX] {
            let text = flushed(&answer, each);
            assert_eq!(verdicts([TEXT, TEXT], &asked_text, &text), verdict);
            assert_eq!(verdicts([TEXT, ""], &asked_text, &text), verdict);
            assert_eq!(verdicts([BINARY, "application/grpc-web-text+proto"], &asked, &text), verdict);
        }
    }
}

#[test]
fn the_status_may_stand_in_the_head_and_the_deadline_in_the_request() {
    let mut rig = Rig::fresh(catalogue());
    let ask =
        format!("POST {INFER} HTTP/1.1\r\nContent-Type: {BINARY}\r\nGRPC-Timeout: 5m\r\nContent-Length: 0\r\n\r\n");
    let answer =
        |fields: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: {BINARY}\r\n{fields}Content-Length: 0\r\n\r\n");
    for (fields, code, said) in [
        ("Grpc-Status: 14\r\nGrpc-Message: not%20loaded\r\n", 14, "not loaded"),
        ("grpc-status: 0\r\ngrpc-status: 14\r\ngrpc-message: a\r\ngrpc-message: b\r\n", 0, "a"),
        ("grpc-status: no\r\n", 2, ""),
    ] {
        rig.client(ask.as_bytes()).server(answer(fields).as_bytes());
        let (call, end) = rig.told.ended.last().unwrap();
        assert_eq!((end.code, call.timeout), (Code::Grpc(code), Some(5 * MS)), "{fields}");
        assert_eq!(&*rig.told.requests.last().unwrap().message, said);
    }
}

#[test]
fn json_that_tells_of_a_status_behind_it_is_judged_as_http() {
    let mut rig = Rig::fresh(catalogue());
    let ask = "POST /v2/models/m/infer HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n";
    let answer = "HTTP/1.1 404 No\r\nContent-Type: application/json\r\ngrpc-status: 5\r\nContent-Length: 0\r\n\r\n";
    rig.client(ask.as_bytes()).server(answer.as_bytes());
    assert_eq!(verdict(&rig), (Code::Http(404), Outcome::ClientError, EndedBy::Server));
}

#[test]
fn what_cannot_be_decoded_is_counted_as_bytes() {
    let reply = message(&infer_response("resnet", "3", ""));
    // An encoding hides the status: nobody knows.
    let sides = http1([BINARY, BINARY], &infer(), "Content-Encoding: gzip\r\n", &[&reply[..], &status(0)].concat());
    let hidden = told(&sides, || usize::MAX);
    let (call, end) = &hidden.ended[0];
    assert_eq!((end.code, end.outcome, end.ended_by), (Code::Lost, Outcome::Cancelled, EndedBy::Wayside));
    assert_eq!((call.response_messages, call.response_bytes), (0, (reply.len() + status(0).len()) as u64));
    // No base64: clients cannot read it either.
    let text = [&base64(&reply)[..], b"-AAA", &base64(&status(0))].concat();
    let broken = told(&http1([TEXT, TEXT], &[&base64(&infer())[..], b"!"].concat(), "", &text), || usize::MAX);
    let (call, end) = &broken.ended[0];
    assert_eq!((end.code, end.outcome), (Code::Grpc(2), Outcome::ServerError));
    assert_eq!((call.request_messages, &*call.model.text, call.response_messages), (1, "resnet", 1));
    let after = b"-AAA".len() + base64(&status(0)).len();
    assert_eq!(call.response_bytes, (reply.len() - 5 + after) as u64);
}

#[test]
fn a_trailers_frame_is_no_response() {
    let told = told(&http2([BINARY, BINARY], &infer(), &[], &status(14)), || usize::MAX);
    let (call, _) = &told.ended[0];
    assert_eq!((call.first_response, call.last_response), (None, None));
    assert_eq!((call.response_messages, call.response_bytes, &told.gaps[..]), (0, 0, &[][..]));
    assert_eq!(told.requests[0].open.first_response, None);
}

#[test]
fn trailers_of_http2_count_as_well() {
    let mut rig = Rig::http2();
    let mut fields = request_fields(INFER);
    fields[4].1 = BINARY;
    rig.client(&headers(1, false, &plain_block(&fields))).client(&data(1, true, &infer()));
    rig.server(&headers(1, false, &plain_block(&[(":status", "200"), ("content-type", BINARY)])));
    rig.server(&data(1, false, &status(0))).server(&headers(1, true, &trailers("13")));
    assert_eq!(verdict(&rig), (Code::Grpc(13), Outcome::ServerError, EndedBy::Server));
}

/// Frames of an answer, well made or not.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let frame = prop_oneof![
        4 => (0..2000usize).prop_map(|raw| message(&[infer_response("m", "3", ""), bytes_field(7, &vec![1; raw])].concat())),
        2 => (any::<u8>(), 0..20u8).prop_map(|(flag, code)| trailers_frame(flag, &format!("x: y\r\nGrpc-Status: {code}"))),
        1 => (0..5000usize).prop_map(|n| trailers_frame(0x80, &format!("grpc-message: {}\ngrpc-status:9", "é".repeat(n)))),
        1 => vec(any::<u8>(), 0..40),
    ];
    vec(frame, 0..5).prop_map(|frames| frames.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_facts(
        answer in body(),
        text in any::<[bool; 2]>(),
        each in 1..700usize,
        stray in proptest::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>())),
        fields in prop_oneof![Just(""), Just("grpc-status: 4\r\n"), Just("grpc-message: m\r\n")],
        over_http2 in any::<bool>(),
        cuts in vec(1..60usize, 1..30),
    ) {
        let types = text.map(|text| if text { TEXT } else { BINARY });
        let request = if text[0] { flushed(&infer(), each) } else { infer() };
        let mut answer = if text[1] { flushed(&answer, each) } else { answer };
        if let Some((at, byte)) = stray {
            answer.insert(at.index(answer.len() + 1), byte);
        }
        let sides = match over_http2 {
            true => http2(types, &request, &[("grpc-status", "4")], &answer),
            false => http1(types, &request, fields, &answer),
        };
        let whole = told(&sides, || usize::MAX);
        prop_assert_eq!(whole.ended.len(), 1);
        prop_assert_eq!(&whole.log, &told(&sides, || 1).log);
        let mut next = cuts.iter().cycle();
        prop_assert_eq!(&whole.log, &told(&sides, || *next.next().unwrap()).log);
    }
}
