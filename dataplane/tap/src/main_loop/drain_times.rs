//! How long a drain takes, by the policy or, where that says nothing, by the tap's own defaults.

use crate::clock::nanos;
use crate::limits::{DRAIN_DELAY, DRAIN_TOTAL};
use crate::proto::DrainSettings;
use wire::Nanos;

/// How long to go on accepting, and after how long to cut. A delay of nothing is one.
pub fn of(wanted: DrainSettings) -> (Nanos, Nanos) {
    let total = if wanted.total_nanos == 0 { nanos(DRAIN_TOTAL) } else { wanted.total_nanos };
    (wanted.delay_nanos.unwrap_or(nanos(DRAIN_DELAY)), total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    #[test]
    fn a_policy_that_says_nothing_leaves_it_to_the_tap() {
        assert_eq!(of(DrainSettings::default()), (5 * SECOND, 18 * SECOND));
    }

    #[test]
    fn what_it_says_counts_and_a_delay_of_nothing_is_said() {
        assert_eq!(of(DrainSettings { delay_nanos: Some(3), total_nanos: 7, ..DrainSettings::default() }), (3, 7));
        assert_eq!(of(DrainSettings { delay_nanos: Some(0), total_nanos: 7, ..DrainSettings::default() }), (0, 7));
    }
}
