//! What a walk has found so far.

use super::plan::{Act, Edge, Leaf, Plan, Sources};
use super::{MAX_LEAVES, MAX_LISTS, MAX_TEXTS};
use crate::catalogue::{Read, Slot};
use crate::names::MAX_NAME_BYTES;
use crate::tensor::Dimensions;

mod dimensions;

/// The text that holds the key of the map entry under way; those before it belong to leaves.
pub(super) const KEY_TEXT: usize = MAX_TEXTS;

/// A string as far as it has been read.
#[derive(Clone, Copy, Debug)]
struct Text {
    bytes: [u8; MAX_NAME_BYTES],
    have: u8,
    /// Bytes still to come.
    left: u8,
    /// Where it lies in the bytes at hand, while [`Values::at_hand`] says so.
    at: u32,
}

/// Values of the leaves of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// Leaves that are present, one bit each.
    present: u32,
    numbers: [u64; MAX_LEAVES],
    /// Elements seen, for [`Read::VarintAt`].
    elements: [u32; MAX_LEAVES],
    lists: [Dimensions; MAX_LISTS],
    /// Leaves whose dimensions cannot be told, one bit each.
    spoilt: u32,
    texts: [Text; MAX_TEXTS + 1],
    /// Texts still being filled, one bit each.
    filling: u32,
    /// Texts that lie whole in the bytes at hand and were not copied, one bit each.
    at_hand: u32,
}

impl Default for Values {
    fn default() -> Values {
        let text = Text { bytes: [0; MAX_NAME_BYTES], have: 0, left: 0, at: 0 };
        Values {
            present: 0,
            numbers: [0; MAX_LEAVES],
            elements: [0; MAX_LEAVES],
            lists: [Dimensions::default(); MAX_LISTS],
            spoilt: 0,
            texts: [text; MAX_TEXTS + 1],
            filling: 0,
            at_hand: 0,
        }
    }
}

/// A value that was found, but for dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Of [`Read::String`]; never empty.
    Text(&'a [u8]),
    /// Of [`Read::Int`] and the like: a value the message states.
    Number(u64),
    /// Of [`Read::Count`] and [`Read::Varints`]: how many there are in this message.
    Tally(u64),
    /// Of [`Read::Sum`]: what is stated of a part, to be added up.
    Sum(u64),
}

