//! When a client held up its connection: it did not read, so that bytes for it were held and nothing was read of its
//! server meanwhile. What is judged of the server is judged without that time.

use crate::limits::HOLDS;
use wire::Nanos;

/// The times in which one client did not read. Most clients always do, and it is empty.
#[derive(Debug, Default)]
pub struct Holds {
    over: Vec<Hold>,
    /// Since when bytes have been held.
    since: Option<Nanos>,
}

/// Those of a client that has always read.
pub static NO_HOLDS: Holds = Holds { over: Vec::new(), since: None };

#[derive(Clone, Copy, Debug)]
struct Hold {
    since: Nanos,
    until: Nanos,
    /// How much of that time bytes were held: all of it, unless it was two holds.
    held: Nanos,
    /// The same of all holds before.
    before: Nanos,
}

impl Holds {
    /// Bytes are held from now on.
    pub fn begin(&mut self, now: Nanos) {
        self.since.get_or_insert(now);
    }

    /// They have been sent on.
    pub fn end(&mut self, now: Nanos) {
        let Some(since) = self.since.take() else { return };
        let before = self.over.last().map_or(0, |last| last.before + last.held);
        self.over.push(Hold { since, until: now, held: now.saturating_sub(since), before });
        if self.over.len() > HOLDS {
            self.join_closest();
        }
    }

    /// No call is open that could have been held up.
    pub fn forget(&mut self) {
        self.over.clear();
    }

    /// There is something to forget.
    pub fn are_known(&self) -> bool {
        !self.over.is_empty()
    }

    /// How much of this time, which is not in the future, was held up.
    #[inline]
    pub fn between(&self, since: Nanos, until: Nanos) -> Nanos {
        if self.over.is_empty() && self.since.is_none() {
            return 0;
        }
        self.until(until).saturating_sub(self.until(since))
    }

    /// How long bytes had been held by then, altogether.
    fn until(&self, moment: Nanos) -> Nanos {
        let now = self.since.map_or(0, |since| moment.saturating_sub(since));
        let begun = self.over.partition_point(|hold| hold.since < moment);
        let over = begun.checked_sub(1).map_or(0, |at| {
            let hold = &self.over[at];
            hold.before + hold.held.min(moment - hold.since)
        });
        over + now
    }

    #[cold]
    fn join_closest(&mut self) {
        let pause = |at: &usize| self.over[*at].since - self.over[*at - 1].until;
        let Some(at) = (1..self.over.len()).min_by_key(pause) else { return };
        let later = self.over.remove(at);
        let earlier = &mut self.over[at - 1];
        earlier.until = later.until;
        earlier.held += later.held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_held_up_of_a_wait_counts() {
        let mut holds = Holds::default();
        assert_eq!(holds.between(0, 100), 0);
        holds.begin(10);
        holds.begin(15);
        assert_eq!((holds.between(0, 10), holds.between(0, 30), holds.between(20, 30)), (0, 20, 10), "it still is");
        holds.end(40);
        holds.end(41);
        holds.begin(60);
        holds.end(70);
        for (since, until, held) in
            [(0, 100, 40), (0, 10, 0), (10, 40, 30), (35, 65, 10), (40, 60, 0), (65, 100, 5), (70, 100, 0)]
        {
            assert_eq!(holds.between(since, until), held, "{since} to {until}");
        }
        holds.forget();
        assert!(!holds.are_known() && holds.between(0, 100) == 0);
    }

    #[test]
    fn there_is_a_bound_and_the_sum_stays_what_it_was() {
        let mut holds = Holds::default();
        for n in 0..10 * HOLDS as u64 {
            holds.begin(100 * n);
            holds.end(100 * n + 30 + n % 2);
        }
        let n = 10 * HOLDS as u64;
        assert_eq!(holds.over.len(), HOLDS);
        assert_eq!(holds.between(0, 100 * n), 30 * n + n / 2);
        holds.begin(100 * n + 7);
        assert_eq!(holds.between(100 * n, 100 * n + 10), 3);
    }
}
