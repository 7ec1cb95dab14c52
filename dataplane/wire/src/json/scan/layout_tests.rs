//! Whatever was learnt before, a document that is recalled says what a scan of it says.

use super::*;
use crate::catalogue::{JsonExtract, JsonRead, JsonStep, Slot};
use crate::field::Found;
use proptest::prelude::*;

const SLOTS: [Slot; 6] = [Slot::Model, Slot::RequestId, Slot::Output, Slot::TokensOut, Slot::Final, Slot::BatchSize];

fn plan() -> Plan {
    let key = |key: &str| JsonStep::Key(key.into());
    let extract = |slot, path: Vec<JsonStep>, read| JsonExtract { slot, path, read, texts: Vec::new() };
    Plan::compile(&[
        extract(Slot::Model, vec![key("model")], JsonRead::String),
        extract(Slot::RequestId, vec![key("id")], JsonRead::String),
        extract(Slot::Output, vec![key("choices"), JsonStep::Each, key("text")], JsonRead::Present),
        extract(Slot::Output, vec![key("calls")], JsonRead::Present),
        extract(Slot::TokensOut, vec![key("usage"), key("n")], JsonRead::Int),
        extract(Slot::Final, vec![key("stop")], JsonRead::Int),
        extract(Slot::BatchSize, vec![key("prompt")], JsonRead::Prompts),
        extract(Slot::BatchSize, vec![key("inputs")], JsonRead::Items),
    ])
}

fn shown(said: &Extracted<'_>) -> Vec<Option<String>> {
    let show = |slot| match said.get(slot)? {
        Found::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Found::Number(number) => Some(format!("{number}")),
        Found::Tally(number) => Some(format!("{number} counted")),
        Found::Sum(number) => Some(format!("{number} added up")),
    };
    SLOTS.into_iter().map(show).collect()
}

/// Recalls a document, or scans and learns it. Whether it was recalled, after holding what it said beside a scan.
fn recalled(plan: &Plan, document: &str) -> bool {
    let mut scan = Scan::default();
    scan.begin(plan, u32::MAX);
    scan.feed(plan, document.as_bytes());
    let (over, scanned) = (scan.is_over(), shown(&scan.extracted(plan)));
    let mut heard = None;
    let length = plan.recall(document.as_bytes(), |said| heard = Some(shown(said)));
    if let Some(length) = length {
        assert_eq!(heard, Some(scanned), "of {document}");
        let mut ends_at = |length: usize| {
            scan.begin(plan, u32::MAX);
            scan.feed(plan, &document.as_bytes()[..length]);
            scan.is_over()
        };
        assert!(ends_at(length) && !ends_at(length - 1), "{length} of {document}");
    } else if over {
        plan.learn(document.as_bytes());
    }
    length.is_some()
}

