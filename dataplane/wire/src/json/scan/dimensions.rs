//! Arrays of numbers that are the dimensions of a tensor. One is there when its bracket has come.

use super::{Plan, Scan};
use crate::catalogue::JsonRead;
use crate::field::bits;

impl Scan {
    /// An array begins: the leaves of which it is the dimensions. One inside of another is not.
    pub(super) fn array_begins(&mut self, plan: &Plan) -> u32 {
        if self.level().listed != 0 {
            return 0;
        }
        let mut listed = 0;
        for leaf in bits(self.edge.leaves).filter(|&leaf| plan.reads[leaf] == JsonRead::Dimensions) {
            self.values.array_begins(leaf, plan.leaves[leaf].text);
            listed |= 1 << leaf;
        }
        listed
    }

    /// An element of the array at hand is this; None for what is no size.
    pub(super) fn array_item(&mut self, plan: &Plan, size: Option<u64>) {
        for leaf in bits(self.level().listed) {
            self.values.array_item(leaf, plan.leaves[leaf].text, size);
        }
    }

    /// The container at hand ends, which is perhaps such an array.
    pub(super) fn array_ends(&mut self, plan: &Plan) {
        for leaf in bits(self.level().listed) {
            self.values.array_ends(leaf, plan.leaves[leaf].text);
        }
    }
}
