//! How calls end, and what that counts as: a named test for every rule.

mod support;

use support::*;
use wire::{Code, EndedBy, Outcome};

#[test]
fn a_good_unary_call() {
    let mut rig = asked();
    answer(&mut rig).wait(2).server(&headers(1, true, &trailers("0")));
    assert_eq!(verdict(&rig), (Code::Grpc(0), Outcome::Ok, EndedBy::Server));
    let (call, end) = rig.only();
    assert_eq!(&*call.method.text, &INFER[1..]);
    assert!(call.known_method && !call.streaming && !call.many_requests);
    assert_eq!((&*call.model.text, &*call.version.text), ("resnet", "3"));
    assert_eq!((call.start, call.request_complete), (0, Some(10 * MS)));
    assert_eq!((call.first_response, call.last_response, end.at), (Some(15 * MS), Some(15 * MS), 17 * MS));
    assert_eq!((call.request_messages, call.response_messages), (1, 1));
    let request = infer_request("resnet", "", "id-1", &[8, 3], 100);
    assert_eq!(call.request_bytes, request.len() as u64);
    assert_eq!(call.response_bytes, infer_response("resnet", "3", "id-1").len() as u64);
    let request = &rig.told.requests[0];
    assert_eq!(request.latency, Some(7 * MS), "request complete to response complete");
    assert_eq!((request.open.id.text(), request.open.shape.to_string()), ("id-1", "FP32[8,3]".into()));
    assert_eq!(request.open.first_response, Some(15 * MS));
    assert_eq!(rig.conn.open_calls(), 0);
}

#[test]
fn grpc_statuses_count_by_the_table() {
    for (code, outcome) in [
        ("0", Outcome::Ok),
        ("1", Outcome::ServerError),
        ("3", Outcome::ClientError),
        ("4", Outcome::Timeout),
        ("8", Outcome::Shed),
        ("14", Outcome::ServerError),
    ] {
        let mut rig = asked();
        rig.server(&headers(1, false, &response_head())).server(&headers(1, true, &trailers(code)));
        assert_eq!(verdict(&rig), (Code::Grpc(code.parse().unwrap()), outcome, EndedBy::Server));
    }
}

#[test]
fn a_trailers_only_answer() {
    let mut rig = asked();
    let block = plain_block(&[
        (":status", "200"),
        ("content-type", "application/grpc"),
        ("grpc-status", "5"),
        ("grpc-message", "no%20such model"),
    ]);
    rig.server(&headers(1, true, &block));
    assert_eq!(verdict(&rig), (Code::Grpc(5), Outcome::ClientError, EndedBy::Server));
    assert_eq!(&*rig.told.requests[0].message, "no such model");
    assert_eq!(rig.told.requests[0].latency, Some(5 * MS));
}

#[test]
fn statuses_over_16_or_unreadable_are_unknown() {
    for status in ["17", "x", "", "99999999999"] {
        let mut rig = asked();
        rig.server(&headers(1, false, &response_head())).server(&headers(1, true, &trailers(status)));
        assert_eq!(verdict(&rig), (Code::Grpc(2), Outcome::ServerError, EndedBy::Server));
    }
}

#[test]
fn http_200_without_a_grpc_status_is_unknown() {
    let mut rig = asked();
    answer(&mut rig).server(&data(1, true, &[]));
    assert_eq!(verdict(&rig), (Code::Grpc(2), Outcome::ServerError, EndedBy::Server));
    let mut rig = asked();
    rig.server(&headers(1, true, &response_head()));
    assert_eq!(verdict(&rig), (Code::Grpc(2), Outcome::ServerError, EndedBy::Server));
}

#[test]
fn plain_http_where_grpc_was_asked_for_is_mapped_as_grpc_maps_it() {
    for (status, retry, code, outcome) in [
        ("401", None, 16, Outcome::ClientError),
        ("404", None, 12, Outcome::ServerError),
        ("429", None, 14, Outcome::Shed),
        ("503", None, 14, Outcome::ServerError),
        ("503", Some("1"), 14, Outcome::Shed),
        ("504", None, 14, Outcome::Timeout),
        ("418", None, 2, Outcome::ServerError),
    ] {
        let mut rig = asked();
        let retry = retry.map(|after| ("retry-after", after));
        let fields: Vec<_> = [(":status", status)].into_iter().chain(retry).collect();
        rig.server(&headers(1, true, &plain_block(&fields)));
        assert_eq!(verdict(&rig), (Code::Grpc(code), outcome, EndedBy::Server), "{status}");
    }
}

