//! Header fields that the catalogue asks for: their names, and what a head says in them.

use crate::catalogue::{Catalogue, HeaderExtract, Slot};
use crate::hpack::MAX_VALUE_BYTES;
use crate::names::MAX_NAME_BYTES;

/// Different names a catalogue may ask for; more are not read. One bit each, beside the nine that are always wanted.
pub const MAX_HEADER_NAMES: usize = 48;

/// Bytes after which no more fields of one head are kept: four of the longest names, or a model, a version and an id with
/// much to spare; and the longest `grpc-message`, which is always kept.
const MAX_BYTES: usize = 4 * MAX_NAME_BYTES + MAX_VALUE_BYTES;

/// The place of `grpc-message`, which is none of the catalogue's.
const MESSAGE: u8 = u8::MAX;

/// The names, each known by its place.
#[derive(Debug, Default)]
pub struct Names {
    names: Vec<Box<str>>,
    /// Bit n: a name has this length, by its last six bits. Most fields are dismissed by it.
    lengths: u64,
    left_out: bool,
}

impl Names {
    /// Those that some method or route asks for.
    pub fn of(catalogue: &Catalogue) -> Names {
        let mut names = Names::default();
        let methods = catalogue.methods.values().flat_map(|method| [&method.request_headers, &method.response_headers]);
        let routes = catalogue.routes.iter().flat_map(|route| [&route.request_headers, &route.response_headers]);
        let mut asked: Vec<&str> = methods.chain(routes).flatten().map(|extract| &*extract.name).collect();
        asked.sort_unstable(); // which are too many is not left to the order of a map
        asked.into_iter().for_each(|name| names.add(name));
        names
    }

    fn add(&mut self, name: &str) {
        match self.find(name.as_bytes()) {
            Some(_) => {}
            None if self.names.len() == MAX_HEADER_NAMES => self.left_out = true,
            None => {
                self.lengths |= 1 << (name.len() % 64);
                self.names.push(name.into());
            }
        }
    }

    /// There were too many of them.
    pub fn left_out(&self) -> bool {
        self.left_out
    }

    /// The place of a name, in any case.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<u8> {
        if self.lengths >> (name.len() % 64) & 1 == 0 {
            return None;
        }
        self.names.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(name)).map(|place| place as u8)
    }
}

/// What one side of a method says in its head.
#[derive(Debug, Default)]
pub struct HeaderPlan {
    wanted: Vec<Wanted>,
    /// Places of the names, one bit each.
    places: u64,
}

#[derive(Debug)]
struct Wanted {
    slot: Slot,
    place: u8,
    before_body: bool,
}

impl HeaderPlan {
    /// Compiles extracts; one whose name is unknown is left out.
    pub fn compile(extracts: &[HeaderExtract], names: &Names) -> HeaderPlan {
        let mut plan = HeaderPlan::default();
        for HeaderExtract { slot, name, before_body } in extracts {
            if let Some(place) = names.find(name.as_bytes()) {
                plan.wanted.push(Wanted { slot: *slot, place, before_body: *before_body });
                plan.places |= 1 << place;
            }
        }
        plan
    }

    /// Places of the names that are asked for, one bit each.
    pub fn places(&self) -> u64 {
        self.places
    }

    /// Of several fields for a slot the first that is there, and whether it counts before what the body says.
    pub fn value<'f>(&self, slot: Slot, fields: &'f Fields) -> Option<(&'f [u8], bool)> {
        let mut of_slot = self.wanted.iter().filter(|wanted| wanted.slot == slot);
        of_slot.find_map(|wanted| Some((fields.get(wanted.place)?, wanted.before_body)))
    }
}

/// Values of one head, one after the other: place, length, bytes. One buffer, since most heads have none.
#[derive(Debug, Default)]
pub struct Fields {
    bytes: Vec<u8>,
}

/// The place and the length.
const HEAD_BYTES: usize = 3;

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

    fn get(&self, wanted: u8) -> Option<&[u8]> {
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
    use crate::catalogue::{Method, Route};

    fn asks(slot: Slot, name: &str) -> HeaderExtract {
        HeaderExtract { slot, name: name.into(), before_body: name.starts_with("first") }
    }

    #[test]
    fn names_of_methods_and_routes_are_found_in_any_case() {
        let mut catalogue = Catalogue::default();
        let request_headers = vec![asks(Slot::Model, "seldon-model")];
        catalogue.methods.insert("/a.B/C".into(), Method { request_headers, ..Method::default() });
        let response_headers = vec![asks(Slot::RequestId, "x-request-id"), asks(Slot::Model, "seldon-model")];
        catalogue.routes.push(Route { response_headers, ..Route::default() });
        let names = Names::of(&catalogue);
        assert_eq!(names.names.len(), 2);
        assert_eq!(names.find(b"Seldon-Model"), names.find(b"seldon-model"));
        assert!(names.find(b"X-Request-ID").is_some());
        for other in [&b"seldon-modem"[..], b"seldon-model-", b"", &[b'x'; 64 + 12]] {
            assert_eq!(names.find(other), None);
        }
    }

    #[test]
    fn names_are_bounded() {
        let mut names = Names::default();
        (0..100).for_each(|n| names.add(&format!("x-{n}")));
        assert_eq!(names.names.len(), MAX_HEADER_NAMES);
        assert!(names.left_out());
        assert_eq!(names.find(b"x-47"), Some(47));
        assert_eq!(names.find(b"x-48"), None);
    }

    #[test]
    fn the_first_field_of_a_slot_that_is_there_counts() {
        let mut names = Names::default();
        ["first-b", "a", "b"].into_iter().for_each(|name| names.add(name));
        let extracts = [asks(Slot::Model, "first-b"), asks(Slot::Model, "b"), asks(Slot::Version, "a")];
        let plan = HeaderPlan::compile(&extracts, &names);
        let mut fields = Fields::default();
        fields.keep(1, b"2");
        assert_eq!(plan.value(Slot::Model, &fields), None);
        fields.keep(2, b"last");
        assert_eq!(plan.value(Slot::Model, &fields), Some((&b"last"[..], false)));
        fields.keep(0, b"first");
        assert_eq!(plan.value(Slot::Model, &fields), Some((&b"first"[..], true)));
        assert_eq!(plan.value(Slot::Version, &fields), Some((&b"2"[..], false)));
        assert_eq!(plan.places(), 0b111);
    }

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
