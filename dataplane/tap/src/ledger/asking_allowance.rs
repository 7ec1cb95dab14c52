//! How often a server may be asked about names that clients wrote: anybody can write any number of them.

use crate::clock::nanos;
use crate::limits::{ASKING_PERIOD, NAMES_ASKED, NAMES_ASKED_IN_ALL};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use wire::Nanos;

/// What was asked so far.
#[derive(Debug, Default)]
pub struct Allowance {
    /// When each name was asked about last.
    asked: FxHashMap<Box<str>, Nanos>,
    /// When somebody was asked within the last period, oldest first.
    lately: VecDeque<Nanos>,
}

impl Allowance {
    /// The server has been asked about this name.
    pub fn has_asked(&self, name: &str) -> bool {
        self.asked.contains_key(name)
    }

    /// Takes the right to ask about a name now, if there is one.
    pub fn take(&mut self, name: &str, now: Nanos) -> bool {
        let is_over = |since: Nanos| now.saturating_sub(since) >= nanos(ASKING_PERIOD);
        while self.lately.front().is_some_and(|&oldest| is_over(oldest)) {
            self.lately.pop_front();
        }
        let may = match self.asked.get(name) {
            Some(&last) => is_over(last),
            None => self.asked.len() < NAMES_ASKED_IN_ALL,
        };
        let may = may && self.lately.len() < NAMES_ASKED;
        if may {
            self.asked.insert(name.into(), now);
            self.lately.push_back(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    #[test]
    fn ten_names_in_any_minute() {
        let mut allowance = Allowance::default();
        let taken = |allowance: &mut Allowance, from: usize, now| {
            (from..from + 100).filter(|number| allowance.take(&number.to_string(), now)).count()
        };
        assert_eq!(taken(&mut allowance, 0, SECOND), 10);
        assert_eq!(taken(&mut allowance, 100, 60 * SECOND), 0, "the minute is not over");
        assert_eq!(taken(&mut allowance, 200, 61 * SECOND), 10);
        assert_eq!(taken(&mut allowance, 300, 61 * SECOND), 0);
    }

    #[test]
    fn sixty_four_names_in_all_and_each_of_them_once_a_minute() {
        let mut allowance = Allowance::default();
        let taken = (0..1000).filter(|number| allowance.take(&number.to_string(), number * 60 * SECOND)).count();
        assert_eq!(taken, NAMES_ASKED_IN_ALL);
        let later = 2000 * 60 * SECOND;
        assert!(allowance.take("7", later) && allowance.has_asked("7"), "it may be there by now");
        assert!(!allowance.take("7", later + 59 * SECOND));
        assert!(!allowance.take("new", later + 60 * SECOND) && !allowance.has_asked("new"));
    }
}