#[test]
fn documents_read_for_an_array_are_scanned_each_time() {
    let path = vec![JsonStep::Key("shape".into())];
    let plan = Plan::compile(&[JsonExtract { slot: Slot::Shape, path, read: JsonRead::Dimensions, texts: Vec::new() }]);
    for n in 0..100 {
        assert!(!recalled(&plan, &format!(r#"{{"id":"x","shape":[{n},3]}}"#)));
    }
}

fn event(id: &str, created: u64, text: &str) -> String {
    let choice = format!(r#"{{"index":0,"text":"{text}","logprobs":null}}"#);
    format!(r#"{{"id":"{id}","object":"text","created":{created},"model":"m","choices":[{choice}]}}"#)
}

#[test]
fn a_stream_is_recalled_once_it_is_known_what_varies() {
    let plan = plan();
    let scanned = (0..100)
        .filter(|n| !recalled(&plan, &event(&format!("c-{}", n % 7), 1000 + n % 5, &"x".repeat(*n as usize % 40))));
    assert!(scanned.count() <= 4, "the layout, then what varies in it");
    assert!(recalled(&plan, &event("another", 7, r#" \"東京\" \n"#)), "whatever the text is");
    assert!(recalled(&plan, &event("another", 7, "")), "or none");
    assert!(recalled(&plan, &(event("c", 7, "x") + " \r\n")), "whatever follows");
    assert!(!recalled(&plan, event("c", 7, "x").trim_end_matches('}')), "but not half of it");
}

#[test]
fn a_number_that_is_0_is_nothing_in_a_document_that_is_recalled_too() {
    let plan = plan();
    let document = |number: &str| format!(r#"{{"id":"x","calls":{number}}}"#);
    let recalls = (0..30).filter(|n| recalled(&plan, &document(["0", "7", "-0.0", "0e9"][n % 4]))).count();
    assert!(recalls > 20, "and what it says was held beside a scan");
}

#[test]
fn nothing_that_a_model_said_is_kept() {
    let plan = plan();
    for created in 0..3 {
        recalled(&plan, &event("c", created, "a secret"));
        let kept = format!(
            "{:?}",
            plan.layouts.borrow().as_ref().map(|layouts| layouts.known[0].document.escape_ascii().to_string())
        );
        assert!(kept.contains("choices") && !kept.contains("secret"), "{kept}");
    }
}

#[test]
fn what_a_scan_reads_in_its_own_way_is_scanned() {
    let plan = plan();
    for text in ["a", "b", r"\u00e9", r"\n"] {
        recalled(&plan, &event(text, 1, text));
    }
    for (id, text, alike) in [
        ("c", r"\u00e9t\u00e9", true),
        ("c", r"\ud83d\ude00", false),
        ("c", r"\u12", false),
        (r"c\n", "x", false),
        ("c", "a\tb", false),
        (&"c".repeat(129), "x", true),
    ] {
        assert_eq!(recalled(&plan, &event(id, 1, text)), alike, "{id} {text}");
    }
}

#[test]
fn containers_numbers_and_keys_that_come_twice() {
    let families: [(&[&str], bool); 7] = [
        (
            &[
                r#"{"calls":[]}"#,
                r#"{"calls":[ ]}"#,
                r#"{"calls":[{"a":["]"]},"b"]}"#,
                r#"{"calls":[1}"#,
                r#"{"calls":[1]}"#,
            ],
            true,
        ),
        (
            &[
                r#"{"usage":{"n":1}}"#,
                r#"{"usage":{"n":27}}"#,
                r#"{"usage":{"n":-2}}"#,
                r#"{"usage":{"n":1.5}}"#,
                r#"{"usage":{"n":123456789012345678901}}"#,
                r#"{"usage":{"n":12345678}}"#,
                r#"{"usage":{"n":e}}"#,
            ],
            true,
        ),
        (&[r#"{"stop":5,"stop":true}"#, r#"{"stop":6,"stop":true}"#], false),
        (
            &[
                r#"{"stop":false,"x":"1"}"#,
                r#"{"stop":false,"x":"2"}"#,
                r#"{"stop":false,"x":"3"}"#,
                r#"{"stop":true,"x":"3"}"#,
            ],
            true,
        ),
        (&[r#"{"model":"a","model":"b"}"#, r#"{"model":"a","model":""}"#, r#"{"model":"","model":"c"}"#], true),
        (&[r#"{"prompt":[1,2],"x":1}"#, r#"{"prompt":[3,44],"x":2}"#, r#"{"prompt":["a",2],"x":2}"#], true),
        (&[r#"{"inputs":["a",{}],"x":1}"#, r#"{"inputs":["b",{"c":[]}],"x":2}"#, r#"{"inputs":[],"x":2}"#], true),
    ];
    for (documents, alike) in families {
        let plan = plan();
        let met: Vec<bool> = (0..3).flat_map(|_| documents.iter().map(|document| recalled(&plan, document))).collect();
        assert_eq!(met.contains(&true), alike, "{documents:?}: {met:?}");
    }
}

#[test]
fn little_is_kept_and_not_every_document_is_a_lesson() {
    let plan = plan();
    let known = || plan.layouts.borrow().as_ref().map_or(0, |layouts| layouts.known.len());
    for n in 0..1000 {
        assert!(!recalled(&plan, &format!(r#"{{"k{n}":1}}"#)));
        assert!(known() <= MAX_LAYOUTS);
    }
    let saved = plan.layouts.borrow().as_ref().map(|layouts| layouts.saved);
    assert!(saved < Some(DOCUMENTS_PER_LESSON), "all lessons were had");
    recalled(&plan, &format!(r#"{{"long":"{}"}}"#, "x".repeat(MAX_LEARNT_BYTES)));
    assert!(!recalled(&plan, r#"{"long":""}"#), "a long document is not learnt from");
    assert_eq!(known(), MAX_LAYOUTS);
}

/// A document of a few layouts, filled at random; or broken.
fn document() -> impl Strategy<Value = String> {
    let text = || {
        prop_oneof![
            Just(""),
            Just("x"),
            Just(r"\n"),
            Just(r"\u00e9"),
            Just(r"\ud83d\ude00"),
            Just("a longer text é"),
            Just("\u{1}"),
            Just(r#"\""#)
        ]
    };
    let number =
        || prop_oneof![Just("0"), Just("17"), Just("-1"), Just("1e3"), Just("123456789"), Just("99999999999999999999")];
    let inside = prop_oneof![Just(""), Just(" "), Just("1,2"), Just(r#""]",{"a":[]}"#), Just("}")];
    let filled =
        (text(), text(), number(), inside, number(), 0..5usize).prop_map(|(a, b, n, inside, m, layout)| match layout {
            0 => format!(r#"{{"id":"{a}","choices":[{{"text":"{b}","i":{n}}}],"usage":null}}"#),
            1 => format!(r#"{{"id":"{a}","choices":[{{"text":"{b}"}}],"usage":{{"n":{n}}},"calls":[{inside}]}}"#),
            2 => format!(r#"{{"model":"{a}","prompt":["{b}",{n}],"stop":{m},"more":{{{inside}}}}}"#),
            3 => format!(r#"{{ "stop":{n},"stop":{m},"inputs":[{n},"{b}"],"model":"{a}" }}"#),
            _ => format!(r#"{{"id":"{a}","choices":[{{"text":"{b}"}},{{"text":"{a}","x":{n}}}]}}"#),
        });
    (filled, prop::option::weighted(0.2, (any::<prop::sample::Index>(), "[\\[\\]{}\",:0a ]"))).prop_map(
        |(filled, change)| match change {
            Some((at, with)) => {
                let mut characters: Vec<char> = filled.chars().collect();
                let at = at.index(characters.len());
                characters.splice(at..=at, with.chars());
                characters.into_iter().collect()
            }
            None => filled,
        },
    )
}

proptest! {
    #[test]
    fn what_is_recalled_is_what_a_scan_finds(documents in prop::collection::vec(document(), 1..60)) {
        let plan = plan();
        for document in &documents {
            recalled(&plan, document);
        }
    }
}
