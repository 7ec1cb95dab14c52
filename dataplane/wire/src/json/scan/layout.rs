//! Documents that look alike.
//!
//! The events of a token stream are one document over and over, with a few strings and numbers changed:
//!
//! ```text
//! {"id":"……","object":"……","created":……,"choices":[{"index":……,"delta":{"content":"……"},"finish_reason":null}]}
//! ```
//!
//! A [`Layout`] is such a document with *holes* where its strings, its numbers and the insides of its unwanted containers
//! are. Another document that has the layout is read by comparing what is between the holes and by finding the end of what
//! is in them, for a tenth of what a [`Scan`] takes. It says the very same, for these reasons:
//!
//! - What a scan does between two values depends on the bytes between them, and those are the same. So who wants what is
//!   in a hole is what a scan found when the layout was learnt.
//! - What the bytes between say by themselves (`null`, the number of elements, ...) is what a scan finds in the document
//!   with every hole empty. What is in the holes is added to it.
//! - A hole takes only what a scan takes for one value of its kind. Where that is in doubt (an escape in a name, an escaped
//!   half of a character) the document has another layout, and is scanned.
//!
//! A layout has no line ends, nor any other control character, and neither has what may be in its holes. So who looks for
//! lines need not look for the end of one in a document that is recalled.
//!
//! Most holes are filled alike in most documents. Those are compared along with what is around them, until a document
//! shows that they vary. What is in those that vary is not kept: nothing that a model said is.
//!
//! Layouts belong to a plan, not to a stream: all streams of a route share a few, and none needs memory for them.

use super::lengths::{begins_plainly, inside_length, is_zero, number_length, plain_length, text_length, whole_number};
use super::{Plan, Scan, State, is_space};
use crate::catalogue::JsonRead;
use crate::field::{Extracted, Values, bits};

/// Layouts kept for each plan: of a chat the first event, those with text, the last one, and that of the usage.
const MAX_LAYOUTS: usize = 4;
/// Longest document learnt from: an event of OpenAI's API has 300 bytes, the last one of TGI a kilobyte.
const MAX_LEARNT_BYTES: usize = 2048;
/// Holes of a layout, of which an event of OpenAI's API has six. With them a layout takes 3 KiB at most.
const MAX_HOLES: usize = 32;
/// Documents that must pass for each that is learnt from. Learning takes some three times as many instructions as
/// scanning: a server that never says anything twice costs a fifth more, not four times as much.
const DOCUMENTS_PER_LESSON: u32 = 16;
/// Lessons that may be had at once: each layout, and then the holes of it that vary within a stream and from one to the next.
const MAX_LESSONS: u32 = 16;

/// The layouts of one plan's documents.
#[derive(Debug)]
pub struct Layouts {
    /// The one that was met last comes first.
    known: Vec<Layout>,
    /// Documents that have passed and not been spent on a lesson.
    saved: u32,
    /// Of the document at hand.
    values: Values,
}

#[derive(Debug)]
struct Layout {
    /// What it was learnt from, up to where a scan stopped; zeros in the holes that vary.
    document: Box<[u8]>,
    /// All of them, in order.
    holes: Box<[Hole]>,
    /// Those that vary, or in which is what somebody wants.
    visited: Vec<Hole>,
    /// What the bytes between the holes say: leaf and number.
    said: Box<[(usize, u64)]>,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    /// Where it lies in the document learnt from.
    start: usize,
    end: usize,
    content: Content,
    /// What is in it was found to differ from document to document.
    varies: bool,
    /// Leaves that read what is in it.
    readers: u32,
    /// Leaves that only want to know whether anything is.
    present: u32,
}

/// What a hole is for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Content {
    /// The characters of a string that somebody reads.
    Name,
    /// Those of one that somebody wants to know something else of: a scan looks at the first of them.
    Seen,
    /// Those of one of which somebody reads the beginning.
    Words,
    /// Those of one that nobody wants.
    Text,
    /// A number.
    Number,
    /// What is between the brackets of a container nobody goes into.
    Inside,
}

impl Default for Layouts {
    fn default() -> Layouts {
        Layouts { known: Vec::new(), saved: MAX_LESSONS * DOCUMENTS_PER_LESSON, values: Values::default() }
    }
}

impl Layouts {
    /// Reads a document that has a known layout, and returns its length. What follows it is not looked at, as a scan would
    /// not.
    fn recall(&mut self, plan: &Plan, bytes: &[u8]) -> Option<usize> {
        self.saved = (self.saved + 1).min(MAX_LESSONS * DOCUMENTS_PER_LESSON);
        let read = |layout: &Layout| layout.read(plan, bytes, &mut self.values);
        let (at, length) = self.known.iter().map(read).enumerate().find_map(|(at, length)| Some((at, length?)))?;
        if at > 0 {
            self.known[..=at].rotate_right(1);
        }
        Some(length)
    }

