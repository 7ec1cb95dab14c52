//! The last read of /metrics. What happened after the one before it would be lost to whoever scrapes, so the end of the
//! process waits for it, where that is wanted and for so long.

use wire::Nanos;

/// What became of the wait, for people.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// Somebody has all of it.
    Well(String),
    /// Nobody has.
    Lost(String),
}

/// Whether somebody has read all there was.
#[derive(Debug, Default)]
pub struct LastScrape {
    /// The first snapshot that tells of all calls: it was taken after the last connection had ended.
    whole_from: Option<u64>,
    /// The newest snapshot of which somebody has a whole page.
    read: u64,
    /// When the process had nothing else left to wait for.
    since: Option<Nanos>,
    skipped: bool,
}

impl LastScrape {
    /// Somebody has a whole page that was made from this snapshot.
    pub fn scraped(&mut self, sequence: u64) {
        self.read = self.read.max(sequence);
    }

    /// The last connection has ended; the coming snapshot is the first that tells of all of it.
    pub fn calls_are_over(&mut self, coming: u64) {
        self.whole_from = Some(coming);
    }

    /// From now on it is waited for, at most so long, 0 = not at all. Returns what people are to be told.
    pub fn begin(&mut self, now: Nanos, wait: Nanos) -> Option<String> {
        self.since = Some(now);
        let waits = !self.is_over(now, wait);
        waits.then(|| format!("calls are over: waiting for a last read of /metrics, at most {} s", seconds(wait)))
    }

    /// A second signal: whoever sends it is in a hurry.
    pub fn skip(&mut self) {
        self.skipped = true;
    }

    /// It is waited for no longer.
    pub fn is_over(&self, now: Nanos, wait: Nanos) -> bool {
        self.is_read() || self.skipped || self.since.is_some_and(|since| now >= since + wait)
    }

    /// What became of a wait that is over; None where none was wanted.
    pub fn outcome(&self, now: Nanos, wait: Nanos) -> Option<Told> {
        let lost = "what happened since the last scrape is lost to it";
        let waited = now.saturating_sub(self.since?);
        (wait > 0).then(|| match (self.is_read(), self.skipped) {
            (true, _) if waited == 0 => {
                Told::Well("/metrics was read after the calls were over: not waiting for it".into())
            }
            (true, _) => Told::Well(format!("scraped a last time after {:.1} s", seconds(waited))),
            (false, true) => Told::Lost(format!("a second signal: not waiting for a last read of /metrics: {lost}")),
            (false, false) => Told::Lost(format!("nobody read /metrics within {} s: {lost}", seconds(wait))),
        })
    }

    fn is_read(&self) -> bool {
        self.whole_from.is_some_and(|whole_from| self.read >= whole_from)
    }
}

fn seconds(nanos: Nanos) -> f64 {
    nanos as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;
    const WAIT: Nanos = 35 * SECOND;

    /// Calls ended before snapshot 7, and the end has been waited for since the hundredth second.
    fn waiting() -> LastScrape {
        let mut scrape = LastScrape::default();
        scrape.scraped(6);
        scrape.calls_are_over(7);
        assert!(!scrape.is_over(90 * SECOND, WAIT), "it has not begun");
        let told = scrape.begin(100 * SECOND, WAIT).expect("it waits");
        assert_eq!(told, "calls are over: waiting for a last read of /metrics, at most 35 s");
        scrape
    }

    fn well(text: &str) -> Option<Told> {
        Some(Told::Well(text.into()))
    }

    fn lost(text: &str) -> Option<Told> {
        Some(Told::Lost(format!("{text}: what happened since the last scrape is lost to it")))
    }

    #[test]
    fn a_page_of_the_first_snapshot_after_the_last_connection_ends_the_wait() {
        let mut scrape = waiting();
        assert!(!scrape.is_over(100 * SECOND, WAIT));
        scrape.scraped(7);
        assert!(scrape.is_over(107 * SECOND, WAIT));
        assert_eq!(scrape.outcome(107_200_000_000, WAIT), well("scraped a last time after 7.2 s"));
    }

    #[test]
    fn a_page_of_an_older_snapshot_does_not_nor_takes_one_back() {
        let mut scrape = waiting();
        scrape.scraped(6);
        assert!(!scrape.is_over(101 * SECOND, WAIT));
        scrape.scraped(9);
        scrape.scraped(5);
        assert!(scrape.is_over(102 * SECOND, WAIT));
    }

    #[test]
    fn nobody_is_waited_for_longer_than_that() {
        let scrape = waiting();
        assert!(!scrape.is_over(135 * SECOND - 1, WAIT));
        assert!(scrape.is_over(135 * SECOND, WAIT));
        assert_eq!(scrape.outcome(135 * SECOND, WAIT), lost("nobody read /metrics within 35 s"));
    }

    #[test]
    fn a_second_signal_ends_the_wait_and_one_that_came_before_it_prevents_it() {
        let mut scrape = waiting();
        scrape.skip();
        assert!(scrape.is_over(101 * SECOND, WAIT));
        let told = lost("a second signal: not waiting for a last read of /metrics");
        assert_eq!(scrape.outcome(101 * SECOND, WAIT), told);
        let mut early = LastScrape { skipped: true, ..LastScrape::default() };
        early.calls_are_over(7);
        assert_eq!(early.begin(100 * SECOND, WAIT), None);
    }

    #[test]
    fn a_read_between_the_calls_and_the_end_counts() {
        let mut scrape = LastScrape::default();
        scrape.calls_are_over(7);
        scrape.scraped(8);
        assert_eq!(scrape.begin(100 * SECOND, WAIT), None);
        let told = "/metrics was read after the calls were over: not waiting for it";
        assert_eq!(scrape.outcome(100 * SECOND, WAIT), well(told));
    }

    #[test]
    fn where_it_is_not_wanted_nothing_waits_and_nothing_is_told() {
        let mut scrape = LastScrape::default();
        scrape.calls_are_over(7);
        assert_eq!(scrape.begin(100 * SECOND, 0), None);
        assert!(scrape.is_over(100 * SECOND, 0));
        assert_eq!(scrape.outcome(100 * SECOND, 0), None);
    }

    #[test]
    fn no_read_counts_while_calls_may_go_on() {
        let mut scrape = LastScrape::default();
        scrape.scraped(1_000);
        assert!(!scrape.is_over(100 * SECOND, WAIT));
    }
}
