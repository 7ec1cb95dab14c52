//! Every way to read, in every chunking; malformed and hostile messages.

use super::*;
use crate::call::MAX_NAME_BYTES;
use crate::catalogue::Read;
use crate::catalogue::{Extract, Program, Slot, Step, Variant};
use crate::field::encode::{bytes, int, varint};
use crate::field::{Found, MAX_LEAVES, MAX_TEXTS};

fn step(field: u32) -> Step {
    Step { field, map_key: None }
}

/// Reads `path` of `message` in `chunk`s with a program of that one extract.
fn read_in(path: &[Step], read: Read, message: &[u8], chunk: usize) -> Option<String> {
    let extract = Extract { slot: Slot::Error, path: path.to_vec(), read };
    let program = Program { variants: vec![Variant { extracts: vec![extract], ..Variant::default() }] };
    walk(&program, message, chunk, u32::MAX).pop().map(|(_, value)| value)
}

fn walk(program: &Program, message: &[u8], chunk: usize, head_bytes: u32) -> Vec<(Slot, String)> {
    let plan = Plan::compile(program);
    let mut walk = Box::<Walk>::default();
    walk.begin(4, 4);
    walk.feed(&plan, b"\x0a\x02ab"); // what an earlier message left behind must not show
    walk.begin(2, 2);
    walk.feed(&plan, b"\x00\x01"); // nor that it was malformed
    walk.begin(message.len() as u32, head_bytes);
    let mut last = &[][..];
    for part in message.chunks(chunk.max(1)) {
        if !walk.done() {
            last = part;
            walk.feed(&plan, part);
        }
    }
    assert!(walk.done());
    let said = walk.extracted(&plan, last);
    let show = |found: Found<'_>| match found {
        Found::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Found::Number(number) => number.to_string(),
        Found::Tally(tally) => format!("{tally} in all"),
        Found::Sum(sum) => format!("{sum} added up"),
    };
    let slots = [Slot::Model, Slot::Version, Slot::Error];
    let lists = slots.into_iter().filter_map(|slot| Some((slot, format!("{:?}", said.dimensions(slot)?.sizes()))));
    slots.into_iter().flat_map(|slot| said.all(slot).map(move |found| (slot, show(found)))).chain(lists).collect()
}

fn read(path: &[u32], how: Read, message: &[u8]) -> Option<String> {
    let path: Vec<Step> = path.iter().map(|&field| step(field)).collect();
    read_by_step(&path, how, message)
}

fn read_by_step(path: &[Step], how: Read, message: &[u8]) -> Option<String> {
    let whole = read_in(path, how, message, message.len());
    for chunk in 1..9 {
        assert_eq!(read_in(path, how, message, chunk), whole, "chunks of {chunk}");
    }
    whole
}

fn some(text: &str) -> Option<String> {
    Some(text.into())
}

#[test]
fn strings() {
    let message = [bytes(1, b"first"), int(3, 5), bytes(1, b"last"), bytes(200, b"far")].concat();
    assert_eq!(read(&[1], Read::String, &message), some("last"));
    assert_eq!(read(&[200], Read::String, &message), some("far"));
    assert_eq!(read(&[3], Read::String, &message), None, "a wire type that does not fit");
    assert_eq!(read(&[2], Read::String, &message), None);
    assert_eq!(read(&[1], Read::String, &bytes(1, b"")), None, "an empty string is none");
    let longest = [b'x'; MAX_NAME_BYTES];
    assert_eq!(read(&[1], Read::String, &bytes(1, &longest)).unwrap().len(), MAX_NAME_BYTES);
    let message = [bytes(1, b"short"), bytes(1, &[b'x'; MAX_NAME_BYTES + 1])].concat();
    assert_eq!(read(&[1], Read::String, &message), None, "the last one wins, and is too long");
}

#[test]
fn numbers() {
    let message = [int(1, 7), int(1, u64::MAX), bytes(2, b"x")].concat();
    assert_eq!(read(&[1], Read::Int, &message), some(&u64::MAX.to_string()));
    assert_eq!(read(&[2], Read::Int, &message), None);
    assert_eq!(read(&[1], Read::Int, b"\x0d\x01\x02\x03\x04"), None, "fixed32 is no varint");
}

