//! The fast way: fields that are short, whole and at hand, as nearly all of a message's head are.

use super::Walk;
use crate::catalogue::MAX_DEPTH;
use crate::field::plan::{Act, Node, Plan};

/// A field whose key takes one byte, and whose number or length takes at most two.
struct ShortField<'b> {
    key: u8,
    /// What to do with it.
    act: Act,
    number: usize,
    /// What is at hand behind the number.
    after: &'b [u8],
}

/// The field that these bytes begin with, if it is short.
#[inline(always)]
fn short_field<'b>(node: &Node, bytes: &'b [u8]) -> Option<ShortField<'b>> {
    let [key, low, after @ ..] = bytes else { return None };
    let act = *node.acts.get(usize::from(*key))?;
    let (number, after) = match after {
        _ if *low < 0x80 => (usize::from(*low), after),
        [high, after @ ..] if *high < 0x80 => (usize::from(*low & 0x7f) | usize::from(*high) << 7, after),
        _ => return None,
    };
    Some(ShortField { key: *key, act, number, after })
}

impl Walk {
    /// Reads fields for as long as they are short, whole and usual, down into messages and up again; not what is next.
    #[inline]
    pub(super) fn fields<'b>(&mut self, plan: &Plan, bytes: &'b [u8], rest: &'b [u8]) -> &'b [u8] {
        let begin = bytes.len() - rest.len();
        let base = self.pos - begin as u64;
        let mut at = begin;
        loop {
            let level = *self.level();
            let node = &plan.nodes[usize::from(level.node)];
            if level.groups > 0 || node.has_keys() {
                break;
            }
            let end = (level.end - base) as usize;
            let window = &bytes[..end.min(bytes.len())];
            let mut fields = 0;
            let mut rest = &window[at..];
            let child = loop {
                let Some(ShortField { key, act, number, after }) = short_field(node, rest) else { break None };
                match act {
                    Act::Slow => break None,
                    Act::PassNumber => rest = after,
                    Act::Int(leaf) => {
                        self.values.set(usize::from(leaf), number as u64);
                        rest = after;
                    }
                    _ => {
                        let Some((bytes, tail)) = after.split_at_checked(number) else { break None };
                        let place = window.len() - after.len();
                        match act {
                            Act::Enter { child, edge } if usize::from(self.depth) < MAX_DEPTH => {
                                fields |= 1 << (key >> 3);
                                at = place;
                                break Some((child, edge, base + (at + number) as u64));
                            }
                            _ if !self.values.take(act, bytes, place, level.first) => break None,
                            _ => rest = tail,
                        }
                    }
                }
                fields |= 1 << (key >> 3);
            };
            self.note(fields);
            let Some((child, edge, child_end)) = child else {
                at = window.len() - rest.len();
                if at < end || self.depth == 0 {
                    break;
                }
                self.depth -= 1;
                continue;
            };
            self.enter(child, edge, child_end);
        }
        self.until = self.level().end;
        self.pos = base + at as u64;
        match at == begin {
            true => self.byte(plan, &bytes[at..]),
            false => &bytes[at..],
        }
    }
}
