//! Ready = not draining, each upstream accepted the last dial, and scraped where that is waited for. That the tap listens is
//! told by the answer itself.

use wire::Nanos;

/// Whether the first read of /metrics is still waited for. Once it is not, it never is again.
#[derive(Debug, Default)]
pub struct FirstScrape {
    over: bool,
}

impl FirstScrape {
    /// Somebody has read it.
    pub fn scraped(&mut self) {
        self.over = true;
    }

    /// It is waited for at most so long after the start, 0 = not at all.
    pub fn is_awaited(&mut self, now: Nanos, wait: Nanos) -> bool {
        self.over |= now >= wait;
        !self.over
    }
}

/// Why the tap is not ready, given its upstreams as (address, is up); None: it is.
pub fn not_ready<'a>(
    draining: bool,
    scrape_awaited: bool,
    mut upstreams: impl Iterator<Item = (&'a str, bool)>,
) -> Option<String> {
    if draining {
        return Some("draining".to_string());
    }
    match upstreams.find(|(_, is_up)| !is_up) {
        Some((down, _)) => Some(format!("upstream {down} is down")),
        None => scrape_awaited.then(|| "not scraped yet".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_every_upstream_is_up() {
        assert_eq!(not_ready(false, false, [("a:1", true), ("b:2", true)].into_iter()), None);
    }

    #[test]
    fn the_first_upstream_that_is_down_is_named() {
        for scrape_awaited in [true, false] {
            let upstreams = [("a:1", true), ("b:2", false), ("c:3", false)];
            let told = not_ready(false, scrape_awaited, upstreams.into_iter());
            assert_eq!(told.as_deref(), Some("upstream b:2 is down"));
        }
    }

    #[test]
    fn draining_comes_before_whatever_is_down() {
        for is_up in [true, false] {
            assert_eq!(not_ready(true, true, [("a:1", is_up)].into_iter()).as_deref(), Some("draining"));
        }
    }

    #[test]
    fn with_all_else_well_it_is_the_first_scrape_that_is_waited_for() {
        assert_eq!(not_ready(false, true, [("a:1", true)].into_iter()).as_deref(), Some("not scraped yet"));
    }

    #[test]
    fn the_first_scrape_is_waited_for_until_it_came_and_never_again() {
        let mut scrape = FirstScrape::default();
        assert!(scrape.is_awaited(1, 35));
        scrape.scraped();
        assert!(!scrape.is_awaited(2, 35));
    }

    #[test]
    fn nor_longer_than_that_whatever_a_later_policy_says() {
        let mut scrape = FirstScrape::default();
        assert!(scrape.is_awaited(34, 35));
        assert!(!scrape.is_awaited(35, 35));
        assert!(!scrape.is_awaited(36, 1_000));
    }

    #[test]
    fn where_it_is_not_wanted_it_never_is_waited_for() {
        let mut scrape = FirstScrape::default();
        assert!(!scrape.is_awaited(1, 0));
        assert!(!scrape.is_awaited(2, 35), "wanted by a reload it comes too late: it was ready");
    }
}