impl Values {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        (self.present, self.filling, self.at_hand) = (0, 0, 0);
    }

    /// A varint field was read. `first`: only first occurrences lead to it, and to what it lies in.
    #[inline]
    pub(super) fn varint(&mut self, plan: &Plan, edge: &Edge, number: u64, first: [bool; 2]) {
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::Int => self.set(leaf, number),
                Read::Present => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                Read::Sum => self.add(leaf, number),
                Read::VarintAt(_) | Read::Varints | Read::Dimensions => {
                    self.element(plan, 1 << leaf, number, first[0]);
                }
                Read::DimensionOfEach if first[1] => self.dimension(plan, leaf, Dimensions::amend, number),
                Read::String | Read::FirstString | Read::Length | Read::DimensionOfEach => {}
            }
        }
    }

    /// A field of fixed width was passed.
    pub(super) fn fixed(&mut self, plan: &Plan, edge: &Edge) {
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::Present => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                _ => {}
            }
        }
    }

    /// A length-delimited field begins, with `rest` at hand. Returns the leaves that read packed varints.
    #[inline]
    pub(super) fn bytes(&mut self, plan: &Plan, edge: &Edge, len: u64, rest: &[u8], first: bool) -> u32 {
        let mut packed = 0;
        for leaf in bits(edge.opens).filter(|_| first) {
            self.dimension(plan, leaf, Dimensions::push, 0);
        }
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::FirstString if !first => {}
                Read::String | Read::FirstString if self.text(usize::from(plan.leaves[leaf].text), len, rest) => {
                    self.set(leaf, len);
                }
                Read::String | Read::FirstString => self.present &= !(1 << leaf),
                Read::Present if len > 0 => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                Read::Length => self.set(leaf, len),
                Read::VarintAt(_) | Read::Varints | Read::Dimensions => packed |= 1 << leaf,
                Read::Present | Read::Int | Read::Sum | Read::DimensionOfEach => {}
            }
        }
        packed
    }

    /// An element of a repeated varint was read. False when further ones do not matter.
    pub(super) fn element(&mut self, plan: &Plan, leaves: u32, number: u64, first: bool) -> bool {
        let mut more = false;
        for leaf in bits(leaves) {
            match plan.leaves[leaf].read {
                Read::Varints => {
                    self.add(leaf, 1);
                    more = true;
                }
                Read::VarintAt(n) if first => {
                    let seen = match self.has(leaf as u8) {
                        true => self.elements[leaf],
                        false => 0,
                    };
                    if seen == n {
                        self.numbers[leaf] = number;
                    }
                    self.elements[leaf] = seen.saturating_add(1);
                    self.present |= 1 << leaf;
                    more |= seen < n;
                }
                Read::Dimensions if first => {
                    self.dimension(plan, leaf, Dimensions::push, number);
                    more |= self.spoilt >> leaf & 1 == 0;
                }
                _ => {}
            }
        }
        more
    }

    /// A short field holds these bytes, which lie at `at` of those at hand. False: they have to be looked at one by one.
    #[inline(always)]
    pub(super) fn take(&mut self, act: Act, bytes: &[u8], at: usize, first: bool) -> bool {
        match act {
            Act::Text { leaf, text } => self.text_at_hand(leaf, text, at, bytes.len()),
            Act::FirstText { leaf, text } if first => self.text_at_hand(leaf, text, at, bytes.len()),
            Act::Present(leaf) if !bytes.is_empty() => self.set(usize::from(leaf), 1),
            Act::First(leaf) if first && !bytes.is_empty() => {
                if bytes[0] >= 0x80 || self.has(leaf) {
                    return false;
                }
                self.first_element(leaf, u64::from(bytes[0]));
            }
            Act::Dimensions { leaf, list } if first => return self.dimensions(leaf, list, bytes),
            Act::Elements(leaf) => self.elements(1 << leaf, last_bytes(bytes)),
            _ => {}
        }
        true
    }

    /// More elements for leaves that only count them.
    pub(super) fn elements(&mut self, leaves: u32, more: u64) {
        if more > 0 {
            bits(leaves).for_each(|leaf| self.add(leaf, more));
        }
    }

    /// The string of a leaf lies at `at` of the bytes at hand, if it is not too long to be a name.
    #[inline]
    pub(crate) fn text_at_hand(&mut self, leaf: u8, text: u8, at: usize, len: usize) {
        if len > MAX_NAME_BYTES {
            self.present &= !(1 << leaf);
            return;
        }
        let into = &mut self.texts[usize::from(text)];
        (into.at, into.have) = (at as u32, len as u8);
        self.at_hand |= 1 << text;
        self.present |= 1 << leaf;
    }

    /// The bytes at hand will be gone: copies what lies in them.
    #[inline]
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        for text in bits(std::mem::take(&mut self.at_hand)) {
            let text = &mut self.texts[text];
            let (at, len) = (text.at as usize, usize::from(text.have));
            text.bytes[..len].copy_from_slice(&bytes[at..at + len]);
            text.left = 0;
        }
    }

    /// The leaf has its value already.
    #[inline]
    pub(super) fn has(&self, leaf: u8) -> bool {
        self.present >> leaf & 1 != 0
    }

    /// The first element of a repeated varint.
    #[inline]
    fn first_element(&mut self, leaf: u8, number: u64) {
        self.elements[usize::from(leaf)] = 1;
        self.set(usize::from(leaf), number);
    }

    /// Leaves that are present, each with its number.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (usize, u64)> {
        bits(self.present).map(|leaf| (leaf, self.numbers[leaf]))
    }

    #[inline]
    pub(crate) fn set(&mut self, leaf: usize, number: u64) {
        self.numbers[leaf] = number;
        self.present |= 1 << leaf;
    }

    #[inline]
    pub(crate) fn add(&mut self, leaf: usize, more: u64) {
        let before = if self.has(leaf as u8) { self.numbers[leaf] } else { 0 };
        self.set(leaf, before.saturating_add(more));
    }

    /// Begins reading a string of `len` bytes; false when it is too long to be a name.
    pub(super) fn text(&mut self, text: usize, len: u64, rest: &[u8]) -> bool {
        self.filling &= !(1 << text);
        self.at_hand &= !(1 << text);
        if len > MAX_NAME_BYTES as u64 {
            return false;
        }
        let n = rest.len().min(len as usize);
        let into = &mut self.texts[text];
        into.bytes[..n].copy_from_slice(&rest[..n]);
        into.have = n as u8;
        into.left = (len as usize - n) as u8;
        if into.left > 0 {
            self.filling |= 1 << text;
        }
        true
    }

    /// Begins a string that comes byte by byte.
    pub(crate) fn text_begin(&mut self, leaf: usize, text: usize) {
        self.present &= !(1 << leaf);
        self.at_hand &= !(1 << text);
        (self.texts[text].have, self.texts[text].left) = (0, 1);
    }

    /// More of it.
    pub(crate) fn text_push(&mut self, text: usize, bytes: &[u8]) {
        let into = &mut self.texts[text];
        let have = usize::from(into.have);
        match into.bytes.get_mut(have..have + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                into.have += bytes.len() as u8;
            }
            None => into.left = u8::MAX, // too long to be a name
        }
    }

    /// It is complete.
    pub(crate) fn text_end(&mut self, leaf: usize, text: usize) {
        if self.texts[text].left == 1 {
            self.texts[text].left = 0;
            self.present |= 1 << leaf;
        }
    }

    /// Goes on reading strings that the last bytes ended in.
    #[inline]
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        for text in bits(self.filling) {
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

    /// A string, if it is complete. `bytes` are those at hand.
    #[inline]
    pub(super) fn read_text<'w>(&'w self, text: usize, bytes: &'w [u8]) -> Option<&'w [u8]> {
        let (at_hand, text) = (self.at_hand >> text & 1 != 0, &self.texts[text]);
        let (at, len) = (text.at as usize, usize::from(text.have));
        match at_hand {
            true => bytes.get(at..at + len),
            false => (text.left == 0).then(|| &text.bytes[..len]),
        }
    }
}

