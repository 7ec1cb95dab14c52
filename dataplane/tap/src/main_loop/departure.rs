//! Signals, as decisions: whether the process is to end with its drain. After `/drain` alone it goes on, and control
//! with it.

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

    /// The process is to end.
    pub fn is_wanted(&self) -> bool {
        self.leaving
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_drains_and_each_one_after_it_hurries() {
        let mut departure = Departure::default();
        assert!(!departure.is_wanted());
        assert_eq!(departure.signal(libc::SIGTERM), Demand::Drain("SIGTERM"));
        assert!(departure.is_wanted());
        assert_eq!(departure.signal(libc::SIGTERM), Demand::Hurry);
        assert_eq!(departure.signal(libc::SIGINT), Demand::Hurry);
        assert_eq!(Departure::default().signal(libc::SIGINT), Demand::Drain("SIGINT"));
    }

    #[test]
    fn a_child_that_died_ends_nothing() {
        let mut departure = Departure::default();
        assert_eq!(departure.signal(libc::SIGCHLD), Demand::Reap);
        assert!(!departure.is_wanted());
        assert_eq!(departure.signal(libc::SIGTERM), Demand::Drain("SIGTERM"), "still the first");
        assert_eq!(departure.signal(libc::SIGCHLD), Demand::Reap, "whatever else goes on");
    }
}