    /// Learns from a document that was not recalled: what varies in a layout, or a new one, for which the one that was met
    /// least recently makes room.
    fn learn(&mut self, plan: &Plan, document: &[u8]) {
        // What is in an array of dimensions would be in a hole that nobody reads. They are in requests, which are no stream.
        let has_arrays = plan.reads.contains(&JsonRead::Dimensions);
        if self.saved < DOCUMENTS_PER_LESSON || document.len() > MAX_LEARNT_BYTES || has_arrays {
            return;
        }
        self.saved -= DOCUMENTS_PER_LESSON;
        if self.known.iter_mut().any(|layout| layout.widen(document).is_some()) {
            return;
        }
        if let Some(layout) = Layout::of(plan, document) {
            self.known.truncate(MAX_LAYOUTS - 1);
            self.known.insert(0, layout);
        }
    }
}

impl Plan {
    /// Lets somebody hear what a document says with which these bytes begin, if it is like one of which [`Plan::learn`] was
    /// told: the same that a [`Scan`] would find. Returns its length.
    #[inline]
    pub fn recall(&self, bytes: &[u8], hear: impl FnOnce(&Extracted<'_>)) -> Option<usize> {
        let mut layouts = self.layouts.borrow_mut();
        let layouts = layouts.as_mut()?;
        let length = layouts.recall(self, bytes)?;
        hear(&Extracted { values: &layouts.values, leaves: &self.leaves, sources: Some(&self.sources), bytes });
        Some(length)
    }

    /// These bytes held a whole document, which was scanned: others like it may come.
    #[cold]
    pub fn learn(&self, bytes: &[u8]) {
        self.layouts.borrow_mut().get_or_insert_default().learn(self, bytes);
    }
}

impl Layout {
    /// The layout of a document: shown byte by byte to a scan, whose state tells where values begin and end.
    fn of(plan: &Plan, document: &[u8]) -> Option<Layout> {
        let (mut scan, mut holes, mut emptied) = (Scan::default(), Vec::<Hole>::new(), Vec::new());
        scan.begin(plan, u32::MAX);
        let mut length = 0;
        while !scan.is_over() {
            let byte = document.get(length..=length)?;
            let before = scan.content();
            scan.feed(plan, byte);
            let now = scan.content();
            match (before, now) {
                (None, Some(content)) => {
                    // Quotation marks and brackets enclose a value and are not in the hole.
                    let start = length + usize::from(content != Content::Number);
                    emptied.push(if start > length { byte[0] } else { b'-' }); // which is a number, and says none
                    holes.push(Hole::new(plan, start, content, scan.edge.leaves));
                }
                (Some(_), None) => holes.last_mut()?.end = length,
                _ => {}
            }
            if now.is_none() {
                emptied.extend(byte);
            }
            length += 1;
        }
        let document = &document[..length];
        // Words are of errors, which are rare.
        let has_words = |hole: &Hole| hole.content == Content::Words;
        if holes.iter().any(has_words) {
            return None;
        }
        if !document.ends_with(b"}") || document.iter().any(u8::is_ascii_control) || holes.len() > MAX_HOLES {
            return None;
        }
        let said = Layout::said(plan, &emptied, &holes)?;
        for hole in &mut holes {
            // What a scan has to look at more closely than this does is never compared as it is; nor is output.
            let plain = hole.length(&document[hole.start..]) == Some(hole.end - hole.start);
            hole.varies = !plain || hole.content == Content::Seen;
        }
        let mut layout = Layout { document: document.into(), holes: holes.into(), visited: Vec::new(), said };
        layout.visit();
        Some(layout)
    }

    /// Chooses the holes that have to be visited, and forgets what is in those that vary.
    fn visit(&mut self) {
        for hole in self.holes.iter().filter(|hole| hole.varies) {
            self.document[hole.start..hole.end].fill(0);
        }
        self.visited.clear();
        self.visited.extend(self.holes.iter().filter(|hole| hole.varies || hole.readers | hole.present != 0));
    }

    /// What a document says whose holes are empty; None where that and what comes into them cannot be told apart.
    fn said(plan: &Plan, emptied: &[u8], holes: &[Hole]) -> Option<Box<[(usize, u64)]>> {
        let mut scan = Scan::default();
        scan.begin(plan, u32::MAX);
        scan.feed(plan, emptied);
        let is_text = |leaf: &usize| plan.reads[*leaf] == JsonRead::String; // each of those is in a hole
        let said: Box<_> = scan.values.numbers().filter(|(leaf, _)| !is_text(leaf)).collect();
        // Of a key that is there twice, as a number and as a boolean, the later one counts.
        let numbers = holes.iter().filter(|hole| hole.content == Content::Number);
        let twice =
            numbers.fold(0, |all, hole| all | hole.readers) & said.iter().fold(0, |all, said| all | 1 << said.0);
        (twice == 0).then_some(said)
    }