#[test]
fn a_server_that_says_cancelled_at_the_deadline_has_run_out_of_time() {
    for (wait, outcome) in [(50, Outcome::ServerError), (1000, Outcome::Timeout)] {
        let mut rig = asked_with(&[("grpc-timeout", "1S")]);
        rig.wait(wait).server(&headers(1, false, &response_head())).server(&headers(1, true, &trailers("1")));
        assert_eq!(verdict(&rig), (Code::Grpc(1), outcome, EndedBy::Server));
    }
}

#[test]
fn a_message_that_is_too_large_is_the_clients_error() {
    let mut rig = asked();
    let said = "Received message larger than max (9 vs. 4)";
    let block = plain_block(&[(":status", "200"), ("grpc-status", "8"), ("grpc-message", said)]);
    rig.server(&headers(1, true, &block));
    assert_eq!(verdict(&rig), (Code::Grpc(8), Outcome::ClientError, EndedBy::Server));
}

#[test]
fn a_call_that_is_not_grpc_has_its_http_status() {
    let mut rig = Rig::http2();
    let block = plain_block(&[(":path", "/v3/of/nobody"), ("content-type", "application/json")]);
    rig.client(&headers(1, false, &block)).client(&data(1, true, b"\0\0\0\0\x01{}"));
    let head = plain_block(&[(":status", "200"), ("content-type", "application/json")]);
    rig.server(&headers(1, false, &head)).wait(1).server(&data(1, true, b"{}{}"));
    assert_eq!(verdict(&rig), (Code::Http(200), Outcome::Ok, EndedBy::Server));
    let (call, _) = rig.only();
    assert_eq!((call.request_bytes, call.response_bytes), (7, 4), "no prefix is looked for (R13)");
    assert_eq!((call.request_messages, call.response_messages), (1, 1), "one document each");
    assert_eq!((call.known_method, call.kind), (false, wire::catalogue::Kind::Admin));
}

#[test]
fn informational_heads_are_not_the_response() {
    let mut rig = asked();
    rig.server(&headers(1, false, &plain_block(&[(":status", "103"), ("grpc-status", "13")])));
    answer(&mut rig).server(&headers(1, true, &trailers("0")));
    assert_eq!(verdict(&rig), (Code::Grpc(0), Outcome::Ok, EndedBy::Server));
}

#[test]
fn a_server_reset_maps_by_the_grpc_table() {
    for (error, code, outcome) in [
        (0, 13, Outcome::ServerError),
        (7, 14, Outcome::Shed),
        (8, 1, Outcome::ServerError),
        (11, 8, Outcome::Shed),
        (12, 7, Outcome::ClientError),
    ] {
        let mut rig = asked();
        rig.server(&rst(1, error));
        assert_eq!(verdict(&rig), (Code::Grpc(code), outcome, EndedBy::Server));
        assert_eq!(rig.told.requests[0].latency, None, "there was no complete response");
    }
}

#[test]
fn a_client_reset_before_its_deadline_is_cancelled() {
    let mut rig = asked_late(5000, &[("grpc-timeout", "1S")]);
    rig.wait(900).client(&rst(1, 8));
    assert_eq!(verdict(&rig), (Code::Grpc(1), Outcome::Cancelled, EndedBy::Client));
    assert_eq!(rig.only().0.timeout, Some(1000 * MS));
}

#[test]
fn a_client_reset_at_its_deadline_is_a_timeout() {
    let mut rig = asked_with(&[("grpc-timeout", "1000m")]);
    rig.wait(975).client(&rst(1, 8)); // 990 ms after the head: one percent was rounding
    assert_eq!(verdict(&rig), (Code::Grpc(4), Outcome::Timeout, EndedBy::Client));
}

