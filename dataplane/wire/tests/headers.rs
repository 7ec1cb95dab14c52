//! Values from heads and trailers, beside those of bodies: which of them counts.

mod support;

use std::sync::Arc;
use support::*;
use wire::catalogue::{Catalogue, HeaderExtract, Method, Read, Slot};
use wire::{Conn, Direction, EndedBy};

const PATH: &str = "/user.Ranker/Rank";

/// A method whose messages hold the model, the version and the id in fields 1 to 3.
fn ranker(request_headers: Vec<HeaderExtract>, response_headers: Vec<HeaderExtract>) -> Arc<Catalogue> {
    let slots = [Slot::Model, Slot::Version, Slot::RequestId];
    let program = always(slots.iter().zip(1..).map(|(slot, field)| extract(*slot, &[field], Read::String)).collect());
    let method =
        Method { request: program.clone(), response: program, request_headers, response_headers, ..Method::default() };
    let mut catalogue = Catalogue::default();
    catalogue.methods.insert(PATH.into(), method);
    Arc::new(catalogue)
}

/// A value said in its place, empty for none: by the head, and by the message of a request, then of its answer, and by
/// the trailers.
#[derive(Clone, Copy, Debug, Default)]
struct Said<'a> {
    head: &'a str,
    request: &'a str,
    answer_head: &'a str,
    answer: &'a str,
    trailer: &'a str,
}

/// What is told of a call in which each slot is said so, in its fields `x-model`, `x-version` and `x-id`.
fn told(catalogue: &Arc<Catalogue>, said: Said<'_>) -> [String; 3] {
    let mut rig = Rig::fresh(catalogue.clone());
    let named = |value| ["x-model", "x-version", "x-id"].map(|name| (name, value));
    let message_of = |value| message(&[text(1, value), text(2, value), text(3, value)].concat());
    let head = [&request_fields(PATH)[..], &named(said.head)].concat();
    rig.client(PREFACE).client(&settings()).server(&settings());
    rig.client(&headers(1, false, &plain_block(&head))).client(&data(1, true, &message_of(said.request)));
    let head = [&[(":status", "200"), ("content-type", "application/grpc")][..], &named(said.answer_head)].concat();
    rig.server(&headers(1, false, &plain_block(&head))).server(&data(1, false, &message_of(said.answer)));
    let trailers = [&[("grpc-status", "0")][..], &named(said.trailer)].concat();
    rig.server(&headers(1, true, &plain_block(&trailers)));
    let (call, _) = rig.only();
    let id = rig.told.requests[0].open.id.text().to_string();
    [call.model.text.to_string(), call.version.text.to_string(), id]
}

fn all(before_body: bool) -> Vec<HeaderExtract> {
    let slots = [(Slot::Model, "x-model"), (Slot::Version, "x-version"), (Slot::RequestId, "x-id")];
    slots.map(|(slot, name)| header(slot, name, before_body)).into()
}

#[test]
fn the_order_of_the_catalogue_decides() {
    let every =
        Said { head: "head", request: "request", answer_head: "answer-head", answer: "answer", trailer: "trailer" };
    let (before, after) = (ranker(all(true), all(true)), ranker(all(false), all(false)));
    // Of the model and the id requests tell, of the version answers; of an answer's names the newest, and
    // of its ids the first.
    assert_eq!(told(&before, every), ["head", "trailer", "head"]);
    assert_eq!(told(&after, every), ["request", "answer", "request"]);
    let bodies = Said { head: "", answer_head: "", trailer: "", ..every };
    for catalogue in [&before, &after] {
        assert_eq!(told(catalogue, bodies), ["request", "answer", "request"]);
    }
    let answered = Said { head: "", request: "", trailer: "", ..every };
    assert_eq!(told(&before, answered), ["answer-head", "answer-head", "answer-head"]);
    assert_eq!(told(&after, answered), ["answer", "answer", "answer-head"]);
    let heads = Said { request: "", answer: "", trailer: "", ..every };
    for catalogue in [&before, &after] {
        assert_eq!(told(catalogue, heads), ["head", "answer-head", "head"]);
    }
    let trailers = Said { trailer: "trailer", ..Said::default() };
    for catalogue in [&before, &after] {
        assert_eq!(told(catalogue, trailers), ["trailer", "trailer", "trailer"]);
        assert_eq!(told(catalogue, Said { request: "request", ..trailers }), ["request", "trailer", "request"]);
    }
    let late = Said { answer: "answer", trailer: "trailer", ..Said::default() };
    assert_eq!(told(&before, late), ["trailer", "trailer", "trailer"]);
    assert_eq!(told(&after, late), ["answer", "answer", "trailer"]);
}

