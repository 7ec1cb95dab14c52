//! A client whose upstream cannot be dialled, as decisions: how long it is heard, so that what it wanted can be counted,
//! before it is reset.
//!
//! A connection is no call. A load balancer that looks whether the port is open wants nothing, a probe wants what no
//! objective is about, and only who sent a request has been let down.

use crate::clock::nanos;
use crate::limits::{REFUSED_REQUEST_BYTES, REFUSED_REQUEST_WAIT, REFUSED_WAITING};
use wire::{EndedBy, Nanos};

/// What a read of the client gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many bytes.
    Bytes {
        /// How many.
        count: usize,
        /// More of them could tell more: it may be HTTP/1.1, and no request is complete.
        more_wanted: bool,
    },
    /// Nothing has come, or nothing more.
    Nothing,
    /// The client has left.
    End,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read what has come.
    Read,
    /// Wait for more, at most until then.
    Wait(Nanos),
    /// It is over: reset the client. Who ended it.
    Reset(EndedBy),
}

/// The state of a client that will be reset.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    until: Nanos,
    heard: usize,
}

impl Refusal {
    /// The dial has failed while so many others are heard. Beyond the bound only what has come already is.
    pub fn begin(now: Nanos, others: usize) -> Refusal {
        let until = if others < REFUSED_WAITING { now + nanos(REFUSED_REQUEST_WAIT) } else { now };
        Refusal { until, heard: 0 }
    }

    /// Bytes that may still be read.
    pub fn room(&self) -> usize {
        REFUSED_REQUEST_BYTES.saturating_sub(self.heard)
    }

    /// Takes note of a read.
    pub fn heard(&mut self, heard: Heard, now: Nanos) -> Next {
        match heard {
            Heard::Bytes { count, more_wanted } => {
                self.heard += count;
                if more_wanted && self.room() > 0 { Next::Read } else { Next::Reset(EndedBy::Server) }
            }
            Heard::Nothing if now < self.until => Next::Wait(self.until),
            Heard::Nothing => Next::Reset(EndedBy::Server),
            Heard::End => Next::Reset(EndedBy::Client),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;
    /// When the dial failed.
    const BEGAN: Nanos = 1000 * MS;
    const BY_SERVER: Next = Next::Reset(EndedBy::Server);

    fn bytes(count: usize, more_wanted: bool) -> Heard {
        Heard::Bytes { count, more_wanted }
    }

    #[test]
    fn a_client_that_says_nothing_is_reset_after_100_ms() {
        let mut refusal = Refusal::begin(BEGAN, 0);
        assert_eq!(refusal.heard(Heard::Nothing, BEGAN), Next::Wait(BEGAN + 100 * MS));
        assert_eq!(refusal.heard(Heard::Nothing, BEGAN + 100 * MS - 1), Next::Wait(BEGAN + 100 * MS));
        assert_eq!(refusal.heard(Heard::Nothing, BEGAN + 100 * MS), BY_SERVER);
    }

    #[test]
    fn a_complete_request_or_what_is_no_http1_is_not_waited_on() {
        assert_eq!(Refusal::begin(BEGAN, 0).heard(bytes(80, false), BEGAN), BY_SERVER);
    }

    #[test]
    fn a_request_that_comes_in_pieces_is_heard_to_its_end_but_no_longer_than_100_ms_in_all() {
        let mut refusal = Refusal::begin(BEGAN, 0);
        assert_eq!(refusal.heard(bytes(40, true), BEGAN), Next::Read, "there may be more in the queue");
        assert_eq!(refusal.heard(Heard::Nothing, BEGAN + 99 * MS), Next::Wait(BEGAN + 100 * MS));
        assert_eq!(refusal.heard(bytes(1, true), BEGAN + 101 * MS), Next::Read, "what has come is read all the same");
        assert_eq!(refusal.heard(Heard::Nothing, BEGAN + 101 * MS), BY_SERVER);
    }

    #[test]
    fn no_more_than_4_kib_is_heard_of_one_client() {
        let mut refusal = Refusal::begin(BEGAN, 0);
        assert_eq!(refusal.room(), 4096);
        assert_eq!(refusal.heard(bytes(4000, true), BEGAN), Next::Read);
        assert_eq!(refusal.room(), 96);
        assert_eq!(refusal.heard(bytes(96, true), BEGAN), BY_SERVER);
    }

    #[test]
    fn a_client_that_leaves_meanwhile_ended_it_itself() {
        let mut refusal = Refusal::begin(BEGAN, 0);
        assert_eq!(refusal.heard(Heard::End, BEGAN), Next::Reset(EndedBy::Client));
        refusal.heard(bytes(40, true), BEGAN);
        assert_eq!(refusal.heard(Heard::End, BEGAN + MS), Next::Reset(EndedBy::Client));
    }

    #[test]
    fn the_65th_is_not_waited_for_but_what_it_has_said_counts() {
        let mut last_with_a_place = Refusal::begin(BEGAN, 63);
        assert_eq!(last_with_a_place.heard(Heard::Nothing, BEGAN), Next::Wait(BEGAN + 100 * MS));
        let mut without = Refusal::begin(BEGAN, 64);
        assert_eq!(without.heard(bytes(40, true), BEGAN), Next::Read);
        assert_eq!(without.heard(Heard::Nothing, BEGAN), BY_SERVER);
    }
}
