//! Streams: many responses, and calls that carry many requests.

mod support;

use support::*;
use wire::call::MAX_OPEN_REQUESTS;
use wire::{Code, EndedBy, Outcome};

fn stream() -> Rig {
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, &request_head(STREAM_INFER)));
    rig.server(&headers(1, false, &response_head()));
    rig
}

fn ask(rig: &mut Rig, id: &str) {
    rig.wait(1).client(&data(1, false, &message(&infer_request("m", "", id, &[4], 10))));
}

fn reply(rig: &mut Rig, id: &str, last: Option<bool>) {
    rig.wait(1).server(&data(1, false, &message(&stream_response(id, last))));
}

fn ids(rig: &Rig) -> Vec<&str> {
    rig.told.requests.iter().map(|r| r.open.id.text()).collect()
}

#[test]
fn requests_of_a_stream_are_matched_by_id() {
    let mut rig = stream();
    assert!(rig.told.opened[0].open.is_empty(), "no request before its message");
    ask(&mut rig, "a"); // at 1 ms
    ask(&mut rig, "b"); // at 2 ms
    reply(&mut rig, "b", Some(true));
    reply(&mut rig, "a", Some(true));
    assert_eq!(ids(&rig), ["b", "a"]);
    let latencies: Vec<_> = rig.told.requests.iter().map(|r| r.latency).collect();
    assert_eq!(latencies, [Some(MS), Some(3 * MS)]);
    assert!(rig.told.requests.iter().all(|r| r.open.shape.to_string() == "FP32[4]" && r.outcome == Outcome::Ok));
    rig.server(&headers(1, true, &trailers("0")));
    assert_eq!(rig.told.requests.len(), 2);
    let (call, end) = rig.only();
    assert_eq!((call.request_messages, call.response_messages, end.code), (2, 2, Code::Grpc(0)));
    assert_eq!((&*call.model.text, &*call.version.text), ("m", "1"));
}

#[test]
fn a_request_ends_at_its_final_response() {
    let mut rig = stream();
    ask(&mut rig, "a");
    reply(&mut rig, "a", Some(false));
    reply(&mut rig, "a", Some(false));
    assert_eq!(rig.told.requests.len(), 0);
    reply(&mut rig, "a", Some(true));
    let request = &rig.told.requests[0];
    assert_eq!((request.latency, request.open.first_response), (Some(3 * MS), Some(2 * MS)));
    assert_eq!(rig.told.gaps, [MS, MS]);
}

#[test]
fn without_a_final_mark_the_first_response_ends_a_request() {
    let mut rig = stream();
    ask(&mut rig, "a");
    ask(&mut rig, "b");
    reply(&mut rig, "", None);
    assert_eq!(ids(&rig), ["a"], "without an id the oldest is meant");
    reply(&mut rig, "another id altogether", None);
    assert_eq!(ids(&rig), ["a", "b"], "an id nobody has means the oldest, too");
    reply(&mut rig, "c", None);
    assert_eq!(rig.told.requests.len(), 2, "nothing was open");
}

#[test]
fn an_error_inside_ends_the_request_it_names() {
    let mut rig = stream();
    ask(&mut rig, "a");
    ask(&mut rig, "b");
    let failed = [text(1, "out of memory"), stream_response("b", None)].concat();
    rig.server(&data(1, false, &message(&failed)));
    rig.server(&data(1, false, &message(&text(1, "no id here"))));
    assert_eq!(ids(&rig), ["b", "a"]);
    for request in &rig.told.requests {
        assert_eq!((request.code, request.outcome), (Code::InBandError, Outcome::ServerError));
        assert_eq!(request.ended_by, EndedBy::Server);
    }
    rig.server(&headers(1, true, &trailers("0")));
    assert_eq!(rig.only().1.outcome, Outcome::Ok, "the call itself was fine");
}

#[test]
fn the_bare_form_of_another_server_is_read_by_the_same_method() {
    let mut rig = stream();
    ask(&mut rig, "a");
    ask(&mut rig, "b");
    rig.server(&data(1, false, &message(&infer_response("other", "7", "b"))));
    assert_eq!(ids(&rig), ["b"]);
    assert_eq!(rig.told.requests[0].open.id.text(), "b");
    rig.server(&headers(1, true, &trailers("0")));
    assert_eq!(&*rig.only().0.version.text, "7");
}

#[test]
fn what_is_open_when_a_call_ends_ends_with_it() {
    for (trailer, code, outcome) in [("0", Code::Grpc(0), Outcome::Ok), ("14", Code::Grpc(14), Outcome::ServerError)] {
        let mut rig = stream();
        ask(&mut rig, "a");
        ask(&mut rig, "b");
        reply(&mut rig, "a", Some(false));
        rig.wait(1).server(&headers(1, true, &trailers(trailer)));
        assert_eq!(ids(&rig), ["a", "b"]);
        assert!(rig.told.requests.iter().all(|r| (r.code, r.outcome) == (code, outcome)));
        assert_eq!(rig.told.requests[0].latency, Some(2 * MS), "it was answered when its last response came");
        assert_eq!(rig.told.requests[1].latency, None, "it never was");
        assert!(rig.told.log.last().unwrap().starts_with("ended"));
    }
}

