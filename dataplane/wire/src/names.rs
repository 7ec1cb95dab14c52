//! Names as the wire has them, bounded. Those of a connection are kept once each: a name that comes again costs a
//! comparison, not an allocation.

use std::fmt;
use std::rc::Rc;

/// Longest name that is read (model, version, method); a longer one reads as none, so it never becomes a label.
pub const MAX_NAME_BYTES: usize = 128;

/// Longest request id kept; a longer one reads as none. UUIDs have 36 bytes, W3C trace contexts 55.
pub const MAX_ID_BYTES: usize = 63;

/// Names kept per cache. A connection that uses more still works, and pays an allocation for the rare ones.
const MAX_ENTRIES: usize = 64;

/// A short name as seen on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name {
    /// At most [`MAX_NAME_BYTES`]. UTF-8 without control characters; other bytes make the name unreadable, which is empty.
    pub text: Rc<str>,
}

/// A request id, which is seldom seen twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id {
    len: u8,
    bytes: [u8; MAX_ID_BYTES],
}

/// Names, and what is known about each. Those in use move to the front.
#[derive(Debug)]
pub struct Cache<V> {
    entries: Vec<(Rc<str>, V)>,
}

impl Name {
    /// A name that is not expected to come again; None when it is unreadable.
    pub(crate) fn once(bytes: &[u8]) -> Option<Name> {
        if bytes.len() > MAX_NAME_BYTES {
            return None;
        }
        readable(bytes).map(|text| Name { text: Rc::from(text) })
    }
}

/// UTF-8 without control characters: names come from clients and end in labels, logs and on terminals, which would take an
/// escape for an order.
fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

impl Id {
    /// The id of these bytes, unless they are too many.
    #[inline]
    pub(crate) fn new(bytes: &[u8]) -> Option<Id> {
        let mut id = Id::default();
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        id.len = bytes.len() as u8;
        Some(id)
    }

    /// There is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// As text; empty when there is none, or it is unreadable.
    pub fn text(&self) -> &str {
        readable(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl Default for Id {
    fn default() -> Id {
        Id { len: 0, bytes: [0; MAX_ID_BYTES] }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

impl<V> Default for Cache<V> {
    fn default() -> Cache<V> {
        Cache { entries: Vec::new() }
    }
}

impl<V> Cache<V> {
    /// The entry of a name, made if need be; None when the bytes are too many or unreadable.
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
                let name = readable(name)?;
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

    #[test]
    fn what_a_terminal_would_obey_is_no_name() {
        let mut cache = Cache::default();
        for order in ["\x1b[2J", "a\nb", "a\0", "\x7f", "a\u{9b}31m", "\t"] {
            assert_eq!((cache.name(order.as_bytes()), Name::once(order.as_bytes())), (None, None), "{order:?}");
            assert_eq!(Id::new(order.as_bytes()).unwrap().text(), "", "{order:?}");
        }
        for name in ["a b", "é", "東京", "org/bert:1"] {
            assert_eq!(&*cache.name(name.as_bytes()).unwrap().text, name);
            assert_eq!(Id::new(name.as_bytes()).unwrap().text(), name);
        }
    }
}
