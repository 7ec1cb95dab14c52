//! Messages nobody thought of.

use super::*;
use proptest::prelude::*;

/// What [`read`] would say of field 1 and 2.1, told the slow way on a whole message.
fn slowly(message: &[u8]) -> Option<(Option<Vec<u8>>, Option<u64>)> {
    let (mut name, mut number) = (None, None);
    let mut rest = message;
    let varint = |rest: &mut &[u8]| {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let (&byte, tail) = rest.split_first()?;
            *rest = tail;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        match key & 7 {
            0 => {
                varint(&mut rest)?;
            }
            2 => {
                let len = varint(&mut rest)? as usize;
                let content = rest.get(..len)?;
                rest = &rest[len..];
                if key >> 3 == 1 {
                    name = Some(content.to_vec());
                }
                if key >> 3 == 2 {
                    let mut inner = content;
                    while !inner.is_empty() {
                        let key = varint(&mut inner)?;
                        let value = (key & 7 == 0).then(|| varint(&mut inner))??;
                        if key >> 3 == 1 {
                            number = Some(value);
                        }
                    }
                }
            }
            _ => return None,
        }
    }
    Some((name, number))
}

proptest! {
    #[test]
    fn well_formed_messages_read_as_a_plain_decoder_reads_them(
        fields in prop::collection::vec(
            prop_oneof![
                (1..4u32, any::<u64>()).prop_map(|(field, value)| int(field, value)),
                prop::collection::vec(any::<u8>(), 0..40).prop_map(|content| bytes(1, &content)),
                (any::<u64>(), 1..3u32).prop_map(|(value, field)| bytes(2, &int(field, value))),
                prop::collection::vec(any::<u8>(), 0..300).prop_map(|content| bytes(7, &content)),
            ],
            0..12,
        ),
    ) {
        let message = fields.concat();
        let (name, number) = slowly(&message).unwrap();
        let name = name.filter(|name| !name.is_empty()).map(|name| String::from_utf8_lossy(&name).into_owned());
        prop_assert_eq!(read(&[1], Read::String, &message), name);
        prop_assert_eq!(read(&[2, 1], Read::Int, &message), number.map(|n| n.to_string()));
    }

    #[test]
    fn shapes_read_as_they_were_written(
        inputs in prop::collection::vec(
            prop::collection::vec(
                prop::collection::vec(prop_oneof![4 => 0..400u64, 1 => any::<u64>()], 0..4),
                0..5,
            ),
            0..3,
        ),
        packed in any::<u8>(),
    ) {
        // Each list in pieces, of which each is packed or not, with a name in between.
        let piece = |(at, sizes): (usize, &Vec<u64>)| match packed >> at & 1 {
            1 => bytes(3, &sizes.iter().flat_map(|&size| varint(size)).collect::<Vec<_>>()),
            _ => sizes.iter().flat_map(|&size| int(3, size)).collect(),
        };
        let each = |pieces: &Vec<Vec<u64>>| {
            let written: Vec<_> = pieces.iter().enumerate().map(piece).collect();
            bytes(5, &written.join(&bytes(1, b"name")[..]))
        };
        let message: Vec<u8> = inputs.iter().flat_map(each).collect();
        let sizes = inputs.first().map(|pieces| pieces.concat()).unwrap_or_default();
        let is_shape = (1..=8).contains(&sizes.len()) && sizes.iter().all(|size| *size <= u64::from(u32::MAX));
        prop_assert_eq!(read(&[5, 3], Read::Dimensions, &message), is_shape.then(|| format!("{sizes:?}")));
    }

    #[test]
    fn random_bytes_read_the_same_in_every_chunking(message in prop::collection::vec(any::<u8>(), 0..80)) {
        for how in [
            Read::String,
            Read::Int,
            Read::Varints,
            Read::VarintAt(1),
            Read::Present,
            Read::FirstString,
            Read::Dimensions,
            Read::DimensionOfEach,
        ] {
            read(&[1], how, &message);
            read(&[1, 1, 2], how, &message);
            read_by_step(&[Step { field: 1, map_key: Some("".into()) }, step(1)], how, &message);
        }
    }
}