#[test]
fn presence_count_and_length() {
    let message =
        [bytes(1, b""), bytes(2, b"xyz"), bytes(2, b"z"), int(3, 0), int(7, 2), vec![4 << 3 | 5, 1, 2, 3, 4]].concat();
    assert_eq!(read(&[1], Read::Present, &message), None, "empty");
    assert_eq!(read(&[2], Read::Present, &message), some("1"));
    assert_eq!(read(&[3], Read::Present, &message), None, "0 is what an optional number says that is not set");
    assert_eq!(read(&[7], Read::Present, &message), some("1"));
    assert_eq!(read(&[4], Read::Present, &message), some("1"));
    assert_eq!(read(&[2], Read::Count, &message), some("2 in all"));
    assert_eq!(read(&[4], Read::Count, &message), some("1 in all"));
    let parts = [int(6, 3), bytes(6, &[9]), int(6, 400), bytes(5, &int(1, 7)), bytes(5, &int(1, u64::MAX))].concat();
    assert_eq!(read(&[6], Read::Sum, &parts), some("403 added up"), "not what is packed");
    assert_eq!(read(&[5, 1], Read::Sum, &parts), some(&format!("{} added up", u64::MAX)), "and no more");
    assert_eq!(read(&[6], Read::Sum, &int(6, 0)), some("0 added up"));
    assert_eq!(read(&[9], Read::Count, &message), None);
    assert_eq!(read(&[2], Read::Length, &message), some("1"));
    assert_eq!(read(&[3], Read::Length, &message), None);
}

#[test]
fn repeated_varints_packed_or_not() {
    let packed = bytes(3, &[varint(8), varint(300), varint(5)].concat());
    let single = [int(3, 8), int(3, 300), int(3, 5)].concat();
    for message in [packed, single] {
        assert_eq!(read(&[3], Read::VarintAt(0), &message), some("8"));
        assert_eq!(read(&[3], Read::VarintAt(1), &message), some("300"));
        assert_eq!(read(&[3], Read::VarintAt(3), &message), None);
        assert_eq!(read(&[3], Read::Varints, &message), some("3 in all"));
    }
    let nested = [bytes(5, &bytes(1, b"no shape")), bytes(5, &bytes(3, &[4])), bytes(5, &bytes(3, &[6]))].concat();
    assert_eq!(read(&[5, 3], Read::VarintAt(0), &nested), None, "only in the first of the parents");
    assert_eq!(read(&[5, 3], Read::VarintAt(0), &nested[12..]), some("4"));
    assert_eq!(read(&[5, 3], Read::Varints, &nested), some("2 in all"));
    assert_eq!(read(&[3], Read::Varints, &bytes(3, &[])), None);
    assert_eq!(read(&[3], Read::Varints, &bytes(3, &[1, 0x80])), some("1 in all"), "cut varint");
}

#[test]
fn map_entries_by_key() {
    let entry = |key: &[u8], value: &[u8]| bytes(4, &[bytes(1, key), bytes(2, value)].concat());
    let key = |key: &str| Step { field: 4, map_key: Some(key.into()) };
    let message = [entry(b"a", &int(1, 5)), entry(b"final", &int(1, 1)), entry(b"text", b"value")].concat();
    assert_eq!(read_by_step(&[key("final"), step(1)], Read::Int, &message), some("1"));
    assert_eq!(read_by_step(&[key("a"), step(1)], Read::Int, &message), some("5"));
    assert_eq!(read_by_step(&[key("text")], Read::String, &message), some("value"));
    assert_eq!(read_by_step(&[key("b"), step(1)], Read::Int, &message), None);
    let keyless = bytes(4, &bytes(2, &int(1, 9)));
    assert_eq!(read_by_step(&[key("a"), step(1)], Read::Int, &[&entry(b"a", b"")[..], &keyless].concat()), None);
    let numbers = bytes(4, &[bytes(1, b"n"), int(2, 77)].concat());
    assert_eq!(read_by_step(&[key("n")], Read::Int, &numbers), some("77"));
    assert_eq!(read(&[4, 2, 1], Read::VarintAt(0), &message), some("5"), "of the first entry");
}

#[test]
fn a_field_may_be_a_string_and_a_message_at_once() {
    let extract =
        |slot, path: &[u32]| Extract { slot, path: path.iter().map(|&f| step(f)).collect(), read: Read::String };
    let program = Program {
        variants: vec![
            Variant { any_of: 1 << 9, extracts: vec![extract(Slot::Model, &[2])], ..Variant::default() },
            Variant { none_of: 1 << 8, extracts: vec![extract(Slot::Model, &[2, 1])], ..Variant::default() },
        ],
    };
    let inner = bytes(2, &bytes(1, b"inner"));
    let outer = [bytes(2, b"1.2.3"), bytes(9, b"")].concat();
    for chunk in 1..20 {
        assert_eq!(walk(&program, &inner, chunk, 99), [(Slot::Model, "inner".into())]);
        assert_eq!(walk(&program, &outer, chunk, 99), [(Slot::Model, "1.2.3".into())]);
        let neither = [inner.clone(), int(8, 1)].concat();
        assert_eq!(walk(&program, &neither, chunk, 99), []);
    }
}

