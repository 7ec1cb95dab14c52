//! The way through one document. It can stop after any byte and go on with the next.

use super::MAX_KEY_BYTES;
use super::plan::{Edge, Plan};
use crate::catalogue::{JsonRead, MAX_DEPTH};
use crate::field::{Extracted, Values, bits};
use crate::pool::{Pooled, Shelf};
use memchr::memchr2;
use std::cell::RefCell;
use std::thread::LocalKey;

mod dimensions;
pub(super) mod layout;
mod lengths;
mod scalars;
mod skipping;
mod strings;

/// What the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// The beginning of a value.
    #[default]
    Value,
    /// A key, or the end of the object.
    KeyOrEnd,
    Key,
    KeyEscape,
    Colon,
    /// A comma, or the end of the container.
    After,
    /// Inside a wanted string.
    Text,
    TextEscape,
    /// Inside a `\u`, with so many digits to come.
    Unicode(u8),
    Number,
    Literal,
    /// Inside a container nobody wants; `fresh`: nothing of it has been seen.
    Skip {
        fresh: bool,
    },
    SkipText,
    SkipEscape,
    /// The document is over, or cannot be read.
    Over,
}

/// A container on the way down to the present position.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// None: an array that is only counted.
    node: Option<u8>,
    is_object: bool,
    /// Elements begun.
    items: u32,
    /// Leaves that count its elements.
    counted: u32,
    /// Leaves of which it is the dimensions.
    listed: u32,
    /// Leaves that want to know whether it holds anything, of which nothing has been seen.
    empty: u32,
}

/// Progress through one document.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    state: State,
    depth: u8,
    levels: [Level; MAX_DEPTH + 1],
    /// Containers open inside the one that is skipped.
    skipped: u32,
    key: [u8; MAX_KEY_BYTES],
    /// Bytes of the key; more than there is room for, if it is too long.
    key_len: u8,
    /// Of the value at hand.
    edge: Edge,
    /// The number, the first byte of the literal, or the code point of `\u`.
    number: u64,
    /// The number cannot be told: it has a sign, a fraction, an exponent or too many digits.
    odd: bool,
    /// The number has had no digit but 0, and no exponent.
    zero: bool,
    /// A high surrogate waits for its other half.
    surrogate: u32,
    /// Bytes that may still be looked at.
    left: u32,
    /// There were more of them than that.
    cut_short: bool,
    values: Values,
}

thread_local! {
    static SHELF: Shelf<Scan> = const { RefCell::new(Vec::new()) };
}

impl Pooled for Scan {
    const SHELF: &'static LocalKey<Shelf<Scan>> = &SHELF;
}

impl Scan {
    /// Begins a document of which at most this many bytes are looked at.
    pub fn begin(&mut self, plan: &Plan, head_bytes: u32) {
        self.state = State::Value;
        (self.depth, self.skipped, self.surrogate) = (0, 0, 0);
        self.edge = plan.root();
        self.left = head_bytes;
        self.cut_short = false;
        self.values.clear();
    }

    /// The document is over, or cannot be read.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// There is more of the document than was looked at.
    pub fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// What was found so far. A number or literal that is the whole document ends with it.
    pub fn extracted<'w>(&'w mut self, plan: &'w Plan) -> Extracted<'w> {
        match self.state {
            State::Number if self.depth == 0 => self.number_ends(plan),
            State::Literal if self.depth == 0 => self.literal_ends(plan),
            _ => {}
        }
        Extracted { values: &self.values, leaves: &plan.leaves, sources: Some(&plan.sources), bytes: &[] }
    }

    /// Looks at the next bytes.
    pub fn feed(&mut self, plan: &Plan, bytes: &[u8]) {
        let n = bytes.len().min(self.left as usize);
        self.left -= n as u32;
        let mut rest = &bytes[..n];
        while let Some((&byte, tail)) = rest.split_first() {
            rest = match self.state {
                State::Over => break,
                State::Key => self.key(plan, rest),
                State::Text => self.text(plan, rest),
                State::SkipText => self.skip_text(rest),
                State::Skip { fresh } => self.skip(plan, rest, fresh),
                State::Number | State::Literal if self.edge.leaves == 0 => self.skip_scalar(rest),
                _ => {
                    self.byte(plan, byte);
                    tail
                }
            };
        }
        self.cut_short |= n < bytes.len() && self.state != State::Over;
    }

