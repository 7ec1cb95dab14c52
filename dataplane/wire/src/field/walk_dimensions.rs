//! Shapes of tensors are exact, or not there.

use super::*;

fn shape(message: &[u8]) -> Option<String> {
    read(&[5, 3], Read::Dimensions, message)
}

/// One input of these dimensions, packed.
fn input(sizes: &[u64]) -> Vec<u8> {
    let packed: Vec<u8> = sizes.iter().flat_map(|&size| varint(size)).collect();
    bytes(5, &[bytes(1, b"INPUT0"), bytes(2, b"FP32"), bytes(3, &packed)].concat())
}

#[test]
fn packed_or_not_and_in_pieces() {
    assert_eq!(shape(&input(&[1, 3, 224, 224])), some("[1, 3, 224, 224]"));
    assert_eq!(shape(&input(&[0])), some("[0]"));
    assert_eq!(shape(&input(&[u32::MAX.into(), 1 << 20])), some("[4294967295, 1048576]"));
    assert_eq!(shape(&input(&[2; 8])), some("[2, 2, 2, 2, 2, 2, 2, 2]"));
    assert_eq!(shape(&input(&[])), None);
    let single = bytes(5, &[int(3, 1), int(4, 9), int(3, 300), int(3, 0)].concat());
    assert_eq!(shape(&single), some("[1, 300, 0]"));
    let pieces = bytes(5, &[bytes(3, &[7, 8]), bytes(2, b"FP32"), int(3, 300), bytes(3, &[]), bytes(3, &[9])].concat());
    assert_eq!(shape(&pieces), some("[7, 8, 300, 9]"));
    let padded = bytes(5, &bytes(3, &[0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 5]));
    assert_eq!(shape(&padded), some("[1, 5]"), "a varint may be longer than it need be");
}

#[test]
fn of_the_first_input_alone() {
    assert_eq!(shape(&[input(&[4, 2]), input(&[6, 7, 8])].concat()), some("[4, 2]"));
    let none = bytes(5, &bytes(1, b"a scalar"));
    assert_eq!(shape(&[none, input(&[6, 7])].concat()), None);
    let broken = bytes(5, &bytes(3, &[[0xff; 10].as_slice(), &[1]].concat()));
    assert_eq!(shape(&[input(&[2]), broken].concat()), some("[2]"), "nobody reads the second");
}

#[test]
fn what_is_no_size_and_what_is_too_long_is_no_shape() {
    for size in [u64::MAX, 1 << 63, 1 << 32] {
        assert_eq!(shape(&input(&[1, size, 3])), None);
        assert_eq!(shape(&bytes(5, &[int(3, 1), int(3, size)].concat())), None);
    }
    assert_eq!(shape(&input(&[1; 9])), None);
    assert_eq!(shape(&bytes(5, &int(3, 1).repeat(9))), None);
    assert_eq!(shape(&bytes(5, &[0x1d, 1, 0, 0, 0])), None, "fixed32 is no varint");
}

#[test]
fn malformed_messages_have_no_shape() {
    let whole = input(&[1, 3]);
    let tail = bytes(1, b"after");
    for junk in [&[0x00, 0x01][..], &[0x0e], &[0x10, 0x80], &[0x12, 0x7f], &[0x11, 0x01]] {
        assert_eq!(shape(&[&whole, junk].concat()), None, "{junk:x?}");
        assert_eq!(shape(&[&whole[..], &bytes(5, junk), &tail].concat()), None, "{junk:x?} in another input");
    }
    assert_eq!(shape(&bytes(5, &bytes(3, &[1, 0x83]))), None, "the last one is not whole");
    let overlong = [&[1][..], &[0xff; 10], &[1]].concat();
    assert_eq!(shape(&bytes(5, &bytes(3, &overlong))), None);
    assert_eq!(shape(&[&whole[..], &bytes(5, &bytes(3, &overlong))].concat()), some("[1, 3]"), "of a later input");
    assert_eq!(shape(&[whole, tail].concat()), some("[1, 3]"));
}

