//! Draining, as a clock-driven sequence: not ready at once, go on accepting, stop and say so, wait, cut, flush.

use wire::Nanos;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Close the listeners, one farewell per connection.
    StopAccepting,
    /// Reset what is still open.
    Cut,
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
    Flushing { until: Nanos },
    Finished,
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

    /// The process is to end after a drain that is over, and that nobody flushed because it was to go on. Returns whether
    /// there is such a last delivery to be waited for.
    pub fn flush_once_more(&mut self, now: Nanos) -> bool {
        let over = self.is_finished();
        if over {
            self.stage = Stage::Flushing { until: now + self.flush };
        }
        over
    }

    /// It has begun.
    pub fn is_draining(&self) -> bool {
        self.stage != Stage::Serving
    }

    /// It is over.
    pub fn is_finished(&self) -> bool {
        self.stage == Stage::Finished
    }

    /// Moves on if it is time. `connections` are open; `control_gone`: nobody is left to flush.
    pub fn step(&mut self, now: Nanos, connections: usize, control_gone: bool) -> Option<Action> {
        let (stage, action) = match self.stage {
            Stage::Delay if now >= self.delay_until => (Stage::Closing, Action::StopAccepting),
            Stage::Closing if connections == 0 => (Stage::Flushing { until: now + self.flush }, Action::Flush),
            Stage::Closing if now >= self.cut_at => (Stage::Cutting, Action::Cut),
            Stage::Cutting if connections == 0 => (Stage::Flushing { until: now + self.flush }, Action::Flush),
            Stage::Flushing { until } if now >= until || control_gone => (Stage::Finished, Action::Finished),
            _ => return None,
        };
        self.stage = stage;
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_waits_for_connections_and_cuts_at_its_deadline() {
        let mut drain = Drain::new(2);
        assert!(drain.begin(100, 5, 18));
        assert!(!drain.begin(101, 5, 18), "begins once");
        assert_eq!(drain.step(104, 3, false), None);
        assert_eq!(drain.step(105, 3, false), Some(Action::StopAccepting));
        assert_eq!(drain.step(117, 3, false), None);
        assert_eq!(drain.step(118, 3, false), Some(Action::Cut));
        assert_eq!(drain.step(118, 0, false), Some(Action::Flush));
        assert_eq!(drain.step(119, 0, false), None);
        assert_eq!(drain.step(120, 0, false), Some(Action::Finished));
        assert!(drain.is_finished());
    }

    #[test]
    fn with_nobody_connected_and_no_control_it_is_over_after_the_delay() {
        let mut drain = Drain::new(2);
        drain.begin(0, 5, 18);
        assert_eq!(drain.step(5, 0, true), Some(Action::StopAccepting));
        assert_eq!(drain.step(5, 0, true), Some(Action::Flush));
        assert_eq!(drain.step(5, 0, true), Some(Action::Finished));
    }

    #[test]
    fn after_a_drain_that_is_over_the_end_of_the_process_waits_for_a_flush() {
        let mut drain = Drain::new(2);
        assert!(!drain.flush_once_more(0), "nothing is over");
        drain.begin(0, 5, 18);
        assert!(!drain.flush_once_more(1), "its own flush is still to come");
        while !drain.is_finished() {
            drain.step(5, 0, true);
        }
        assert!(drain.flush_once_more(100));
        assert_eq!(drain.step(101, 0, false), None, "control delivers");
        assert!(!drain.is_finished());
        assert_eq!(drain.step(101, 0, true), Some(Action::Finished), "it has");
        assert!(drain.flush_once_more(200));
        assert_eq!(drain.step(202, 0, false), Some(Action::Finished), "no longer than that");
    }

    #[test]
    fn a_second_signal_skips_the_waits() {
        let mut drain = Drain::new(2);
        drain.begin(0, 5, 18);
        drain.hurry(1);
        assert_eq!(drain.step(1, 9, true), Some(Action::StopAccepting));
        assert_eq!(drain.step(1, 9, true), Some(Action::Cut));
    }
}
