//! The walk through one message. It can stop after any byte and go on with the next.

use super::plan::{Edge, Node, Plan};
use super::{MAX_LEAVES, MAX_TEXTS};
use crate::call::MAX_NAME_BYTES;
use crate::catalogue::{MAX_DEPTH, Read, Slot};

/// Groups are skipped field by field; deeper nesting than this is taken for an attack.
const MAX_GROUP_DEPTH: u8 = 16;
/// A varint has at most ten bytes (protobuf encoding guide).
const MAX_VARINT_SHIFT: u8 = 63;
/// Strings read along the way: those of the leaves, and the key of the map entry under way.
const KEY_TEXT: usize = MAX_TEXTS;

/// Protobuf wire types.
mod wire {
    pub const VARINT: u8 = 0;
    pub const FIXED64: u8 = 1;
    pub const BYTES: u8 = 2;
    pub const GROUP_BEGIN: u8 = 3;
    pub const GROUP_END: u8 = 4;
    pub const FIXED32: u8 = 5;
}

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
    /// Of no interest up to this position.
    Skip(u64),
    /// Packed varints up to this position.
    Packed(u64),
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
    /// Number of groups open in it.
    groups: u8,
    /// For a map entry: its key has been read and is the one in the key text.
    keyed: bool,
}

/// A string as far as it has been read.
#[derive(Clone, Copy, Debug)]
struct Text {
    bytes: [u8; MAX_NAME_BYTES],
    have: u8,
    /// Bytes still to come.
    left: u8,
}

/// Progress through one message, and what was found.
#[derive(Clone, Debug)]
pub struct Walk {
    pos: u64,
    /// Where to stop looking, and where the message ends.
    limit: u64,
    end: u64,
    state: State,
    field: u32,
    number: u64,
    shift: u8,
    depth: u8,
    levels: [Level; MAX_DEPTH + 1],
    /// Top-level fields that were present, 1 to 63.
    fields: u64,
    /// Edges that have been gone down.
    entered: u64,
    /// Leaves that are present, their values, and elements counted for [`Read::VarintAt`].
    present: u32,
    values: [u64; MAX_LEAVES],
    elements: [u32; MAX_LEAVES],
    /// The packed field under way is in first occurrences only, and read by these leaves.
    packed: (bool, u32),
    texts: [Text; MAX_TEXTS + 1],
    /// Texts still being filled.
    filling: u16,
}

impl Default for Walk {
    fn default() -> Walk {
        Walk {
            pos: 0,
            limit: 0,
            end: 0,
            state: State::Key,
            field: 0,
            number: 0,
            shift: 0,
            depth: 0,
            levels: [Level::default(); MAX_DEPTH + 1],
            fields: 0,
            entered: 0,
            present: 0,
            values: [0; MAX_LEAVES],
            elements: [0; MAX_LEAVES],
            packed: (false, 0),
            texts: [Text {
                bytes: [0; MAX_NAME_BYTES],
                have: 0,
                left: 0,
            }; MAX_TEXTS + 1],
            filling: 0,
        }
    }
}

/// A value that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Of [`Read::String`].
    Text(&'a [u8]),
    /// Of [`Read::Int`] and the like: a value the message states.
    Number(u64),
    /// Of [`Read::Count`] and [`Read::Varints`]: how many there are in this message.
    Tally(u64),
}

impl Walk {
    /// Begins a message of `len` bytes of which at most the first `head_bytes` are looked at.
    pub fn begin(&mut self, len: u32, head_bytes: u32) {
        self.pos = 0;
        self.end = u64::from(len);
        self.limit = u64::from(len.min(head_bytes));
        self.state = State::Key;
        (self.number, self.shift, self.depth) = (0, 0, 0);
        self.levels[0] = Level {
            end: self.end,
            first: true,
            ..Level::default()
        };
        (self.fields, self.entered, self.present, self.filling) = (0, 0, 0, 0);
    }

    /// All that is to be looked at has been.
    pub fn done(&self) -> bool {
        self.pos >= self.limit
    }

    /// There is more of the message than was looked at, and it is not just the rest of one skipped field.
    pub fn cut_short(&self) -> bool {
        self.limit < self.end && self.state != State::Skip(self.end)
    }

