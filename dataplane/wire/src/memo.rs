//! Header blocks that come again, byte for byte.
//!
//! Once a connection has warmed up, a client's heads and a server's heads and trailers are a few indices into the
//! dynamic table, the same ones call after call. An indexed field changes nothing in the table (RFC 7541 section
//! 6.1), so as long as nothing else has changed it, the same indices mean the same fields.

use crate::head::Head;

/// Blocks kept for each direction: heads of a few methods, or the head and the trailers of an answer.
const MAX_ENTRIES: usize = 4;
/// Longest block kept; gRPC clients send about ten fields.
const MAX_BYTES: usize = 24;

/// What blocks of indexed fields said.
#[derive(Debug, Default)]
pub struct Memo {
    entries: Vec<Entry>,
    oldest: usize,
}

#[derive(Debug)]
struct Entry {
    bytes: [u8; MAX_BYTES],
    len: u8,
    /// Of the table, when the block was decoded.
    revision: u64,
    head: Head,
}

impl Memo {
    /// What a block that begins with these bytes said, with the table at this revision.
    #[inline]
    pub fn find(&self, bytes: &[u8], revision: u64) -> Option<&Head> {
        let same = |e: &&Entry| {
            usize::from(e.len) == bytes.len() && e.revision == revision && e.bytes[..bytes.len()] == *bytes
        };
        self.entries.iter().find(same).map(|e| &e.head)
    }

    /// Remembers what was decoded from these bytes, if each of them is an index (RFC 7541 section 6.1).
    pub fn keep(&mut self, bytes: &[u8], revision: u64, head: &Head) {
        if bytes.len() > MAX_BYTES || !bytes.iter().all(|byte| matches!(byte, 0x81..=0xfe)) {
            return;
        }
        let mut entry = Entry { bytes: [0; MAX_BYTES], len: bytes.len() as u8, revision, head: Head::default() };
        entry.bytes[..bytes.len()].copy_from_slice(bytes);
        entry.head.recall(head);
        if self.entries.len() < MAX_ENTRIES {
            self.entries.push(entry);
            return;
        }
        self.entries[self.oldest] = entry;
        self.oldest = (self.oldest + 1) % MAX_ENTRIES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_indices_are_remembered_while_the_table_stays() {
        let mut memo = Memo::default();
        let mut told = Head::default();
        told.status = Some(200);
        let status = |memo: &Memo, bytes: &[u8], revision| memo.find(bytes, revision).map(|head| head.status);
        memo.keep(&[0x88, 0xbe], 7, &told);
        assert_eq!(status(&memo, &[0x88, 0xbe], 7), Some(Some(200)));
        assert_eq!(status(&memo, &[0x88, 0xbe], 8), None, "the table has changed");
        assert_eq!(status(&memo, &[0x88], 7), None);
        for other in [&[0x88, 0x40][..], &[0x80], &[0xff], &[0x88; MAX_BYTES + 1]] {
            memo.keep(other, 7, &told);
            assert_eq!(status(&memo, other, 7), None, "{other:x?} is more than indices");
        }
        for n in 0..100 {
            told.status = Some(n.into());
            memo.keep(&[0x81 + n], 7, &told);
            assert_eq!(status(&memo, &[0x81 + n], 7), Some(Some(n.into())));
        }
        assert_eq!(memo.entries.len(), MAX_ENTRIES);
    }
}
