//! Header fields that the catalogue asks for: their names, and which of them tell what.

use crate::catalogue::{Catalogue, HeaderExtract, Slot};

/// Different names a catalogue may ask for; more are not read. One bit each, beside the ten that are always wanted.
pub const MAX_HEADER_NAMES: usize = 48;

/// The names, each known by its place.
#[derive(Debug, Default)]
pub struct Names {
    names: Vec<Box<str>>,
    /// Bit n: a name has this length, by its last six bits. Most fields are dismissed by it.
    lengths: u64,
    left_out: bool,
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

    /// Of several fields for a slot the first that is there, and whether it counts before what the body says. `field`
    /// tells what a head says at a place.
    pub fn value<'h>(&self, slot: Slot, field: impl Fn(u8) -> Option<&'h [u8]>) -> Option<(&'h [u8], bool)> {
        let mut of_slot = self.wanted.iter().filter(|wanted| wanted.slot == slot);
        of_slot.find_map(|wanted| Some((field(wanted.place)?, wanted.before_body)))
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
        let mut head: [Option<&[u8]>; 3] = [None, Some(b"2"), None];
        let value = |head: &[Option<&'static [u8]>; 3], slot| plan.value(slot, |place| head[usize::from(place)]);
        assert_eq!(value(&head, Slot::Model), None);
        head[2] = Some(b"last");
        assert_eq!(value(&head, Slot::Model), Some((&b"last"[..], false)));
        head[0] = Some(b"first");
        assert_eq!(value(&head, Slot::Model), Some((&b"first"[..], true)));
        assert_eq!(value(&head, Slot::Version), Some((&b"2"[..], false)));
        assert_eq!(plan.places(), 0b111);
    }
}