    /// Reads a document, and returns its length; None when it has another layout.
    fn read(&self, plan: &Plan, bytes: &[u8], values: &mut Values) -> Option<usize> {
        values.clear();
        self.said.iter().for_each(|&(leaf, number)| values.set(leaf, number));
        // What is left of the bytes, and where the like of it begins in the document learnt from.
        let (mut rest, mut from) = (bytes, 0);
        for hole in &self.visited {
            let at = bytes.len() - rest.len() + hole.start - from;
            if !hole.varies {
                hole.tell(plan, at, &self.document[hole.start..hole.end], values);
                continue; // whether it is the same is seen at the next one that varies, or at the end
            }
            let filled = rest.strip_prefix(&self.document[from..hole.start])?;
            let (content, tail) = filled.split_at_checked(hole.length(filled)?)?;
            hole.tell(plan, at, content, values);
            (rest, from) = (tail, hole.end);
        }
        let tail = rest.strip_prefix(&self.document[from..])?;
        Some(bytes.len() - tail.len())
    }

    /// Lets those holes vary that are filled otherwise in this document; None when it has another layout.
    fn widen(&mut self, document: &[u8]) -> Option<()> {
        let (mut rest, mut from, mut differ) = (document, 0, 0u32);
        for (number, hole) in self.holes.iter().enumerate() {
            let filled = rest.strip_prefix(&self.document[from..hole.start])?;
            let (content, tail) = filled.split_at(hole.length(filled)?);
            differ |= u32::from(*content != self.document[hole.start..hole.end]) << number;
            (rest, from) = (tail, hole.end);
        }
        rest.starts_with(&self.document[from..]).then_some(())?;
        bits(differ).for_each(|number| self.holes[number].varies = true);
        self.visit();
        Some(())
    }
}

impl Hole {
    fn new(plan: &Plan, start: usize, content: Content, leaves: u32) -> Hole {
        let reading = |how| bits(leaves).filter(|&leaf| plan.reads[leaf] == how).fold(0, |all, leaf| all | 1 << leaf);
        let (content, readers, present) = match content {
            Content::Text if reading(JsonRead::String) != 0 => {
                (Content::Name, reading(JsonRead::String), reading(JsonRead::Present))
            }
            Content::Text if reading(JsonRead::Beginning) != 0 => (Content::Words, 0, 0),
            Content::Text if leaves != 0 => (Content::Seen, 0, reading(JsonRead::Present)),
            Content::Number => (content, reading(JsonRead::Int), reading(JsonRead::Present)),
            Content::Inside => (content, 0, reading(JsonRead::Present)),
            _ => (content, 0, 0),
        };
        Hole { start, end: start, varies: false, content, readers, present }
    }

    /// How many of these bytes are in it; None where a scan would take none, or has to look closer.
    #[inline(always)]
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        match self.content {
            Content::Name => plain_length(bytes).filter(|&end| bytes[end] == b'"'),
            Content::Seen if !begins_plainly(bytes) => None,
            Content::Seen | Content::Words | Content::Text => text_length(bytes),
            Content::Number => number_length(bytes),
            Content::Inside => inside_length(bytes),
        }
    }

    /// Puts down what is in it, as a scan would: `content`, which lies at `at` of the document.
    #[inline]
    fn tell(&self, plan: &Plan, at: usize, content: &[u8], values: &mut Values) {
        for leaf in bits(self.readers) {
            if self.content == Content::Name {
                values.text_at_hand(leaf as u8, plan.leaves[leaf].text, at, content.len());
            } else if let Some(number) = whole_number(content) {
                values.set(leaf, number);
            }
        }
        if self.present != 0 {
            let is_empty = match self.content {
                Content::Inside => content.iter().all(|&byte| is_space(byte)),
                Content::Number => is_zero(content),
                _ => content.is_empty(),
            };
            bits(self.present).filter(|_| !is_empty).for_each(|leaf| values.set(leaf, 1));
        }
    }
}

impl Scan {
    /// What the next byte is part of.
    fn content(&self) -> Option<Content> {
        match self.state {
            _ if self.skipped > 0 => Some(Content::Inside),
            State::Text | State::TextEscape | State::Unicode(_) | State::SkipText | State::SkipEscape => {
                Some(Content::Text)
            }
            State::Number => Some(Content::Number),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
