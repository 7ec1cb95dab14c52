//! Whether a model server is there, as decisions: what a dial says of it, when to probe it, what is worth a line.
//!
//! Data threads say how their dials went while the prober looks, so each answer is one atomic step and nobody waits.

use crate::clock::nanos;
use crate::limits::{PROBE_REST, PROBE_UP};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use wire::Nanos;

/// What is known of one upstream.
#[derive(Debug, Default)]
pub struct Reachability {
    up: AtomicBool,
    /// When a dial last said something; 0 is never.
    last_verdict: AtomicU64,
    suspected: AtomicBool,
    /// What people were told last; only the prober tells.
    told: AtomicU8,
}

/// 0 is nothing yet.
const TOLD_UP: u8 = 1;
const TOLD_DOWN: u8 = 2;

/// What people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// They have not been told yet that it is there.
    Up,
    /// Nor that it is not.
    Down,
}

/// What follows from a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    /// It has come up just now: it may be another one than before.
    pub came_up: bool,
    /// What to tell people.
    pub news: Option<News>,
}

impl Reachability {
    /// The last dial was accepted.
    pub fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    /// A client's dial went so; one that failed makes it suspected. True when it has come up just now.
    pub fn dialled(&self, up: bool, now: Nanos) -> bool {
        let came_up = self.conclude(up, now);
        if !up {
            self.suspect();
        }
        came_up
    }

    /// Something about it went wrong: the next probe is due soon.
    pub fn suspect(&self) {
        self.suspected.store(true, Relaxed);
    }

    /// Whether a probe is due, which then is to be made: it is down, people have not been told that it is up (a client found
    /// it so), it was last seen long ago, or it is suspected and was not seen just now.
    pub fn begin_probe(&self, now: Nanos) -> bool {
        let age = now.saturating_sub(self.last_verdict.load(Relaxed));
        let suspected = self.suspected.load(Relaxed) && age >= nanos(PROBE_REST);
        let told_so = self.is_up() && self.told.load(Relaxed) == TOLD_UP;
        if told_so && age < nanos(PROBE_UP) && !suspected {
            return false;
        }
        self.suspected.store(false, Relaxed);
        true
    }

    /// A probe went so. What it found is news unless people know, whoever found it first.
    pub fn probed(&self, up: bool, now: Nanos) -> Probed {
        let came_up = self.conclude(up, now);
        let (telling, news) = if up { (TOLD_UP, News::Up) } else { (TOLD_DOWN, News::Down) };
        let news = (self.told.swap(telling, Relaxed) != telling).then_some(news);
        Probed { came_up, news }
    }

