//! Dimensions of tensors: exact, or absent.

use super::{Plan, Values};
use crate::tensor::Dimensions;

impl Values {
    /// A dimension of a tensor was read, and changes those before it.
    pub(super) fn dimension(&mut self, plan: &Plan, leaf: usize, change: fn(&mut Dimensions, u64) -> bool, size: u64) {
        let list = &mut self.lists[usize::from(plan.leaves[leaf].text)];
        if self.present >> leaf & 1 == 0 {
            *list = Dimensions::default();
        }
        self.present |= 1 << leaf;
        if !change(list, size) {
            self.spoilt |= 1 << leaf;
        }
    }

    /// Whole packed varints are dimensions. False: they have to be looked at one by one.
    #[inline]
    pub(super) fn dimensions(&mut self, leaf: u8, list: u8, packed: &[u8]) -> bool {
        let list = usize::from(list);
        let mut more = if self.has(leaf) { self.lists[list] } else { Dimensions::default() };
        if packed.is_empty() || !more.push_packed(packed) {
            return packed.is_empty();
        }
        self.lists[list] = more;
        self.present |= 1 << leaf;
        true
    }

    /// Another message begins.
    #[inline]
    pub(in crate::field) fn unspoil(&mut self) {
        self.spoilt = 0;
    }

    /// Dimensions of a message that is malformed, or whose head ended where there may be more, cannot be told.
    #[inline]
    pub(in crate::field) fn spoil(&mut self) {
        self.spoilt = u32::MAX;
    }

    /// An array begins that is the dimensions of a leaf.
    pub(crate) fn array_begins(&mut self, leaf: usize, list: u8) {
        self.lists[usize::from(list)] = Dimensions::default();
        self.present &= !(1 << leaf);
        self.spoilt &= !(1 << leaf);
    }

    /// An element of that array; None for what is no size.
    pub(crate) fn array_item(&mut self, leaf: usize, list: u8, size: Option<u64>) {
        if !size.is_some_and(|size| self.lists[usize::from(list)].push(size)) {
            self.spoilt |= 1 << leaf;
        }
    }

    /// The array was whole.
    pub(crate) fn array_ends(&mut self, leaf: usize, list: u8) {
        if !self.lists[usize::from(list)].sizes().is_empty() {
            self.present |= 1 << leaf;
        }
    }
}
