//! Whatever fits says the same, and what differs in holes alone fits.

use super::*;
use crate::catalogue::{Extract, Program, Step, Variant};
use crate::field::encode::{bytes, int, varint};
use crate::field::{Found, Walk};
use proptest::collection::vec;
use proptest::prelude::*;

const SLOTS: [(Slot, &[u32], Read); 10] = [
    (Slot::Model, &[1], Read::String),
    (Slot::Version, &[2], Read::Int),
    (Slot::RequestId, &[3], Read::String),
    (Slot::BatchSize, &[5, 3], Read::VarintAt(1)),
    (Slot::TokensOut, &[6, 1], Read::Varints),
    (Slot::Error, &[7], Read::Present),
    (Slot::TokensIn, &[20], Read::Count),
    (Slot::Shape, &[8, 1], Read::Dimensions),
    (Slot::BatchShape, &[6, 3, 2], Read::DimensionOfEach),
    (Slot::Datatype, &[8, 2], Read::FirstString),
];

/// Reads all slots, and of messages with a field 9 the id and the end that a map tells.
fn plan() -> Plan {
    let step = |&field: &u32| Step { field, map_key: None };
    let extract =
        |(slot, path, read): (Slot, &[u32], Read)| Extract { slot, path: path.iter().map(step).collect(), read };
    let keyed = vec![step(&8), Step { field: 4, map_key: Some("last".into()) }, step(&1)];
    let last = Extract { slot: Slot::Final, path: keyed, read: Read::Int };
    let variants = vec![
        Variant { any_of: 1 << 9, none_of: 0, extracts: vec![extract(SLOTS[2]), last] },
        Variant { extracts: SLOTS.map(extract).into(), ..Variant::default() },
    ];
    Plan::compile(&Program { variants })
}

