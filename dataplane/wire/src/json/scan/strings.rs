//! The characters of a wanted string (RFC 8259 section 7).

use super::{Plan, Scan, State};
use crate::catalogue::JsonRead;
use memchr::memchr2;

impl Scan {
    /// More of a wanted string.
    #[inline]
    pub(super) fn text<'b>(&mut self, plan: &Plan, bytes: &'b [u8]) -> &'b [u8] {
        let at = memchr2(b'"', b'\\', bytes);
        let (run, rest) = bytes.split_at(at.unwrap_or(bytes.len()));
        if !run.is_empty() {
            self.text_run(plan, run);
        }
        match rest.split_first() {
            None => {}
            Some((b'"', _)) => self.text_ends(plan),
            Some(_) if self.state == State::SkipText => self.state = State::SkipEscape,
            Some(_) => self.state = State::TextEscape,
        }
        rest.get(1..).unwrap_or_default()
    }

    /// Characters of it. Where nobody wants to know more than that there are some, the rest is passed over.
    fn text_run(&mut self, plan: &Plan, run: &[u8]) {
        let mut kept = false;
        self.each_leaf(plan, |values, leaf, text, read| match read {
            JsonRead::String => {
                values.text_push(text, run);
                kept = true;
            }
            JsonRead::Beginning => {
                values.text_push_some(text, run);
                kept = true;
            }
            JsonRead::Present => values.set(leaf, 1),
            _ => {}
        });
        if !kept {
            self.edge.leaves = 0;
            self.state = State::SkipText;
        }
    }

    fn text_ends(&mut self, plan: &Plan) {
        self.each_leaf(plan, |values, leaf, text, read| {
            if matches!(read, JsonRead::String | JsonRead::Beginning) {
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
        self.text_run(plan, &[plain]);
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
        self.text_run(plan, text.as_bytes());
    }
}
