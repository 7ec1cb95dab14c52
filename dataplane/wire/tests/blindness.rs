//! What is still told when part of a connection can no longer be read.

mod support;

use support::*;
use wire::{Blind, Code, EndedBy, Outcome};

#[test]
fn an_unreadable_response_block_leaves_the_verdict_open() {
    let mut rig = asked();
    rig.server(&headers(1, false, &response_head()));
    rig.server(&headers(1, true, b"\xff\xff\xff\xff\xff\xff\xff"));
    assert_eq!(verdict(&rig), (Code::Lost, Outcome::Cancelled, EndedBy::Wayside));
    assert_eq!(rig.told.blinded, [Blind::Hpack]);
    // Frames are still counted, and resets still mean what they say.
    rig.client(&headers(3, true, &request_head(INFER))).server(&headers(3, false, &response_head()));
    rig.server(&data(3, false, &message(b"abc"))).server(&rst(3, 7));
    let (call, end) = &rig.told.ended[1];
    assert_eq!((call.response_bytes, end.code), (3, Code::Grpc(14)));
    assert_eq!(rig.told.blinded, [Blind::Hpack], "once");
}

#[test]
fn an_unreadable_request_block_makes_calls_nameless() {
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, b"\x80")).client(&headers(3, true, &request_head(INFER)));
    for stream in [1, 3] {
        rig.server(&headers(stream, true, &plain_block(&[(":status", "200"), ("grpc-status", "0")])));
    }
    assert_eq!(rig.told.blinded, [Blind::Hpack]);
    assert_eq!(rig.told.ended.len(), 2);
    for (call, end) in &rig.told.ended {
        assert_eq!((&*call.method.text, call.known_method, end.code), ("", false, Code::Grpc(0)));
    }
}

#[test]
fn when_responses_cannot_be_seen_calls_are_given_up() {
    let mut rig = asked();
    rig.server(&frame(0, PADDED, 1, &[9, 1]));
    assert_eq!(verdict(&rig), (Code::Lost, Outcome::Cancelled, EndedBy::Wayside));
    rig.client(&headers(3, true, &request_head(INFER)));
    assert_eq!((rig.told.opened.len(), &rig.told.blinded[..]), (1, &[Blind::Frame][..]));
}

#[test]
fn when_requests_cannot_be_seen_open_calls_still_end() {
    let mut rig = asked();
    rig.client(&frame(9, 0, 1, b"")); // CONTINUATION without a block
    answer(&mut rig).server(&headers(1, true, &trailers("0")));
    assert_eq!(verdict(&rig), (Code::Grpc(0), Outcome::Ok, EndedBy::Server));
    assert_eq!(rig.told.blinded, [Blind::Frame]);
}
