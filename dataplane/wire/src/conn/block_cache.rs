//! Header blocks that come again, byte for byte.
//!
//! Once a connection has warmed up, a client's heads and a server's heads and trailers are the same few bytes call
//! after call: indices into the dynamic table, and values that are never put into it. Such fields leave the table as
//! it is (RFC 7541 sections 6.1, 6.2.2 and 6.2.3), so until something else changes it the same bytes say the same.

use crate::head::Head;

/// Blocks kept for each direction: heads of a few methods, or the head and the trailers of an answer.
const MAX_ENTRIES: usize = 4;
/// Longest block kept: ten fields, of them the path in full.
const MAX_BYTES: usize = 64;

/// What blocks that left the table alone said.
#[derive(Debug, Default)]
pub struct BlockCache {
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

impl BlockCache {
    /// What a block that begins with these bytes said, with the table at this revision.
    #[inline]
    pub fn find(&self, bytes: &[u8], revision: u64) -> Option<&Head> {
        let same = |e: &&Entry| {
            usize::from(e.len) == bytes.len() && e.revision == revision && e.bytes[..bytes.len()] == *bytes
        };
        self.entries.iter().find(same).map(|e| &e.head)
    }

    /// Remembers what was decoded from these bytes, which are whole fields and left the table at this revision.
    pub fn keep(&mut self, bytes: &[u8], revision: u64, head: &Head) {
        if bytes.len() > MAX_BYTES {
            return;
        }
        let mut entry = Entry { bytes: [0; MAX_BYTES], len: bytes.len() as u8, revision, head: Head::default() };
        entry.bytes[..bytes.len()].copy_from_slice(bytes);
        entry.head.recall(head);
        if self.entries.len() < MAX_ENTRIES {
            self.entries.reserve_exact(1); // most connections need one or two
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
    fn blocks_are_remembered_while_the_table_stays() {
        let mut cache = BlockCache::default();
        let mut told = Head::default();
        told.status = Some(200);
        let status = |cache: &BlockCache, bytes: &[u8], revision| cache.find(bytes, revision).map(|head| head.status);
        cache.keep(&[0x88, 0xbe], 7, &told);
        assert_eq!(status(&cache, &[0x88, 0xbe], 7), Some(Some(200)));
        assert_eq!(status(&cache, &[0x88, 0xbe], 8), None, "the table has changed");
        assert_eq!(status(&cache, &[0x88], 7), None);
        cache.keep(&[0x88; MAX_BYTES + 1], 7, &told);
        assert_eq!(status(&cache, &[0x88; MAX_BYTES + 1], 7), None, "too long");
        for n in 0..100 {
            told.status = Some(n.into());
            cache.keep(&[0x81 + n], 7, &told);
            assert_eq!(status(&cache, &[0x81 + n], 7), Some(Some(n.into())));
        }
        assert_eq!(cache.entries.len(), MAX_ENTRIES);
    }
}
