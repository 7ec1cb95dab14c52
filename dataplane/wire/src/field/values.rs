//! What a walk has found so far.

use super::plan::{Edge, Plan};
use super::{MAX_LEAVES, MAX_TEXTS};
use crate::call::MAX_NAME_BYTES;
use crate::catalogue::{Read, Slot};

/// The text that holds the key of the map entry under way; those before it belong to leaves.
pub(super) const KEY_TEXT: usize = MAX_TEXTS;

/// A string as far as it has been read.
#[derive(Clone, Copy, Debug)]
struct Text {
    bytes: [u8; MAX_NAME_BYTES],
    have: u8,
    /// Bytes still to come.
    left: u8,
}

/// Values of the leaves of a plan.
#[derive(Clone, Debug)]
pub(super) struct Values {
    /// Leaves that are present, one bit each.
    present: u32,
    numbers: [u64; MAX_LEAVES],
    /// Elements seen, for [`Read::VarintAt`].
    elements: [u32; MAX_LEAVES],
    texts: [Text; MAX_TEXTS + 1],
    /// Texts still being filled, one bit each.
    filling: u32,
}

impl Default for Values {
    fn default() -> Values {
        let text = Text { bytes: [0; MAX_NAME_BYTES], have: 0, left: 0 };
        Values {
            present: 0,
            numbers: [0; MAX_LEAVES],
            elements: [0; MAX_LEAVES],
            texts: [text; MAX_TEXTS + 1],
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

impl Values {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        (self.present, self.filling) = (0, 0);
    }

    /// A varint field was read. `first`: only first occurrences lead to it.
    #[inline]
    pub(super) fn varint(&mut self, plan: &Plan, edge: &Edge, number: u64, first: bool) {
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::Int => self.set(leaf, number),
                Read::Present => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                Read::VarintAt(_) | Read::Varints => {
                    self.element(plan, 1 << leaf, number, first);
                }
                Read::String | Read::Length => {}
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
    pub(super) fn bytes(&mut self, plan: &Plan, edge: &Edge, len: u64, rest: &[u8]) -> u32 {
        let mut packed = 0;
        for leaf in bits(edge.leaves) {
            match plan.leaves[leaf].read {
                Read::String if self.text(usize::from(plan.leaves[leaf].text), len, rest) => {
                    self.set(leaf, len);
                }
                Read::String => self.present &= !(1 << leaf),
                Read::Present if len > 0 => self.set(leaf, 1),
                Read::Count => self.add(leaf, 1),
                Read::Length => self.set(leaf, len),
                Read::VarintAt(_) | Read::Varints => packed |= 1 << leaf,
                Read::Present | Read::Int => {}
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
                    let seen = match self.has(leaf) {
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
                _ => {}
            }
        }
        more
    }

    /// More elements for leaves that only count them.
    pub(super) fn elements(&mut self, leaves: u32, more: u64) {
        if more > 0 {
            bits(leaves).for_each(|leaf| self.add(leaf, more));
        }
    }

    fn has(&self, leaf: usize) -> bool {
        self.present >> leaf & 1 != 0
    }

    fn set(&mut self, leaf: usize, number: u64) {
        self.numbers[leaf] = number;
        self.present |= 1 << leaf;
    }

    fn add(&mut self, leaf: usize, more: u64) {
        let before = if self.has(leaf) { self.numbers[leaf] } else { 0 };
        self.set(leaf, before + more);
    }

    /// Begins reading a string of `len` bytes; false when it is too long to be a name.
    pub(super) fn text(&mut self, text: usize, len: u64, rest: &[u8]) -> bool {
        self.filling &= !(1 << text);
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

    /// A string, if it is complete.
    pub(super) fn read_text(&self, text: usize) -> Option<&[u8]> {
        let text = &self.texts[text];
        (text.left == 0).then(|| &text.bytes[..usize::from(text.have)])
    }

    /// The values of these slots that are present.
    #[inline]
    pub(super) fn found<'w>(
        &'w self,
        plan: &'w Plan,
        slots: &'w [(Slot, u8)],
    ) -> impl Iterator<Item = (Slot, Found<'w>)> {
        slots.iter().filter_map(|&(slot, leaf)| {
            let leaf = usize::from(leaf);
            if !self.has(leaf) {
                return None;
            }
            let number = self.numbers[leaf];
            let found = match plan.leaves[leaf].read {
                Read::String => Found::Text(self.read_text(usize::from(plan.leaves[leaf].text))?),
                Read::VarintAt(n) if self.elements[leaf] <= n => return None,
                Read::Count | Read::Varints => Found::Tally(number),
                _ => Found::Number(number),
            };
            Some((slot, found))
        })
    }
}

/// Numbers of the bits that are set, lowest first.
#[inline]
fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if set == 0 {
            return None;
        }
        let lowest = set.trailing_zeros();
        set &= set - 1;
        Some(lowest as usize)
    })
}
