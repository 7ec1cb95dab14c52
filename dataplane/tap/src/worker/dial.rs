//! A dial, as decisions: which address is tried, how long it has, and what follows from how it went.

use crate::clock::nanos;
use crate::limits::DIAL_TIMEOUT;
use wire::Nanos;

/// What is to be done about a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait: for the kernel's word, or for the deadline.
    Wait,
    /// The upstream accepted. Where that was not at the first address, the one that did is to be preferred.
    Connected {
        /// At which attempt.
        prefer: Option<usize>,
    },
    /// This address refused or let its time pass: try the next.
    TryNext,
}

/// The state of a dial.
#[derive(Debug)]
pub struct Dial {
    tried: usize,
    deadline: Nanos,
    under_way: bool,
}

impl Dial {
    /// No address was tried yet.
    pub fn new() -> Dial {
        Dial { tried: 0, deadline: 0, under_way: true }
    }

    /// The upstream has not accepted yet.
    pub fn is_under_way(&self) -> bool {
        self.under_way
    }

    /// When to give up on the address being tried.
    pub fn deadline(&self) -> Nanos {
        self.deadline
    }

    /// Which of so many addresses to try now; they share the time that a dial may take. None: all were tried, and the
    /// dial has failed.
    pub fn next_attempt(&mut self, now: Nanos, addresses: usize) -> Option<usize> {
        let attempt = self.tried;
        if attempt >= addresses {
            return None;
        }
        self.tried += 1;
        self.deadline = now + nanos(DIAL_TIMEOUT) / addresses as u64;
        Some(attempt)
    }

    /// Whether the address being tried has accepted; None while the kernel does not know.
    pub fn heard(&mut self, accepted: Option<bool>, now: Nanos) -> Step {
        match accepted {
            Some(true) => {
                self.under_way = false;
                Step::Connected { prefer: self.tried.checked_sub(1).filter(|attempt| *attempt > 0) }
            }
            None if now < self.deadline => Step::Wait,
            Some(false) | None => Step::TryNext,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;
    const SECOND: Nanos = 1000 * MS;

    #[test]
    fn one_address_has_all_the_time_there_is() {
        let mut dial = Dial::new();
        assert_eq!(dial.next_attempt(5 * SECOND, 1), Some(0));
        assert_eq!(dial.deadline(), 6 * SECOND);
        assert_eq!(dial.heard(None, 6 * SECOND - 1), Step::Wait);
        assert_eq!(dial.heard(None, 6 * SECOND), Step::TryNext);
        assert_eq!(dial.next_attempt(6 * SECOND, 1), None, "there is no other");
    }

    #[test]
    fn the_addresses_of_a_name_share_the_time() {
        let mut dial = Dial::new();
        let mut now = 0;
        for attempt in 0..4 {
            assert_eq!(dial.next_attempt(now, 4), Some(attempt));
            assert_eq!(dial.deadline(), now + 250 * MS);
            now = dial.deadline();
            assert_eq!(dial.heard(None, now), Step::TryNext);
        }
        assert_eq!(dial.next_attempt(now, 4), None);
        assert_eq!(now, SECOND);
    }

    #[test]
    fn a_refusal_does_not_wait_for_the_deadline() {
        let mut dial = Dial::new();
        dial.next_attempt(0, 2);
        assert_eq!(dial.heard(Some(false), 1), Step::TryNext);
        assert_eq!(dial.next_attempt(1, 2), Some(1));
        assert_eq!(dial.heard(None, 2), Step::Wait, "the next has a time of its own");
    }

    #[test]
    fn a_name_without_addresses_has_failed_before_it_began() {
        assert_eq!(Dial::new().next_attempt(0, 0), None);
    }

    #[test]
    fn the_address_that_accepted_is_preferred_unless_it_is_the_first_already() {
        let mut dial = Dial::new();
        dial.next_attempt(0, 3);
        assert_eq!(dial.heard(Some(true), 1), Step::Connected { prefer: None });

        let mut dial = Dial::new();
        dial.next_attempt(0, 3);
        dial.heard(Some(false), 1);
        dial.next_attempt(1, 3);
        assert_eq!(dial.heard(Some(true), 2), Step::Connected { prefer: Some(1) });
    }

    #[test]
    fn a_dial_is_under_way_until_an_address_has_accepted() {
        let mut dial = Dial::new();
        dial.next_attempt(0, 2);
        dial.heard(Some(false), 1);
        assert!(dial.is_under_way());
        dial.next_attempt(1, 2);
        dial.heard(Some(true), 2);
        assert!(!dial.is_under_way());
    }

    #[test]
    fn an_answer_counts_even_after_its_deadline() {
        let mut dial = Dial::new();
        dial.next_attempt(0, 1);
        assert_eq!(dial.heard(Some(true), 2 * SECOND), Step::Connected { prefer: None });
    }
}
