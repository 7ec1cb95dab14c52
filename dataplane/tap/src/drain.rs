//! Draining, as a clock-driven sequence: not ready at once, go on accepting, stop and say so, wait, cut; and, where the
//! process is to end, be read a last time, flush.

use wire::Nanos;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Close the listeners, one farewell per connection.
    StopAccepting,
    /// Reset what is still open.
    Cut,
    /// The last connection has ended, so that nothing happens any more.
    CallsOver,
    /// Let somebody read /metrics a last time.
    AwaitScrape,
    /// Let control pull and deliver a last time.
    Flush,
    /// All done.
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    Delay,
    Closing,
    Cutting,
    Over,
    Scraping,
    Flushing { until: Nanos },
    Finished,
}

/// How far what comes after the calls has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct End {
    /// The process is to end: after `/drain` alone it goes on.
    pub wanted: bool,
    /// A last read of /metrics is not waited for, or not any more.
    pub scraped: bool,
    /// Nobody is left to flush.
    pub control_gone: bool,
}

/// The state of a drain.
#[derive(Debug)]
pub struct Drain {
    stage: Stage,
    delay_until: Nanos,
    cut_at: Nanos,
    flush: Nanos,
}

impl Drain {
    /// Not draining. `flush` is how long the last delivery may take.
    pub fn new(flush: Nanos) -> Drain {
        Drain { stage: Stage::Serving, delay_until: 0, cut_at: 0, flush }
    }

    /// Begins, unless it has begun. Returns whether it began now.
    pub fn begin(&mut self, now: Nanos, delay: Nanos, total: Nanos) -> bool {
        if self.stage != Stage::Serving {
            return false;
        }
        self.stage = Stage::Delay;
        self.delay_until = now + delay.min(total);
        self.cut_at = now + total;
        true
    }

    /// Gives up waiting for anything.
    pub fn hurry(&mut self, now: Nanos) {
        self.delay_until = self.delay_until.min(now);
        self.cut_at = self.cut_at.min(now);
    }

    /// It has begun.
    pub fn is_draining(&self) -> bool {
        self.stage != Stage::Serving
    }

    /// No call is left. What is left to wait for concerns the end of the process alone.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over | Stage::Scraping | Stage::Flushing { .. } | Stage::Finished)
    }

    /// The process can end.
    pub fn is_finished(&self) -> bool {
        self.stage == Stage::Finished
    }

    /// Moves on if it is time. `connections` are open.
    pub fn step(&mut self, now: Nanos, connections: usize, end: End) -> Option<Action> {
        let (stage, action) = match self.stage {
            Stage::Delay if now >= self.delay_until => (Stage::Closing, Action::StopAccepting),
            Stage::Closing | Stage::Cutting if connections == 0 => (Stage::Over, Action::CallsOver),
            Stage::Closing if now >= self.cut_at => (Stage::Cutting, Action::Cut),
            Stage::Over if end.wanted => (Stage::Scraping, Action::AwaitScrape),
            Stage::Scraping if end.scraped => (Stage::Flushing { until: now + self.flush }, Action::Flush),
            Stage::Flushing { until } if now >= until || end.control_gone => (Stage::Finished, Action::Finished),
            _ => return None,
        };
        self.stage = stage;
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calls are not the last thing: the process is to end, and waits for nobody.
    const ENDING: End = End { wanted: true, scraped: true, control_gone: true };

    #[test]
    fn a_drain_waits_for_connections_and_cuts_at_its_deadline() {
        let mut drain = Drain::new(2);
        assert!(drain.begin(100, 5, 18));
        assert!(!drain.begin(101, 5, 18), "begins once");
        let end = End { control_gone: false, ..ENDING };
        assert_eq!(drain.step(104, 3, end), None);
        assert_eq!(drain.step(105, 3, end), Some(Action::StopAccepting));
        assert_eq!(drain.step(117, 3, end), None);
        assert_eq!(drain.step(118, 3, end), Some(Action::Cut));
        assert_eq!(drain.step(118, 1, end), None, "the cut one is still to be counted");
        assert!(!drain.is_over());
        assert_eq!(drain.step(118, 0, end), Some(Action::CallsOver));
        assert_eq!(drain.step(118, 0, end), Some(Action::AwaitScrape));
        assert_eq!(drain.step(118, 0, end), Some(Action::Flush));
        assert_eq!(drain.step(119, 0, end), None);
        assert_eq!(drain.step(120, 0, end), Some(Action::Finished));
        assert!(drain.is_finished());
    }

    #[test]
    fn with_nobody_connected_and_no_control_it_is_over_after_the_delay() {
        let mut drain = Drain::new(2);
        drain.begin(0, 5, 18);
        let at_once = [Action::StopAccepting, Action::CallsOver, Action::AwaitScrape, Action::Flush, Action::Finished];
        for action in at_once {
            assert_eq!(drain.step(5, 0, ENDING), Some(action));
        }
    }

    #[test]
    fn after_a_drain_alone_the_process_goes_on_until_its_end_is_wanted() {
        let mut drain = Drain::new(2);
        drain.begin(0, 5, 18);
        let stays = End { wanted: false, ..ENDING };
        while drain.step(5, 0, stays).is_some() {}
        assert!(drain.is_over() && !drain.is_finished());
        assert_eq!(drain.step(1_000, 0, stays), None);
        assert_eq!(drain.step(1_000, 0, ENDING), Some(Action::AwaitScrape));
        let delivering = End { control_gone: false, ..ENDING };
        assert_eq!(drain.step(1_000, 0, delivering), Some(Action::Flush));
        assert_eq!(drain.step(1_001, 0, delivering), None, "control delivers");
        assert_eq!(drain.step(1_002, 0, delivering), Some(Action::Finished), "no longer than that");
    }

    #[test]
    fn the_end_waits_for_the_last_read_and_needs_no_control_meanwhile() {
        let mut drain = Drain::new(2);
        drain.begin(0, 5, 18);
        let unread = End { scraped: false, ..ENDING };
        while drain.step(5, 0, unread).is_some() {}
        assert_eq!(drain.step(1_000, 0, unread), None, "control is dead, and may come back");
        assert!(drain.is_over() && !drain.is_finished(), "/drain is answered all the same");
        assert_eq!(drain.step(1_001, 0, End { control_gone: false, ..ENDING }), Some(Action::Flush));
        assert_eq!(drain.step(1_001, 0, ENDING), Some(Action::Finished));
    }

    #[test]
    fn a_second_signal_skips_the_waits() {
        let mut drain = Drain::new(2);
        drain.begin(0, 5, 18);
        drain.hurry(1);
        assert_eq!(drain.step(1, 9, ENDING), Some(Action::StopAccepting));
        assert_eq!(drain.step(1, 9, ENDING), Some(Action::Cut));
    }
}
