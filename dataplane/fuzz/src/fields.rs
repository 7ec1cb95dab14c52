//! The protobuf walker: any chunking of any message, read along any program, finds the same, and nothing of the
//! message before.

use crate::input::{Cuts, Input};
use wire::catalogue::{Extract, Program, Read, Slot, Step, Variant};
use wire::field::{Plan, Walk};

const SLOTS: [Slot; 15] = [
    Slot::Model,
    Slot::Version,
    Slot::RequestId,
    Slot::BatchSize,
    Slot::Error,
    Slot::Final,
    Slot::TokensIn,
    Slot::TokensOut,
    Slot::Output,
    Slot::Shape,
    Slot::BatchShape,
    Slot::Datatype,
    Slot::MaxBatchSize,
    Slot::ErrorText,
    Slot::Stream,
];
/// Ways to read.
const READS: u8 = 12;
const KEYS: [&str; 3] = ["", "a", "triton_final_response"];
const MAX_EXTRACTS: u8 = 12;
const MAX_STEPS: u8 = 9;
/// Field numbers of a path begin at 1, and one stands for all that do not fit in a bit mask.
const NEAR_FIELDS: u8 = 8;
const FAR_FIELD: u32 = 200;

/// Input: a plan of cuts, a program, how far to look, how much longer the message claims to be, the message.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let cuts = input.cuts();
    let plan = Plan::compile(&program(&mut input));
    let head_bytes = u32::from_be_bytes([0, 0, input.byte(), input.byte()]);
    let unsent = u32::from(input.byte());
    let claimed = input.0.len() as u32 + unsent;
    let message = Message { plan: &plan, head_bytes, claimed, bytes: input.0 };
    let mut walk = Walk::default();
    let whole = message.read(&mut walk, None);
    assert_eq!(message.read(&mut walk, Some(cuts)), whole);
    assert_eq!(message.read(&mut walk, Some(Cuts::default())), whole);
}

/// One variant of a few extracts, and one that is taken when field 1 is present.
fn program(input: &mut Input<'_>) -> Program {
    let count = input.byte() % (MAX_EXTRACTS + 1);
    let extracts: Vec<Extract> = (0..count).map(|_| extract(input)).collect();
    let other = extracts.iter().rev().take(2).cloned().collect();
    let first = Variant { any_of: 2, extracts: other, ..Variant::default() };
    Program { variants: vec![first, Variant { extracts, ..Variant::default() }] }
}

fn extract(input: &mut Input<'_>) -> Extract {
    let kind = input.byte();
    let read = match kind % READS {
        0 => Read::String,
        1 => Read::Int,
        2 => Read::Present,
        3 => Read::Count,
        4 => Read::VarintAt(u32::from(kind) / 100),
        5 => Read::Varints,
        6 => Read::Length,
        7 => Read::FirstString,
        8 => Read::Dimensions,
        9 => Read::DimensionOfEach,
        10 => Read::Beginning,
        _ => Read::Sum,
    };
    let steps = input.byte() % (MAX_STEPS + 1);
    let path = (0..steps).map(|_| step(input.byte())).collect();
    Extract { slot: SLOTS[usize::from(kind / READS) % SLOTS.len()], path, read }
}

fn step(byte: u8) -> Step {
    let field = match byte % (NEAR_FIELDS + 1) {
        NEAR_FIELDS => FAR_FIELD,
        near => u32::from(near) + 1,
    };
    let key = KEYS.get(usize::from(byte) / 64);
    Step { field, map_key: key.map(|key| (*key).into()) }
}

/// A message and how it is to be read.
struct Message<'a> {
    plan: &'a Plan,
    head_bytes: u32,
    claimed: u32,
    bytes: &'a [u8],
}

impl Message<'_> {
    /// Reads it, whole or cut, and writes down all that can be asked of a walk.
    fn read(&self, walk: &mut Walk, cuts: Option<Cuts<'_>>) -> String {
        walk.begin(self.claimed, self.head_bytes);
        let mut last: &[u8] = &[];
        let mut feed = |piece| {
            if !walk.done() {
                last = piece;
                walk.feed(self.plan, piece);
            }
        };
        match cuts {
            None => feed(self.bytes),
            Some(mut cuts) => cuts.apply(self.bytes).for_each(feed),
        }
        let said = walk.extracted(self.plan, last);
        let found = SLOTS.map(|slot| (said.get(slot), said.dimensions(slot)));
        format!("{found:?} {} {}", walk.done(), walk.cut_short())
    }
}
