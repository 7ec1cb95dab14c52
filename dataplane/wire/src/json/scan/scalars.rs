//! Numbers and literals (RFC 8259 sections 3 and 6).

use super::{Plan, Scan};
use crate::catalogue::JsonRead;

impl Scan {
    pub(super) fn number_ends(&mut self, plan: &Plan) {
        let number = (!self.odd).then_some(self.number);
        self.array_item(plan, number);
        self.each_leaf(plan, |values, leaf, _, read| {
            if let (JsonRead::Int, Some(number)) = (read, number) {
                values.set(leaf, number);
            }
        });
        self.state = self.after_value();
    }

    pub(super) fn literal_ends(&mut self, plan: &Plan) {
        let literal = self.number as u8;
        self.each_leaf(plan, |values, leaf, _, read| match (read, literal) {
            (JsonRead::Int, b't' | b'f') => values.set(leaf, u64::from(literal == b't')),
            (JsonRead::Present, b't') => values.set(leaf, 1),
            _ => {}
        });
        self.state = self.after_value();
    }
}