    /// More of a key. One that is wholly at hand is looked up where it is.
    #[inline]
    fn key<'b>(&mut self, plan: &Plan, bytes: &'b [u8]) -> &'b [u8] {
        let Some(at) = memchr2(b'"', b'\\', bytes) else {
            bytes.iter().for_each(|&byte| self.key_byte(byte));
            return &[];
        };
        let (key, rest) = (&bytes[..at], &bytes[at + 1..]);
        if bytes[at] == b'\\' {
            (self.state, self.key_len) = (State::KeyEscape, u8::MAX); // keys of interest need no escape
            return rest;
        }
        self.state = State::Colon;
        let node = self.level().node;
        let whole = if self.key_len == 0 {
            Some(key)
        } else {
            key.iter().for_each(|&byte| self.key_byte(byte));
            self.key.get(..usize::from(self.key_len))
        };
        self.edge = whole.zip(node).map(|(key, node)| plan.key(node, key)).unwrap_or_default();
        rest
    }

    fn byte(&mut self, plan: &Plan, byte: u8) {
        match self.state {
            State::Value if is_space(byte) => {}
            State::Value => self.value(plan, byte),
            State::KeyOrEnd => match byte {
                b'"' => {
                    self.not_empty();
                    (self.state, self.key_len) = (State::Key, 0);
                }
                b'}' => self.leave(plan),
                b',' => {}
                _ if is_space(byte) => {}
                _ => self.state = State::Over,
            },
            State::KeyEscape => self.state = State::Key,
            State::Colon if byte == b':' => self.state = State::Value,
            State::Colon if is_space(byte) => {}
            State::After if is_space(byte) => {}
            State::After => match byte {
                b',' if self.level().is_object => self.state = State::KeyOrEnd,
                b',' => self.next_item(plan),
                b']' | b'}' => self.leave(plan),
                _ => self.state = State::Over,
            },
            State::TextEscape => self.escape(plan, byte),
            State::Unicode(left) => self.unicode(plan, byte, left),
            State::SkipEscape => self.state = State::SkipText,
            State::Number => match byte {
                b'0'..=b'9' => {
                    self.not_zero(plan, byte);
                    let more = self.number.checked_mul(10).and_then(|n| n.checked_add(u64::from(byte - b'0')));
                    self.odd |= more.is_none();
                    self.number = more.unwrap_or(0);
                }
                b'.' | b'+' | b'-' => self.odd = true,
                b'e' | b'E' => (self.odd, self.zero) = (true, false),
                _ => self.value_done(plan, byte, Scan::number_ends),
            },
            State::Literal if byte.is_ascii_lowercase() => {}
            State::Literal => self.value_done(plan, byte, Scan::literal_ends),
            // A key without a colon; the others have their own ways.
            State::Colon | State::Over | State::Key | State::Text | State::Skip { .. } | State::SkipText => {
                self.state = State::Over;
            }
        }
    }

    /// A number or literal ended before this byte.
    fn value_done(&mut self, plan: &Plan, byte: u8, end: impl FnOnce(&mut Scan, &Plan)) {
        end(self, plan);
        self.byte(plan, byte);
    }

    /// A value begins.
    fn value(&mut self, plan: &Plan, byte: u8) {
        if byte != b']' {
            self.not_empty();
        }
        self.count_item(plan, byte);
        if self.level().listed != 0 && !matches!(byte, b'0'..=b'9' | b'-' | b']') {
            self.array_item(plan, None);
        }
        match byte {
            b'{' | b'[' => self.container(plan, byte == b'{'),
            b'"' if self.edge.leaves == 0 => self.state = State::SkipText,
            b'"' => {
                self.one(plan);
                self.each_leaf(plan, |values, leaf, text, read| {
                    if matches!(read, JsonRead::String | JsonRead::Beginning) {
                        values.text_begin(leaf, text);
                    }
                });
                self.state = State::Text;
            }
            b'0'..=b'9' | b'-' => {
                self.odd = byte == b'-';
                self.number = u64::from(byte.wrapping_sub(b'0')) * u64::from(!self.odd);
                self.one(plan);
                self.zero = true;
                self.not_zero(plan, byte);
                self.state = State::Number;
            }
            b't' | b'f' | b'n' => {
                self.number = u64::from(byte);
                if byte != b'n' {
                    self.one(plan);
                }
                self.state = State::Literal;
            }
            b']' if self.depth > 0 => self.leave(plan),
            _ => self.state = State::Over,
        }
    }

    fn container(&mut self, plan: &Plan, is_object: bool) {
        let counting = |read: JsonRead| matches!(read, JsonRead::Items | JsonRead::Prompts);
        let leaves = self.edge.leaves;
        let counted =
            if is_object { 0 } else { bits(leaves).filter(|&at| counting(plan.reads[at])).map(|at| 1 << at).sum() };
        let node = self.edge.child;
        let listed = if is_object { 0 } else { self.array_begins(plan) };
        if is_object {
            self.one(plan);
        }
        // To see whether it is empty it need not be gone into.
        if (node.is_none() && counted | listed == 0) || usize::from(self.depth) == MAX_DEPTH {
            self.skipped = 1;
            self.state = State::Skip { fresh: true };
            return;
        }
        let empty = bits(leaves).filter(|&at| plan.reads[at] == JsonRead::Present).map(|at| 1 << at).sum();
        self.depth += 1;
        *self.level() = Level { node, is_object, items: 0, counted, listed, empty };
        match is_object {
            true => self.state = State::KeyOrEnd,
            false => self.item(plan),
        }
    }

    /// The container at hand, if there is one, holds something.
    fn not_empty(&mut self) {
        let empty = if self.depth > 0 { std::mem::take(&mut self.level().empty) } else { 0 };
        bits(empty).for_each(|leaf| self.values.set(leaf, 1));
    }

    /// A byte of the number at hand: one that is not 0 says that it is there.
    #[inline]
    fn not_zero(&mut self, plan: &Plan, byte: u8) {
        if self.zero && matches!(byte, b'1'..=b'9') {
            self.zero = false;
            self.present(plan);
        }
    }

    fn next_item(&mut self, plan: &Plan) {
        self.level().items += 1;
        self.item(plan);
    }

    fn item(&mut self, plan: &Plan) {
        let Level { node, items, listed, .. } = *self.level();
        self.edge = node.map(|node| plan.item(node, items)).unwrap_or_default();
        self.edge.leaves |= listed;
        self.state = State::Value;
    }

    /// An element of an array begins with this byte.
    fn count_item(&mut self, plan: &Plan, byte: u8) {
        let Level { counted, is_object, items, .. } = *self.level();
        if counted == 0 || is_object || self.depth == 0 || byte == b']' {
            return;
        }
        for leaf in bits(counted) {
            // A list of numbers is one prompt, in tokens.
            let tokens = plan.reads[leaf] == JsonRead::Prompts && matches!(byte, b'0'..=b'9' | b'-');
            if items == 0 || !tokens {
                self.values.add(leaf, 1);
            }
        }
    }

    /// The container at hand is over.
    fn leave(&mut self, plan: &Plan) {
        self.array_ends(plan);
        self.depth = self.depth.saturating_sub(1);
        self.state = self.after_value();
    }

    #[inline]
    fn level(&mut self) -> &mut Level {
        &mut self.levels[usize::from(self.depth)]
    }

    fn key_byte(&mut self, byte: u8) {
        if let Some(place) = self.key.get_mut(usize::from(self.key_len)) {
            *place = byte;
        }
        self.key_len = self.key_len.saturating_add(1);
    }

    /// Calls with each leaf that reads the value at hand.
    fn each_leaf(&mut self, plan: &Plan, mut act: impl FnMut(&mut Values, usize, usize, JsonRead)) {
        for leaf in bits(self.edge.leaves) {
            act(&mut self.values, leaf, usize::from(plan.leaves[leaf].text), plan.reads[leaf]);
        }
    }

    /// The value at hand is there, and neither empty nor 0.
    fn present(&mut self, plan: &Plan) {
        self.each_leaf(plan, |values, leaf, _, read| {
            if read == JsonRead::Present {
                values.set(leaf, 1);
            }
        });
    }

    /// The value at hand is not an array: where elements are counted it is one.
    fn one(&mut self, plan: &Plan) {
        self.each_leaf(plan, |values, leaf, _, read| {
            if matches!(read, JsonRead::Items | JsonRead::Prompts) {
                values.set(leaf, 1);
            }
        });
    }

    fn after_value(&self) -> State {
        if self.depth == 0 { State::Over } else { State::After }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
