//! FIN each way, and what it waits for.

use crate::relay::{BOTH, Relay, by, other};
use tap::pair::{Fate, Side};
use wire::EndedBy;

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
