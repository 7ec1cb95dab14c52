//! RST from either side, before, behind and after a FIN, and however it is found.

use crate::relay::{BOTH, Nobody, Relay, SECOND, by, other};
use std::io::ErrorKind;
use tap::limits::{RESET_FLUSH, RESET_POLL};
use tap::pair::{Fate, Ready, Side};
use tap::pump::Sensor;
use wire::{Direction, EndedBy, Nanos};

#[test]
fn a_reset_becomes_a_reset_and_never_a_fin() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.sends(from, &[7; 10]);
        relay.is_reset(from);
        assert_eq!(relay.turn(0), Fate::Over(by(from)));
        assert_eq!(relay.socket(to).taken, [7; 10], "what came before it arrives");
        assert!(relay.socket(to).resets_on_close && !relay.socket(to).finished);
    }
}

#[test]
fn a_reset_waits_until_what_was_sent_is_acknowledged() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.socket(to).unacknowledged = 10;
        relay.sends(from, &[7; 10]);
        relay.is_reset(from);
        assert_eq!(relay.turn(0), Fate::Later(RESET_POLL));
        assert_eq!(relay.turn(SECOND / 2), Fate::Later(RESET_POLL));
        assert!(!relay.socket(to).resets_on_close);
        relay.socket(to).unacknowledged = 0;
        assert_eq!(relay.turn(SECOND / 2 + 1), Fate::Over(by(from)));
        assert!(relay.socket(to).resets_on_close);
    }
}

/// Wants its insertion anywhere.
struct Inserting;

impl Sensor for Inserting {
    fn saw(&mut self, _: Direction, _: &[u8]) {}
    fn insertion(&self) -> &'static [u8] {
        b"farewell"
    }
    fn insertion_fits(&self) -> bool {
        true
    }
}

/// What came from the side that was reset is never kept once its end was read. Only an insertion can be.
#[test]
fn a_reset_waits_until_what_is_kept_is_flushed() {
    let Relay { mut pair, budget, mut scratch } = Relay::new();
    pair.client.socket.takes = 0;
    pair.server.socket.closed = true;
    pair.event(Side::Server, Ready { readable: true, closing: true, ..Ready::default() });
    pair.turn(0, &mut scratch, &budget, &mut Nobody);
    pair.down.insert();
    pair.event(Side::Server, Ready { error: true, ..Ready::default() });
    assert_eq!(pair.turn(0, &mut scratch, &budget, &mut Inserting), Fate::Later(RESET_POLL));
    pair.client.socket.takes = usize::MAX;
    pair.event(Side::Client, Ready { writable: true, ..Ready::default() });
    assert_eq!(pair.turn(1, &mut scratch, &budget, &mut Inserting), Fate::Over(EndedBy::Server));
    assert_eq!(pair.client.socket.taken, b"farewell");
}

#[test]
fn a_reset_waits_no_longer_than_its_time_for_what_is_never_acknowledged() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.socket(to).unacknowledged = 10;
        relay.is_reset(from);
        let began = 5 * SECOND;
        let until = began + RESET_FLUSH.as_nanos() as Nanos;
        assert_eq!(relay.turn(began), Fate::Later(RESET_POLL));
        assert_eq!(relay.turn(until - 1), Fate::Later(RESET_POLL));
        assert_eq!(relay.turn(until), Fate::Over(by(from)));
        assert!(relay.socket(to).resets_on_close);
    }
}

#[test]
fn a_reset_behind_bytes_that_nobody_takes_waits_for_room_and_no_longer_than_its_time() {
    for from in BOTH {
        for room_comes in [true, false] {
            let (mut relay, to) = (Relay::new(), other(from));
            relay.takes(to, 1);
            relay.sends(from, &[7; 10]);
            assert_eq!(relay.turn(0), Fate::Waiting);
            relay.sends(from, &[7; 5]);
            relay.is_reset(from);
            let began = 5 * SECOND;
            let until = began + RESET_FLUSH.as_nanos() as Nanos;
            assert_eq!(relay.turn(began), Fate::Later(RESET_FLUSH));
            assert_eq!(relay.turn(until - 1), Fate::Later(RESET_FLUSH));
            let (now, taken) = if room_comes { (until - 1, 15) } else { (until, 1) };
            if room_comes {
                relay.takes(to, usize::MAX);
            }
            assert_eq!(relay.turn(now), Fate::Over(by(from)));
            assert_eq!(relay.socket(to).taken.len(), taken);
            assert!(relay.socket(to).resets_on_close && !relay.socket(to).finished);
            assert_eq!(relay.budget.held(), 0);
        }
    }
}

#[test]
fn what_a_reset_side_would_have_been_sent_is_given_up() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.takes(from, 1);
        relay.sends(to, &[7; 10]);
        relay.turn(0);
        assert_eq!(relay.budget.held(), 9);
        relay.socket(to).unacknowledged = 1;
        relay.is_reset(from);
        assert_eq!(relay.turn(1), Fate::Later(RESET_POLL));
        assert_eq!(relay.budget.held(), 0, "while the other side is still waited for");
    }
}

