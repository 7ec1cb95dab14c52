//! What a message says, by meaning: a slot's value is looked up where the plan says that it lies.

use super::Values;
use crate::catalogue::{Read, Slot};
use crate::field::plan::{Leaf, Sources};
use crate::tensor::Dimensions;

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
    pub(in crate::field) fn all(self, slot: Slot) -> impl Iterator<Item = Found<'w>> {
        let leaves = self.sources.map_or(&[][..], |sources| sources.of(slot));
        leaves.iter().filter_map(move |&leaf| self.of_leaf(leaf))
    }

    /// The dimensions of a slot: of several the first that are there. Never none.
    #[inline]
    pub fn dimensions(&self, slot: Slot) -> Option<&'w Dimensions> {
        let (sources, there) = (self.sources?, self.values.present & !self.values.spoilt);
        if !sources.any_of(slot, there) {
            return None;
        }
        let lists = sources.of(slot).iter().filter(|&leaf| there >> leaf & 1 != 0).filter_map(|&leaf| {
            let leaf = self.leaves.get(usize::from(leaf))?;
            matches!(leaf.read, Read::Dimensions | Read::DimensionOfEach).then_some(leaf.text)
        });
        lists.map(|list| &self.values.lists[usize::from(list)]).next()
    }

    fn of_leaf(&self, leaf: u8) -> Option<Found<'w>> {
        if !self.values.has(leaf) {
            return None;
        }
        let leaf = usize::from(leaf);
        let number = self.values.numbers[leaf];
        Some(match self.leaves[leaf].read {
            Read::String | Read::FirstString | Read::Beginning => {
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