#[test]
fn what_nobody_asks_for_is_not_read() {
    let every = Said { head: "head", request: "", answer_head: "answer-head", answer: "", trailer: "trailer" };
    assert_eq!(told(&ranker(Vec::new(), Vec::new()), every), ["", "", ""]);
    assert_eq!(told(&ranker(all(true), Vec::new()), every), ["head", "head", "head"]);
    assert_eq!(told(&ranker(Vec::new(), all(true)), every), ["trailer", "trailer", "answer-head"]);
}

#[test]
fn a_value_that_is_no_name_is_none() {
    let catalogue = ranker(all(true), all(true));
    let long = "x".repeat(129);
    let said = Said { head: &long, request: "request", ..Said::default() };
    assert_eq!(told(&catalogue, said), ["request", "request", "request"]);
    let no_id = "x".repeat(64); // a name, but no id
    let said = Said { head: &no_id, ..Said::default() };
    assert_eq!(told(&catalogue, said), [&*no_id, &*no_id, ""]);
}

#[test]
fn a_head_that_comes_again_says_the_same_again() {
    let mut rig = Rig::http2();
    let mut encoder = Encoder::default();
    let fields = [&request_fields(INFER)[..], &[("seldon-model", "iris"), ("x-request-id", "r-9")]].concat();
    for stream in [1, 3, 5, 7] {
        let head = encoder.block(&fields); // indices alone, but for the first
        rig.client(&headers(stream, false, &head));
        rig.client(&data(stream, true, &message(&infer_request("iris_1", "2", "", &[4], 20))));
        rig.server(&headers(stream, false, &response_head()));
        rig.server(&data(stream, false, &message(&infer_response("iris_1", "", ""))));
        rig.server(&headers(stream, true, &plain_block(&[("grpc-status", "0"), ("x-version", "4")])));
    }
    let told: Vec<_> = rig.told.ended.iter().map(|(call, _)| (&*call.model.text, &*call.version.text)).collect();
    assert_eq!(told, [("iris", "4"); 4]);
    let ids: Vec<_> = rig.told.requests.iter().map(|request| request.open.id.text()).collect();
    assert_eq!(ids, ["r-9"; 4]);
}

#[test]
fn a_stream_of_many_requests_has_one_model_by_its_head_and_ids_of_its_messages() {
    let mut rig = Rig::http2();
    let fields = [&request_fields(STREAM_INFER)[..], &[("seldon-model", "iris"), ("x-request-id", "r-9")]].concat();
    rig.client(&headers(1, false, &plain_block(&fields)));
    for id in ["a", "b"] {
        rig.client(&data(1, false, &message(&infer_request("", "", id, &[4], 20))));
    }
    rig.client(&data(1, true, &[])).server(&headers(1, false, &response_head()));
    rig.server(&headers(1, true, &trailers("0")));
    assert_eq!(&*rig.only().0.model.text, "iris");
    let ids: Vec<_> = rig.told.requests.iter().map(|request| request.open.id.text()).collect();
    assert_eq!(ids, ["a", "b"]);
}

/// An exchange of HTTP/1.1, shown in pieces of so many bytes.
fn http1(ask: &str, answer: &str, piece: usize) -> Recorder {
    let mut conn = Conn::new(catalogue());
    let mut told = Recorder::default();
    for (direction, bytes) in [(Direction::ToServer, ask), (Direction::ToClient, answer)] {
        bytes.as_bytes().chunks(piece).for_each(|bytes| conn.feed(direction, bytes, 0, &mut told));
    }
    conn.end(EndedBy::Server, 1, &mut told);
    told
}

#[test]
fn http1_fields_are_known_in_any_case_and_the_first_counts() {
    let ask = "POST /v2/models/path/infer HTTP/1.1\r\nSELDON-Model: iris\r\nseldon-model: two\r\nHost: x\r\n\r\n";
    let whole = http1(ask, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", usize::MAX);
    assert_eq!(&*whole.ended[0].0.model.text, "iris");
    let chat = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n";
    let answer = "HTTP/1.1 103 Hints\r\nX-Request-Id: not-yet\r\n\r\n\
                  HTTP/1.1 200 OK\r\nX-Request-Id: s-1\r\nX-Prompt-Tokens: 12\r\nX-Generated-Tokens: 7x\r\n\
                  Content-Length: 0\r\n\r\n";
    let whole = http1(chat, answer, usize::MAX);
    let open = &whole.requests[0].open;
    assert_eq!((open.id.text(), open.tokens_in.usage, open.tokens_out.usage), ("s-1", Some(12), None));
    let asked = http1(&chat.replace("Host", "X-REQUEST-ID: c-1\r\nHost"), answer, usize::MAX);
    assert_eq!(asked.requests[0].open.id.text(), "c-1", "the client's own counts");
    for piece in 1..40 {
        assert_eq!(http1(chat, answer, piece).log, whole.log);
    }
}