#[test]
fn a_fin_and_then_a_reset_from_the_same_side_are_passed_on_as_such() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.finishes(from);
        assert_eq!(relay.turn(0), Fate::Waiting);
        assert!(relay.socket(to).finished && !relay.socket(to).resets_on_close);
        // Nothing reads on after a FIN: only the event tells.
        relay.pair.event(from, Ready { readable: true, closing: true, error: true, ..Ready::default() });
        assert_eq!(relay.turn(1), Fate::Over(by(from)));
        assert!(relay.socket(to).resets_on_close);
    }
}

#[test]
fn who_said_fin_closed_first_though_the_other_one_resets() {
    for first in BOTH {
        let (mut relay, second) = (Relay::new(), other(first));
        relay.finishes(first);
        relay.turn(0);
        relay.is_reset(second);
        assert_eq!(relay.turn(1), Fate::Over(by(first)));
        assert!(relay.socket(first).resets_on_close, "and it is a reset all the same");
    }
}

#[test]
fn a_reset_that_a_write_to_the_server_finds_lets_its_last_words_through() {
    let mut relay = Relay::new();
    relay.sends(Side::Client, b"request");
    relay.sends(Side::Server, b"no");
    relay.socket(Side::Server).gone = true;
    relay.socket(Side::Server).reset = Some(ErrorKind::ConnectionReset);
    assert_eq!(relay.turn(0), Fate::Over(EndedBy::Server));
    assert_eq!(relay.socket(Side::Client).taken, b"no");
    assert!(relay.socket(Side::Client).resets_on_close && !relay.socket(Side::Client).finished);
}

/// The client's direction was served before the write to it failed: its last bytes come with a turn of their own.
#[test]
fn a_reset_that_a_write_to_the_client_finds_lets_its_last_words_through() {
    let mut relay = Relay::new();
    relay.sends(Side::Server, b"answer");
    relay.socket(Side::Client).gone = true;
    relay.socket(Side::Client).gives.extend(b"more");
    relay.socket(Side::Client).reset = Some(ErrorKind::ConnectionReset);
    assert_eq!(relay.turn(0), Fate::Busy);
    assert_eq!(relay.turn(1), Fate::Over(EndedBy::Client));
    assert_eq!(relay.socket(Side::Server).taken, b"more");
    assert!(relay.socket(Side::Server).resets_on_close && !relay.socket(Side::Server).finished);
}

/// A server that closed and was then written to: its FIN was one, and so it stays.
#[test]
fn a_reset_that_a_write_finds_behind_a_fin_is_a_reset_after_that_fin() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.finishes(from);
        relay.turn(0);
        relay.socket(from).gone = true;
        relay.sends(to, b"too late");
        assert_eq!(relay.turn(1), Fate::Over(by(from)));
        assert!(relay.socket(to).finished && relay.socket(to).resets_on_close);
    }
}

#[test]
fn resets_from_both_sides_are_over_at_once() {
    let mut relay = Relay::new();
    relay.is_reset(Side::Server);
    relay.is_reset(Side::Client);
    assert_eq!(relay.turn(0), Fate::Over(EndedBy::Client), "the client is looked at first");
    assert!(BOTH.iter().all(|side| relay.socket(*side).resets_on_close));
}

#[test]
fn when_writes_find_both_sides_gone_it_is_over_at_once_and_nothing_is_kept() {
    let mut relay = Relay::new();
    for side in BOTH {
        relay.sends(side, &[7; 10]);
        relay.socket(side).gone = true;
    }
    assert_eq!(relay.turn(0), Fate::Over(EndedBy::Server), "the write to it failed first");
    assert!(BOTH.iter().all(|side| relay.socket(*side).resets_on_close));
    assert_eq!(relay.budget.held(), 0);
}

#[test]
fn a_connection_that_the_network_ended_is_nobodys_doing() {
    for kind in [ErrorKind::TimedOut, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable] {
        for from in BOTH {
            let mut relay = Relay::new();
            relay.is_reset(from);
            relay.socket(from).reset = Some(kind);
            assert_eq!(relay.turn(0), Fate::Over(EndedBy::Network), "{kind}");
        }
    }
}

#[test]
fn a_cut_resets_both_sides_and_gives_back_what_was_kept() {
    let mut relay = Relay::new();
    for side in BOTH {
        relay.takes(side, 1);
        relay.sends(side, &[7; 10]);
    }
    assert_eq!(relay.turn(0), Fate::Waiting);
    assert_eq!(relay.budget.held(), 18);
    relay.pair.cut(&relay.budget);
    assert_eq!(relay.budget.held(), 0);
    assert!(BOTH.iter().all(|side| relay.socket(*side).resets_on_close && !relay.socket(*side).finished));
}