    /// Looks at the next bytes of the message.
    pub fn feed(&mut self, plan: &Plan, bytes: &[u8]) {
        let n = bytes
            .len()
            .min((self.limit - self.pos.min(self.limit)) as usize);
        let bytes = &bytes[..n];
        self.fill(bytes);
        let mut at = 0;
        loop {
            self.close();
            if at == bytes.len() {
                return;
            }
            if let State::Skip(to) = self.state {
                let n = (to - self.pos).min((bytes.len() - at) as u64);
                self.pos += n;
                at += n as usize;
                continue;
            }
            let byte = bytes[at];
            at += 1;
            self.pos += 1;
            if let Some(number) = self.varint(byte) {
                self.number(plan, number, &bytes[at..]);
            }
        }
    }

    /// Adds a byte to the varint under way; its value once it is complete.
    #[inline]
    fn varint(&mut self, byte: u8) -> Option<u64> {
        self.number |= u64::from(byte & 0x7f) << self.shift;
        if byte & 0x80 != 0 {
            if self.shift == MAX_VARINT_SHIFT {
                self.give_up();
            } else {
                self.shift += 7;
            }
            return None;
        }
        let number = self.number;
        (self.number, self.shift) = (0, 0);
        Some(number)
    }

    /// Leaves everything that ends at the present position.
    #[inline]
    fn close(&mut self) {
        match self.state {
            State::Skip(to) | State::Packed(to) if self.pos == to => self.expect_key(),
            _ => {}
        }
        while self.depth > 0 && self.pos == self.levels[usize::from(self.depth)].end {
            self.depth -= 1;
            self.expect_key();
        }
    }

    fn expect_key(&mut self) {
        self.state = State::Key;
        (self.number, self.shift) = (0, 0);
    }

    fn level(&mut self) -> &mut Level {
        &mut self.levels[usize::from(self.depth)]
    }

    /// The message under way is malformed: skips the rest of it.
    #[cold]
    fn give_up(&mut self) {
        let end = self.level().end;
        self.skip(end);
    }

    fn skip(&mut self, to: u64) {
        self.expect_key();
        self.state = State::Skip(to);
    }

    /// A varint is complete; `rest` are the bytes at hand after it.
    #[inline]
    fn number(&mut self, plan: &Plan, number: u64, rest: &[u8]) {
        match self.state {
            State::Key => self.key(plan, number),
            State::Number => {
                self.state = State::Key;
                let level = *self.level();
                if level.groups == 0
                    && let Some(edge) = self.edge(plan, level)
                {
                    self.scalar(plan, edge, number, level.first);
                }
            }
            State::Length => self.length(plan, number, rest),
            State::Packed(_) => {
                let (first, leaves) = self.packed;
                self.element(plan, leaves, number, first);
            }
            State::Skip(_) => {}
        }
    }

