//! The characters of a wanted string (RFC 8259 section 7).

use super::{Plan, Scan, State, bits};
use crate::catalogue::JsonRead;

impl Scan {
    pub(super) fn text_byte(&mut self, plan: &Plan, byte: u8) {
        self.each_leaf(plan, |values, leaf, text, read| match read {
            JsonRead::String => values.text_push(text, byte),
            JsonRead::Present => values.set(leaf, 1),
            _ => {}
        });
        let all = self.edge.leaves;
        if bits(all).all(|leaf| plan.reads[leaf] != JsonRead::String) {
            self.edge.leaves = 0;
            self.state = State::SkipText; // nothing more of it is wanted
        }
    }

    pub(super) fn text_ends(&mut self, plan: &Plan) {
        self.each_leaf(plan, |values, leaf, text, read| {
            if read == JsonRead::String {
                values.text_end(leaf, text);
            }
        });
        self.state = self.after_value();
    }

    pub(super) fn escape(&mut self, plan: &Plan, byte: u8) {
        self.state = State::Text;
        let plain = match byte {
            b'u' => {
                (self.state, self.number) = (State::Unicode(4), 0);
                return;
            }
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            other => other,
        };
        self.text_byte(plan, plain);
    }

    pub(super) fn unicode(&mut self, plan: &Plan, byte: u8, left: u8) {
        let digit = (byte as char).to_digit(16).unwrap_or(0);
        self.number = self.number << 4 | u64::from(digit);
        if left > 1 {
            self.state = State::Unicode(left - 1);
            return;
        }
        self.state = State::Text;
        let unit = self.number as u32;
        let high = std::mem::take(&mut self.surrogate);
        let point = match unit {
            0xd800..=0xdbff => {
                self.surrogate = unit;
                return;
            }
            0xdc00..=0xdfff if high != 0 => 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00),
            _ => unit,
        };
        let mut bytes = [0; 4];
        let text = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut bytes);
        for &byte in text.as_bytes() {
            self.text_byte(plan, byte);
        }
    }
}
