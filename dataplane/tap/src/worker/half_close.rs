//! When a client that said FIN counts as gone: once its server has sent it nothing for a while. Until then it may still
//! be reading. A client of HTTP/1.1 never does: it may say FIN and wait for its answer as long as it likes (RFC 9112
//! section 9.6). Whether it did is known once it has been sent its answer: it acknowledges it, or answers with a reset.

use crate::clock::nanos;
use crate::limits::{CLIENT_GONE, RESET_FLUSH, RESET_POLL};
use wire::Nanos;

/// What is known of a connection after a turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// The client said FIN.
    pub client_finished: bool,
    /// The server did, so that its end is told by that.
    pub server_finished: bool,
    /// The connection speaks HTTP/1.1.
    pub http1: bool,
    /// What the client has been sent so far.
    pub sent_bytes: u64,
}

/// A wait for the server to go on.
#[derive(Clone, Copy, Debug)]
struct Wait {
    until: Nanos,
    /// What had been sent when it began.
    sent_bytes: u64,
}

/// The state of a connection that its client may have half closed.
#[derive(Debug, Default)]
pub struct HalfClose {
    wait: Option<Wait>,
    /// What of its answer the client has still to acknowledge.
    unacknowledged: Option<Unacknowledged>,
}

/// So many bytes, and since when there have been just as many.
#[derive(Clone, Copy, Debug)]
struct Unacknowledged {
    bytes: usize,
    since: Nanos,
}

/// What a client that has ended its half says to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWord {
    /// Nothing yet: look again then.
    Wait(Nanos),
    /// It has acknowledged all of it: it was there.
    Read,
    /// It has acknowledged nothing more for so long that it will hardly say which.
    Silence,
}

impl HalfClose {
    /// Takes note of a turn. Returns when to look next: the wait begins with the client's FIN, and anew if the server was
    /// found to have sent something.
    pub fn look_again_at(&mut self, now: Nanos, seen: Seen) -> Option<Nanos> {
        if seen.http1 || !seen.client_finished || seen.server_finished {
            return None;
        }
        match self.wait {
            Some(wait) if now < wait.until => Some(wait.until),
            // It is gone; or the server does send, and the client takes nothing, which is no sign of having gone.
            Some(wait) if wait.sent_bytes == seen.sent_bytes => None,
            _ => {
                let until = now + nanos(CLIENT_GONE);
                self.wait = Some(Wait { until, sent_bytes: seen.sent_bytes });
                Some(until)
            }
        }
    }

    /// The client said FIN, and has been sent an answer of which so many bytes are not acknowledged. A slow reader
    /// acknowledges some of them now and then.
    pub fn last_word(&mut self, now: Nanos, bytes: usize) -> LastWord {
        if bytes == 0 {
            self.unacknowledged = None;
            return LastWord::Read;
        }
        let before = self.unacknowledged.filter(|before| before.bytes == bytes);
        let since = before.map_or(now, |before| before.since);
        self.unacknowledged = Some(Unacknowledged { bytes, since });
        match now.saturating_sub(since) {
            silent if silent >= nanos(RESET_FLUSH) => LastWord::Silence,
            silent => LastWord::Wait(now + nanos(RESET_POLL) + silent / 8),
        }
    }