#[test]
fn a_client_reset_without_a_deadline_is_cancelled() {
    let mut rig = asked();
    rig.wait(1_000_000).client(&rst(1, 2));
    assert_eq!(verdict(&rig), (Code::Grpc(1), Outcome::Cancelled, EndedBy::Client));
}

#[test]
fn a_client_reset_after_the_answer_changes_nothing() {
    let mut rig = asked();
    answer(&mut rig).server(&headers(1, true, &trailers("0"))).client(&rst(1, 8)).client(&rst(1, 0));
    assert_eq!(verdict(&rig), (Code::Grpc(0), Outcome::Ok, EndedBy::Server));
}

#[test]
fn the_server_may_answer_before_the_request_ends() {
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, &request_head(INFER)));
    rig.wait(3).client(&data(1, false, &message(b"")));
    rig.wait(4);
    answer(&mut rig).server(&headers(1, true, &trailers("0"))).server(&rst(1, 0));
    rig.client(&data(1, true, &message(b"late")));
    assert_eq!(verdict(&rig), (Code::Grpc(0), Outcome::Ok, EndedBy::Server));
    assert_eq!(rig.only().0.request_complete, None);
    assert_eq!(rig.told.requests[0].latency, Some(4 * MS), "since the last complete request message");
}

#[test]
fn without_a_complete_request_there_is_no_latency() {
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, &request_head(INFER))).client(&data(1, false, b"\0\0\0\0\x09half"));
    rig.server(&headers(1, true, &plain_block(&[(":status", "200"), ("grpc-status", "8")])));
    assert_eq!(rig.told.requests[0].latency, None);
    assert_eq!(rig.only().0.request_bytes, 4);
}

#[test]
fn a_lost_connection_counts_by_who_lost_it() {
    for (by, outcome) in [
        (EndedBy::Client, Outcome::Cancelled),
        (EndedBy::Server, Outcome::ServerError),
        (EndedBy::Network, Outcome::ServerError),
        (EndedBy::Wayside, Outcome::ServerError),
    ] {
        let mut rig = asked();
        rig.end(by).end(EndedBy::Network);
        assert_eq!(verdict(&rig), (Code::Lost, outcome, by));
        rig.server(&headers(1, true, &trailers("0")));
        assert_eq!(rig.told.ended.len(), 1);
    }
}

#[test]
fn a_graceful_goaway_leaves_out_what_is_sent_again() {
    let mut rig = Rig::http2();
    for stream in [1, 3, 5] {
        rig.client(&headers(stream, true, &request_head(INFER)));
    }
    rig.server(&goaway(3, 0, b"max_age"));
    assert_eq!(rig.conn.open_calls(), 2);
    let (_, end) = rig.only();
    assert_eq!((end.code, end.outcome, end.ended_by), (Code::Unprocessed, Outcome::Cancelled, EndedBy::Server));
    rig.client(&headers(7, true, &request_head(INFER)));
    assert_eq!(rig.told.ended.len(), 2, "sent before the GOAWAY was read: left out as well");
    assert_eq!(rig.told.requests.len(), 0, "they will be sent again, and count then");
    rig.client(&goaway(0, 0, b""));
    assert_eq!(rig.conn.open_calls(), 2, "the client's own GOAWAY is about pushed streams");
    rig.server(&headers(3, true, &plain_block(&[(":status", "200"), ("grpc-status", "0")])));
    assert_eq!(rig.told.ended[2].1.outcome, Outcome::Ok);
}

#[test]
fn of_several_goaways_the_lowest_counts() {
    const ALL: u32 = 0x7fff_ffff;
    for [first, second] in [[1, ALL], [ALL, 1]] {
        let mut rig = Rig::http2();
        rig.server(&goaway(first, 0, b""));
        rig.server(&goaway(second, 0, b""));
        rig.client(&headers(3, true, &request_head(INFER)));
        assert_eq!(rig.only().1.code, Code::Unprocessed);
    }
}

