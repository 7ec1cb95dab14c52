//! When the worker that accepts does so next, as decisions: at once when there is room again, after a rest when the
//! kernel has run out of something.

use crate::clock::nanos;
use crate::limits::ACCEPT_REST;
use std::io::ErrorKind;
use wire::Nanos;

/// What it means that nobody was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The queue is empty.
    NobodyWaits,
    /// This client hung up while it waited; there may be others.
    ClientLeft,
    /// Out of descriptors or memory: what waits stays in the kernel's queue.
    Exhausted,
}

impl Failure {
    /// By the kernel's word.
    pub fn of(kind: ErrorKind) -> Failure {
        match kind {
            ErrorKind::WouldBlock => Failure::NobodyWaits,
            ErrorKind::ConnectionAborted => Failure::ClientLeft,
            _ => Failure::Exhausted,
        }
    }
}

/// When the worker that accepts does so unasked by its listeners: they tell of what waits only once.
#[derive(Debug, Default)]
pub struct NextAccept {
    at: Option<Nanos>,
}

impl NextAccept {
    /// When, if ever.
    pub fn at(&self) -> Option<Nanos> {
        self.at
    }

    /// It is time.
    pub fn is_due(&self, now: Nanos) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    /// There is room again: at once.
    pub fn ask(&mut self) {
        self.at = Some(0);
    }

    /// Those who wait are being taken.
    pub fn begin(&mut self) {
        self.at = None;
    }

    /// After a rest, in which the kernel may find again what it had run out of.
    pub fn rest(&mut self, now: Nanos) {
        self.at = Some(now + nanos(ACCEPT_REST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    #[test]
    fn only_what_the_kernel_has_run_out_of_is_a_reason_to_rest() {
        assert_eq!(Failure::of(ErrorKind::WouldBlock), Failure::NobodyWaits);
        assert_eq!(Failure::of(ErrorKind::ConnectionAborted), Failure::ClientLeft);
        let [descriptors, memory] = [libc::EMFILE, libc::ENOMEM].map(std::io::Error::from_raw_os_error);
        assert_eq!(Failure::of(descriptors.kind()), Failure::Exhausted);
        assert_eq!(Failure::of(memory.kind()), Failure::Exhausted);
    }

    #[test]
    fn out_of_descriptors_it_rests_100_ms_and_accepts_again_unasked() {
        let mut next = NextAccept::default();
        assert!(!next.is_due(Nanos::MAX), "listeners tell");
        next.rest(1000 * MS);
        assert_eq!(next.at(), Some(1100 * MS));
        assert!(!next.is_due(1100 * MS - 1));
        assert!(next.is_due(1100 * MS));
        next.begin();
        assert!(!next.is_due(Nanos::MAX), "once");
    }

    #[test]
    fn room_below_the_cap_is_taken_at_once_even_during_a_rest() {
        let mut next = NextAccept::default();
        next.rest(1000 * MS);
        next.ask();
        assert!(next.is_due(1));
    }
}
