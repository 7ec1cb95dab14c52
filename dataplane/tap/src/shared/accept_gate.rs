//! Whether to accept, as decisions: rest at the cap and go on when there is room again, stop for good.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// What all workers know of accepting: the one that accepts closes the gate, whoever closes a connection opens it.
#[derive(Debug)]
pub struct AcceptGate {
    /// Most connections there may be.
    pub cap: usize,
    /// Accepting rests because the cap was reached.
    paused: AtomicBool,
    /// The listeners are closed.
    stopped: AtomicBool,
}

impl AcceptGate {
    /// An open gate for so many connections.
    pub fn new(cap: usize) -> AcceptGate {
        AcceptGate { cap, paused: false.into(), stopped: false.into() }
    }

    /// The cap is reached, and accepting rests. Whoever closes a connection next is to tell the acceptor; one that
    /// closed while the flag was being raised is seen by the second look.
    pub fn is_full(&self, connections: impl Fn() -> usize) -> bool {
        if connections() < self.cap {
            return false;
        }
        self.paused.store(true, SeqCst);
        connections() >= self.cap
    }

    /// A connection was closed, and is not counted any more. Whether the acceptor is to be told.
    pub fn makes_room(&self) -> bool {
        self.paused.swap(false, SeqCst)
    }

    /// The listeners are closed.
    pub fn stop(&self) {
        self.stopped.store(true, SeqCst);
    }

    /// Of so many connections, how many a drain has to wait for: who waits in the accept queue of a listener that is
    /// still open counts as one more.
    pub fn awaited(&self, connections: usize) -> usize {
        connections + usize::from(!self.stopped.load(SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn at_the_cap_accepting_rests_and_below_it_does_not() {
        let gate = AcceptGate::new(2);
        assert!(!gate.is_full(|| 1));
        assert!(!gate.makes_room(), "nobody rests, so nobody is told");
        assert!(gate.is_full(|| 2));
        assert!(gate.is_full(|| 3));
    }

    #[test]
    fn the_first_to_close_after_a_rest_began_says_so_and_no_other() {
        let gate = AcceptGate::new(2);
        assert!(gate.is_full(|| 2));
        assert!(gate.makes_room());
        assert!(!gate.makes_room());
        assert!(gate.is_full(|| 2), "full once more");
        assert!(gate.makes_room(), "and told once more");
    }

    /// Without the second look the acceptor would rest, and nobody would be left to wake it.
    #[test]
    fn one_that_closes_before_the_flag_is_seen_is_not_lost() {
        let gate = AcceptGate::new(1);
        let looks = Cell::new(0);
        let closed_after_the_first_look = || {
            looks.set(looks.get() + 1);
            if looks.get() == 1 {
                assert!(!gate.makes_room(), "the flag is not up yet");
                return 1;
            }
            0
        };
        assert!(!gate.is_full(closed_after_the_first_look));
        assert_eq!(looks.get(), 2);
    }

    /// Without the flag up before the second look, nobody would tell.
    #[test]
    fn one_that_closes_after_the_second_look_tells() {
        let gate = AcceptGate::new(1);
        let (looks, told) = (Cell::new(0), Cell::new(false));
        let closes_at_the_second_look = || {
            looks.set(looks.get() + 1);
            if looks.get() == 2 {
                told.set(gate.makes_room());
            }
            1
        };
        assert!(gate.is_full(closes_at_the_second_look));
        assert!(told.get());
    }

    #[test]
    fn a_drain_waits_for_open_listeners_as_for_one_connection() {
        let gate = AcceptGate::new(2);
        assert_eq!(gate.awaited(0), 1);
        assert_eq!(gate.awaited(5), 6);
        gate.stop();
        assert_eq!(gate.awaited(0), 0);
        assert_eq!(gate.awaited(5), 5);
    }
}
