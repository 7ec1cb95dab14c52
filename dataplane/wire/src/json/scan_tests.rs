//! Every way to read, in every chunking, beside serde_json.

use super::*;
use crate::catalogue::{JsonExtract, JsonStep, Slot};
use crate::field::Found;
use proptest::prelude::*;
use serde_json::Value;

#[path = "oracle.rs"]
mod oracle;
use oracle::oracle;

fn path(text: &str) -> Vec<JsonStep> {
    let steps = text.split(['.', '[']).filter(|step| !step.is_empty()).map(|step| match step.strip_suffix(']') {
        Some("*") => JsonStep::Each,
        Some(n) => JsonStep::Item(n.parse().unwrap()),
        None => JsonStep::Key(step.into()),
    });
    steps.collect()
}

fn read_in(plan: &Plan, document: &[u8], chunk: usize, head_bytes: u32) -> Option<String> {
    let mut scan = Box::<Scan>::default();
    scan.begin(plan, 99);
    scan.feed(plan, br#"{"a":{"a":["left"]}"#); // what an earlier document left behind must not show
    scan.begin(plan, head_bytes);
    for part in document.chunks(chunk) {
        scan.feed(plan, part);
    }
    let said = scan.extracted(plan);
    let dimensions = said.dimensions(Slot::Model).map(|dimensions| format!("{:?}", dimensions.sizes()));
    dimensions.or_else(|| said.get(Slot::Model).map(shown))
}

fn shown(found: Found<'_>) -> String {
    match found {
        Found::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Found::Number(number) | Found::Tally(number) | Found::Sum(number) => number.to_string(),
    }
}

fn read(text: &str, how: JsonRead, document: &str) -> Option<String> {
    let plan = Plan::compile(&[JsonExtract { slot: Slot::Model, path: path(text), read: how, texts: Vec::new() }]);
    let whole = read_in(&plan, document.as_bytes(), usize::MAX, u32::MAX);
    for chunk in 1..8 {
        assert_eq!(read_in(&plan, document.as_bytes(), chunk, u32::MAX), whole, "chunks of {chunk} of {document}");
    }
    whole
}

const HOW: [JsonRead; 7] = [
    JsonRead::String,
    JsonRead::Beginning,
    JsonRead::Int,
    JsonRead::Present,
    JsonRead::Items,
    JsonRead::Prompts,
    JsonRead::Dimensions,
];

#[test]
fn nothing_is_present_in_a_number_that_is_0() {
    for nothing in ["0", "-0", "0.0", "-0.00", "0e5", "0E+9", "0.0e-1", "null", "false", "\"\"", "[]", "{ }"] {
        assert_eq!(read("a", JsonRead::Present, &format!(r#"{{"a":{nothing}}}"#)), None, "{nothing}");
        assert_eq!(read("a[1]", JsonRead::Present, &format!(r#"{{"a":[1,{nothing}]}}"#)), None, "{nothing}");
    }
    for something in ["1", "-1", "0.5", "-0.01", "10", "3e0", "0.1e9", "true", "\"0\"", "[0]", r#"{"b":0}"#] {
        assert_eq!(
            read("a", JsonRead::Present, &format!(r#"{{"a":{something}}}"#)).as_deref(),
            Some("1"),
            "{something}"
        );
    }
}

#[test]
fn of_words_that_are_too_long_for_a_name_the_beginning_is_kept() {
    let document = |length: usize| format!(r#"{{"a":{{"b":"{}\u00e9"}},"c":1}}"#, "x".repeat(length));
    let kept = |how, length| read("a.b", how, &document(length)).map(|text| text.len());
    assert_eq!((kept(JsonRead::String, 126), kept(JsonRead::String, 127)), (Some(128), None));
    assert_eq!((kept(JsonRead::Beginning, 126), kept(JsonRead::Beginning, 300)), (Some(128), Some(128)));
    assert_eq!(read("a.b", JsonRead::Beginning, r#"{"a":{"b":""}}"#), None);
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-9i64..9).prop_map(Value::from),
        (-9.0..9.0f64).prop_map(Value::from),
        prop_oneof![Just("".to_string()), "[a-z\"\\\\\n{}\\[\\]:,é\u{1F600}]{0,9}", "x{125,132}"].prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let key = prop_oneof![Just("a"), Just("b"), Just("a\"b"), Just("a key of more than thirty-two bytes")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.prop_map(String::from), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn documents_read_as_serde_json_reads_them(value in document(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        for at in ["", "a", "a.b", "a.a.b", "a[0]", "a[1].b", "[2]", "b[0][1]"] {
            for how in [JsonRead::String, JsonRead::Int, JsonRead::Present, JsonRead::Items, JsonRead::Dimensions] {
                prop_assert_eq!(read(at, how, &text), oracle(&path(at), how, &value), "{} {:?} of {}", at, how, text);
            }
        }
        for at in ["a[*].b", "[*]", "[*].a[*]"] {
            let expected = oracle(&path(at), JsonRead::Present, &value);
            prop_assert_eq!(read(at, JsonRead::Present, &text), expected, "{} of {}", at, text);
        }
    }

    #[test]
    fn junk_reads_the_same_in_every_chunking(junk in "[\\[\\]{}\",:ab01 \\\\untre.-]{0,40}") {
        for at in ["a", "a[0]", "[*].a", "b.a"] {
            for how in HOW {
                read(at, how, &junk);
            }
        }
    }
}

#[test]
fn prompts_as_openai_counts_them() {
    for (prompt, count) in [
        (r#""one""#, Some("1")),
        (r#"["one", "two"]"#, Some("2")),
        ("[1, 2, 3]", Some("1")),
        ("[[1, 2], [3], [4]]", Some("3")),
        ("[]", None),
        ("null", None),
    ] {
        let document = format!(r#"{{"prompt": {prompt}, "model": "m"}}"#);
        assert_eq!(read("prompt", JsonRead::Prompts, &document).as_deref(), count, "{prompt}");
    }
    let rows = r#"{"instances": [1, 2, 3]}"#;
    assert_eq!(read("instances", JsonRead::Items, rows).as_deref(), Some("3"), "rows may be numbers");
}

#[test]
fn arrays_of_numbers_are_dimensions() {
    let shape = |text: &str| read("inputs[0].shape", JsonRead::Dimensions, &format!(r#"{{"inputs":[{text}]}}"#));
    for (sizes, expected) in [
        ("[1, 3,224 ,224]", Some("[1, 3, 224, 224]")),
        ("[0]", Some("[0]")),
        ("[4294967295]", Some("[4294967295]")),
        ("[1,1,1,1,1,1,1,1]", Some("[1, 1, 1, 1, 1, 1, 1, 1]")),
        ("[]", None),
        ("[1,1,1,1,1,1,1,1,1]", None),
        ("[4294967296]", None),
        ("[99999999999999999999]", None),
        ("[1,-1]", None),
        ("[1.0,2]", None),
        ("[1e2]", None),
        (r#"["1",2]"#, None),
        ("[1,null]", None),
        ("[true]", None),
        ("[[1,2]]", None),
        ("[1,[2],3]", None),
        (r#"[1,{"shape":[2]}]"#, None),
        ("3", None),
        (r#""[3]""#, None),
        (r#"{"0":3}"#, None),
        ("[3", None),
    ] {
        assert_eq!(shape(&format!(r#"{{"shape":{sizes},"name":"x"}}"#)).as_deref(), expected, "{sizes}");
    }
    assert_eq!(shape(r#"{"shape":[4,2]},{"shape":[6,7,8]}"#).as_deref(), Some("[4, 2]"), "of the first input");
    assert_eq!(shape(r#"{"shape":["a"],"shape":[6]}"#).as_deref(), Some("[6]"), "of a key twice the last that is one");
}

#[test]
fn an_array_that_the_head_cuts_is_none() {
    let plan = Plan::compile(&[JsonExtract {
        slot: Slot::Model,
        path: path("a"),
        read: JsonRead::Dimensions,
        texts: Vec::new(),
    }]);
    let document = br#"{"a":[12,34],"b":1}"#;
    for head_bytes in 0..document.len() as u32 {
        let expected = (head_bytes > 11).then_some("[12, 34]");
        for chunk in 1..20 {
            assert_eq!(read_in(&plan, document, chunk, head_bytes).as_deref(), expected, "{head_bytes} in {chunk}");
        }
    }
}

#[test]
fn characters() {
    let text = |escaped: &str| read("a", JsonRead::String, &format!(r#"{{"a":"{escaped}"}}"#));
    assert_eq!(text(r#"\"\\\/\b\f\n\r\t"#).as_deref(), Some("\"\\/\u{8}\u{c}\n\r\t"));
    assert_eq!(text(r"\u0041\u00e9\ud83d\ude00").as_deref(), Some("Aé😀"));
    assert_eq!(text(r"\ud83dx").as_deref(), Some("x"), "half a character is none");
}

#[test]
fn what_follows_the_document_is_not_cut_off() {
    let plan =
        Plan::compile(&[JsonExtract { slot: Slot::Model, path: path("a"), read: JsonRead::Int, texts: Vec::new() }]);
    for chunk in [1, 2, usize::MAX] {
        let mut scan = Scan::default();
        scan.begin(&plan, 9);
        for part in br#"{"a": 12}  ."#.chunks(chunk) {
            scan.feed(&plan, part);
        }
        assert!(!scan.cut_short(), "chunks of {chunk}");
    }
}

#[test]
fn only_the_head_is_looked_at() {
    let plan =
        Plan::compile(&[JsonExtract { slot: Slot::Model, path: path("a"), read: JsonRead::Int, texts: Vec::new() }]);
    let document = br#"{"b":[1,2,3],"a":7}"#;
    for chunk in 1..20 {
        assert_eq!(read_in(&plan, document, chunk, 19).as_deref(), Some("7"));
        assert_eq!(read_in(&plan, document, chunk, 16), None);
    }
}

#[test]
fn an_empty_container_is_not_there_even_where_another_path_leads_into_it() {
    let extract = |slot, text| JsonExtract { slot, path: path(text), read: JsonRead::Present, texts: Vec::new() };
    let plan = Plan::compile(&[extract(Slot::Model, "a"), extract(Slot::Error, "a[*].b")]);
    let present = |document: &str| {
        let whole = read_in(&plan, document.as_bytes(), usize::MAX, u32::MAX).is_some();
        assert_eq!(read_in(&plan, document.as_bytes(), 1, u32::MAX).is_some(), whole, "{document}");
        whole
    };
    for (document, there) in [
        (r#"{"a":[]}"#, false),
        (r#"{"a":[ ]}"#, false),
        (r#"{"a":{}}"#, false),
        (r#"{"a":[0]}"#, true),
        (r#"{"a":[[]]}"#, true),
        (r#"{"a":{"c":0}}"#, true),
    ] {
        assert_eq!(present(document), there, "{document}");
    }
}