/// What a message says, but for its id, and its id; and its layout.
fn read(plan: &Plan, message: &[u8]) -> (Vec<String>, Vec<u8>, Option<Template>) {
    let mut walk = Box::<Walk>::default();
    walk.begin(message.len() as u32, message.len() as u32);
    walk.feed(plan, message);
    let said = walk.extracted(plan, message);
    let others = SLOTS.iter().map(|slot| slot.0).chain([Slot::Final]).filter(|slot| *slot != Slot::RequestId);
    let told = others.map(|slot| format!("{:?} {:?}", said.get(slot), said.dimensions(slot))).collect();
    let id = match said.get(Slot::RequestId) {
        Some(Found::Text(id)) => id.to_vec(),
        _ => Vec::new(),
    };
    (told, id, Template::of(plan, said.sources, message))
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let some = vec(any::<u8>(), 0..20);
    let packed = vec(any::<u64>(), 0..4).prop_map(|numbers| numbers.into_iter().flat_map(varint).collect());
    let field = (1..4u32, any::<u16>(), some.clone())
        .prop_map(|(field, number, content)| [int(field, number.into()), bytes(field, &content)].concat());
    let entry = any::<bool>().prop_map(|last| bytes(4, &[bytes(1, b"last"), bytes(2, &int(1, last.into()))].concat()));
    let nested = vec(any::<u16>(), 0..4).prop_map(|numbers| {
        let packed: Vec<u8> = numbers.into_iter().flat_map(|number| varint(number.into())).collect();
        [bytes(1, &packed), bytes(3, &packed)].concat()
    });
    prop_oneof![some, packed, field, entry, nested]
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![Just(1u32), Just(2), Just(3), Just(9), Just(20), Just(70)];
    let field = prop_oneof![
        4 => (1..10u32, content()).prop_map(|(field, content)| bytes(field, &content)),
        2 => (number.clone(), any::<u32>()).prop_map(|(field, value)| int(field, value.into())),
        1 => (number, any::<u64>()).prop_map(|(field, value)| {
            [varint(u64::from(field) << 3 | 1), value.to_le_bytes().to_vec()].concat()
        }),
        1 => any::<u32>().prop_map(|value| [varint(7 << 3 | 5), value.to_le_bytes().to_vec()].concat()),
    ];
    vec(field, 1..8).prop_map(|fields| fields.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn what_fits_says_the_same_but_for_its_id(
        base in prop_oneof![8 => message(), 1 => vec(any::<u8>(), 0..60)],
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let plan = plan();
        let (told, id, template) = read(&plan, &base);
        let Some(template) = template else { return Ok(()) };
        prop_assert_eq!(template.fit(&base).map(Option::unwrap_or_default), Some(&*id));
        let mut other = base.clone();
        for (at, byte) in changes {
            let at = at.index(other.len());
            other[at] = byte;
        }
        if let Some(id) = template.fit(&other) {
            let (same, its_id, _) = read(&plan, &other);
            prop_assert_eq!(same, told);
            prop_assert_eq!(id.unwrap_or_default(), its_id);
        }
    }
}

/// Two messages of one length, of which the second may differ in holes alone.
fn fits(one: &[Vec<u8>], other: &[Vec<u8>]) -> Option<Option<String>> {
    let (one, other) = (one.concat(), other.concat());
    assert_eq!(one.len(), other.len());
    let template = read(&plan(), &one).2.expect("a layout");
    template.fit(&other).map(|id| id.map(|id| String::from_utf8_lossy(id).into_owned()))
}

#[test]
fn ids_and_what_nobody_reads_are_holes() {
    let ask = |model, id, unread| [bytes(1, model), bytes(3, id), bytes(4, unread), int(10, 300), int(2, 7)];
    let base = ask(b"resnet", b"a-1", b"tensor");
    assert_eq!(fits(&base, &ask(b"resnet", b"b-2", b"other!")), Some(Some("b-2".into())));
    assert_eq!(fits(&base, &ask(b"resnex", b"a-1", b"tensor")), None);
    assert_eq!(fits(&[int(10, 300), base.concat()], &[int(10, 299), base.concat()]), Some(Some("a-1".into())));
}

#[test]
fn tokens_are_holes_as_long_as_their_number_is_the_same() {
    let chunk = |tokens: &[u8]| [bytes(6, &bytes(1, tokens)), bytes(4, b"text")];
    assert_eq!(fits(&chunk(&[0x81, 7, 5]), &chunk(&[0xff, 1, 9])), Some(None));
    assert_eq!(fits(&chunk(&[0x81, 7, 5]), &chunk(&[1, 7, 5])), None);
}

#[test]
fn shapes_and_element_types_are_no_holes() {
    let plan = plan();
    let ask = |model, datatype, shape: [u8; 2]| {
        let dims = shape.map(|size| bytes(3, &int(2, size.into()))).concat();
        let packed = [bytes(1, &shape), bytes(2, datatype), bytes(7, b"raw")].concat();
        [bytes(1, model), bytes(8, &packed), bytes(6, &dims)].concat()
    };
    let base = ask(b"resnet", b"FP32", [1, 3]);
    let (told, _, template) = read(&plan, &base);
    let template = template.expect("a layout");
    let shown = |wanted: &str| told.iter().any(|value| value.contains(wanted));
    assert!(shown("sizes: [1, 3, 0") && shown(&format!("{:?}", b"FP32")), "{told:?}");
    assert!(template.fit(&base).is_some());
    for other in [ask(b"resnet", b"INT8", [1, 3]), ask(b"resnet", b"FP32", [1, 4]), ask(b"resnet", b"FP32", [2, 3])] {
        assert_eq!(template.fit(&other), None);
    }
}

#[test]
fn two_ids_malformed_and_large_messages_have_no_layout() {
    let plan = plan();
    let none = |message: &[u8]| assert_eq!(read(&plan, message).2, None, "{message:x?}");
    none(&[bytes(3, b"first"), bytes(3, b"second")].concat());
    none(&bytes(1, b"cut short")[..9]);
    none(&[bytes(1, b"a group"), varint(5 << 3 | 3), varint(5 << 3 | 4)].concat());
    none(b"\x00\x01");
    none(&bytes(5, &bytes(3, &[1; 600])));
    none(&int(4, 1).repeat(10_000));
}

#[test]
fn an_id_that_is_the_model_as_well_is_no_hole() {
    let extract = |slot| Extract { slot, path: vec![Step { field: 1, map_key: None }], read: Read::String };
    let variant = Variant { extracts: vec![extract(Slot::RequestId), extract(Slot::Model)], ..Variant::default() };
    let plan = Plan::compile(&Program { variants: vec![variant] });
    let template = read(&plan, &bytes(1, b"resnet")).2.expect("a layout");
    assert_eq!(template.fit(&bytes(1, b"resnet")), Some(None));
    assert_eq!(template.fit(&bytes(1, b"resnex")), None);
}