#[test]
fn one_varint_in_each_message() {
    let of_each = |message: &[u8]| read(&[2, 2, 1], Read::DimensionOfEach, message);
    let tensor = |dims: &[Vec<u8>]| bytes(2, &dims.concat());
    let dim = |size| bytes(2, &[int(1, size), bytes(2, b"a name")].concat());
    assert_eq!(of_each(&tensor(&[dim(1), dim(300), dim(3)])), some("[1, 300, 3]"));
    assert_eq!(of_each(&tensor(&[dim(1), bytes(2, b""), dim(3)])), some("[1, 0, 3]"), "proto3 writes no 0");
    assert_eq!(of_each(&tensor(&[bytes(2, &[int(1, 7), int(1, 8)].concat())])), some("[8]"), "the last one counts");
    assert_eq!(of_each(&[tensor(&[dim(4)]), tensor(&[dim(5), dim(6)])].concat()), some("[4]"), "of the first tensor");
    assert_eq!(of_each(&tensor(&[dim(1), dim(-1i64 as u64)])), None, "not known");
    assert_eq!(of_each(&tensor(&[dim(1), dim(u64::MAX), dim(2)])), None);
    assert_eq!(of_each(&tensor(&[int(2, 5), dim(2)])), some("[2]"), "a wire type that does not fit");
    assert_eq!(of_each(&tensor(&vec![dim(2); 9])), None);
    assert_eq!(of_each(&tensor(&[dim(1), bytes(2, &[0x08, 0x80])])), None, "malformed");
    assert_eq!(read(&[1], Read::DimensionOfEach, &int(1, 5)), None, "there is no message");
}

#[test]
fn of_words_that_are_too_long_for_a_name_the_beginning_is_kept() {
    let words = |length: usize| [bytes(1, &vec![b'x'; length]), int(2, 7)].concat();
    let kept = |how, length| read(&[1], how, &words(length)).map(|text| text.len());
    assert_eq!((kept(Read::String, 128), kept(Read::String, 129)), (Some(128), None));
    assert_eq!((kept(Read::Beginning, 128), kept(Read::Beginning, 129)), (Some(128), Some(128)));
    assert_eq!((kept(Read::Beginning, 100_000), kept(Read::Beginning, 0)), (Some(128), None));
}

#[test]
fn strings_of_the_first_input_alone() {
    let named = |name: &[u8]| bytes(5, &bytes(2, name));
    let datatype = |message: &[u8]| read(&[5, 2], Read::FirstString, message);
    assert_eq!(datatype(&[named(b"FP32"), named(b"INT64")].concat()), some("FP32"));
    assert_eq!(datatype(&[named(b""), named(b"INT64")].concat()), None);
    assert_eq!(datatype(&bytes(5, &[bytes(2, b"first"), bytes(2, b"last")].concat())), some("last"));
    assert_eq!(datatype(&[named(&[b'x'; 200]), named(b"INT64")].concat()), None);
}

/// Reads as much of a message as lies in the head, in chunks.
fn in_head(message: &[u8], head_bytes: u32, how: Read, path: &[u32]) -> Option<String> {
    let path = path.iter().map(|&field| step(field)).collect();
    let extract = Extract { slot: Slot::Error, path, read: how };
    let program = Program { variants: vec![Variant { extracts: vec![extract], ..Variant::default() }] };
    let of = |chunk| walk(&program, message, chunk, head_bytes).pop().map(|(_, value)| value);
    let whole = of(message.len());
    assert!((1..9).all(|chunk| of(chunk) == whole), "{head_bytes} of {message:x?}");
    whole
}

#[test]
fn a_head_that_may_end_within_a_shape_tells_none() {
    let contents = bytes(5, &[0; 40]);
    let packed = bytes(5, &[bytes(3, &[1, 2, 3]), contents.clone()].concat());
    let single = bytes(5, &[int(3, 1), int(3, 2), int(3, 3), contents].concat());
    let mut seen = 0;
    for message in [packed, single] {
        for head_bytes in 0..=message.len() as u32 {
            let found = in_head(&message, head_bytes, Read::Dimensions, &[5, 3]);
            assert!(found.is_none() || found == some("[1, 2, 3]"), "{found:?} in {head_bytes}");
            seen += u32::from(found.is_some());
        }
    }
    assert!(seen > 70, "it is there as soon as the contents begin: {seen}");
    let dims = [1, 2, 3].map(|size| bytes(2, &int(1, size))).concat();
    let tensor = [bytes(2, &dims), bytes(4, &[0; 40])].concat();
    for head_bytes in 0..=tensor.len() as u32 {
        let found = in_head(&tensor, head_bytes, Read::DimensionOfEach, &[2, 2, 1]);
        assert_eq!(found.is_some(), head_bytes as usize > tensor.len() - 41, "{head_bytes}");
        assert!(found.is_none() || found == some("[1, 2, 3]"));
    }
}
