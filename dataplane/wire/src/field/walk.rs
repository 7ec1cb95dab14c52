//! The walk through one message. It can stop after any byte and go on with the next.

use super::plan::{Edge, Plan};
use super::values::{Delimited, Extracted, KEY_TEXT, Occurrence, Values, last_bytes};
use super::wire;
use crate::catalogue::MAX_DEPTH;
use crate::pool::{Pooled, Shelf};
use std::cell::RefCell;
use std::thread::LocalKey;

mod short_fields;

/// Groups are skipped field by field; deeper nesting than this is taken for an attack.
const MAX_GROUP_DEPTH: u8 = 16;
/// A varint has at most ten bytes (protobuf encoding guide).
const MAX_VARINT_SHIFT: u8 = 63;
/// Field numbers have 29 bits.
const MAX_FIELD: u64 = (1 << 29) - 1;

/// What the bytes at the present position are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// A field's number and wire type.
    #[default]
    Key,
    /// The value of a varint field.
    Number,
    /// The length of a length-delimited field.
    Length,
    /// Of no interest, up to `until`.
    Skip,
    /// Packed varints, up to `until`.
    Packed,
}

/// A message on the way down to the present position.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Position after its last byte.
    end: u64,
    /// Its node in the plan.
    node: u8,
    /// It is the first occurrence of its field, and so are all above it.
    first: bool,
    /// What it lies in is.
    in_first: bool,
    /// Number of groups open in it.
    groups: u8,
    /// For a map entry: its key has been read and is the one in the key text.
    keyed: bool,
}

/// Progress through one message.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    pos: u64,
    /// The nearest position at which something ends: what is skipped, or the message at hand.
    until: u64,
    /// Where to stop looking, and where the whole message ends.
    limit: u64,
    end: u64,
    state: State,
    field: u32,
    /// The varint under way.
    number: u64,
    shift: u8,
    depth: u8,
    levels: [Level; MAX_DEPTH + 1],
    /// Top-level fields that were present, 1 to 63.
    fields: u64,
    /// Edges that have been gone down.
    entered: u64,
    /// Leaves that read the packed field under way, and whether any needs more than its number of elements.
    packed: u32,
    packed_values: bool,
    values: Values,
}

thread_local! {
    static SHELF: Shelf<Walk> = const { RefCell::new(Vec::new()) };
}

impl Pooled for Walk {
    const SHELF: &'static LocalKey<Shelf<Walk>> = &SHELF;
}

impl Walk {
    /// Begins a message of `len` bytes of which at most the first `head_bytes` are looked at.
    pub fn begin(&mut self, len: u32, head_bytes: u32) {
        self.pos = 0;
        self.end = u64::from(len);
        self.until = self.end;
        self.limit = u64::from(len.min(head_bytes));
        self.state = State::Key;
        (self.number, self.shift, self.depth) = (0, 0, 0);
        self.levels[0] = Level { end: self.end, first: true, in_first: true, ..Level::default() };
        (self.fields, self.entered) = (0, 0);
        self.values.clear();
        self.values.unspoil();
    }

    /// All that is to be looked at has been.
    pub fn done(&self) -> bool {
        self.pos >= self.limit
    }

    /// There is more of the message than was looked at, and it is not just the rest of one skipped field.
    pub fn cut_short(&self) -> bool {
        self.limit < self.end && (self.state != State::Skip || self.until < self.end)
    }

