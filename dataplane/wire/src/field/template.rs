//! The layout of a message that was read, to tell one that says the same by comparing bytes.
//!
//! Messages of one client to one model differ in little: the id, the tensors, the newest tokens. What nobody reads, and
//! what is read anew from each message, are *holes* in the template; all else has to be the same, byte for byte. Keys
//! and lengths are never in a hole, and varints only with the bits by which they end, so a message of the same length
//! that fits has the same fields in the same places, and says the same by its [`super::Walk`].

use super::plan::{Edge, Plan, Sources};
use super::{bits, wire};
use crate::catalogue::{MAX_DEPTH, Read, Slot};
use crate::names::MAX_NAME_BYTES;
use std::ops::Range;

/// Words of a layout: a request of Triton's with four tensors has about 20.
const MAX_WORDS: usize = 64;
/// Fields looked at, so that laying out has a bound of its own.
const MAX_FIELDS: usize = 256;
const WORD_BYTES: usize = size_of::<u64>();
/// Field numbers have 29 bits (protobuf encoding guide), varints at most ten bytes.
const MAX_FIELD: u64 = (1 << 29) - 1;
const MAX_VARINT_BYTES: usize = 10;

/// All of a byte.
const ALL: u8 = 0xff;
/// Of a byte of a varint: it is not the last (protobuf encoding guide).
const MORE: u8 = 0x80;

/// The bytes that messages of one kind share, by which the next of them is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// What is outside of holes.
    words: Vec<Word>,
    /// Where the request's id is.
    id: Option<Range<usize>>,
}

/// Some bits of eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    at: usize,
    same: u64,
    mask: u64,
}

/// A layout under way.
struct Draft<'m> {
    plan: &'m Plan,
    message: &'m [u8],
    /// The leaf that is the id.
    id: Option<u8>,
    /// Leaves of the variant, one bit each. What others read is not told.
    wanted: u32,
    /// Which bits of which bytes have to be the same.
    same: Vec<(Range<usize>, u8)>,
    ids: Vec<Range<usize>>,
}

impl Template {
    /// The layout of a whole message, read along a plan by the variant with these sources. None for one that is
    /// malformed, unusual or tiny, and for one with too much that has to be the same.
    pub(crate) fn of(plan: &Plan, sources: Option<&Sources>, message: &[u8]) -> Option<Template> {
        let (id, wanted) = (sources.and_then(only_id), sources.map_or(0, Sources::all));
        let mut draft = Draft { plan, message, id, wanted, same: Vec::new(), ids: Vec::new() };
        draft.message(0, 0, 0..message.len())?;
        let words = words(message, &draft.same)?;
        let one = draft.ids.len() <= 1;
        one.then(|| Template { words, id: draft.ids.pop() })
    }

    /// Whether a message of the same length says the same, but for the id that is in it; None for one that may say
    /// something else.
    #[inline]
    pub(crate) fn fit<'m>(&self, message: &'m [u8]) -> Option<Option<&'m [u8]>> {
        for word in &self.words {
            let bytes = message.get(word.at..)?.first_chunk()?;
            if u64::from_le_bytes(*bytes) & word.mask != word.same {
                return None;
            }
        }
        Some(self.id.clone().and_then(|range| message.get(range)))
    }
}

/// These bits of each byte of some ranges of a message, in order, as words, none of which ends behind it.
fn words(message: &[u8], same: &[(Range<usize>, u8)]) -> Option<Vec<Word>> {
    let last = message.len().checked_sub(WORD_BYTES)?;
    let mut words: Vec<Word> = Vec::new();
    for (at, bits) in same.iter().flat_map(|(range, bits)| range.clone().map(move |at| (at, *bits))) {
        if words.last().is_none_or(|word| at >= word.at + WORD_BYTES) {
            if words.len() == MAX_WORDS {
                return None;
            }
            words.push(Word { at: at.min(last), same: 0, mask: 0 });
        }
        let word = words.last_mut()?;
        let shift = 8 * (at - word.at);
        word.same |= u64::from(message.get(at)? & bits) << shift;
        word.mask |= u64::from(bits) << shift;
    }
    Some(words)
}

/// The leaf that holds the request's id, where it is one and holds nothing else.
fn only_id(sources: &Sources) -> Option<u8> {
    let &[leaf] = sources.of(Slot::RequestId) else { return None };
    (sources.uses(leaf) == 1).then_some(leaf)
}

impl Draft<'_> {
    /// Lays out the (sub)message at `range`, which is of the kind of `node`.
    fn message(&mut self, node: u8, depth: usize, range: Range<usize>) -> Option<()> {
        let plan = self.plan;
        let mut at = range.start;
        while at < range.end {
            if self.same.len() > MAX_FIELDS {
                return None;
            }
            let begin = at;
            let key = self.varint(&mut at)?;
            let (field, kind) = (key >> 3, (key & 7) as u8);
            if field == 0 || field > MAX_FIELD {
                return None;
            }
            let value = match kind {
                wire::VARINT => {
                    let begin = at;
                    self.varint(&mut at)?;
                    begin..at
                }
                wire::FIXED64 => at..at + 8,
                wire::FIXED32 => at..at + 4,
                wire::BYTES => {
                    let length = usize::try_from(self.varint(&mut at)?).ok()?;
                    at..at.checked_add(length)?
                }
                _ => return None,
            };
            if value.end > range.end {
                return None;
            }
            at = value.end;
            self.same.push((begin..value.start, ALL));
            match plan.nodes.get(usize::from(node))?.edge(field as u32) {
                None if kind == wire::VARINT => self.same.push((value, MORE)),
                None => {}
                Some(edge) if kind == wire::BYTES => self.content(edge, depth, value)?,
                Some(_) => self.same.push((value, ALL)),
            }
        }
        Some(())
    }

    /// Lays out what a field of interest holds.
    fn content(&mut self, edge: &Edge, depth: usize, range: Range<usize>) -> Option<()> {
        let mut leaves = bits(edge.leaves & self.wanted);
        match (edge.child, leaves.next(), leaves.next()) {
            (Some(child), None, _) => {
                let keyed = self.plan.nodes.get(usize::from(child))?.has_keys();
                if !keyed && depth < MAX_DEPTH {
                    return self.message(child, depth + 1, range);
                }
                self.same.push((range, ALL));
            }
            (None, None, _) => {}
            (None, Some(leaf), None) => match self.plan.leaves.get(leaf)?.read {
                Read::String if self.id == Some(leaf as u8) && range.len() <= MAX_NAME_BYTES => self.ids.push(range),
                Read::Varints => self.same.push((range, MORE)),
                Read::Present | Read::Length => {}
                _ => self.same.push((range, ALL)),
            },
            _ => self.same.push((range, ALL)),
        }
        Some(())
    }

    fn varint(&self, at: &mut usize) -> Option<u64> {
        let bytes = self.message.get(*at..)?;
        let length = 1 + bytes.iter().take(MAX_VARINT_BYTES).position(|&byte| byte < 0x80)?;
        *at += length;
        let digits = bytes.iter().take(length).enumerate();
        Some(digits.fold(0, |sum, (at, &byte)| sum | u64::from(byte & 0x7f).checked_shl(7 * at as u32).unwrap_or(0)))
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