#[test]
fn too_many_open_requests_give_up_the_oldest() {
    let mut rig = stream();
    for n in 0..=MAX_OPEN_REQUESTS {
        ask(&mut rig, &n.to_string());
    }
    assert_eq!(ids(&rig), ["0"]);
    let request = &rig.told.requests[0];
    assert_eq!((request.code, request.outcome), (Code::Lost, Outcome::Cancelled));
    assert_eq!((request.ended_by, request.latency), (EndedBy::Wayside, None));
    let newest = MAX_OPEN_REQUESTS.to_string();
    reply(&mut rig, &newest, Some(true));
    assert_eq!(ids(&rig), ["0", newest.as_str()]);
}

#[test]
fn a_request_answered_while_it_is_sent_keeps_apart_from_the_next() {
    let mut rig = stream();
    let whole = message(&infer_request("m", "", "early", &[4], 10));
    rig.client(&data(1, false, &whole[..20]));
    reply(&mut rig, "", Some(true));
    assert_eq!((rig.told.requests.len(), rig.told.requests[0].latency), (1, None));
    rig.client(&data(1, false, &whole[20..]));
    ask(&mut rig, "next");
    reply(&mut rig, "next", Some(true));
    assert_eq!(ids(&rig), ["", "next"]);
}

#[test]
fn the_end_of_an_answered_request_does_not_touch_an_older_one() {
    let mut rig = stream();
    ask(&mut rig, "older"); // complete at 1 ms
    let long = message(&infer_request("m", "", "early", &[4], 20_000));
    rig.client(&data(1, false, &long[..17_000]));
    reply(&mut rig, "early", Some(true)); // at 2 ms
    rig.wait(5).client(&data(1, false, &long[17_000..]));
    reply(&mut rig, "older", Some(true)); // at 8 ms
    assert_eq!(ids(&rig), ["early", "older"]);
    assert_eq!(rig.told.requests[0].latency, None);
    assert_eq!(rig.told.requests[1].latency, Some(7 * MS));
}

#[test]
fn a_second_response_makes_a_call_streaming() {
    let mut rig = Rig::http2();
    rig.client(&headers(1, true, &request_head("/my.Own/Method")));
    rig.server(&headers(1, false, &response_head()));
    for _ in 0..3 {
        rig.wait(2).server(&data(1, false, &message(b"token")));
    }
    rig.server(&headers(1, true, &trailers("0")));
    let (call, _) = rig.only();
    assert!(call.streaming && !call.known_method);
    assert_eq!(rig.told.gaps, [2 * MS, 2 * MS]);
    assert_eq!((call.first_response, call.last_response), (Some(2 * MS), Some(6 * MS)));
}

#[test]
fn tokens_add_up_over_a_stream() {
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, &request_head(GENERATE)));
    let prompt: Vec<u8> = (0..300u64).flat_map(varint).collect();
    let ask = [text(1, "req-9"), bytes_field(2, &bytes_field(2, &prompt))].concat();
    rig.client(&data(1, true, &message(&ask)));
    rig.server(&headers(1, false, &response_head()));
    for n in 1..=3u64 {
        let tokens: Vec<u8> = (0..n).flat_map(|t| varint(t * 1000)).collect();
        rig.server(&data(1, false, &message(&bytes_field(1, &bytes_field(1, &tokens)))));
    }
    rig.server(&headers(1, true, &trailers("0")));
    let open = &rig.told.requests[0].open;
    assert_eq!((open.id.text(), open.tokens_in.ids, open.tokens_out.ids), ("req-9", 300, 6));
    assert_eq!(rig.told.requests.len(), 1);
}

#[test]
fn compressed_messages_are_sizes_only() {
    let mut rig = stream();
    let mut compressed = message(&infer_request("m", "", "a", &[4], 10));
    compressed[0] = 1;
    rig.client(&data(1, false, &compressed));
    let mut answer = message(&text(1, "an error, were it not compressed"));
    answer[0] = 1;
    rig.wait(1).server(&data(1, false, &answer));
    let request = &rig.told.requests[0];
    assert_eq!((request.code, request.latency), (Code::Grpc(0), Some(MS)));
    assert_eq!((request.open.id.text(), request.open.shape.is_known()), ("", false));
}

#[test]
fn scanning_shows_open_calls_and_lets_them_be_marked() {
    let mut rig = stream();
    ask(&mut rig, "a");
    rig.client(&headers(3, true, &request_head(INFER)));
    rig.conn.scan(|call, _| call.open.iter_mut().for_each(|open| open.mark = 5));
    let mut seen = 0;
    rig.conn.scan(|call, _| seen += call.open.iter().filter(|open| open.mark == 5).count());
    assert_eq!((rig.conn.open_calls(), seen), (2, 2));
    rig.end(EndedBy::Network);
    assert!(rig.told.requests.iter().all(|r| r.open.mark == 5));
}

#[test]
fn a_description_says_how_large_a_batch_the_model_takes() {
    let without_a_name = bytes_field(1, &int(4, 8));
    let too_far_in = bytes_field(1, &[text(1, "m"), text(2, &"x".repeat(200)), int(4, 8)].concat());
    for (answer, told) in [
        (config_response("m", 8), Some(8)),
        (config_response("m", 0), Some(0)),
        (without_a_name, Some(8)),
        (Vec::new(), None),
        (too_far_in, None),
        (bytes_field(1, &[text(1, "m"), int(4, u64::MAX)].concat()), None),
    ] {
        let mut rig = Rig::http2();
        rig.client(&headers(1, false, &request_head(CONFIG)));
        rig.client(&data(1, true, &message(&text(1, "m"))));
        rig.server(&headers(1, false, &response_head())).server(&data(1, false, &message(&answer)));
        rig.server(&headers(1, true, &trailers("0")));
        assert_eq!((&*rig.only().0.model.text, rig.only().0.max_batch_size), ("m", told));
    }
}
