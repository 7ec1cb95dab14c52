//! Clients that leave, and connections that end: whose doing it was.

mod support;

use support::*;
use wire::{ClientLeft, Code, EndedBy, Outcome};

const CHAT: &str = "/v1/chat/completions";
/// An OpenAI server says so last.
const DONE: &str = "data: [DONE]\n\n";
const OUTPUT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"completion_tokens\":1}}\n\n";

/// A stream has been asked for over HTTP/1.1, completely, at 0 ms.
fn asked_http(path: &str) -> Rig {
    let mut rig = Rig::fresh(catalogue());
    let body = r#"{"model":"llama","stream":true}"#;
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    rig.client(head.as_bytes()).client(body.as_bytes());
    rig
}

fn head(kind: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n")
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// What a server of events has said so far.
fn streamed(rig: &mut Rig, events: &[&str]) {
    rig.server(head("text/event-stream").as_bytes());
    for event in events {
        rig.server(chunk(event).as_bytes());
    }
}

const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

#[test]
fn who_leaves_after_an_end_mark_was_served() {
    for events in [&[OUTPUT, DONE][..], &[OUTPUT, USAGE], &[DONE]] {
        let mut rig = asked_http(CHAT);
        rig.wait(7);
        streamed(&mut rig, events);
        rig.wait(50).end(EndedBy::Client);
        assert_eq!(verdict(&rig), (Code::Http(200), Outcome::Ok, EndedBy::Server), "{events:?}");
        assert_eq!(rig.told.requests[0].latency, Some(7 * MS), "to the mark");
    }
}

#[test]
fn who_leaves_before_or_beyond_an_end_mark_was_not() {
    let usage_first = "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"completion_tokens\":0}}\n\n";
    for events in [&[OUTPUT][..], &[OUTPUT, USAGE, OUTPUT], &[usage_first], &[OUTPUT, "data: [DONE"]] {
        let mut rig = asked_http(CHAT);
        streamed(&mut rig, events);
        rig.end(EndedBy::Client);
        assert_eq!(verdict(&rig), (Code::Lost, Outcome::Cancelled, EndedBy::Client), "{events:?}");
    }
}

#[test]
fn end_marks_of_other_servers() {
    let cases = [
        ("/api/generate", "application/x-ndjson", "{\"response\":\"a\",\"done\":false}\n", "{\"done\":true}\n"),
        (
            "/v1/messages",
            "text/event-stream",
            "event: x\ndata: {\"type\":\"content\",\"delta\":{\"text\":\"a\"}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        ("/v1/messages", "text/event-stream", "data: {\"type\":\"x\"}\n\n", "data: {\"type\":\"message_end\"}\n\n"),
    ];
    for (path, kind, before, last) in cases {
        for (lines, outcome) in [(vec![before], Outcome::Cancelled), (vec![before, last], Outcome::Ok)] {
            let mut rig = asked_http(path);
            rig.server(head(kind).as_bytes());
            for line in &lines {
                rig.server(chunk(line).as_bytes());
            }
            rig.end(EndedBy::Client);
            assert_eq!(verdict(&rig).1, outcome, "{lines:?}");
        }
    }
}

#[test]
fn a_server_that_breaks_off_after_the_mark_broke_off() {
    let mut rig = asked_http(CHAT);
    streamed(&mut rig, &[OUTPUT, DONE]);
    rig.end(EndedBy::Server);
    assert_eq!(verdict(&rig), (Code::Lost, Outcome::ServerError, EndedBy::Server));
}

#[test]
fn who_leaves_because_it_was_told_of_a_failure_was_failed() {
    for events in [&["data: {\"error\":\"x\"}\n\n", DONE][..], &[OUTPUT, "data: {\"error\":\"x\"}\n\n"]] {
        let mut rig = asked_http(CHAT);
        streamed(&mut rig, events);
        rig.end(EndedBy::Client);
        assert_eq!(rig.told.requests[0].code, Code::InBandError);
        assert_eq!((rig.only().1.outcome, rig.only().1.ended_by), (Outcome::ServerError, EndedBy::Server));
    }
    for (status, outcome) in
        [("500 Oh", Outcome::ServerError), ("429 No", Outcome::Shed), ("404 No", Outcome::ClientError)]
    {
        let mut rig = asked_http(CHAT);
        rig.server(format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n{{").as_bytes()).end(EndedBy::Client);
        assert_eq!((verdict(&rig).1, verdict(&rig).2), (outcome, EndedBy::Server));
    }
    // It left when it ended its half, and was told before.
    let mut rig = asked_http(CHAT);
    streamed(&mut rig, &[OUTPUT, "data: {\"error\":\"x\"}\n\n"]);
    rig.conn.client_left(rig.now, &mut rig.told);
    rig.server(b"0\r\n\r\n").conn.client_refused();
    rig.end(EndedBy::Client);
    assert_eq!(rig.told.requests[0].code, Code::InBandError);
}

#[test]
fn over_http_a_long_silence_is_giving_up() {
    let seconds = |s: u64| s * 1000;
    for (wait, outcome) in [(seconds(30) - 1, Outcome::Cancelled), (seconds(30), Outcome::Timeout)] {
        let mut rig = asked_http(CHAT);
        rig.wait(wait).end(EndedBy::Client);
        assert_eq!(verdict(&rig), (Code::Lost, outcome, EndedBy::Client));
        assert_eq!(rig.told.requests[0].gave_up_after, Some(wait * MS));

        let mut rig = asked_http(CHAT);
        rig.wait(seconds(40));
        streamed(&mut rig, &[OUTPUT]);
        rig.wait(wait);
        rig.server(chunk(": ping\n\n").as_bytes()).end(EndedBy::Client);
        assert_eq!(verdict(&rig).1, outcome, "since the newest output, and a comment is none");
    }
}

#[test]
fn bytes_of_one_document_are_something_new() {
    let mut rig = asked_http(CHAT);
    rig.wait(40_000).server(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a");
    rig.wait(10_000).end(EndedBy::Client);
    assert_eq!(rig.told.requests[0].gave_up_after, Some(10_000 * MS));
    assert_eq!(verdict(&rig).1, Outcome::Cancelled);
}

#[test]
fn an_upload_given_up_is_no_hang_of_the_server() {
    let mut rig = Rig::fresh(catalogue());
    rig.client(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").wait(60_000).end(EndedBy::Client);
    assert_eq!(verdict(&rig), (Code::Lost, Outcome::Cancelled, EndedBy::Client));
    assert_eq!(rig.told.requests[0].gave_up_after, None);
}

#[test]
fn a_connection_ended_by_the_client_past_its_deadline_is_a_timeout() {
    for (wait, outcome) in [(500, Outcome::Cancelled), (990, Outcome::Timeout)] {
        let mut rig = asked_with(&[("grpc-timeout", "1S")]);
        rig.wait(wait).end(EndedBy::Client);
        assert_eq!(verdict(&rig), (Code::Lost, outcome, EndedBy::Client));
        assert_eq!(rig.told.requests[0].gave_up_after, None, "gRPC has deadlines for that");
    }
}

#[test]
fn a_client_that_answers_the_response_with_a_reset_had_left_when_it_ended_its_half() {
    for (left, outcome) in [(1_000, Outcome::Cancelled), (31_000, Outcome::Timeout)] {
        let mut rig = asked_http(CHAT);
        rig.wait(left);
        rig.conn.client_left(rig.now, &mut rig.told);
        rig.wait(40_000).server(WHOLE);
        assert_eq!((rig.told.ended.len(), rig.conn.holds_calls()), (0, true), "it waits for the end");
        rig.conn.client_refused();
        rig.end(EndedBy::Client);
        assert_eq!(verdict(&rig), (Code::Lost, outcome, EndedBy::Client));
        assert_eq!((rig.only().1.at, rig.told.requests[0].latency), (left * MS, None));
    }
}

#[test]
fn one_that_reads_on_is_served() {
    let mut rig = asked_http(CHAT);
    rig.wait(1_000);
    rig.conn.client_left(rig.now, &mut rig.told);
    rig.wait(3_000).server(WHOLE).wait(9).end(EndedBy::Client);
    assert_eq!(verdict(&rig), (Code::Http(200), Outcome::Ok, EndedBy::Server));
    assert_eq!((rig.only().1.at, rig.told.requests[0].latency), (4_000 * MS, Some(4_000 * MS)));
}

#[test]
fn an_answer_that_was_read_to_its_end_is_told_before_the_connection_ends() {
    let mut rig = asked_http(CHAT);
    rig.conn.client_left(rig.now, &mut rig.told);
    rig.wait(3_000).server(WHOLE);
    rig.conn.client_read_on(rig.now, &mut rig.told);
    assert_eq!((verdict(&rig), rig.conn.holds_calls()), ((Code::Http(200), Outcome::Ok, EndedBy::Server), false));
    rig.conn.client_refused(); // what comes later tells nothing of it
    rig.end(EndedBy::Client);
    assert_eq!(rig.told.ended.len(), 1);
}

#[test]
fn who_had_left_did_so_whoever_ends_the_connection() {
    for by in [EndedBy::Client, EndedBy::Wayside, EndedBy::Network] {
        let mut rig = asked_http(CHAT);
        rig.wait(100);
        rig.conn.client_left(rig.now, &mut rig.told);
        rig.wait(60_000).end(by);
        assert_eq!(verdict(&rig), (Code::Lost, Outcome::Cancelled, EndedBy::Client));
        assert_eq!((rig.only().1.at, rig.told.requests[0].end), (100 * MS, 100 * MS));
    }
}

#[test]
fn how_long_it_had_waited_when_it_left_is_known_at_once() {
    let mut rig = asked_http(CHAT);
    rig.wait(31_000);
    rig.conn.client_left(rig.now, &mut rig.told);
    let mut seen = None;
    rig.wait(5_000).conn.scan(|call, _| seen = call.client_left);
    assert_eq!(seen, Some(ClientLeft { at: 31_000 * MS, gave_up_after: Some(31_000 * MS) }));
}

#[test]
fn a_failure_after_the_client_left_is_not_its_doing_either() {
    let mut rig = asked();
    rig.conn.client_left(rig.now, &mut rig.told);
    rig.wait(10).server(&rst(1, 2)).end(EndedBy::Client);
    assert_eq!(verdict(&rig), (Code::Grpc(13), Outcome::ServerError, EndedBy::Server), "it read on");
}

#[test]
fn what_is_asked_of_a_server_that_has_closed_is_lost_by_it() {
    let mut rig = asked_http(CHAT);
    rig.server(WHOLE);
    rig.conn.server_left(EndedBy::Server, 9, &mut rig.told);
    assert_eq!(verdict(&rig).1, Outcome::Ok);
    rig.client(b"GET /v2/health/ready HTTP/1.1\r\n\r\n");
    assert_eq!((rig.told.ended.len(), rig.conn.open_calls()), (1, 1));
    rig.end(EndedBy::Server);
    let (_, end) = &rig.told.ended[1];
    assert_eq!((end.code, end.outcome, end.ended_by), (Code::Lost, Outcome::ServerError, EndedBy::Server));
}

#[test]
fn an_answer_that_ends_with_its_connection_ends_once() {
    let mut rig = asked_http(CHAT);
    rig.server(b"HTTP/1.1 200 OK\r\n\r\nall");
    rig.conn.server_left(EndedBy::Server, 9, &mut rig.told);
    rig.client(b"GET /v2/health/ready HTTP/1.1\r\n\r\n").end(EndedBy::Server);
    let codes: Vec<Code> = rig.told.ended.iter().map(|(_, end)| end.code).collect();
    assert_eq!(codes, [Code::Http(200), Code::Lost]);
}

#[test]
fn a_408_that_nobody_asked_for_is_no_answer() {
    for body in ["", "late"] {
        let mut rig = asked_http(CHAT);
        rig.server(WHOLE).wait(60_000);
        let told = format!("HTTP/1.1 408 Request Timeout\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        rig.server(told.as_bytes());
        assert_eq!((verdict(&rig).0, &rig.told.blinded[..]), (Code::Http(200), &[][..]));
        rig.client(b"GET /v2/health/ready HTTP/1.1\r\n\r\n").server(WHOLE).end(EndedBy::Server);
        assert_eq!(rig.told.ended[1].1.code, Code::Http(200), "reading has stayed in step");
    }
    let mut rig = asked_http(CHAT);
    rig.server(WHOLE).server(b"HTTP/1.1 408 Request Timeout\r\n\r\nbye").end(EndedBy::Server);
    assert_eq!((rig.told.ended.len(), rig.told.blinded.len()), (1, 0));
}

#[test]
fn a_408_is_a_timeout_once_the_server_had_the_whole_request() {
    const SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
    let mut rig = asked_http(CHAT);
    rig.server(SLOW);
    assert_eq!(verdict(&rig), (Code::Http(408), Outcome::Timeout, EndedBy::Server));
    let mut rig = Rig::fresh(catalogue());
    rig.client(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").server(SLOW);
    assert_eq!(verdict(&rig), (Code::Http(408), Outcome::ClientError, EndedBy::Server));
}

#[test]
fn rules_of_the_catalogue_go_by_code_and_by_the_servers_words() {
    let answer = |status: &str, body: &str| {
        let kind = "Content-Type: application/json\r\n";
        format!("HTTP/1.1 {status} Said\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    for (path, status, body, code, outcome) in [
        ("/v1/messages", "424", "{}", Code::Http(424), Outcome::ClientError),
        (CHAT, "424", "{}", Code::Http(424), Outcome::ServerError),
        ("/v1/messages", "503", r#"{"error":"The Queue is full."}"#, Code::Http(503), Outcome::Shed),
        ("/v1/messages", "503", r#"{"error":"out of memory"}"#, Code::Http(503), Outcome::ServerError),
    ] {
        let mut rig = asked_http(path);
        rig.server(answer(status, body).as_bytes());
        assert_eq!(verdict(&rig), (code, outcome, EndedBy::Server), "{body}");
    }
    for (words, outcome) in [("queue is full", Outcome::Shed), ("other", Outcome::ServerError)] {
        let mut rig = asked_http("/v1/messages");
        rig.server(answer("200", &format!(r#"{{"error":"{words}"}}"#)).as_bytes());
        assert_eq!((rig.told.requests[0].code, rig.told.requests[0].outcome), (Code::InBandError, outcome));
        assert_eq!((&*rig.told.requests[0].message, rig.only().1.outcome), (words, outcome));
    }
}

#[test]
fn an_answer_in_one_piece_is_known_by_the_request_and_by_the_answer() {
    let ask = |body: &str| {
        let mut rig = Rig::fresh(catalogue());
        rig.client(format!("POST {CHAT} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        rig
    };
    for (body, whole) in [("{}", true), (r#"{"stream":false}"#, true), (r#"{"stream":true}"#, false), ("", false)] {
        let mut rig = ask(body);
        rig.end(EndedBy::Server);
        assert_eq!(rig.only().0.whole.is_some(), whole, "{body}");
        let mut rig = ask(body);
        rig.server(WHOLE);
        assert!(rig.only().0.whole.is_some(), "{body}");
        let mut rig = ask(body);
        streamed(&mut rig, &[OUTPUT]);
        rig.end(EndedBy::Server);
        assert!(rig.only().0.whole.is_none(), "{body}");
    }
    let mut rig = ask(r#"{"stream":true}"#);
    rig.server(b"HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    assert!(rig.only().0.whole.is_none(), "a stream that failed is none in one piece");
    let mut rig = asked_http("/api/generate");
    rig.end(EndedBy::Server);
    assert!(rig.only().0.whole.is_none(), "that one streams unless it is told not to");
}
