//! Server-sent events: whatever the chunking, what a reader of the whole bytes finds.

use crate::input::Input;
use wire::parts::{EventPiece, Events};

/// Data of an event, and whether it is the mark by which a stream ends.
type Event = (Vec<u8>, bool);

/// Input: a plan of cuts, then the bytes of a body.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut cuts = input.cuts();
    let expected = whole(input.0);
    assert_eq!(told([input.0].into_iter()), expected);
    assert_eq!(told(cuts.apply(input.0)), expected);
    assert_eq!(told(input.0.chunks(1)), expected);
}

/// Reads the bytes the plain way (WHATWG HTML, section 9.2.6), with one difference: a browser drops an event that the
/// end of the body cuts off, but what a server sent of an answer was sent.
fn whole(bytes: &[u8]) -> Vec<Event> {
    let (mut events, mut data) = (Vec::new(), None::<Vec<u8>>);
    let mut dispatch = |data: &mut Option<Vec<u8>>| {
        events.extend(data.take().map(|data| {
            let done = data == b"[DONE]";
            (data, done)
        }));
    };
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = match &rest[line.len()..] {
            [b'\r', b'\n', after @ ..] | [_, after @ ..] => after,
            [] => &[],
        };
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        if line.is_empty() {
            dispatch(&mut data);
        } else if name == b"data" && (colon.is_some() || end.is_some()) {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            data = Some(data.take().map_or(value.to_vec(), |before| [&before, &b"\n"[..], value].concat()));
        }
    }
    dispatch(&mut data);
    events
}

/// Reads the bytes as the parser does.
fn told<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut reader = Events::default();
    let (mut events, mut data) = (Vec::new(), None::<Vec<u8>>);
    let mut hear = |piece: EventPiece<'_>| match piece {
        EventPiece::Begin => assert_eq!(data.replace(Vec::new()), None, "the one before has not ended"),
        EventPiece::Data(more) => data.as_mut().expect("an event begins before its data").extend_from_slice(more),
        EventPiece::End { done } => events.push((data.take().expect("an event begins before it ends"), done)),
    };
    for bytes in pieces {
        let mut rest = bytes;
        while let Some(piece) = reader.next(&mut rest) {
            hear(piece);
        }
        assert!(rest.is_empty(), "bytes were left over");
    }
    reader.finish().into_iter().for_each(&mut hear);
    assert_eq!(reader.finish(), None, "the body ends once");
    events
}