    /// Only one of those who find it up at the same time finds that it came up.
    fn conclude(&self, up: bool, now: Nanos) -> bool {
        let was_up = self.up.swap(up, Relaxed);
        self.last_verdict.store(now, Relaxed);
        up && !was_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;
    const SECOND: Nanos = 1000 * MS;

    /// An upstream that was found to be up at this moment, and people know it.
    fn up_since(now: Nanos) -> Reachability {
        let upstream = Reachability::default();
        probe(&upstream, true, now);
        upstream
    }

    /// Probes now, if it is time to, and finds it so.
    fn probe(upstream: &Reachability, up: bool, now: Nanos) -> Option<Probed> {
        upstream.begin_probe(now).then(|| upstream.probed(up, now))
    }

    #[test]
    fn the_last_dial_decides_whoever_made_it() {
        let upstream = Reachability::default();
        assert!(!upstream.is_up(), "nobody has seen it");
        upstream.dialled(true, SECOND);
        assert!(upstream.is_up());
        upstream.dialled(false, 2 * SECOND);
        assert!(!upstream.is_up());
        probe(&upstream, true, 3 * SECOND);
        assert!(upstream.is_up());
        probe(&upstream, false, 9 * SECOND);
        assert!(!upstream.is_up());
    }

    #[test]
    fn an_upstream_that_was_never_seen_is_probed_at_once() {
        assert!(Reachability::default().begin_probe(1));
    }

    #[test]
    fn an_upstream_that_is_down_is_probed_whenever_there_is_a_look() {
        let upstream = up_since(SECOND);
        upstream.dialled(false, 2 * SECOND);
        assert!(probe(&upstream, false, 2 * SECOND + 1).is_some());
        assert!(probe(&upstream, false, 2 * SECOND + 2).is_some());
    }

    #[test]
    fn an_upstream_that_is_up_is_probed_5_s_after_the_last_dial() {
        let upstream = up_since(SECOND);
        assert!(!upstream.begin_probe(6 * SECOND - 1));
        assert!(probe(&upstream, true, 6 * SECOND).is_some());
        assert!(!upstream.begin_probe(11 * SECOND - 1), "a probe is a dial too");
        upstream.dialled(true, 10 * SECOND);
        assert!(!upstream.begin_probe(15 * SECOND - 1), "and so is a client's");
    }

    #[test]
    fn a_suspected_upstream_is_probed_soon_but_not_within_200_ms_of_a_dial() {
        let upstream = up_since(SECOND);
        upstream.suspect();
        assert!(!upstream.begin_probe(1200 * MS - 1));
        assert!(probe(&upstream, true, 1200 * MS).is_some(), "the suspicion was kept");
        assert!(!upstream.begin_probe(2 * SECOND), "and is answered");
    }

    #[test]
    fn a_failed_dial_is_a_suspicion_that_outlives_another_clients_success() {
        let upstream = up_since(SECOND);
        upstream.dialled(false, 2 * SECOND);
        upstream.dialled(true, 2 * SECOND);
        assert!(!upstream.begin_probe(2 * SECOND + 1));
        assert!(upstream.begin_probe(2200 * MS));
    }

    #[test]
    fn a_suspicion_during_a_probe_is_not_forgotten() {
        let upstream = up_since(SECOND);
        assert!(upstream.begin_probe(6 * SECOND), "due");
        upstream.suspect();
        upstream.probed(true, 6 * SECOND);
        assert!(upstream.begin_probe(6200 * MS));
    }

    #[test]
    fn an_upstream_comes_up_exactly_once_whoever_sees_it_first() {
        let upstream = Reachability::default();
        assert!(upstream.begin_probe(1), "due");
        assert!(upstream.dialled(true, 2), "a client was faster than the probe");
        assert!(!upstream.probed(true, 3).came_up);
        assert!(!upstream.dialled(true, 4));
        assert!(!upstream.dialled(false, 5), "going down is not coming up");
        assert!(upstream.begin_probe(6), "due");
        assert!(upstream.probed(true, 7).came_up, "and once more after it was down");
        assert!(!upstream.dialled(true, 8));
    }

    #[test]
    fn people_are_told_of_each_change_that_a_probe_finds_and_of_nothing_else() {
        let upstream = Reachability::default();
        let told = |up, now| probe(&upstream, up, now).expect("due").news;
        assert_eq!(told(false, 1), Some(News::Down), "the first look");
        assert_eq!(told(false, 2), None, "it still is");
        assert_eq!(told(true, 3), Some(News::Up));
        assert_eq!(told(true, 6 * SECOND), None, "it still is");
        assert_eq!(told(false, 12 * SECOND), Some(News::Down));
    }

    #[test]
    fn what_a_client_found_first_is_news_all_the_same() {
        let upstream = up_since(SECOND);
        upstream.dialled(false, 2 * SECOND);
        assert_eq!(probe(&upstream, false, 2 * SECOND + 1).expect("due").news, Some(News::Down));
        upstream.dialled(true, 3 * SECOND);
        assert_eq!(probe(&upstream, true, 3 * SECOND + 1).expect("due, to tell it").news, Some(News::Up));
        assert_eq!(probe(&upstream, true, 3 * SECOND + 2), None, "and now it is known");
    }

    #[test]
    fn a_change_that_is_over_before_the_next_look_is_no_news() {
        let upstream = up_since(SECOND);
        upstream.dialled(false, 2 * SECOND);
        assert_eq!(probe(&upstream, true, 2 * SECOND + 1).expect("due").news, None);
    }

    #[test]
    fn a_first_look_that_finds_it_up_is_news() {
        assert_eq!(probe(&Reachability::default(), true, 1), Some(Probed { came_up: true, news: Some(News::Up) }));
    }
}
