//! Strings of leaves: copied while they are cut across reads, left where they are while they lie at hand.

use super::{Values, bits};
use crate::names::MAX_NAME_BYTES;

/// A string as far as it has been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    bytes: [u8; MAX_NAME_BYTES],
    have: u8,
    /// Bytes still to come.
    left: u8,
    /// Where it lies in the bytes at hand, while [`Values::at_hand`] says so.
    at: u32,
}

impl Text {
    /// Nothing of one.
    pub(super) const EMPTY: Text = Text { bytes: [0; MAX_NAME_BYTES], have: 0, left: 0, at: 0 };
}

impl Values {
    /// The string of a leaf lies at `at` of the bytes at hand, if it is not too long to be a name.
    #[inline]
    pub(crate) fn text_at_hand(&mut self, leaf: u8, text: u8, at: usize, len: usize) {
        if len > MAX_NAME_BYTES {
            self.present &= !(1 << leaf);
            return;
        }
        let into = &mut self.texts[usize::from(text)];
        (into.at, into.have) = (at as u32, len as u8);
        self.at_hand |= 1 << text;
        self.present |= 1 << leaf;
    }

    /// The bytes at hand will be gone: copies what lies in them.
    #[inline]
    pub(in crate::field) fn keep(&mut self, bytes: &[u8]) {
        for text in bits(std::mem::take(&mut self.at_hand)) {
            let text = &mut self.texts[text];
            let (at, len) = (text.at as usize, usize::from(text.have));
            text.bytes[..len].copy_from_slice(&bytes[at..at + len]);
            text.left = 0;
        }
    }

    /// Begins reading a string of `len` bytes; false when it is too long to be a name.
    pub(in crate::field) fn text(&mut self, text: usize, len: u64, rest: &[u8]) -> bool {
        self.filling &= !(1 << text);
        self.at_hand &= !(1 << text);
        if len > MAX_NAME_BYTES as u64 {
            return false;
        }
        let n = rest.len().min(len as usize);
        let into = &mut self.texts[text];
        into.bytes[..n].copy_from_slice(&rest[..n]);
        into.have = n as u8;
        into.left = (len as usize - n) as u8;
        if into.left > 0 {
            self.filling |= 1 << text;
        }
        true
    }

    /// Begins a string that comes byte by byte.
    pub(crate) fn text_begin(&mut self, leaf: usize, text: usize) {
        self.present &= !(1 << leaf);
        self.at_hand &= !(1 << text);
        (self.texts[text].have, self.texts[text].left) = (0, 1);
    }

    /// More of a string that comes byte by byte.
    pub(crate) fn text_push(&mut self, text: usize, bytes: &[u8]) {
        let into = &mut self.texts[text];
        let have = usize::from(into.have);
        match into.bytes.get_mut(have..have + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                into.have += bytes.len() as u8;
            }
            None => into.left = u8::MAX, // too long to be a name
        }
    }

    /// More of a string of which the beginning will do.
    pub(crate) fn text_push_some(&mut self, text: usize, bytes: &[u8]) {
        let room = MAX_NAME_BYTES - usize::from(self.texts[text].have);
        self.text_push(text, &bytes[..bytes.len().min(room)]);
    }

    /// A string that came byte by byte is complete.
    pub(crate) fn text_end(&mut self, leaf: usize, text: usize) {
        if self.texts[text].left == 1 {
            self.texts[text].left = 0;
            self.present |= 1 << leaf;
        }
    }

    /// Goes on reading strings that the last bytes ended in.
    #[inline]
    pub(in crate::field) fn fill(&mut self, bytes: &[u8]) {
        for text in bits(self.filling) {
            let into = &mut self.texts[text];
            let have = usize::from(into.have);
            let n = bytes.len().min(usize::from(into.left));
            into.bytes[have..have + n].copy_from_slice(&bytes[..n]);
            into.have += n as u8;
            into.left -= n as u8;
            if into.left == 0 {
                self.filling &= !(1 << text);
            }
        }
    }

    /// A string, if it is complete. `bytes` are those at hand.
    #[inline]
    pub(in crate::field) fn read_text<'w>(&'w self, text: usize, bytes: &'w [u8]) -> Option<&'w [u8]> {
        let (at_hand, text) = (self.at_hand >> text & 1 != 0, &self.texts[text]);
        let (at, len) = (text.at as usize, usize::from(text.have));
        match at_hand {
            true => bytes.get(at..at + len),
            false => (text.left == 0).then(|| &text.bytes[..len]),
        }
    }
}
