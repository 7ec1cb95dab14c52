//! What holds for a connection as a whole: protocols, blindness, bounds, and where a GOAWAY fits.

mod support;

use support::*;
use wire::{Blind, Protocol};

#[test]
fn other_protocols_are_named_and_not_read() {
    for (first, protocol, reason) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], Protocol::Http1, Blind::Protocol),
        (b"\x16\x03\x01\x00\xa5\x01", Protocol::Tls, Blind::Tls),
        (b"\x00\x01\x02", Protocol::Unknown, Blind::Protocol),
    ] {
        let mut rig = Rig::fresh(catalogue());
        rig.server(b"220 a server that speaks first\r\n").client(first).client(first).server(first);
        assert_eq!((&rig.told.recognised[..], &rig.told.blinded[..]), (&[protocol][..], &[reason][..]));
        assert!(!rig.conn.farewell_fits());
    }
}

#[test]
fn the_server_may_speak_first() {
    let mut rig = Rig::fresh(catalogue());
    rig.server(&settings());
    assert!(!rig.conn.farewell_fits(), "not known to be HTTP/2 yet");
    assert_eq!(rig.told.log.len(), 0);
    rig.client(&PREFACE[..10]).client(&PREFACE[10..]);
    assert_eq!(rig.told.recognised, [Protocol::Http2]);
    assert!(rig.conn.farewell_fits());
    let mut rig = Rig::fresh(catalogue());
    rig.server(&frame(9, 0, 1, b"")).client(PREFACE);
    assert_eq!(rig.told.blinded, [Blind::Frame], "told once it means something");
}

#[test]
fn header_blocks_may_not_be_interleaved() {
    let begun = frame(1, 0, 1, &request_head(INFER));
    for bad in [
        data(1, false, b""),
        headers(3, true, &request_head(INFER)),
        frame(9, END_HEADERS, 3, b""),
        frame(200, 0, 0, b""),
    ] {
        let mut rig = Rig::http2();
        rig.client(&begun).client(&bad);
        assert_eq!(rig.told.blinded, [Blind::Frame]);
        assert_eq!(rig.told.causes, ["a header block is interrupted by another frame"]);
        assert_eq!(rig.told.opened.len(), 0);
    }
}

#[test]
fn bad_padding_and_bad_lengths_stop_a_direction() {
    let (padding, short) = ("padding is longer than its frame", "a frame is shorter than its fixed fields");
    for (bad, cause) in [
        (frame(0, PADDED, 1, &[]), short),
        (frame(0, PADDED, 1, &[1]), padding),
        (frame(1, PADDED | PRIORITY | END_HEADERS, 1, &[1, 0, 0, 0, 0, 0]), padding),
        (frame(1, PRIORITY | END_HEADERS, 1, &[0, 0, 0, 0]), short),
        (frame(3, 0, 1, &[0; 5]), "RST_STREAM is not of four bytes"),
        (frame(7, 0, 0, &[0; 7]), short),
        (frame(1, END_HEADERS, 0, &[]), "a header block on stream 0"),
        (frame(5, END_HEADERS, 1, &[0; 3]), short),
        (frame(9, END_HEADERS, 1, &[]), "CONTINUATION outside of a header block"),
    ] {
        let mut rig = Rig::http2();
        rig.client(&bad).client(&headers(1, true, &request_head(INFER)));
        assert_eq!((&rig.told.blinded[..], &rig.told.causes[..]), (&[Blind::Frame][..], &[cause][..]), "{bad:?}");
        assert_eq!(rig.told.opened.len(), 0);
    }
    let mut rig = Rig::http2();
    rig.client(&headers(1, false, &request_head(INFER))).client(&padded_data(1, true, b"", 255));
    assert_eq!(rig.told.blinded, [], "all padding is legal");
}

#[test]
fn the_reserved_bit_of_a_stream_id_means_nothing() {
    let mut rig = Rig::http2();
    let mut reserved = headers(1, true, &request_head(INFER));
    reserved[5] |= 0x80;
    rig.client(&reserved).server(&headers(1, true, &trailers("0")));
    assert_eq!(rig.only().1.code, wire::Code::Grpc(0));
}

