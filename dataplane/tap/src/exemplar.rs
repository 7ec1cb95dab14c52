//! One request to look at among those that a number counts: its trace, as its client named it.

use crate::clock::unix_nanos;
use crate::proto;
use wire::Nanos;

/// How long the slowest one stays when only faster ones come.
const FRESH: Nanos = 60_000_000_000;

/// A request with a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exemplar {
    trace_id: [u8; 16],
    value: Nanos,
    unix_nanos: u64,
}

impl Exemplar {
    /// What took so long until now; None where its `traceparent` names no trace.
    pub fn of(traceparent: &str, value: Nanos) -> Option<Exemplar> {
        Some(Exemplar { trace_id: trace_id(traceparent)?, value, unix_nanos: unix_nanos() })
    }

    /// For the seam.
    pub fn to_proto(self) -> proto::Exemplar {
        proto::Exemplar { trace_id: self.trace_id.to_vec(), value_nanos: self.value, unix_nanos: self.unix_nanos }
    }
}

/// The slowest request of a minute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slowest {
    kept: Option<Exemplar>,
    /// When it came.
    at: Nanos,
}

impl Slowest {
    /// A request took so long until `now`. It takes the place of one that is not slower, or a minute old.
    #[inline]
    pub fn offer(&mut self, traceparent: &str, value: Nanos, now: Nanos) {
        if !traceparent.is_empty() {
            self.offer_traced(traceparent, value, now);
        }
    }

    fn offer_traced(&mut self, traceparent: &str, value: Nanos, now: Nanos) {
        let stays = self.kept.is_some_and(|kept| kept.value > value) && now.saturating_sub(self.at) < FRESH;
        if stays {
            return;
        }
        if let Some(exemplar) = Exemplar::of(traceparent, value) {
            *self = Slowest { kept: Some(exemplar), at: now };
        }
    }

    /// For the seam.
    pub fn to_proto(self) -> Option<proto::Exemplar> {
        self.kept.map(Exemplar::to_proto)
    }
}

/// The trace of a `traceparent` by W3C Trace Context: of version 00, or of a later one whose beginning is read as that.
/// None where it breaks the rules or names no trace.
fn trace_id(traceparent: &str) -> Option<[u8; 16]> {
    let (head, rest) = traceparent.as_bytes().split_at_checked(55)?;
    let [v0, v1, b'-', trace @ .., b'-', _, _] = head else { return None };
    let (trace, b'-', parent) = (trace.get(..32)?, trace[32], &trace[33..]) else { return None };
    let version = byte([*v0, *v1])?;
    let mut id = [0; 16];
    for (to, digits) in id.iter_mut().zip(trace.chunks_exact(2)) {
        *to = byte([digits[0], digits[1]])?;
    }
    let is_hex = |digits: &[u8]| digits.iter().all(|digit| hex(*digit).is_some());
    let ends = if version == 0 { rest.is_empty() } else { rest.first().is_none_or(|next| *next == b'-') };
    let names_both = id != [0; 16] && parent.iter().any(|digit| *digit != b'0');
    (version != 0xff && is_hex(parent) && is_hex(&head[53..]) && ends && names_both).then_some(id)
}

fn byte([high, low]: [u8; 2]) -> Option<u8> {
    Some(hex(high)? << 4 | hex(low)?)
}

/// Of lower case, as the specification demands.
fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00112233445566778899aabbccddeeff";

    fn traceparent(version: &str, trace: &str) -> String {
        format!("{version}-{trace}-00f067aa0ba902b7-01")
    }

    #[test]
    fn a_trace_is_read_of_version_00_and_of_what_begins_like_it() {
        let id = Some(std::array::from_fn(|at| (at * 0x11) as u8));
        assert_eq!(trace_id(&traceparent("00", TRACE)), id);
        assert_eq!(trace_id(&traceparent("cc", TRACE)), id);
        assert_eq!(trace_id(&(traceparent("cc", TRACE) + "-more")), id);
    }

    #[test]
    fn what_breaks_the_rules_names_no_trace() {
        let good = traceparent("00", TRACE);
        for at in 0..good.len() {
            for wrong in [" ", "g", "A", "-", "_"] {
                let mut text = good.clone();
                text.replace_range(at..=at, wrong);
                assert!(text == good || trace_id(&text).is_none(), "{text}");
            }
            assert_eq!(trace_id(&good[..at]), None);
        }
        for text in [
            traceparent("ff", TRACE),
            traceparent("00", &"0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            good.clone() + "-more",
            traceparent("cc", TRACE) + "more",
            String::new(),
            "é".repeat(28),
        ] {
            assert_eq!(trace_id(&text), None, "{text}");
        }
    }

    fn kept(slowest: Slowest) -> Option<(u8, Nanos)> {
        slowest.to_proto().map(|exemplar| (exemplar.trace_id[15], exemplar.value_nanos))
    }

    #[test]
    fn the_slowest_of_a_minute_stays() {
        let mut slowest = Slowest::default();
        let mut offer = |trace: u8, value, now| {
            slowest.offer(&traceparent("00", &format!("{trace:032x}")), value, now);
            kept(slowest)
        };
        assert_eq!(offer(0, 9, 1), None, "no trace has that number");
        assert_eq!(offer(1, 5, 1), Some((1, 5)));
        assert_eq!(offer(2, 4, FRESH), Some((1, 5)));
        assert_eq!(offer(3, 5, FRESH), Some((3, 5)), "as slow, and newer");
        assert_eq!(offer(4, 4, 2 * FRESH - 1), Some((3, 5)));
        assert_eq!(offer(5, 1, 2 * FRESH), Some((5, 1)), "what was slower is a minute old");
        assert_eq!(offer(6, 2, 2 * FRESH + 1), Some((6, 2)));
    }

    #[test]
    fn what_names_no_trace_takes_no_place() {
        let mut slowest = Slowest::default();
        slowest.offer(&traceparent("00", TRACE), 5, 1);
        for traceparent in ["", "junk"] {
            slowest.offer(traceparent, 9, 2 * FRESH);
        }
        assert_eq!(kept(slowest), Some((0xff, 5)));
    }
}