    fn key(&mut self, plan: &Plan, key: u64) {
        let field = key >> 3;
        if field == 0 || field > u64::from(u32::MAX >> 3) {
            return self.give_up();
        }
        self.field = field as u32;
        if self.depth == 0 && self.levels[0].groups == 0 && field < 64 {
            self.fields |= 1 << field;
        }
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

    fn fixed(&mut self, plan: &Plan, bytes: u64) {
        let level = *self.level();
        if self.pos + bytes > level.end {
            return self.give_up();
        }
        if level.groups == 0
            && let Some(edge) = self.edge(plan, level)
        {
            for leaf in bits(edge.leaves) {
                match plan.leaves[leaf].read {
                    Read::Present => self.set(leaf, 1),
                    Read::Count => self.add(leaf),
                    _ => {}
                }
            }
        }
        self.skip(self.pos + bytes);
    }

    /// The edge of the field under way. Behind the right key of a map, the key's own.
    #[inline]
    fn edge<'p>(&self, plan: &'p Plan, level: Level) -> Option<&'p Edge> {
        let node: &Node = &plan.nodes[usize::from(level.node)];
        if self.field == 2 && level.keyed {
            let key = &self.texts[KEY_TEXT];
            let key = &key.bytes[..usize::from(key.have)];
            let keyed = node.keyed.iter().find(|(k, _)| k.as_bytes() == key);
            if let Some((_, edge)) = keyed {
                return Some(edge);
            }
        }
        node.edge(self.field)
    }

    /// The length of a field is known: skip it, go down into it, or read it.
    fn length(&mut self, plan: &Plan, len: u64, rest: &[u8]) {
        let level = *self.level();
        let end = self.pos.saturating_add(len);
        if end > level.end {
            return self.give_up();
        }
        self.skip(end);
        if level.groups > 0 {
            return;
        }
        if self.field == 1 && !plan.nodes[usize::from(level.node)].keyed.is_empty() {
            self.level().keyed = self.text(KEY_TEXT, len, rest);
        }
        let Some(edge) = self.edge(plan, level) else {
            return;
        };
        let mut packed = 0;
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::String => {
                    let text = usize::from(plan.leaves[leaf].text);
                    if self.text(text, len, rest) {
                        self.set(leaf, len);
                    } else {
                        self.present &= !(1 << leaf);
                    }
                }
                Read::Present if len > 0 => self.set(leaf, 1),
                Read::Count => self.add(leaf),
                Read::Length => self.set(leaf, len),
                Read::VarintAt(_) | Read::Varints => packed |= 1 << leaf,
                Read::Present | Read::Int => {}
            }
        }
        let deeper = usize::from(self.depth) < MAX_DEPTH;
        if let Some(child) = edge.child.filter(|_| deeper) {
            let again = self.entered >> edge.id & 1 != 0;
            self.entered |= 1 << edge.id;
            self.depth += 1;
            *self.level() = Level {
                end,
                node: child,
                first: level.first && !again,
                ..Level::default()
            };
            self.state = State::Key;
        } else if packed != 0 {
            self.packed = (level.first, packed);
            self.state = State::Packed(end);
        }
    }

    /// A varint field.
    fn scalar(&mut self, plan: &Plan, edge: &Edge, number: u64, first: bool) {
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::Int => self.set(leaf, number),
                Read::Present => self.set(leaf, 1),
                Read::Count => self.add(leaf),
                Read::VarintAt(_) | Read::Varints => self.element(plan, 1 << leaf, number, first),
                Read::String | Read::Length => {}
            }
        }
    }

    /// An element of a repeated varint.
    fn element(&mut self, plan: &Plan, leaves: u32, number: u64, first: bool) {
        for leaf in bits(leaves) {
            match plan.leaves[leaf].read {
                Read::Varints => self.add(leaf),
                Read::VarintAt(n) if first => {
                    let seen = if self.present >> leaf & 1 == 0 {
                        0
                    } else {
                        self.elements[leaf]
                    };
                    if seen == n {
                        self.values[leaf] = number;
                    }
                    self.elements[leaf] = seen.saturating_add(1);
                    self.present |= 1 << leaf;
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, leaf: usize, value: u64) {
        self.values[leaf] = value;
        self.present |= 1 << leaf;
    }

    fn add(&mut self, leaf: usize) {
        let before = if self.present >> leaf & 1 == 0 {
            0
        } else {
            self.values[leaf]
        };
        self.set(leaf, before + 1);
    }

    /// Begins reading a string of `len` bytes; false when it is too long to be a name.
    fn text(&mut self, text: usize, len: u64, rest: &[u8]) -> bool {
        self.filling &= !(1 << text);
        if len > MAX_NAME_BYTES as u64 {
            return false;
        }
        let n = rest.len().min(len as usize);
        let text_at = &mut self.texts[text];
        text_at.bytes[..n].copy_from_slice(&rest[..n]);
        text_at.have = n as u8;
        text_at.left = (len as usize - n) as u8;
        if text_at.left > 0 {
            self.filling |= 1 << text;
        }
        true
    }

    /// Goes on reading strings that the last bytes ended in.
    fn fill(&mut self, bytes: &[u8]) {
        for text in bits(u32::from(self.filling)) {
            let into = &mut self.texts[text];
            let have = usize::from(into.have);
            let n = bytes.len().min(usize::from(into.left));
            into.bytes[have..have + n].copy_from_slice(&bytes[..n]);
            into.have += n as u8;
            into.left -= n as u8;
            if into.left == 0 {
                self.filling &= !(1 << text);
            }
        }
    }

    /// What was found, by the variant that suits the message.
    pub fn found<'w>(&'w self, plan: &'w Plan) -> impl Iterator<Item = (Slot, Found<'w>)> {
        let slots = plan.choose(self.fields).iter();
        slots.filter_map(|&(slot, leaf)| {
            let leaf = usize::from(leaf);
            if self.present >> leaf & 1 == 0 {
                return None;
            }
            let value = self.values[leaf];
            Some((
                slot,
                match plan.leaves[leaf].read {
                    Read::String => Found::Text(self.read_text(plan.leaves[leaf].text)?),
                    Read::VarintAt(n) if self.elements[leaf] <= n => return None,
                    Read::Count | Read::Varints => Found::Tally(value),
                    _ => Found::Number(value),
                },
            ))
        })
    }

    fn read_text(&self, text: u8) -> Option<&[u8]> {
        let text = &self.texts[usize::from(text)];
        (text.left == 0).then(|| &text.bytes[..usize::from(text.have)])
    }
}

/// Numbers of the bits that are set, lowest first.
fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (lowest < 32).then_some(lowest as usize)
    })
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
