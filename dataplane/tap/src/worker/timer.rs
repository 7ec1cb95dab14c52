//! The earliest timer of a connection. Timers cannot be taken back, so one is set only where it is needed.

use wire::Nanos;

/// When a connection will have its next turn whatever happens.
#[derive(Debug, Default)]
pub struct Timer {
    set_for: Option<Nanos>,
}

impl Timer {
    /// Whether a timer for this moment is needed: none that is still to come is set for an earlier one. What needs a later
    /// one asks again in that turn.
    pub fn set(&mut self, at: Nanos, now: Nanos) -> bool {
        let needed = !self.set_for.is_some_and(|earlier| (now..=at).contains(&earlier));
        if needed {
            self.set_for = Some(at);
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_set_only_if_no_earlier_one_is() {
        let mut timer = Timer::default();
        assert!(timer.set(50, 10), "none is");
        assert!(!timer.set(50, 10), "that very one is");
        assert!(!timer.set(60, 10), "an earlier one is");
        assert!(timer.set(40, 10), "only a later one is");
        assert!(!timer.set(45, 10), "the earliest counts");
    }

    #[test]
    fn a_timer_that_has_passed_holds_up_no_other() {
        let mut timer = Timer::default();
        timer.set(50, 10);
        assert!(!timer.set(80, 49));
        assert!(timer.set(80, 51));
    }
}
