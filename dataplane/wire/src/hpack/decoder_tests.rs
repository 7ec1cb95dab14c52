//! RFC 7541 appendix C, every example, in every chunking; then what the RFC does not show.

use super::*;
use std::cell::RefCell;

/// Interested in every name, in order of first sight.
fn decoder() -> Decoder<impl Interest> {
    NAMES.with_borrow_mut(Vec::clear);
    Decoder::new(|name: &[u8]| {
        NAMES.with_borrow_mut(|names| {
            let known = names.iter().position(|n| n == name);
            let at = known.unwrap_or_else(|| {
                names.push(name.to_vec());
                names.len() - 1
            });
            Some(at as u8 + 1)
        })
    })
}

thread_local! {
    static NAMES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().filter(|b| !b.is_ascii_whitespace()).map(|b| (b as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()
}

fn block<I: Interest>(decoder: &mut Decoder<I>, bytes: &[u8], chunk: usize) -> Result<String, Error> {
    let mut fields = Vec::new();
    for part in bytes.chunks(chunk.max(1)) {
        decoder.feed(part, &mut |tag, value: Value<'_>| {
            let name = NAMES.with_borrow(|names| names[usize::from(tag) - 1].clone());
            let name = String::from_utf8(name).unwrap();
            let kept = String::from_utf8_lossy(value.bytes).into_owned();
            assert_eq!(value.truncated(), value.bytes.len() < value.len as usize);
            fields.push(format!("{name}: {kept}"));
        })?;
    }
    decoder.end_block().map(|()| fields.join("\n"))
}

/// Decodes consecutive blocks in several chunkings and compares.
fn check(table_bytes: Option<u32>, blocks: &[(&str, &str)]) {
    for chunk in [1, 2, 3, 7, usize::MAX] {
        let mut decoder = decoder();
        if let Some(bytes) = table_bytes {
            decoder.table.resize(bytes);
        }
        for (encoded, fields) in blocks {
            let got = block(&mut decoder, &hex(encoded), chunk);
            assert_eq!(got.as_deref(), Ok(*fields), "chunks of {chunk}");
        }
    }
}

#[test]
fn c2_single_fields() {
    check(None, &[("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "custom-key: custom-header")]);
    check(None, &[("040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path")]);
    check(None, &[("1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret")]);
    check(None, &[("82", ":method: GET")]);
}

const REQUESTS: [&str; 3] = [
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com",
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache",
    ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value",
];

#[test]
fn c3_requests_without_huffman() {
    check(
        None,
        &[
            ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", REQUESTS[0]),
            ("8286 84be 5808 6e6f 2d63 6163 6865", REQUESTS[1]),
            ("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", REQUESTS[2]),
        ],
    );
}

#[test]
fn c4_requests_with_huffman() {
    check(
        None,
        &[
            ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", REQUESTS[0]),
            ("8286 84be 5886 a8eb 1064 9cbf", REQUESTS[1]),
            ("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", REQUESTS[2]),
        ],
    );
}

const RESPONSES: [&str; 3] = [
    ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com",
    ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com",
    ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\n\
     content-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
];

#[test]
fn c5_responses_without_huffman_with_eviction() {
    check(
        Some(256),
        &[
            (
                "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
                 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
                RESPONSES[0],
            ),
            ("4803 3330 37c1 c0bf", RESPONSES[1]),
            (
                "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
                 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61
                 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
                RESPONSES[2],
            ),
        ],
    );
}

#[test]
fn c6_responses_with_huffman_with_eviction() {
    check(
        Some(256),
        &[
            (
                "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
                 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
                RESPONSES[0],
            ),
            ("4883 640e ffc1 c0bf", RESPONSES[1]),
            (
                "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
                 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
                RESPONSES[2],
            ),
        ],
    );
}

#[test]
fn two_size_updates_at_the_start_of_a_block_are_followed() {
    let mut decoder = decoder();
    block(&mut decoder, &hex("4001 6101 62 be"), 1).unwrap();
    assert_eq!(block(&mut decoder, &hex("20 3fe11f 4001 6101 63 be"), 1).as_deref(), Ok("a: c\na: c"));
    assert_eq!(block(&mut decoder, &hex("bf"), 1), Err(Error::Index), "the first entry went with the update to 0");
}

#[test]
fn literals_without_indexing_leave_the_table_alone() {
    for encoded in ["00 01 61 01 62 be", "10 01 61 01 62 be", "0f 00 01 62 be"] {
        assert_eq!(block(&mut decoder(), &hex(encoded), 1), Err(Error::Index), "{encoded}");
    }
    assert_eq!(block(&mut decoder(), &hex("40 01 61 01 62 be"), 1).as_deref(), Ok("a: b\na: b"));
}

#[test]
fn errors() {
    for (encoded, error) in [
        ("80", Error::Index),
        ("be", Error::Index),
        ("7f 80 80 80 80 80 00", Error::Integer),
        ("40", Error::Truncated),
        ("4001", Error::Truncated),
        ("4001 61 02 62", Error::Truncated),
        ("00 81 00 00", Error::Huffman),
        ("00 01 61 81 00", Error::Huffman),
        ("00 01 61 84 ffff ffff", Error::Huffman),
    ] {
        for chunk in [1, usize::MAX] {
            assert_eq!(block(&mut decoder(), &hex(encoded), chunk), Err(error), "{encoded}");
        }
    }
}

#[test]
fn unwanted_fields_cost_lengths_only_and_indices_stay_right() {
    let mut decoder = Decoder::new(|name: &[u8]| (name == b"w").then_some(9));
    let mut got = Vec::new();
    // Indexed: x: yy (unwanted, Huffman-coded), then w: v; then the second and first entry again.
    let bytes = hex("4081 f3 82 f5eb 4001 7701 76 bf be 00 01 78 01 79");
    for byte in bytes {
        decoder.feed(&[byte], &mut |tag, value: Value<'_>| got.push((tag, value.bytes.to_vec()))).unwrap();
    }
    assert_eq!(decoder.end_block(), Ok(()));
    assert_eq!(got, [(9, b"v".to_vec()), (9, b"v".to_vec())]);
}

#[test]
fn a_value_of_a_gigabyte_is_counted_and_not_kept() {
    let mut decoder = decoder();
    decoder.feed(&hex("4001 77 7f 81ff ffff 03"), &mut |_, _| {}).unwrap();
    let mut seen = None;
    for _ in 0..1024 {
        decoder
            .feed(&[b'x'; 1 << 20], &mut |_, value: Value<'_>| {
                seen.get_or_insert((value.len, value.bytes.len(), value.truncated()));
            })
            .unwrap_or_default();
        if seen.is_some() {
            break;
        }
    }
    assert_eq!(seen, Some((1 << 30, MAX_VALUE_BYTES, true)));
    assert!(decoder.value.capacity() <= 2 * MAX_VALUE_BYTES);
}
