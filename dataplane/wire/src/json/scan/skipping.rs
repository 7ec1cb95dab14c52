//! Passing over what nobody wants.

use super::{Plan, Scan, State, is_space};
use memchr::memchr2;

impl Scan {
    /// Passes over a number or literal nobody wants.
    #[inline]
    pub(super) fn skip_scalar<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let in_scalar = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E');
        let Some(end) = bytes.iter().position(|byte| !in_scalar(byte)) else {
            return &[];
        };
        self.state = self.after_value();
        &bytes[end..]
    }

    /// Passes over a string nobody wants, to its end.
    #[inline]
    pub(super) fn skip_text<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match memchr2(b'"', b'\\', bytes) {
            None => &[],
            Some(at) => {
                self.state = match bytes[at] {
                    b'\\' => State::SkipEscape,
                    _ if self.skipped > 0 => State::Skip { fresh: false },
                    _ => self.after_value(),
                };
                &bytes[at + 1..]
            }
        }
    }

    /// Passes over a container nobody wants, to its end.
    #[inline]
    pub(super) fn skip<'b>(&mut self, plan: &Plan, bytes: &'b [u8], fresh: bool) -> &'b [u8] {
        for (at, &byte) in bytes.iter().enumerate() {
            if fresh && !is_space(byte) {
                if !matches!(byte, b']' | b'}') {
                    self.present(plan);
                }
                self.state = State::Skip { fresh: false };
                return &bytes[at..];
            }
            match byte {
                b'"' => {
                    self.state = State::SkipText;
                    return &bytes[at + 1..];
                }
                b'{' | b'[' => self.skipped = self.skipped.saturating_add(1),
                b'}' | b']' => {
                    self.skipped -= 1;
                    if self.skipped == 0 {
                        self.state = self.after_value();
                        return &bytes[at + 1..];
                    }
                }
                _ => {}
            }
        }
        &[]
    }
}