    /// What was found, by the variant that suits the message. `bytes` are those of the last [`Walk::feed`].
    #[inline]
    pub fn extracted<'w>(&'w self, plan: &'w Plan, bytes: &'w [u8]) -> Extracted<'w> {
        Extracted { values: &self.values, leaves: &plan.leaves, sources: plan.choose(self.fields), bytes }
    }

    /// Looks at the next bytes of the message.
    pub fn feed(&mut self, plan: &Plan, bytes: &[u8]) {
        let n = bytes.len().min(self.limit.saturating_sub(self.pos) as usize);
        let bytes = &bytes[..n];
        let mut rest = bytes;
        self.values.fill(rest);
        loop {
            if self.pos == self.until {
                self.close();
            }
            if rest.is_empty() {
                break;
            }
            rest = match self.state {
                State::Key if self.shift == 0 => self.fields(plan, bytes, rest),
                State::Skip => self.pass(rest).1,
                State::Packed if !self.packed_values => {
                    let (elements, rest) = self.pass(rest);
                    self.values.elements(self.packed, last_bytes(elements));
                    rest
                }
                _ => self.byte(plan, rest),
            };
        }
        if !self.done() {
            self.values.keep(bytes);
        } else if self.limit < self.end && self.state != State::Skip {
            self.values.spoil(); // what comes next may belong to what was read last
        }
    }

    /// Takes one byte of a varint.
    fn byte<'b>(&mut self, plan: &Plan, bytes: &'b [u8]) -> &'b [u8] {
        let Some((&byte, rest)) = bytes.split_first() else {
            return bytes;
        };
        self.pos += 1;
        self.number |= u64::from(byte & 0x7f) << self.shift;
        if byte & 0x80 == 0 {
            let number = self.number;
            (self.number, self.shift) = (0, 0);
            self.complete(plan, number, rest);
        } else if self.shift == MAX_VARINT_SHIFT {
            self.give_up();
        } else {
            self.shift += 7;
        }
        rest
    }

    /// Passes over what is at hand up to `until`.
    #[inline]
    fn pass<'b>(&mut self, bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
        let n = (self.until - self.pos).min(bytes.len() as u64);
        self.pos += n;
        bytes.split_at(n as usize)
    }

    /// Leaves everything that ends at the present position; a varint that did not end is dropped.
    fn close(&mut self) {
        if self.shift > 0 {
            self.values.spoil();
        }
        while self.depth > 0 && self.pos == self.level().end {
            self.depth -= 1;
        }
        self.expect_key();
    }

    fn expect_key(&mut self) {
        self.state = State::Key;
        (self.number, self.shift) = (0, 0);
        self.until = self.level().end;
    }

    #[inline]
    fn level(&mut self) -> &mut Level {
        &mut self.levels[usize::from(self.depth)]
    }

    /// The message at hand is malformed: skips the rest of it.
    #[cold]
    fn give_up(&mut self) {
        self.values.spoil();
        self.expect_key();
        self.state = State::Skip;
    }

    fn skip(&mut self, to: u64) {
        self.state = State::Skip;
        self.until = to;
    }

    /// A varint is complete; `rest` are the bytes at hand after it.
    fn complete(&mut self, plan: &Plan, number: u64, rest: &[u8]) {
        match self.state {
            State::Key => self.key(plan, number),
            State::Number => {
                self.state = State::Key;
                self.scalar(plan, number);
            }
            State::Length => self.length(plan, number, rest),
            State::Packed => {
                let first = self.level().first;
                if !self.values.element(plan, self.packed, number, first) {
                    self.state = State::Skip;
                }
            }
            State::Skip => {}
        }
    }

    fn key(&mut self, plan: &Plan, key: u64) {
        let field = key >> 3;
        if field == 0 || field > MAX_FIELD {
            return self.give_up();
        }
        self.field(field);
        match (key & 7) as u8 {
            wire::VARINT => self.state = State::Number,
            wire::FIXED64 => self.fixed(plan, 8),
            wire::FIXED32 => self.fixed(plan, 4),
            wire::BYTES => self.state = State::Length,
            wire::GROUP_BEGIN if self.level().groups < MAX_GROUP_DEPTH => self.level().groups += 1,
            wire::GROUP_END if self.level().groups > 0 => self.level().groups -= 1,
            _ => self.give_up(),
        }
    }

    /// A field begins.
    #[inline]
    fn field(&mut self, field: u64) {
        self.field = field as u32;
        if field < 64 && self.level().groups == 0 {
            self.note(1 << field);
        }
    }

    /// These fields, one bit each, are present in the message at hand.
    #[inline]
    fn note(&mut self, fields: u64) {
        if self.depth == 0 {
            self.fields |= fields;
        }
    }

    /// The edge of the field under way. Behind the right key of a map, the key's own.
    #[inline]
    fn edge<'p>(&self, plan: &'p Plan, level: &Level) -> Option<&'p Edge> {
        if level.groups > 0 {
            return None;
        }
        let node = &plan.nodes[usize::from(level.node)];
        if self.field == 2 && level.keyed {
            let key = self.values.read_text(KEY_TEXT, &[]);
            let keyed = node.keyed.iter().find(|(k, _)| Some(k.as_bytes()) == key);
            if let Some((_, edge)) = keyed {
                return Some(edge);
            }
        }
        node.edge(self.field)
    }

    /// Goes down an edge, into a message that ends at `end`.
    #[inline]
    fn enter(&mut self, child: u8, edge: u8, end: u64) {
        let again = self.entered >> edge & 1 != 0;
        self.entered |= 1 << edge;
        let in_first = self.level().first;
        self.depth += 1;
        *self.level() = Level { end, node: child, first: in_first && !again, in_first, ..Level::default() };
    }

    #[inline]
    fn scalar(&mut self, plan: &Plan, number: u64) {
        let level = *self.level();
        if let Some(edge) = self.edge(plan, &level) {
            let Level { first, in_first, .. } = level;
            self.values.varint(plan, edge, number, Occurrence { first, in_first });
        }
    }

    fn fixed(&mut self, plan: &Plan, bytes: u64) {
        let level = *self.level();
        if self.pos + bytes > level.end {
            return self.give_up();
        }
        if let Some(edge) = self.edge(plan, &level) {
            self.values.fixed(plan, edge);
        }
        self.skip(self.pos + bytes);
    }

    /// The length of a field is known: skip it, go down into it, or read it.
    #[inline]
    fn length(&mut self, plan: &Plan, len: u64, rest: &[u8]) {
        let level = *self.level();
        let end = self.pos.saturating_add(len);
        if end > level.end {
            return self.give_up();
        }
        self.skip(end);
        if self.field == 1 && level.groups == 0 && plan.nodes[usize::from(level.node)].has_keys() {
            self.level().keyed = self.values.text(KEY_TEXT, len, rest);
        }
        let Some(edge) = self.edge(plan, &level) else {
            return;
        };
        let packed = self.values.bytes(plan, edge, Delimited { len, at_hand: rest, first: level.first });
        let deeper = usize::from(self.depth) < MAX_DEPTH;
        if let Some(child) = edge.child.filter(|_| deeper) {
            self.enter(child, edge.id, end);
            self.state = State::Key;
        } else if packed != 0 {
            self.packed = packed;
            self.packed_values = packed & !plan.counted != 0;
            self.state = State::Packed;
        }
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
