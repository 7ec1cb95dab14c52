//! The HPACK decoder: any chunking gives the same fields, what is wanted does not change what is decoded, and memory
//! is bounded.

use crate::heap::peak_bytes;
use crate::input::{Input, MAX_PIECE_BYTES};
use wire::hpack::{Decoder, Error, MAX_VALUE_BYTES, Value};

/// More than the largest table holds, the value under way, and what growing them takes for a moment.
const MAX_HEAP_BYTES: usize = 1024 * 1024;
/// Each block comes so often when memory is measured: they are too short to fill the largest table.
const REPEATS: usize = 32;

/// A value: which name, the part that was kept, its true length.
type Field = (u8, Vec<u8>, u32);

/// Input: which names are wanted, a plan of cuts, then header blocks in pieces; a piece shorter than the longest is
/// the last of its block.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let wanted = input.byte();
    let mut cuts = input.cuts();
    let mut blocks = Vec::new();
    while !input.0.is_empty() {
        blocks.push(block(&mut input));
    }
    let all = |name: &[u8]| Some(tag(name));
    let whole = decoded(all, &blocks, |block| vec![block]);
    let cut = decoded(all, &blocks, |block| cuts.apply(block).collect());
    assert_eq!(cut, whole);

    // Values of other names are skipped unread, so what is wrong inside them may pass.
    let is_wanted = |tag: u8| tag & wanted != 0;
    let (some, fault) =
        decoded(|name: &[u8]| Some(tag(name)).filter(|tag| is_wanted(*tag)), &blocks, |block| vec![block]);
    let expected = whole.0.iter().filter(|field| is_wanted(field.0));
    assert!(some.iter().zip(expected.clone()).all(|(got, wanted)| got == wanted));
    assert!(some.len() >= expected.count());
    assert!(whole.1.is_some() || fault.is_none());

    let peak = peak_bytes(|| {
        let mut decoder = Decoder::new(all);
        let mut read = |block: &Vec<u8>| decoder.feed(block, &mut |_, _| {}).and_then(|()| decoder.end_block());
        let _ = blocks.iter().try_for_each(|block| (0..REPEATS).try_for_each(|_| read(block)));
    });
    assert!(peak < MAX_HEAP_BYTES, "{peak} bytes for {} bytes of blocks", bytes.len());
}

fn block(input: &mut Input<'_>) -> Vec<u8> {
    let mut block = Vec::new();
    loop {
        let piece = input.piece();
        block.extend_from_slice(piece);
        if piece.len() < MAX_PIECE_BYTES {
            return block;
        }
    }
}

/// A number for each name; never 0.
fn tag(name: &[u8]) -> u8 {
    name.iter().fold(7u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)).max(1)
}

/// All fields up to the first fault, and the fault.
fn decoded<'a>(
    interest: impl Fn(&[u8]) -> Option<u8>,
    blocks: &'a [Vec<u8>],
    mut cut: impl FnMut(&'a [u8]) -> Vec<&'a [u8]>,
) -> (Vec<Field>, Option<Error>) {
    let mut decoder = Decoder::new(interest);
    let mut fields = Vec::new();
    let mut out = |tag: u8, value: Value<'_>| {
        assert!(value.bytes.len() <= MAX_VALUE_BYTES && value.bytes.len() <= value.len as usize);
        assert!(!value.truncated() || value.bytes.len() == MAX_VALUE_BYTES);
        fields.push((tag, value.bytes.to_vec(), value.len));
    };
    for block in blocks {
        let read = cut(block).into_iter().try_for_each(|piece| decoder.feed(piece, &mut out));
        if let Err(fault) = read.and_then(|()| decoder.end_block()) {
            return (fields, Some(fault));
        }
    }
    (fields, None)
}
