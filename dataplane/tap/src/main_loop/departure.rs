//! Signals, as decisions: whether the process is to end with its drain. After `/drain` alone it goes on, and control
//! with it.

use crate::drain::Action;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Reap the children that died.
    Reap,
    /// Drain, for this reason, and then end.
    Drain(&'static str),
    /// Wait no longer for anything.
    Hurry,
}

/// Whether the process is to end.
#[derive(Debug, Default)]
pub struct Departure {
    leaving: bool,
}

impl Departure {
    /// A signal came. The first that asks for the end is heeded by draining, each one after it by haste.
    pub fn signal(&mut self, signal: i32) -> Demand {
        match signal {
            libc::SIGCHLD => Demand::Reap,
            _ if std::mem::replace(&mut self.leaving, true) => Demand::Hurry,
            libc::SIGTERM => Demand::Drain("SIGTERM"),
            _ => Demand::Drain("SIGINT"),
        }
    }

    /// There is nothing left to do.
    pub fn is_complete(&self, drained: bool) -> bool {
        self.leaving && drained
    }

    /// Control is to deliver what it holds, because this step of a drain is the last that it sees.
    pub fn asks_control_to_flush(&self, action: Action) -> bool {
        self.leaving && action == Action::Flush
    }

    /// Nobody delivers anything at the end of a drain, so that nobody is to be waited for.
    pub fn nobody_flushes(&self, control_is_there: bool) -> bool {
        !self.leaving || !control_is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_drains_and_each_one_after_it_hurries() {
        let mut departure = Departure::default();
        assert_eq!(departure.signal(libc::SIGTERM), Demand::Drain("SIGTERM"));
        assert_eq!(departure.signal(libc::SIGTERM), Demand::Hurry);
        assert_eq!(departure.signal(libc::SIGINT), Demand::Hurry);
        assert_eq!(Departure::default().signal(libc::SIGINT), Demand::Drain("SIGINT"));
    }

    #[test]
    fn a_child_that_died_ends_nothing() {
        let mut departure = Departure::default();
        assert_eq!(departure.signal(libc::SIGCHLD), Demand::Reap);
        assert!(!departure.is_complete(true));
        assert_eq!(departure.signal(libc::SIGTERM), Demand::Drain("SIGTERM"), "still the first");
        assert_eq!(departure.signal(libc::SIGCHLD), Demand::Reap, "whatever else goes on");
    }

    #[test]
    fn the_process_ends_when_a_signal_asked_for_it_and_it_is_drained() {
        let mut departure = Departure::default();
        assert!(!departure.is_complete(true), "/drain alone ends nothing");
        departure.signal(libc::SIGTERM);
        assert!(!departure.is_complete(false));
        assert!(departure.is_complete(true));
    }

    #[test]
    fn control_is_asked_to_flush_at_the_end_of_the_process_and_at_no_other_step() {
        let mut departure = Departure::default();
        assert!(!departure.asks_control_to_flush(Action::Flush), "after /drain alone it goes on");
        departure.signal(libc::SIGTERM);
        assert!(departure.asks_control_to_flush(Action::Flush));
        for other in [Action::StopAccepting, Action::Cut, Action::Finished] {
            assert!(!departure.asks_control_to_flush(other));
        }
    }

    #[test]
    fn a_drain_waits_for_control_only_where_it_was_asked_to_flush_and_is_there() {
        let mut departure = Departure::default();
        assert!(departure.nobody_flushes(true), "after /drain alone nobody was asked");
        departure.signal(libc::SIGTERM);
        assert!(!departure.nobody_flushes(true));
        assert!(departure.nobody_flushes(false));
    }
}
