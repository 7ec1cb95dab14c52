//! The frame walker: whatever the chunking, what a reader of the whole bytes finds, and the place for a GOAWAY is
//! foretold exactly.

use crate::input::Input;
use wire::Nanos;
use wire::parts::{Frames, Walker};

/// What a walker told, with what came in several pieces put together again.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Block { stream: u32, own: bool, bytes: Vec<u8>, end: Option<bool> },
    Data { stream: u32, bytes: Vec<u8> },
    EndStream { stream: u32 },
    Reset { stream: u32, code: u32 },
    Goaway { last_stream: u32, error: u32 },
}

#[derive(Debug, Default)]
struct Log(Vec<Told>);

impl Frames for Log {
    fn block_begin(&mut self, stream: u32, own: bool, _: Nanos) {
        assert_ne!(stream, 0);
        assert!(!matches!(self.0.last(), Some(Told::Block { end: None, .. })), "a block within a block");
        self.0.push(Told::Block { stream, own, bytes: Vec::new(), end: None });
    }

    fn block_bytes(&mut self, more: &[u8]) {
        let Some(Told::Block { bytes, end: None, .. }) = self.0.last_mut() else { panic!("no block is open") };
        bytes.extend_from_slice(more);
    }

    fn block_end(&mut self, stream: u32, end_stream: bool) {
        let Some(Told::Block { stream: begun, end, .. }) = self.0.last_mut() else { panic!("no block is open") };
        assert_eq!(*begun, stream);
        assert_eq!(end.replace(end_stream), None);
    }

    fn data(&mut self, stream: u32, more: &[u8]) {
        assert!(!more.is_empty());
        match self.0.last_mut() {
            Some(Told::Data { stream: same, bytes }) if *same == stream => bytes.extend_from_slice(more),
            _ => self.0.push(Told::Data { stream, bytes: more.to_vec() }),
        }
    }

    fn end_stream(&mut self, stream: u32) {
        self.0.push(Told::EndStream { stream });
    }

    fn reset(&mut self, stream: u32, code: u32) {
        self.0.push(Told::Reset { stream, code });
    }

    fn goaway(&mut self, last_stream: u32, error: u32) {
        self.0.push(Told::Goaway { last_stream, error });
    }
}

/// Input: a plan of cuts, then the bytes of one direction.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut cuts = input.cuts();
    let expected = whole(input.0);
    assert_eq!(walked([input.0].into_iter()), expected);
    assert_eq!(walked(cuts.apply(input.0)), expected);
    check_goaway(input.0);
}

/// Reads the frames the plain way (RFC 9113 section 6): what they say, and whether all of them could be read.
fn whole(bytes: &[u8]) -> (Vec<Told>, bool) {
    let mut log = Log::default();
    let mut rest = bytes;
    let (mut block, mut block_ends_stream) = (0, false);
    while let Some((head, tail)) = rest.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = word(&head[5..]) & 0x7fff_ffff;
        let (payload, next) = tail.split_at(length.min(tail.len()));
        rest = next;
        let (begins, continues) = (kind == 1 || kind == 5, kind == 9);
        let padded = flags & 8 != 0 && (kind == 0 || begins);
        let fixed = usize::from(padded)
            + match kind {
                1 if flags & 32 != 0 => 5,
                3 | 5 => 4,
                7 => 8,
                _ => 0,
            };
        let misplaced = continues != (block != 0) || (continues && stream != block) || (begins && stream == 0);
        if misplaced || length < fixed || (kind == 3 && length != 4) {
            return (log.0, false);
        }
        if begins {
            (block, block_ends_stream) = (stream, kind == 1 && flags & 1 != 0);
            log.block_begin(stream, kind == 1, 0);
        }
        let Some((_, body)) = payload.split_at_checked(fixed) else { break };
        let padding = if padded { usize::from(payload[0]) } else { 0 };
        let Some(body_length) = (length - fixed).checked_sub(padding) else { return (log.0, false) };
        let body = &body[..body.len().min(body_length)];
        match kind {
            0 if !body.is_empty() => log.data(stream, body),
            1 | 5 | 9 => log.block_bytes(body),
            _ => {}
        }
        match kind {
            _ if payload.len() < length => break,
            0 if flags & 1 != 0 => log.end_stream(stream),
            1 | 5 | 9 if flags & 4 != 0 => {
                log.block_end(stream, block_ends_stream);
                block = 0;
            }
            3 => log.reset(stream, word(payload)),
            7 => log.goaway(word(payload) & 0x7fff_ffff, word(&payload[4..])),
            _ => {}
        }
    }
    (log.0, true)
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// What was told of the pieces, and whether all of them could be read.
fn walked<'a>(mut pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Told>, bool) {
    let (mut walker, mut log) = (Walker::default(), Log::default());
    let readable = pieces.all(|piece| walker.feed(piece, 0, &mut log).is_ok());
    (log.0, readable)
}

/// The prefix after which a GOAWAY fits is the first one after which it is seen to fit.
fn check_goaway(bytes: &[u8]) {
    let (mut walker, mut log) = (Walker::default(), Log::default());
    let foretold = walker.cursor().goaway_fits_after(bytes);
    for (at, byte) in bytes.chunks(1).enumerate() {
        if walker.feed(byte, 0, &mut log).is_err() {
            assert!(foretold.is_none_or(|n| n > at), "{foretold:?} lies before the bad byte {at}");
            return;
        }
        if walker.cursor().goaway_fits() {
            assert_eq!(foretold, Some(at + 1));
            return;
        }
    }
    assert_eq!(foretold, None);
}
