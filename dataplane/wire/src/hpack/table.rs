//! The dynamic table (RFC 7541 section 2.3.2), newest first, holding only what somebody wants.

use super::{MAX_TABLE_BYTES, MAX_VALUE_BYTES};
use std::collections::VecDeque;

/// What every entry costs besides its name and value (RFC 7541 section 4.1).
const OVERHEAD_BYTES: u64 = 32;
/// The size until the sender says otherwise (RFC 9113 section 6.5.2).
const INITIAL_BYTES: u32 = 4096;
/// Evicted value bytes are left in place until there are this many of them, to move the rest seldom.
const COMPACT_BYTES: usize = 1024;

/// One entry. Names nobody wants and their values are lengths only.
#[derive(Clone, Copy, Debug)]
struct Entry {
    name_len: u32,
    value_len: u32,
    tag: u8,
    kept: u16,
    /// Offset of the kept value among all bytes ever kept.
    at: u64,
}

/// What an index refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// Which wanted name; 0 = none of them, or unknown.
    pub tag: u8,
    /// Length of the name; 0 when unknown.
    pub name_len: u32,
    /// Length of the value.
    pub value_len: u32,
    /// The value as far as it was kept.
    pub value: &'a [u8],
}

/// The table of one direction.
#[derive(Debug)]
pub struct Table {
    entries: VecDeque<Entry>,
    size: u64,
    limit: u32,
    /// Older entries may exist that are not held: the sender's limit was above ours.
    forgot: bool,
    bytes: Vec<u8>,
    /// Offset of `bytes[0]` among all bytes ever kept.
    base: u64,
    revision: u64,
}

impl Entry {
    fn size(&self) -> u64 {
        u64::from(self.name_len) + u64::from(self.value_len) + OVERHEAD_BYTES
    }
}

impl Default for Table {
    fn default() -> Table {
        Table {
            entries: VecDeque::new(),
            size: 0,
            limit: INITIAL_BYTES,
            forgot: false,
            bytes: Vec::new(),
            base: 0,
            revision: 0,
        }
    }
}

impl Table {
    /// Changes whenever the table does.
    #[inline]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Which wanted name entry `n` has; 0 = none of them. None if it is not held.
    #[inline]
    pub fn tag(&self, n: usize) -> Option<u8> {
        self.entries.get(n).map(|entry| entry.tag)
    }

    /// Entry `n`, 0 being the newest. None if there is no such entry.
    #[inline]
    pub fn get(&self, n: usize) -> Option<Found<'_>> {
        let Some(entry) = self.entries.get(n) else {
            return self.forgot.then_some(Found { tag: 0, name_len: 0, value_len: 0, value: &[] });
        };
        let at = (entry.at - self.base) as usize;
        Some(Found {
            tag: entry.tag,
            name_len: entry.name_len,
            value_len: entry.value_len,
            value: &self.bytes[at..at + usize::from(entry.kept)],
        })
    }

    /// Adds an entry. One larger than the table empties it and is not added (RFC 7541 section 4.4).
    pub fn insert(&mut self, tag: u8, name_len: u32, value_len: u32, value: &[u8]) {
        self.revision += 1;
        let kept = if tag == 0 { &[] } else { &value[..value.len().min(MAX_VALUE_BYTES)] };
        let entry =
            Entry { name_len, value_len, tag, kept: kept.len() as u16, at: self.base + self.bytes.len() as u64 };
        if entry.size() > u64::from(self.limit) {
            self.shrink_to(0);
            self.forgot = false;
            return;
        }
        let room = u64::from(self.limit).min(MAX_TABLE_BYTES as u64);
        self.forgot |= self.size + entry.size() > room && room < u64::from(self.limit);
        self.shrink_to(room.saturating_sub(entry.size()));
        self.size += entry.size();
        self.bytes.extend_from_slice(kept);
        self.entries.push_front(entry);
    }

    /// The sender's table is at most this large from now on (RFC 7541 section 6.3).
    pub fn resize(&mut self, limit: u32) {
        self.revision += 1;
        self.limit = limit;
        self.forgot &= limit > 0;
        self.shrink_to(u64::from(limit).min(MAX_TABLE_BYTES as u64));
    }

    /// Evicts the oldest until at most `room` is used.
    fn shrink_to(&mut self, room: u64) {
        while self.size > room {
            let Some(entry) = self.entries.pop_back() else {
                self.size = 0;
                break;
            };
            self.size -= entry.size();
        }
        self.compact();
    }

    fn compact(&mut self) {
        let live_from = match self.entries.back() {
            Some(oldest) => (oldest.at - self.base) as usize,
            None => self.bytes.len(),
        };
        if live_from >= COMPACT_BYTES.max(self.bytes.len() / 2) || self.entries.is_empty() {
            self.bytes.drain(..live_from);
            self.base += live_from as u64;
        }
    }

    /// Heap bytes held.
    #[cfg(test)]
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(table: &Table, n: usize) -> Option<&[u8]> {
        table.get(n).map(|found| found.value)
    }

    #[test]
    fn evicts_the_oldest_and_counts_from_the_newest() {
        let mut table = Table::default();
        table.resize(100);
        table.insert(1, 5, 5, b"first");
        table.insert(1, 5, 5, b"again");
        assert_eq!(value(&table, 1), Some(&b"first"[..]));
        table.insert(0, 10, 10, b"ignored!!!");
        assert_eq!(value(&table, 0), Some(&b""[..]), "unwanted values are not kept");
        assert_eq!(value(&table, 1), Some(&b"again"[..]));
        assert_eq!(table.get(2), None);
        table.resize(0);
        assert_eq!(table.get(0), None);
    }

    #[test]
    fn an_entry_larger_than_the_table_empties_it() {
        let mut table = Table::default();
        table.insert(1, 5, 5, b"first");
        table.insert(1, 5, 5000, b"large");
        assert_eq!(table.get(0), None);
    }

    #[test]
    fn a_huge_table_is_bounded_and_indices_stay_exact() {
        let mut table = Table::default();
        table.resize(u32::MAX);
        for n in 0..100_000u32 {
            table.insert(1, 1, 4, &n.to_be_bytes());
        }
        assert_eq!(value(&table, 3), Some(&99_996u32.to_be_bytes()[..]));
        assert_eq!(table.get(50_000).map(|f| f.tag), Some(0), "unknown, not an error");
        table.insert(1, 1, 1 << 20, &[7; 2000]);
        assert_eq!(table.get(0).map(|f| (f.value_len, f.value.len())), Some((1 << 20, MAX_VALUE_BYTES)));
        assert!(table.heap_bytes() < 256 * 1024, "{}", table.heap_bytes());
    }

    #[test]
    fn wanted_values_survive_compaction() {
        let mut table = Table::default();
        for n in 0..1000u32 {
            table.insert(1, 1, 100, format!("{n:0100}").as_bytes());
            assert_eq!(value(&table, 0), Some(format!("{n:0100}").as_bytes()));
            if n > 20 {
                assert_eq!(value(&table, 20), Some(format!("{:0100}", n - 20).as_bytes()));
            }
        }
        assert!(table.heap_bytes() < 32 * 1024, "{}", table.heap_bytes());
    }
}