#[test]
fn a_goaway_with_an_error_leaves_out_what_is_sent_again_and_is_no_farewell() {
    let mut rig = asked();
    rig.server(&goaway(0, 11, b"too_many_pings"));
    assert_eq!((rig.only().1.code, rig.told.requests.len()), (Code::Unprocessed, 0));
    assert_eq!(rig.told.farewell, None);
}

#[test]
fn what_was_sent_again_in_vain_fails() {
    for bytes in [goaway(0, 0, b""), goaway(0, 2, b"")] {
        let mut rig = asked();
        rig.told.in_vain = true;
        rig.server(&bytes);
        assert_eq!(verdict(&rig), (Code::Grpc(14), Outcome::ServerError, EndedBy::Server));
    }
    let mut rig = Rig::http2();
    rig.told.in_vain = true;
    rig.server(&goaway(0x7fff_ffff, 0, b"")).client(&headers(1, true, &request_head(INFER))).server(&rst(1, 7));
    assert_eq!(verdict(&rig), (Code::Grpc(14), Outcome::Shed, EndedBy::Server));
}

#[test]
fn a_stream_refused_after_a_farewell_is_sent_again() {
    for (wait, code) in [(29_999, Code::Unprocessed), (30_001, Code::Grpc(14))] {
        let mut rig = Rig::http2();
        rig.server(&goaway(0x7fff_ffff, 0, b"")).wait(wait);
        rig.client(&headers(1, true, &request_head(INFER))).server(&rst(1, 7));
        assert_eq!(rig.only().1.code, code);
        assert_eq!(rig.told.requests.len(), usize::from(code == Code::Grpc(14)));
    }
}

#[test]
fn requests_of_a_stream_that_nobody_looked_at_are_none() {
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, &request_head(STREAM_INFER)));
    for id in ["a", "b"] {
        rig.client(&data(1, false, &message(&infer_request("resnet", "", id, &[1], 4))));
    }
    rig.server(&goaway(0, 0, b""));
    assert_eq!((rig.only().1.code, rig.told.requests.len()), (Code::Unprocessed, 0));
}

#[test]
fn calls_that_end_together_end_oldest_first() {
    let mut rig = Rig::http2();
    for n in 0..500 {
        rig.client(&headers(2 * n + 1, true, &request_head(INFER)));
    }
    rig.end(EndedBy::Network);
    let order: Vec<u32> = rig.told.ended.iter().map(|(call, _)| call.concurrency).collect();
    assert_eq!(order, (0..500).collect::<Vec<u32>>());
}

#[test]
fn an_error_inside_an_ok_response_is_a_server_error() {
    let mut rig = asked();
    rig.server(&headers(1, false, &response_head()));
    rig.server(&data(1, false, &message(&text(9, "CUDA out of memory"))));
    rig.server(&headers(1, true, &trailers("0")));
    let request = &rig.told.requests[0];
    assert_eq!((request.code, request.outcome), (Code::InBandError, Outcome::ServerError));
    let (_, end) = rig.only();
    assert_eq!((end.code, end.outcome), (Code::Grpc(0), Outcome::ServerError));
}

#[test]
fn an_error_status_outranks_an_error_inside() {
    let mut rig = asked();
    rig.server(&headers(1, false, &response_head()));
    rig.server(&data(1, false, &message(&text(9, "bad shape"))));
    rig.server(&headers(1, true, &trailers("3")));
    assert_eq!(verdict(&rig), (Code::Grpc(3), Outcome::ClientError, EndedBy::Server));
}

#[test]
fn closed_and_unknown_streams_are_ignored() {
    let mut rig = asked();
    answer(&mut rig).server(&headers(1, true, &trailers("0")));
    rig.client(&headers(1, true, &request_head(INFER))); // an id never comes back
    rig.client(&headers(2, true, &request_head(INFER))); // not a client's
    rig.server(&headers(9, true, &trailers("0"))).server(&data(9, true, b"x")).server(&rst(9, 0));
    rig.client(&data(1, true, b"x")).client(&rst(11, 0));
    assert_eq!((rig.told.opened.len(), rig.told.ended.len(), rig.conn.open_calls()), (1, 1, 0));
    assert_eq!(rig.told.blinded, []);
}
