//! What a head says in the fields that the catalogue asks for, and in `grpc-message`, until the next head.

use crate::hpack::MAX_VALUE_BYTES;
use crate::names::MAX_NAME_BYTES;

/// Bytes after which no more fields of one head are kept: four of the longest names, or a model, a version and an id with
/// much to spare; and the longest `grpc-message`, which is always kept.
const MAX_BYTES: usize = 4 * MAX_NAME_BYTES + MAX_VALUE_BYTES;

/// The place of `grpc-message`, which is none of the catalogue's.
const MESSAGE: u8 = u8::MAX;

/// The place and the length.
const HEAD_BYTES: usize = 3;

/// Values of one head, one after the other: place, length, bytes. One buffer, since most heads have none.
#[derive(Debug, Default)]
pub struct Fields {
    bytes: Vec<u8>,
}

impl Fields {
    /// Keeps a value, unless it is too long to be a name, or more than is kept of one head.
    pub fn keep(&mut self, place: u8, value: &[u8]) {
        if value.len() <= MAX_NAME_BYTES && self.bytes.len() + HEAD_BYTES + value.len() <= MAX_BYTES {
            self.push(place, value);
        }
    }

    /// Keeps `grpc-message`, still percent-encoded, of at most [`MAX_VALUE_BYTES`].
    pub fn keep_message(&mut self, value: &[u8]) {
        self.push(MESSAGE, value);
    }

    /// `grpc-message`; empty where there is none.
    pub fn message(&self) -> &[u8] {
        self.get(MESSAGE).unwrap_or_default()
    }

    /// An empty value is none.
    fn push(&mut self, place: u8, value: &[u8]) {
        if !value.is_empty() {
            let [low, high] = (value.len() as u16).to_le_bytes();
            self.bytes.extend([place, low, high]);
            self.bytes.extend_from_slice(value);
        }
    }

    /// The value at a place.
    pub fn get(&self, wanted: u8) -> Option<&[u8]> {
        let mut rest = &self.bytes[..];
        while let [place, low, high, tail @ ..] = rest {
            let (value, after) = tail.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
            if *place == wanted {
                return Some(value);
            }
            rest = after;
        }
        None
    }

    /// None was kept, as of most heads.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets them, but not their room.
    #[inline]
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Says what `other` said.
    #[inline]
    pub fn recall(&mut self, other: &Fields) {
        self.bytes.clone_from(&other.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bounded() {
        let mut fields = Fields::default();
        fields.keep(0, b"");
        fields.keep(1, &[b'x'; MAX_NAME_BYTES + 1]);
        assert!(fields.is_empty());
        (0..40).for_each(|place| fields.keep(place, &[b'x'; MAX_NAME_BYTES]));
        assert_eq!(fields.get(10).map(<[u8]>::len), Some(MAX_NAME_BYTES));
        assert_eq!(fields.get(39), None);
        fields.keep_message(&[b'm'; MAX_VALUE_BYTES]);
        assert_eq!(fields.message(), [b'm'; MAX_VALUE_BYTES]);
        assert!(fields.bytes.len() < MAX_BYTES + HEAD_BYTES + MAX_VALUE_BYTES, "{}", fields.bytes.len());
    }
}
