//! The JSON reader: any chunking of any document, read along any of a few plans, finds the same, nothing of the document
//! before, and, where serde_json can read the document too, what serde_json finds. A document that is recalled, for being
//! like one that was read before, says what a scan finds.

use crate::input::{Cuts, Input};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;
use wire::catalogue::{JsonExtract, JsonRead, JsonStep, Slot};
use wire::field::{Extracted, Found};
use wire::json::{Plan, Scan};

#[path = "../../wire/src/json/oracle.rs"]
mod oracle;

use JsonRead::{Dimensions, Int, Items, Present, Prompts, String as Text};

/// A path as the YAML of a server writes it, and how to read what it leads to.
type Line = (Slot, &'static str, JsonRead);

/// What servers of language models say, what is asked of those of tensors, and every way to read side by side; apart from
/// them those through each element, which are for elements that no other path leads to.
const PLANS: [&[Line]; 5] = [
    &[
        (Slot::Model, "model", Text),
        (Slot::RequestId, "id", Text),
        (Slot::Error, "error", Present),
        (Slot::Output, "choices[*].delta.content", Present),
        (Slot::TokensIn, "usage.prompt_tokens", Int),
        (Slot::TokensOut, "usage.completion_tokens", Int),
    ],
    &[
        (Slot::RequestId, "id", Text),
        (Slot::BatchSize, "inputs[0].shape[0]", Int),
        (Slot::TokensIn, "prompt", Prompts),
        (Slot::TokensOut, "inputs", Items),
    ],
    &[
        (Slot::Model, "", Text),
        (Slot::Version, "a[1].b", Text),
        (Slot::RequestId, "a[0]", Text),
        (Slot::BatchSize, "a", Items),
        (Slot::Final, "[2]", Int),
        (Slot::TokensIn, "a.a", Int),
        (Slot::TokensOut, "a.b.a", Items),
    ],
    &[(Slot::Error, "a[*].b", Present), (Slot::Final, "[*].a[*]", Present), (Slot::Output, "[*]", Present)],
    &[
        (Slot::Shape, "inputs[0].shape", Dimensions),
        (Slot::BatchSize, "inputs[0].shape[0]", Int),
        (Slot::Datatype, "inputs[0].datatype", Text),
        (Slot::BatchShape, "a[1]", Dimensions),
    ],
];

static EXTRACTS: LazyLock<Vec<Vec<JsonExtract>>> = LazyLock::new(|| {
    let compiled =
        |lines: &&[Line]| lines.iter().map(|&(slot, at, read)| crate::support::json(slot, at, read)).collect();
    PLANS.iter().map(compiled).collect()
});

/// Input: a plan of cuts, the plan to read along, how far to look (0: to the end), where to change the document, how much
/// of it, and into what, a document.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let cuts = input.cuts();
    let extracts = &EXTRACTS[usize::from(input.byte()) % PLANS.len()];
    let plan = &Plan::compile(extracts);
    assert!(plan.is_complete());
    let head_bytes = match u32::from(input.byte()) {
        0 => u32::MAX,
        some => some,
    };
    let (at, length, with) = (usize::from(input.byte()), usize::from(input.byte()), input.piece());
    let document = Document { extracts, plan, head_bytes, bytes: input.0 };
    let mut scan = Scan::default();
    let whole = document.read(&mut scan, None);
    assert_eq!(document.read(&mut scan, Some(cuts)), whole);
    assert_eq!(document.read(&mut scan, Some(Cuts::default())), whole);
    if head_bytes as usize > input.0.len() && serde_json::from_slice::<Plain>(input.0).is_ok() {
        document.compare(&whole.0);
    }
    let from = at.min(input.0.len());
    let changed = [&input.0[..from], with, &input.0[(from + length).min(input.0.len())..]].concat();
    let changed = Document { bytes: &changed, head_bytes: u32::MAX, ..document };
    let document = Document { head_bytes: u32::MAX, ..document };
    for learnt in [&document, &changed] {
        plan.learn(learnt.bytes);
        document.recall(&mut scan);
        changed.recall(&mut scan);
    }
}

/// A document and how it is to be read.
#[derive(Clone, Copy)]
struct Document<'a> {
    extracts: &'a [JsonExtract],
    plan: &'a Plan,
    head_bytes: u32,
    bytes: &'a [u8],
}

impl Document<'_> {
    /// Reads it, whole or cut: what each extract finds, and whether there was more than was looked at.
    fn read(&self, scan: &mut Scan, cuts: Option<Cuts<'_>>) -> (Vec<Option<String>>, bool) {
        scan.begin(self.plan, self.head_bytes);
        match cuts {
            None => scan.feed(self.plan, self.bytes),
            Some(mut cuts) => cuts.apply(self.bytes).for_each(|piece| scan.feed(self.plan, piece)),
        }
        let cut_short = scan.cut_short();
        let said = scan.extracted(self.plan);
        (self.shown(&said), cut_short)
    }

    fn shown(&self, said: &Extracted<'_>) -> Vec<Option<String>> {
        let shown = |slot| match said.dimensions(slot) {
            Some(dimensions) => Some(format!("{:?}", dimensions.sizes())),
            None => said.get(slot).map(shown),
        };
        self.extracts.iter().map(|extract| shown(extract.slot)).collect()
    }

    /// Holds what is recalled of it, if it is like what was learnt, beside what a scan finds.
    fn recall(&self, scan: &mut Scan) {
        let mut recalled = Vec::new();
        if let Some(length) = self.plan.recall(self.bytes, |said| recalled = self.shown(said)) {
            assert_eq!(recalled, self.read(scan, None).0);
            let document = &self.bytes[..length];
            assert!(!document.iter().any(|byte| matches!(byte, b'\r' | b'\n')), "it lies on one line");
            let over = |bytes| {
                scan.begin(self.plan, u32::MAX);
                scan.feed(self.plan, bytes);
                scan.is_over()
            };
            assert_eq!([document, &document[..length - 1]].map(over), [true, false], "it ends there");
        }
    }

    /// Holds what was found beside what serde_json finds.
    fn compare(&self, found: &[Option<String>]) {
        let value = serde_json::from_slice(self.bytes).expect("it was read before");
        for (extract, found) in self.extracts.iter().zip(found) {
            let JsonExtract { path, read, .. } = extract;
            // What a prompt is, is OpenAI's to say, not JSON's.
            if *read != Prompts {
                assert_eq!(*found, oracle::oracle(path, *read, &value), "{path:?} {read:?}");
            }
        }
    }
}

fn shown(found: Found<'_>) -> String {
    match found {
        Found::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Found::Number(number) | Found::Tally(number) | Found::Sum(number) => number.to_string(),
    }
}

/// A document that all read alike: no key twice in an object (RFC 8259 section 4), none with an escape, of which there is
/// none among the keys of servers.
struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain, D::Error> {
        deserializer.deserialize_any(Plain)
    }
}

impl<'de> Visitor<'de> for Plain {
    type Value = Plain;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a document")
    }

    fn visit_unit<E: Error>(self) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
        while items.next_element::<Plain>()?.is_some() {}
        Ok(Plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Plain, A::Error> {
        let mut keys = HashSet::new();
        // Only a key without escapes can be borrowed.
        while let Some((key, Plain)) = fields.next_entry::<&str, Plain>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("a key twice"));
            }
        }
        Ok(Plain)
    }
}
