//! gRPC framing: whatever the chunking, what a reader of the whole bytes finds.

use crate::input::Input;
use wire::parts::{Framer, Piece};

/// What was found of one message.
#[derive(Debug, Default, PartialEq)]
struct Message {
    head: Option<(bool, u32)>,
    body: Vec<u8>,
    ended: bool,
}

/// Input: a plan of cuts, then the bytes of a stream.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut cuts = input.cuts();
    let expected = whole(input.0);
    assert_eq!(framed(cuts.apply(input.0)), expected);
    assert_eq!(framed([input.0].into_iter()), expected);
}

/// Reads the bytes the plain way.
fn whole(bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut message = Message::default();
        let (prefix, body) = rest.split_at(rest.len().min(5));
        rest = body;
        if let [flag, length @ ..] = prefix {
            if let Ok(length) = length.try_into().map(u32::from_be_bytes) {
                message.head = Some((*flag != 0, length));
                let (body, after) = rest.split_at(rest.len().min(length as usize));
                (message.body, message.ended) = (body.to_vec(), body.len() == length as usize);
                rest = after;
            }
        }
        messages.push(message);
    }
    messages
}

/// Reads the bytes as the parser does.
fn framed<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Message> {
    let mut framer = Framer::default();
    let mut messages: Vec<Message> = Vec::new();
    for bytes in pieces {
        let mut rest = bytes;
        while let Some(piece) = framer.next(&mut rest) {
            if matches!(piece, Piece::Begin | Piece::Message { .. }) {
                messages.push(Message::default());
            }
            let message = messages.last_mut().expect("a message begins before anything else");
            assert!(!message.ended, "{piece:?} after the end");
            match piece {
                Piece::Begin => {}
                Piece::Length { opaque, bytes } => assert_eq!(message.head.replace((opaque, bytes)), None),
                Piece::Body(body) => {
                    assert!(!body.is_empty());
                    message.body.extend_from_slice(body);
                }
                Piece::End => message.ended = true,
                Piece::Message { opaque, body } => {
                    let head = Some((opaque, body.len() as u32));
                    *message = Message { head, body: body.to_vec(), ended: true };
                }
            }
        }
        assert!(rest.is_empty(), "bytes were left over");
    }
    messages
}
