//! How connections close, in every order of FIN and RST from both sides: on sockets that do as told, with the clock in
//! the test's hand.

#[path = "support/told.rs"]
mod told;

use std::io::ErrorKind;
use tap::limits::{RESET_FLUSH, RESET_POLL};
use tap::pair::{Fate, Observer, Pair, Ready, Side};
use tap::pump::Budget;
use told::Told;
use wire::{Direction, EndedBy, Nanos};

const SECOND: Nanos = 1_000_000_000;
const BOTH: [Side; 2] = [Side::Client, Side::Server];

struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _: Direction, _: &[u8]) {}
}

/// A relayed connection under test.
struct Relay {
    pair: Pair<Told>,
    budget: Budget,
    scratch: Vec<u8>,
}

impl Relay {
    /// Both sockets take all they get, and nobody has said anything.
    fn new() -> Relay {
        let socket = || Told { takes: usize::MAX, ..Told::default() };
        let mut pair = Pair::new(socket(), socket());
        BOTH.iter().for_each(|side| pair.event(*side, Ready { writable: true, ..Ready::default() }));
        Relay { pair, budget: Budget::new(usize::MAX), scratch: vec![0; 4096] }
    }

    fn socket(&mut self, side: Side) -> &mut Told {
        match side {
            Side::Client => &mut self.pair.client.socket,
            Side::Server => &mut self.pair.server.socket,
        }
    }

    /// This side sends.
    fn sends(&mut self, side: Side, bytes: &[u8]) {
        self.socket(side).gives.extend(bytes);
        self.pair.event(side, Ready { readable: true, writable: true, ..Ready::default() });
    }

    /// This side says FIN.
    fn finishes(&mut self, side: Side) {
        self.socket(side).closed = true;
        self.pair.event(side, Ready { readable: true, writable: true, closing: true, ..Ready::default() });
    }

    /// This side is reset.
    fn is_reset(&mut self, side: Side) {
        self.socket(side).reset = Some(ErrorKind::ConnectionReset);
        self.pair.event(side, Ready { readable: true, writable: true, closing: true, error: true });
    }

    /// This side takes so many bytes more.
    fn takes(&mut self, side: Side, bytes: usize) {
        self.socket(side).takes = bytes;
        self.pair.event(side, Ready { writable: true, ..Ready::default() });
    }

    fn turn(&mut self, now: Nanos) -> Fate {
        self.pair.turn(now, &mut self.scratch, &self.budget, &mut Nobody)
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

fn by(side: Side) -> EndedBy {
    match side {
        Side::Client => EndedBy::Client,
        Side::Server => EndedBy::Server,
    }
}

#[test]
fn a_fin_is_passed_on_after_everything_that_was_kept_before_it_and_once() {
    for from in BOTH {
        let (mut relay, to) = (Relay::new(), other(from));
        relay.takes(to, 100);
        relay.sends(from, &[7; 1000]);
        relay.finishes(from);
        for taken in [100, 500] {
            assert_eq!(relay.turn(0), Fate::Waiting);
            assert_eq!((relay.socket(to).taken.len(), relay.socket(to).finished), (taken, false));
            relay.takes(to, 400);
        }
        relay.takes(to, usize::MAX);
        assert_eq!(relay.turn(0), Fate::Waiting);
        assert_eq!(relay.turn(0), Fate::Waiting);
        assert_eq!(relay.socket(to).taken.len(), 1000);
        assert_eq!(*relay.socket(to).order.borrow(), ["written", "written", "written", "finished"]);
    }
}

#[test]
fn a_fin_each_way_in_either_order_closes_both_and_names_who_was_first() {
    for first in BOTH {
        let (mut relay, second) = (Relay::new(), other(first));
        relay.finishes(first);
        assert_eq!(relay.turn(0), Fate::Waiting);
        assert!(relay.socket(second).finished && !relay.socket(first).finished, "one way only");
        relay.finishes(second);
        assert_eq!(relay.turn(1), Fate::Over(by(first)));
        assert!(BOTH.iter().all(|side| relay.socket(*side).finished && !relay.socket(*side).resets_on_close));
    }
}

#[test]
fn two_fins_in_one_turn_are_the_clients_end() {
    let mut relay = Relay::new();
    relay.finishes(Side::Server);
    relay.finishes(Side::Client);
    assert_eq!(relay.turn(0), Fate::Over(EndedBy::Client));
}

#[test]
fn two_fins_are_not_the_end_while_bytes_are_kept() {
    for slow in BOTH {
        let (mut relay, quick) = (Relay::new(), other(slow));
        relay.takes(slow, 1);
        relay.sends(quick, &[7; 10]);
        relay.finishes(quick);
        relay.finishes(slow);
        assert_eq!(relay.turn(0), Fate::Waiting);
        relay.takes(slow, usize::MAX);
        assert_eq!(relay.turn(1), Fate::Over(by(slow)), "its FIN was the first that could be read");
        assert_eq!(relay.socket(slow).taken, [7; 10]);
    }
}

#[test]
fn what_comes_after_a_half_close_the_other_way_still_arrives() {
    for first in BOTH {
        let (mut relay, second) = (Relay::new(), other(first));
        relay.finishes(first);
        relay.turn(0);
        for n in 1..=3 {
            relay.sends(second, &[n; 5000]);
            assert_eq!(relay.turn(n.into()), Fate::Waiting);
            assert_eq!(relay.socket(first).taken.len(), 5000 * usize::from(n));
        }
        relay.finishes(second);
        assert_eq!(relay.turn(9), Fate::Over(by(first)));
    }
}

#[test]
fn a_client_that_finished_behind_bytes_that_nobody_takes_is_known_to_have() {
    let mut relay = Relay::new();
    relay.takes(Side::Server, 1);
    relay.sends(Side::Client, &[7; 10]);
    relay.turn(0);
    assert!(!relay.pair.client_finished());
    relay.finishes(Side::Client);
    relay.turn(1);
    assert!(relay.pair.client_finished());
    assert!(!relay.socket(Side::Server).finished);
}

#[test]
fn a_server_that_finished_is_told_with_who_closed_first() {
    for first in BOTH {
        let mut relay = Relay::new();
        relay.finishes(first);
        relay.turn(0);
        assert_eq!(relay.pair.server_finished(), (first == Side::Server).then_some(EndedBy::Server));
        relay.finishes(other(first));
        relay.turn(1);
        assert_eq!(relay.pair.server_finished(), Some(by(first)));
    }
}

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
