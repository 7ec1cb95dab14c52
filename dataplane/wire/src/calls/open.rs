//! Open calls by the id of their stream.

use crate::exchange::Exchange;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The open calls of a connection. Many connections have one at a time, and what is short is mostly the newest: it lies
/// beside the map, and neither hashing nor what the map has allocated stands between it and its bytes.
#[derive(Debug, Default)]
pub struct Open {
    newest: Option<(u32, Box<Exchange>)>,
    others: HashMap<u32, Box<Exchange>, BuildHasherDefault<StreamHasher>>,
}

/// Stream ids are the client's to choose, but a collision costs it only its own time on its own connection.
#[derive(Debug, Default)]
struct StreamHasher(u64);

impl Hasher for StreamHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id >> 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Open {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.newest.is_some()) + self.others.len()
    }

    /// Adds the call of a stream that has none.
    #[inline]
    pub fn insert(&mut self, id: u32, exchange: Box<Exchange>) {
        if let Some((before, exchange)) = self.newest.replace((id, exchange)) {
            self.others.insert(before, exchange);
        }
    }

    /// The call of a stream.
    #[inline]
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Exchange> {
        match &mut self.newest {
            Some((newest, exchange)) if *newest == id => Some(exchange),
            _ if self.others.is_empty() => None,
            _ => self.others.get_mut(&id).map(|exchange| &mut **exchange),
        }
    }

    /// Takes the call of a stream out.
    #[inline]
    pub fn remove(&mut self, id: u32) -> Option<Box<Exchange>> {
        match self.newest.take_if(|(newest, _)| *newest == id) {
            Some((_, exchange)) => Some(exchange),
            None if self.others.is_empty() => None,
            None => self.others.remove(&id),
        }
    }

    /// Visits each call, in no particular order.
    pub fn visit(&mut self, mut visit: impl FnMut(&mut Exchange)) {
        let newest = self.newest.iter_mut().map(|(_, exchange)| exchange);
        newest.chain(self.others.values_mut()).for_each(|exchange| visit(exchange));
    }

    /// The streams, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        let newest = self.newest.iter().map(|(id, _)| *id);
        newest.chain(self.others.keys().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_call_is_found_once_whatever_came_and_went_before() {
        let (mut open, mut model) = (Open::default(), BTreeSet::new());
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let id = (state >> 33) as u32 % 8;
            if state >> 62 & 1 == 0 && model.insert(id) {
                let mut exchange = Box::<Exchange>::default();
                exchange.call.concurrency = id;
                open.insert(id, exchange);
            } else if state >> 63 == 0 {
                let was = open.remove(id).map(|exchange| exchange.call.concurrency);
                assert_eq!(was, model.remove(&id).then_some(id));
            }
            let found = open.get_mut(id).map(|exchange| exchange.call.concurrency);
            assert_eq!(found, model.contains(&id).then_some(id));
            assert_eq!(open.len(), model.len());
            assert_eq!(open.ids().collect::<BTreeSet<u32>>(), model);
            let mut seen = BTreeSet::new();
            open.visit(|exchange| assert!(seen.insert(exchange.call.concurrency)));
            assert_eq!(seen, model);
        }
    }
}
