//! A pull that is being answered: it waits until every worker has looked at its open calls, or for so long.

use crate::clock::nanos;
use crate::limits::SCAN_WAIT;
use wire::Nanos;

/// A pull and the scan that was begun for it.
#[derive(Debug)]
pub struct PendingPull {
    /// The snapshot that control has already.
    pub since: u64,
    /// A worker that has not scanned by then is left out.
    pub deadline: Nanos,
    scan: u64,
    /// Workers that have not scanned.
    waiting: usize,
}

impl PendingPull {
    /// A pull for which so many workers were just told to scan, under this number.
    pub fn new(since: u64, scan: u64, workers: usize, now: Nanos) -> PendingPull {
        PendingPull { since, deadline: now + nanos(SCAN_WAIT), scan, waiting: workers }
    }

    /// A worker has completed the scan of this number. One of an earlier pull, which this one replaced, tells nothing.
    pub fn scanned(&mut self, scan: u64) {
        if scan == self.scan {
            self.waiting = self.waiting.saturating_sub(1);
        }
    }

    /// It can be answered.
    pub fn is_complete(&self, now: Nanos) -> bool {
        self.waiting == 0 || now >= self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    #[test]
    fn a_pull_is_complete_when_every_worker_has_scanned() {
        let mut pull = PendingPull::new(0, 7, 2, SECOND);
        assert!(!pull.is_complete(SECOND));
        pull.scanned(7);
        assert!(!pull.is_complete(SECOND));
        pull.scanned(7);
        assert!(pull.is_complete(SECOND));
    }

    #[test]
    fn a_worker_that_does_not_scan_is_left_out_after_2_s() {
        let mut pull = PendingPull::new(0, 7, 2, SECOND);
        pull.scanned(7);
        assert_eq!(pull.deadline, 3 * SECOND);
        assert!(!pull.is_complete(3 * SECOND - 1));
        assert!(pull.is_complete(3 * SECOND));
    }

    #[test]
    fn the_scans_of_an_earlier_pull_complete_nothing() {
        let mut pull = PendingPull::new(0, 7, 1, SECOND);
        pull.scanned(6);
        assert!(!pull.is_complete(SECOND));
        pull.scanned(7);
        pull.scanned(7);
        assert!(pull.is_complete(SECOND), "and one too many harms nothing");
    }
}