#[test]
fn a_pushed_request_is_decoded_and_ignored() {
    let mut rig = Rig::http2();
    let mut server = Encoder::default();
    rig.client(&headers(1, true, &request_head(INFER)));
    let pushed = server.block(&[("grpc-status", "13"), ("x-pushed", "yes")]);
    rig.server(&frame(5, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &pushed].concat()));
    rig.server(&headers(2, true, &server.block(&[(":status", "200")])));
    // The answer refers to what the pushed block put into the table, and takes nothing else from it.
    rig.server(&headers(1, true, &server.block(&[(":status", "200"), ("x-pushed", "yes")])));
    assert_eq!(rig.only().1.code, wire::Code::Grpc(2));
    assert_eq!(rig.told.blinded, []);
}

#[test]
fn more_streams_than_are_followed_are_reported_once() {
    let mut rig = Rig::http2();
    let mut encoder = Encoder::default();
    for n in 0..8200u32 {
        let block = encoder.block(&request_fields(INFER));
        rig.client(&headers(2 * n + 1, true, &block));
    }
    assert_eq!((rig.conn.open_calls(), &rig.told.blinded[..]), (8192, &[Blind::Streams][..]));
    rig.server(&headers(1, true, &trailers("0")));
    rig.client(&headers(20_001, true, &encoder.block(&request_fields(INFER))));
    assert_eq!((rig.conn.open_calls(), &*rig.told.opened[8192].method.text), (8192, &INFER[1..]));
}

#[test]
fn a_goaway_fits_between_frames_only() {
    let mut rig = Rig::fresh(catalogue());
    rig.client(PREFACE).client(&settings());
    assert!(!rig.conn.farewell_fits(), "before the server's SETTINGS");
    rig.server(&settings());
    assert!(rig.conn.farewell_fits());
    rig.client(&headers(1, true, &request_head(INFER)));
    let answer = [
        split_headers(1, false, &response_head(), 5),
        data(1, false, &message(b"abc")),
        headers(1, true, &trailers("0")),
    ]
    .concat();
    let block_end = split_headers(1, false, &response_head(), 5).len();
    let data_end = block_end + data(1, false, &message(b"abc")).len();
    for at in 0..answer.len() {
        let fits = rig.conn.farewell_fits();
        assert_eq!(fits, [0, block_end, data_end].contains(&at), "after {at} bytes");
        // What looking ahead promises is what holds afterwards.
        let ahead = rig.conn.farewell_fits_after(&answer[at..]);
        let next = [block_end, data_end, answer.len()].into_iter().find(|end| *end > at);
        assert_eq!(ahead, next.map(|end| end - at), "looking ahead from {at}");
        let short = rig.conn.farewell_fits_after(&answer[at..at + 1]);
        rig.server(&answer[at..at + 1]);
        assert_eq!(short.is_some(), rig.conn.farewell_fits());
    }
    assert_eq!(rig.conn.farewell_fits_after(&[]), None);
    let with_own = [goaway(1, 0, b""), settings()].concat();
    assert_eq!(rig.conn.farewell_fits_after(&with_own), None);
    rig.server(&with_own);
    assert!(!rig.conn.farewell_fits(), "the server has said it itself");
}

#[test]
fn a_goaway_does_not_fit_when_blind() {
    let mut rig = Rig::http2();
    rig.server(&headers(1, true, b"\x80"));
    assert!(!rig.conn.farewell_fits());
    assert_eq!(rig.conn.farewell_fits_after(&settings()), None);
}

#[test]
fn a_model_beyond_the_head_is_reported_as_truncated() {
    let far = |before: usize| [text(3, &"x".repeat(before)), text(1, "resnet")].concat();
    for (body, model, truncated) in [
        (far(16_000), "resnet", 0),
        (far(20_000), "", 1),
        (text(3, &"x".repeat(20_000)), "", 0), // one long field to the end: nothing else can follow
    ] {
        let mut rig = Rig::http2();
        rig.client(&headers(1, false, &request_head(INFER)));
        rig.client(&data(1, true, &message(&body)));
        rig.server(&headers(1, true, &plain_block(&[(":status", "200"), ("grpc-status", "0")])));
        assert_eq!((&*rig.only().0.model.text, rig.told.truncated), (model, truncated));
    }
}