/// What a message said, by meaning.
#[derive(Clone, Copy, Debug)]
pub struct Extracted<'w> {
    pub(crate) values: &'w Values,
    pub(crate) leaves: &'w [Leaf],
    /// Of the variant that suits the message, if any does.
    pub(crate) sources: Option<&'w Sources>,
    /// Those at hand when the walk was done.
    pub(crate) bytes: &'w [u8],
}

impl<'w> Extracted<'w> {
    /// The value of a slot: of several the first that is there. An empty string is not.
    #[inline]
    pub fn get(&self, slot: Slot) -> Option<Found<'w>> {
        let sources = self.sources?;
        if !sources.any_of(slot, self.values.present) {
            return None; // as most are of a chunk
        }
        match sources.of(slot) {
            [] => None,
            [leaf] => self.of_leaf(*leaf),
            several => self.first_of(several),
        }
    }

    #[inline(never)]
    fn first_of(&self, leaves: &[u8]) -> Option<Found<'w>> {
        leaves.iter().find_map(|&leaf| self.of_leaf(leaf))
    }

    /// All values of a slot that are there, in order of preference.
    #[cfg(test)]
    pub(super) fn all(self, slot: Slot) -> impl Iterator<Item = Found<'w>> {
        let leaves = self.sources.map_or(&[][..], |sources| sources.of(slot));
        leaves.iter().filter_map(move |&leaf| self.of_leaf(leaf))
    }

    fn of_leaf(&self, leaf: u8) -> Option<Found<'w>> {
        if !self.values.has(leaf) {
            return None;
        }
        let leaf = usize::from(leaf);
        let number = self.values.numbers[leaf];
        Some(match self.leaves[leaf].read {
            Read::String | Read::FirstString => {
                match self.values.read_text(usize::from(self.leaves[leaf].text), self.bytes)? {
                    [] => return None,
                    text => Found::Text(text),
                }
            }
            Read::VarintAt(n) if self.values.elements[leaf] <= n => return None,
            Read::Dimensions | Read::DimensionOfEach => return None, // it is no scalar
            Read::Count | Read::Varints => Found::Tally(number),
            Read::Sum => Found::Sum(number),
            _ => Found::Number(number),
        })
    }
}

/// Number of varints that end in these bytes.
#[inline]
pub(super) fn last_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte < 0x80).count() as u64
}

/// Numbers of the bits that are set, lowest first.
#[inline]
pub(crate) fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if set == 0 {
            return None;
        }
        let lowest = set.trailing_zeros();
        set &= set - 1;
        Some(lowest as usize)
    })
}