#[test]
fn the_first_value_that_is_there_counts() {
    let extract = |field, read| Extract { slot: Slot::Version, path: vec![step(field)], read };
    let extracts = vec![extract(1, Read::String), extract(2, Read::Int), extract(3, Read::String)];
    let plan = Plan::compile(&Program { variants: vec![Variant { extracts, ..Variant::default() }] });
    let message = [bytes(3, b"label"), int(2, 3), bytes(1, b"")].concat();
    let mut walk = Box::<Walk>::default();
    walk.begin(message.len() as u32, 99);
    walk.feed(&plan, &message);
    assert_eq!(walk.extracted(&plan, &message).get(Slot::Version), Some(Found::Number(3)), "an empty string is none");
    assert_eq!(walk.extracted(&plan, &message).get(Slot::Model), None);
}

#[test]
fn only_the_head_is_looked_at() {
    let extract = Extract { slot: Slot::Model, path: vec![step(1)], read: Read::String };
    let program = Program { variants: vec![Variant { extracts: vec![extract], ..Variant::default() }] };
    let message = [bytes(7, &[0; 20]), bytes(1, b"name")].concat();
    for chunk in 1..30 {
        assert_eq!(walk(&program, &message, chunk, 28).len(), 1);
        assert_eq!(walk(&program, &message, chunk, 27).len(), 0);
        assert_eq!(walk(&program, &message, chunk, 0).len(), 0);
    }
}

#[test]
fn malformed_messages_end_early_and_keep_what_was_read() {
    for junk in [
        &[0x00, 0x01][..],                                                         // field number 0
        &[0x0e],                                                                   // wire type 6
        &[0x1c],                                                                   // end of a group that never began
        &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // overlong varint
        &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],       // length of 2^64 - 1
        &[0x11, 0x01],                                                             // fixed64 past the end
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],             // huge field number
    ] {
        let tail = [junk, &bytes(1, b"never seen")].concat();
        assert_eq!(read(&[1], Read::String, &[&bytes(1, b"kept")[..], &tail].concat()), some("kept"), "{junk:x?}");
        // Inside a submessage only the submessage ends early.
        let nested = [bytes(3, &[&bytes(1, b"in")[..], &tail].concat()), bytes(1, b"after")].concat();
        assert_eq!(read(&[3, 1], Read::String, &nested), some("in"), "{junk:x?}");
        assert_eq!(read(&[1], Read::String, &nested), some("after"), "{junk:x?}");
    }
}

#[test]
fn a_field_may_end_with_its_message_and_no_later() {
    for (len, after) in [(2, "after"), (3, "after")] {
        let inner = [bytes(1, b"in"), vec![0x12, len, b'x', b'x']].concat();
        let message = [bytes(3, &inner), bytes(1, after.as_bytes())].concat();
        assert_eq!(read(&[3, 1], Read::String, &message), some("in"));
        assert_eq!(read(&[1], Read::String, &message), some(after));
        let expected = (len == 2).then(|| "xx".to_string());
        assert_eq!(read(&[3, 2], Read::String, &message), expected);
    }
}

#[test]
fn groups_are_skipped() {
    let group =
        [vec![5 << 3 | 3], bytes(1, b"hidden"), int(9, 1), vec![6 << 3 | 3, 6 << 3 | 4], vec![5 << 3 | 4]].concat();
    let message = [group.clone(), bytes(1, b"seen"), group].concat();
    assert_eq!(read(&[1], Read::String, &message), some("seen"));
    let deep = [vec![5 << 3 | 3; 1000], bytes(1, b"x")].concat();
    assert_eq!(read(&[1], Read::String, &deep), None);
}

#[test]
fn what_exceeds_a_limit_is_left_out() {
    let extract = |field, read| Extract { slot: Slot::Model, path: vec![step(field)], read };
    let many = |n: u32, read| Program {
        variants: vec![Variant { extracts: (1..=n).map(|f| extract(f, read)).collect(), ..Variant::default() }],
    };
    let message: Vec<u8> = (1..=99).flat_map(|f| int(f, 1)).collect();
    assert_eq!(walk(&many(99, Read::Int), &message, 50, 9999).len(), MAX_LEAVES);
    let message: Vec<u8> = (1..=99).flat_map(|f| bytes(f, b"x")).collect();
    assert_eq!(walk(&many(99, Read::String), &message, 50, 9999).len(), MAX_TEXTS);
    let path = vec![step(1); MAX_DEPTH + 1];
    assert_eq!(read_in(&path, Read::Int, &[], 1), None);
}

#[path = "walk_dimensions.rs"]
mod dimensions;

#[path = "walk_properties.rs"]
mod properties;
