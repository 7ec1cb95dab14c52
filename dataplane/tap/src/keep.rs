//! What control is to find again in its next life: bytes by key, for what it has no disk of its own. They outlive control
//! and not the tap. Control may be wrong about how much it holds, so they have a bound; what would pass it is refused, and
//! what was kept before stays, because half a state is worse than an old one.

use crate::clock::nanos;
use crate::limits::{KEEP_BYTES, KEEP_KEY_BYTES, KEEP_KEYS, KEEP_LOG_REST};
use crate::proto;
use std::collections::BTreeMap;
use wire::Nanos;

/// What control gave to keep.
#[derive(Debug, Default)]
pub struct Kept {
    values: BTreeMap<String, Vec<u8>>,
    refused: u64,
    last_logged: Option<Nanos>,
}

impl Kept {
    /// Keeps a value in the place of the one before, or, if it is empty, forgets that one. Returns a line for the log where
    /// it is refused and people were not told just now.
    pub fn keep(&mut self, keep: proto::Keep, now: Nanos) -> Option<String> {
        if keep.value.is_empty() {
            self.values.remove(&keep.key);
            return None;
        }
        match self.refusal(&keep) {
            None => {
                self.values.insert(keep.key, keep.value);
                None
            }
            Some(reason) => self.refuse(&reason, now),
        }
    }

    /// For the greeting of the next control.
    pub fn to_proto(&self) -> Vec<proto::Keep> {
        let kept = self.values.iter();
        kept.map(|(key, value)| proto::Keep { key: key.clone(), value: value.clone() }).collect()
    }

    /// Values that were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Why this cannot be kept.
    fn refusal(&self, keep: &proto::Keep) -> Option<String> {
        let (key, value) = (&keep.key, &keep.value);
        if key.len() > KEEP_KEY_BYTES {
            return Some(format!("its key of {} bytes is longer than {KEEP_KEY_BYTES}", key.len()));
        }
        let others = || self.values.iter().filter(|(other, _)| *other != key);
        if others().count() >= KEEP_KEYS {
            return Some(format!("{key:?} would be one more than {KEEP_KEYS} keys"));
        }
        let held: usize = others().map(|(key, value)| key.len() + value.len()).sum();
        let bytes = held + key.len() + value.len();
        (bytes > KEEP_BYTES).then(|| {
            format!("with the {} bytes of {key:?} there would be {bytes}, more than {KEEP_BYTES}", value.len())
        })
    }

    fn refuse(&mut self, reason: &str, now: Nanos) -> Option<String> {
        self.refused += 1;
        let told_just_now = |last: Nanos| now.saturating_sub(last) < nanos(KEEP_LOG_REST);
        if self.last_logged.is_some_and(told_just_now) {
            return None;
        }
        self.last_logged = Some(now);
        let refused = self.refused;
        Some(format!("control's state is not kept, the one before it is: {reason} ({refused} refused so far)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    fn keep(kept: &mut Kept, key: &str, value: &[u8]) -> Option<String> {
        kept.keep(proto::Keep { key: key.into(), value: value.into() }, SECOND)
    }

    /// What is kept, by key and by how long it is.
    fn held(kept: &Kept) -> Vec<(String, usize)> {
        kept.to_proto().into_iter().map(|keep| (keep.key, keep.value.len())).collect()
    }

    #[test]
    fn the_newest_value_of_a_key_is_given_back() {
        let mut kept = Kept::default();
        keep(&mut kept, "slo", b"old");
        keep(&mut kept, "scaling", b"x");
        keep(&mut kept, "slo", b"new");
        let told: Vec<_> = kept.to_proto().into_iter().map(|keep| (keep.key, keep.value)).collect();
        assert_eq!(told, [("scaling".into(), b"x".to_vec()), ("slo".into(), b"new".to_vec())]);
        assert_eq!(kept.refused(), 0);
    }

    #[test]
    fn an_empty_value_forgets_and_makes_room() {
        let mut kept = Kept::default();
        keep(&mut kept, "a", &vec![1; KEEP_BYTES - 1]);
        assert!(keep(&mut kept, "b", b"x").is_some(), "there is no room");
        assert_eq!(keep(&mut kept, "a", b""), None);
        assert_eq!(keep(&mut kept, "never kept", b""), None);
        assert_eq!(keep(&mut kept, "b", b"x"), None);
        assert_eq!(held(&kept), [("b".into(), 1)]);
        assert_eq!(kept.refused(), 1);
    }

    #[test]
    fn keys_and_values_have_one_bound_in_sum_to_the_byte() {
        let mut kept = Kept::default();
        keep(&mut kept, "abc", &vec![1; KEEP_BYTES - 3 - 10]);
        assert!(keep(&mut kept, "defg", &[1; 7]).is_some(), "one too many");
        assert_eq!(keep(&mut kept, "defg", &[1; 6]), None);
        assert_eq!(held(&kept), [("abc".into(), KEEP_BYTES - 13), ("defg".into(), 6)]);
    }

    #[test]
    fn a_value_takes_the_room_of_the_one_it_replaces() {
        let mut kept = Kept::default();
        assert_eq!(keep(&mut kept, "a", &vec![1; KEEP_BYTES - 1]), None);
        assert_eq!(keep(&mut kept, "a", &vec![2; KEEP_BYTES - 1]), None);
        assert_eq!(kept.to_proto()[0].value[0], 2);
    }

    #[test]
    fn what_is_refused_leaves_what_was_kept_before() {
        let mut kept = Kept::default();
        keep(&mut kept, "a", b"old");
        assert!(keep(&mut kept, "a", &vec![1; KEEP_BYTES]).is_some());
        assert_eq!(held(&kept), [("a".into(), 3)]);
    }

    #[test]
    fn there_are_so_many_keys_and_each_can_still_be_replaced() {
        let mut kept = Kept::default();
        for number in 0..KEEP_KEYS {
            assert_eq!(keep(&mut kept, &number.to_string(), b"x"), None);
        }
        assert!(keep(&mut kept, "one more", b"x").is_some());
        assert_eq!(keep(&mut kept, "7", b"longer"), None);
        assert_eq!((held(&kept).len(), kept.refused()), (KEEP_KEYS, 1));
    }

    #[test]
    fn a_key_is_no_longer_than_64_bytes() {
        let mut kept = Kept::default();
        assert_eq!(keep(&mut kept, &"k".repeat(64), b"x"), None);
        let line = keep(&mut kept, &"k".repeat(65), b"x").expect("a line");
        assert!(line.contains("its key of 65 bytes is longer than 64"), "{line}");
        assert_eq!((held(&kept).len(), kept.refused()), (1, 1));
    }

    #[test]
    fn each_refusal_is_counted_and_people_are_told_once_a_minute() {
        let mut kept = Kept::default();
        let too_much = proto::Keep { key: "a".into(), value: vec![1; KEEP_BYTES] };
        let mut at = |second: u64| kept.keep(too_much.clone(), second * SECOND);
        let line = at(5).expect("the first");
        assert!(line.contains("with the 1048576 bytes of \"a\" there would be 1048577, more than 1048576"), "{line}");
        assert_eq!(at(6), None);
        assert_eq!(at(64), None, "59 s later");
        assert!(at(65).expect("a minute later").ends_with("(4 refused so far)"));
        assert_eq!(kept.refused(), 4);
    }
}
