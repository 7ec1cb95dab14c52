//! What a walk has found so far.

use super::plan::{Act, Edge, Plan};
use super::{MAX_LEAVES, MAX_LISTS, MAX_TEXTS};
use crate::catalogue::Read;
use crate::names::MAX_NAME_BYTES;
use crate::tensor::Dimensions;

mod dimensions;
mod extracted;
mod texts;

pub use extracted::{Extracted, Found};
use texts::Text;

/// The text that holds the key of the map entry under way; those before it belong to leaves.
pub(super) const KEY_TEXT: usize = MAX_TEXTS;

/// The varint or the bytes of a field: which occurrence of it this is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence {
    /// The first, and so is what it lies in, all the way up.
    pub(super) first: bool,
    /// What it lies in is.
    pub(super) in_first: bool,
}

/// A length-delimited field that begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delimited<'b> {
    /// Its length.
    pub(super) len: u64,
    /// What is at hand of it, and behind it.
    pub(super) at_hand: &'b [u8],
    /// It is the first occurrence, and so is what it lies in, all the way up.
    pub(super) first: bool,
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
        Values {
            present: 0,
            numbers: [0; MAX_LEAVES],
            elements: [0; MAX_LEAVES],
            lists: [Dimensions::default(); MAX_LISTS],
            spoilt: 0,
            texts: [Text::EMPTY; MAX_TEXTS + 1],
            filling: 0,
            at_hand: 0,
        }
    }
}

impl Values {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        (self.present, self.filling, self.at_hand) = (0, 0, 0);
    }

    /// A varint field was read.
    #[inline]
    pub(super) fn varint(&mut self, plan: &Plan, edge: &Edge, number: u64, occurrence: Occurrence) {
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::Int => self.set(leaf, number),
                Read::Present if number != 0 => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                Read::Sum => self.add(leaf, number),
                Read::VarintAt(_) | Read::Varints | Read::Dimensions => {
                    self.element(plan, 1 << leaf, number, occurrence.first);
                }
                Read::DimensionOfEach if occurrence.in_first => self.dimension(plan, leaf, Dimensions::amend, number),
                Read::Present | Read::String | Read::FirstString | Read::Beginning | Read::Length => {}
                Read::DimensionOfEach => {}
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

    /// A length-delimited field begins. Returns the leaves that read packed varints.
    #[inline]
    pub(super) fn bytes(&mut self, plan: &Plan, edge: &Edge, field: Delimited<'_>) -> u32 {
        let Delimited { len, at_hand, first } = field;
        let mut packed = 0;
        for leaf in bits(edge.opens).filter(|_| first) {
            self.dimension(plan, leaf, Dimensions::push, 0);
        }
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::FirstString if !first => {}
                Read::String | Read::FirstString if self.text(usize::from(plan.leaves[leaf].text), len, at_hand) => {
                    self.set(leaf, len);
                }
                Read::String | Read::FirstString => self.present &= !(1 << leaf),
                Read::Beginning => {
                    let some = len.min(MAX_NAME_BYTES as u64);
                    self.text(usize::from(plan.leaves[leaf].text), some, at_hand);
                    self.set(leaf, some);
                }
                Read::Present if len > 0 => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                Read::Length => self.set(leaf, len),
                // Of a later occurrence nothing is wanted, so nothing in it can be malformed.
                Read::VarintAt(_) | Read::Dimensions if !first => {}
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
