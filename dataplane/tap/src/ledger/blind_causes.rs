//! Why connections are no longer read: what was wrong and where, for people who look for the peer that does it.
//!
//! A listener that meets nothing but TLS makes a cause of each connection. So equal ones are one with a count, the newest
//! of them are kept, and the log has a few lines a minute for each reason.

use crate::limits::{BLIND_CAUSES, BLIND_LINES, BLIND_LINES_PERIOD};
use crate::{clock, names, proto};
use std::collections::{BTreeMap, VecDeque};
use wire::{BlindCause, Direction, Nanos};

/// What was met, and what was told of it.
#[derive(Debug, Default)]
pub struct BlindCauses {
    /// The newest last.
    met: VecDeque<Met>,
    lines: BTreeMap<&'static str, Lines>,
}

/// One cause, however often it was met.
#[derive(Debug)]
struct Met {
    cause: BlindCause,
    /// Of the newest.
    offset: u64,
    last_unix_nanos: Nanos,
    count: u64,
}

/// What the log has had for one reason.
#[derive(Debug, Default)]
struct Lines {
    since: Nanos,
    written: usize,
    left_out: u64,
}

impl BlindCauses {
    /// A cause was met, `offset` bytes into its direction. Returns a line for the log, unless it has had enough of these.
    pub fn meet(&mut self, cause: &BlindCause, offset: u64, unix_nanos: Nanos) -> Option<String> {
        let before = self.met.iter().position(|met| met.cause == *cause).and_then(|at| self.met.remove(at));
        if self.met.len() == BLIND_CAUSES {
            self.met.pop_front();
        }
        let count = 1 + before.map_or(0, |met| met.count);
        self.met.push_back(Met { cause: *cause, offset, last_unix_nanos: unix_nanos, count });
        let left_out = self.lines.entry(names::blind(cause.reason)).or_default().take(unix_nanos)?;
        Some(line(cause, offset, left_out))
    }

    /// For the seam: those that are kept.
    pub fn to_proto(&self) -> Vec<proto::BlindCause> {
        let told = |met: &Met| proto::BlindCause {
            reason: names::blind(met.cause.reason).to_string(),
            cause: met.cause.text.to_string(),
            direction: names::direction(met.cause.direction).to_string(),
            offset: met.offset,
            count: met.count,
            last_unix_nanos: met.last_unix_nanos,
        };
        self.met.iter().map(told).collect()
    }
}

impl Lines {
    /// Takes the place of a line, if there is one, and returns how many were left out before it.
    fn take(&mut self, now: Nanos) -> Option<u64> {
        let until = self.since + clock::nanos(BLIND_LINES_PERIOD);
        // The wall clock may step, which must not silence anything for longer.
        if !(self.since..until).contains(&now) {
            self.since = now;
            self.written = 0;
        }
        if self.written == BLIND_LINES {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

fn line(cause: &BlindCause, offset: u64, left_out: u64) -> String {
    let BlindCause { reason, direction, text } = *cause;
    let from = match direction {
        Direction::ToServer => "client",
        Direction::ToClient => "server",
    };
    let more = if left_out > 0 { format!(" ({left_out} more like it since the last line)") } else { String::new() };
    let reason = names::blind(reason);
    format!(
        "a connection is forwarded and no longer read ({reason}): {text}, in what came after byte {offset} of the {from}{more}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Blind;

    const SECOND: Nanos = 1_000_000_000;
    const PADDING: BlindCause =
        BlindCause { reason: Blind::Frame, direction: Direction::ToServer, text: "padding is longer than its frame" };
    const HELLO: BlindCause =
        BlindCause { reason: Blind::Tls, direction: Direction::ToServer, text: "it begins with a TLS hello" };

    #[test]
    fn equal_causes_are_one_with_a_count_and_the_place_and_time_of_the_newest() {
        let mut causes = BlindCauses::default();
        causes.meet(&PADDING, 10, 100);
        causes.meet(&HELLO, 0, 150);
        causes.meet(&PADDING, 20, 200);
        let other_way = BlindCause { direction: Direction::ToClient, ..PADDING };
        causes.meet(&other_way, 30, 300);
        let told: Vec<_> =
            causes.to_proto().into_iter().map(|it| (it.reason, it.direction, it.offset, it.count)).collect();
        let expected = [("tls", "to_server", 0, 1), ("frame", "to_server", 20, 2), ("frame", "to_client", 30, 1)];
        assert_eq!(told, expected.map(|(reason, way, offset, count)| (reason.into(), way.into(), offset, count)));
        let newest = causes.to_proto().pop().expect("three");
        assert_eq!((newest.last_unix_nanos, &*newest.cause), (300, "padding is longer than its frame"));
    }

    #[test]
    fn only_the_newest_are_kept() {
        const TEXTS: [&str; BLIND_CAUSES + 2] = {
            let mut texts = [""; BLIND_CAUSES + 2];
            let all = "0123456789012345678901234567890123456789";
            let mut length = 0;
            while length < texts.len() {
                texts[length] = all.split_at(length).0;
                length += 1;
            }
            texts
        };
        let mut causes = BlindCauses::default();
        for text in TEXTS {
            causes.meet(&BlindCause { text, ..PADDING }, 0, 1);
        }
        let told: Vec<_> = causes.to_proto().iter().map(|it| it.cause.len()).collect();
        assert_eq!(told, (2..BLIND_CAUSES + 2).collect::<Vec<_>>());
        causes.meet(&BlindCause { text: TEXTS[2], ..PADDING }, 0, 2);
        assert_eq!(causes.to_proto().len(), BLIND_CAUSES, "one that is there pushes none out");
        assert_eq!(causes.to_proto().pop().map(|newest| (newest.cause.len(), newest.count)), Some((2, 2)));
    }

    #[test]
    fn the_log_has_three_lines_a_minute_for_a_reason_and_the_next_says_how_many_it_has_not() {
        let mut causes = BlindCauses::default();
        let at = |causes: &mut BlindCauses, second: u64| causes.meet(&PADDING, 7, (1000 + second) * SECOND);
        let line = at(&mut causes, 0).expect("the first");
        assert_eq!(
            line,
            "a connection is forwarded and no longer read (frame): padding is longer than its frame, in what came after byte 7 of the \
             client"
        );
        assert!(at(&mut causes, 1).is_some() && at(&mut causes, 2).is_some());
        assert_eq!((at(&mut causes, 3), at(&mut causes, 59)), (None, None));
        assert!(causes.meet(&HELLO, 0, 1059 * SECOND).is_some(), "of another reason");
        assert!(at(&mut causes, 60).expect("a minute later").ends_with(" (2 more like it since the last line)"));
        assert!(at(&mut causes, 61).expect("the second").ends_with("of the client"), "told once");
    }

    #[test]
    fn a_wall_clock_that_steps_back_silences_nothing() {
        let mut causes = BlindCauses::default();
        (0..4).for_each(|_| drop(causes.meet(&PADDING, 0, 5000 * SECOND)));
        assert!(causes.meet(&PADDING, 0, 1000 * SECOND).is_some());
    }
}
