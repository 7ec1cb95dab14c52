//! How long the main loop may sleep without an event: until the next thing is due, and never so long that what no event
//! tells of would wait for it.

use std::time::Duration;
use wire::Nanos;

/// A loop that has nothing to wait for looks around as often as this.
const LONGEST: Duration = Duration::from_secs(1);
/// While it drains: connections close without a word to this thread.
const LONGEST_IN_DRAIN: Duration = Duration::from_millis(20);
/// What is overdue is not hurried by spinning. epoll counts whole milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

/// How long it is until the first of the moments that are due.
pub fn longest(now: Nanos, due: impl IntoIterator<Item = Nanos>, draining: bool) -> Duration {
    let most = if draining { LONGEST_IN_DRAIN } else { LONGEST };
    let next = due.into_iter().min();
    let wait = next.map_or(most, |at| Duration::from_nanos(at.saturating_sub(now)));
    wait.clamp(SHORTEST, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    fn millis(now: Nanos, due: &[Nanos], draining: bool) -> u128 {
        longest(now, due.iter().copied(), draining).as_millis()
    }

    #[test]
    fn it_sleeps_until_the_first_moment_that_is_due() {
        assert_eq!(millis(1000 * MS, &[1300 * MS, 1100 * MS], false), 100);
    }

    #[test]
    fn with_nothing_due_it_sleeps_a_second() {
        assert_eq!(millis(5, &[], false), 1000);
        assert_eq!(millis(5, &[60_000 * MS], false), 1000, "nor longer for what is far away");
    }

    #[test]
    fn it_looks_often_while_it_drains() {
        assert_eq!(millis(5, &[], true), 20);
        assert_eq!(millis(0, &[500 * MS], true), 20);
        assert_eq!(millis(0, &[10 * MS], true), 10);
    }

    #[test]
    fn it_never_spins() {
        assert_eq!(millis(1000 * MS, &[999 * MS], false), 1, "even with what is overdue");
        assert_eq!(millis(0, &[1], true), 1);
    }
}
