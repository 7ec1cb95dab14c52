//! Names seen on one connection, each kept once: a name that comes again costs a comparison, not an allocation.

use crate::call::{MAX_NAME_BYTES, Name};
use std::rc::Rc;

/// Names kept per cache. A connection that uses more still works, and pays an allocation for the rare ones.
const MAX_ENTRIES: usize = 64;

/// Names, and what is known about each. Those in use move to the front.
#[derive(Debug)]
pub struct Cache<V> {
    entries: Vec<(Rc<str>, V)>,
}

impl<V> Default for Cache<V> {
    fn default() -> Cache<V> {
        Cache { entries: Vec::new() }
    }
}

impl<V> Cache<V> {
    /// The entry of a name, made if need be; None when the bytes are too many or not UTF-8.
    pub fn entry(&mut self, name: &[u8], make: impl FnOnce(&str) -> V) -> Option<&(Rc<str>, V)> {
        let found = self.entries.iter().position(|(n, _)| n.as_bytes() == name);
        let at = match found {
            Some(0) => 0,
            Some(at) => {
                self.entries.swap(at, at / 2);
                at / 2
            }
            None => {
                if name.len() > MAX_NAME_BYTES + 1 {
                    return None; // a path may have one more, its leading slash
                }
                let name = std::str::from_utf8(name).ok()?;
                self.entries.truncate(MAX_ENTRIES - 1);
                self.entries.push((Rc::from(name), make(name)));
                self.entries.len() - 1
            }
        };
        self.entries.get(at)
    }
}

impl Cache<()> {
    /// The name, or None when it is unreadable.
    pub fn name(&mut self, bytes: &[u8]) -> Option<Name> {
        if bytes.len() > MAX_NAME_BYTES {
            return None;
        }
        let (text, ()) = self.entry(bytes, |_| ())?;
        Some(Name { text: text.clone() })
    }
}

/// A name that is not expected to come again.
pub fn once(bytes: &[u8]) -> Option<Name> {
    if bytes.len() > MAX_NAME_BYTES {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    Some(Name { text: Rc::from(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_the_cache_is_bounded() {
        let mut cache = Cache::default();
        let first = cache.name(b"resnet").unwrap();
        for n in 0..1000 {
            cache.name(format!("other-{n}").as_bytes()).unwrap();
            assert!(Rc::ptr_eq(&first.text, &cache.name(b"resnet").unwrap().text));
        }
        assert_eq!(cache.entries.len(), MAX_ENTRIES);
        assert_eq!(cache.name(&[b'x'; MAX_NAME_BYTES + 1]), None);
        assert_eq!(cache.name(b"\xff"), None);
    }
}