    /// The wait is over, and the server has sent nothing: not even what is still to be read.
    pub fn client_is_gone(&self, now: Nanos, sent_bytes: u64, server_readable: bool) -> bool {
        self.wait.is_some_and(|wait| now >= wait.until && wait.sent_bytes == sent_bytes && !server_readable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;
    /// A client that has said FIN to a server that is still to answer.
    const HALF_CLOSED: Seen = Seen { client_finished: true, server_finished: false, http1: false, sent_bytes: 100 };

    #[test]
    fn a_client_that_is_sent_nothing_for_5_s_after_its_fin_is_gone() {
        let mut half = HalfClose::default();
        assert_eq!(half.look_again_at(SECOND, HALF_CLOSED), Some(6 * SECOND));
        assert!(!half.client_is_gone(6 * SECOND - 1, 100, false));
        assert!(half.client_is_gone(6 * SECOND, 100, false));
        assert_eq!(half.look_again_at(6 * SECOND, HALF_CLOSED), None, "nothing is left to wait for");
    }

    #[test]
    fn a_turn_during_the_wait_does_not_lengthen_it() {
        let mut half = HalfClose::default();
        half.look_again_at(SECOND, HALF_CLOSED);
        assert_eq!(half.look_again_at(5 * SECOND, HALF_CLOSED), Some(6 * SECOND));
        let more = Seen { sent_bytes: 200, ..HALF_CLOSED };
        assert_eq!(
            half.look_again_at(5 * SECOND, more),
            Some(6 * SECOND),
            "what was sent is looked at when it is over"
        );
        assert!(!half.client_is_gone(6 * SECOND, 200, false));
    }

    #[test]
    fn the_wait_begins_anew_while_the_server_sends() {
        let mut half = HalfClose::default();
        half.look_again_at(SECOND, HALF_CLOSED);
        let more = Seen { sent_bytes: 200, ..HALF_CLOSED };
        assert!(!half.client_is_gone(6 * SECOND, 200, false));
        assert_eq!(half.look_again_at(6 * SECOND, more), Some(11 * SECOND));
        assert!(!half.client_is_gone(11 * SECOND - 1, 200, false));
        assert!(half.client_is_gone(11 * SECOND, 200, false));
    }

    #[test]
    fn bytes_that_wait_to_be_read_are_sent_too() {
        let mut half = HalfClose::default();
        half.look_again_at(SECOND, HALF_CLOSED);
        assert!(!half.client_is_gone(6 * SECOND, 100, true));
    }

    #[test]
    fn a_client_of_http1_is_never_gone() {
        let mut half = HalfClose::default();
        assert_eq!(half.look_again_at(SECOND, Seen { http1: true, ..HALF_CLOSED }), None);
        assert!(!half.client_is_gone(Nanos::MAX, 100, false));
    }

    #[test]
    fn a_client_that_said_no_fin_is_never_gone() {
        let mut half = HalfClose::default();
        assert_eq!(half.look_again_at(SECOND, Seen { client_finished: false, ..HALF_CLOSED }), None);
        assert!(!half.client_is_gone(Nanos::MAX, 100, false));
    }

    #[test]
    fn the_clients_word_is_waited_for_while_it_acknowledges_something_each_second() {
        let mut half = HalfClose::default();
        let poll = nanos(RESET_POLL);
        assert_eq!(half.last_word(SECOND, 900), LastWord::Wait(SECOND + poll));
        assert_eq!(half.last_word(2 * SECOND - 8, 900), LastWord::Wait(2 * SECOND - 8 + poll + SECOND / 8 - 1));
        assert_eq!(half.last_word(2 * SECOND, 900), LastWord::Silence);
        for n in 2..9 {
            assert_eq!(half.last_word(n * SECOND, 900 - n as usize), LastWord::Wait(n * SECOND + poll), "it reads on");
        }
        assert_eq!(half.last_word(9 * SECOND, 0), LastWord::Read);
        assert_eq!(half.last_word(20 * SECOND, 5), LastWord::Wait(20 * SECOND + poll), "of another answer");
    }

    #[test]
    fn once_the_server_has_finished_nobody_waits() {
        let mut half = HalfClose::default();
        assert_eq!(half.look_again_at(SECOND, Seen { server_finished: true, ..HALF_CLOSED }), None);
        assert!(!half.client_is_gone(Nanos::MAX, 100, false));
        half.look_again_at(SECOND, HALF_CLOSED);
        assert_eq!(half.look_again_at(2 * SECOND, Seen { server_finished: true, ..HALF_CLOSED }), None);
    }
}
