//! How connections end when one side takes nothing, and how a turn goes: on sockets that do as told, with the
//! clock in the test's hand.

#[path = "support/told.rs"]
mod told;

use std::collections::VecDeque;
use std::io::ErrorKind;
use tap::pair::{Fate, Pair, Ready, Side};
use tap::pump::{Budget, Sensor};
use told::{Order, Told};
use wire::{Direction, EndedBy, Nanos};

const SECOND: Nanos = 1_000_000_000;

struct Nobody;

impl Sensor for Nobody {
    fn saw(&mut self, _: Direction, _: &[u8]) {}
}

/// A client that sent 1,000 bytes to a server that takes 100 of them, then was reset.
fn reset_behind_kept_bytes(budget: &Budget, scratch: &mut [u8]) -> Pair<Told> {
    let client = Told {
        gives: (0..1000).map(|n| n as u8).collect(),
        reset: Some(ErrorKind::ConnectionReset),
        ..Told::default()
    };
    let mut pair = Pair::new(client, Told { takes: 100, ..Told::default() });
    pair.event(Side::Client, Ready { readable: true, writable: true, ..Ready::default() });
    pair.event(Side::Server, Ready { readable: true, writable: true, ..Ready::default() });
    assert_eq!(pair.turn(0, scratch, budget, &mut Nobody), Fate::Waiting);
    assert_eq!(budget.held(), 900);
    pair.event(Side::Client, Ready { readable: true, closing: true, error: true, ..Ready::default() });
    assert!(matches!(pair.turn(1, scratch, budget, &mut Nobody), Fate::Later(_)));
    pair
}

#[test]
fn a_client_that_was_reset_does_not_wait_for_ever_on_a_server_that_takes_nothing() {
    let (budget, mut scratch) = (Budget::new(usize::MAX), vec![0; 4096]);
    let mut pair = reset_behind_kept_bytes(&budget, &mut scratch);
    assert!(matches!(pair.turn(SECOND / 2, &mut scratch, &budget, &mut Nobody), Fate::Later(_)));
    assert_eq!(pair.turn(2 * SECOND, &mut scratch, &budget, &mut Nobody), Fate::Over(EndedBy::Client));
    assert!(pair.server.socket.resets_on_close);
    assert_eq!(budget.held(), 0);
}

#[test]
fn what_was_acknowledged_before_a_reset_arrives_when_there_is_room_in_time() {
    let (budget, mut scratch) = (Budget::new(usize::MAX), vec![0; 4096]);
    let mut pair = reset_behind_kept_bytes(&budget, &mut scratch);
    pair.server.socket.takes = usize::MAX;
    pair.event(Side::Server, Ready { writable: true, ..Ready::default() });
    assert_eq!(pair.turn(SECOND / 2, &mut scratch, &budget, &mut Nobody), Fate::Over(EndedBy::Client));
    assert_eq!(pair.server.socket.taken, (0..1000).map(|n| n as u8).collect::<Vec<_>>());
    assert!(pair.server.socket.resets_on_close);
}

/// Says when it was told what.
struct Listening(Order);

impl Sensor for Listening {
    fn heard(&mut self) {
        self.0.borrow_mut().push("heard");
    }
    fn saw(&mut self, _: Direction, _: &[u8]) {
        self.0.borrow_mut().push("seen");
    }
}

/// What was heard only after it had been written could be answered already: a latency would come out too short.
#[test]
fn bytes_are_heard_before_they_are_written_and_seen_after() {
    for bound in [usize::MAX, 0] {
        let (budget, mut scratch, order) = (Budget::new(bound), vec![0; 16384], Order::default());
        let server = Told { takes: usize::MAX, order: order.clone(), ..Told::default() };
        let mut pair = Pair::new(Told { gives: VecDeque::from([1, 2, 3]), ..Told::default() }, server);
        pair.event(Side::Client, Ready { readable: true, writable: true, ..Ready::default() });
        pair.event(Side::Server, Ready { writable: true, ..Ready::default() });
        pair.turn(0, &mut scratch, &budget, &mut Listening(order.clone()));
        assert_eq!(*order.borrow(), ["heard", "written", "seen"], "with a budget of {bound}");
    }
}

/// An observer that is slow: each look takes all the time there is.
struct Slow(usize);

impl Sensor for Slow {
    fn saw(&mut self, _: Direction, _: &[u8]) {
        self.0 += 1;
    }
    fn time_is_up(&self) -> bool {
        self.0 > 0
    }
}

#[test]
fn bytes_that_are_dear_to_read_end_a_turn_after_one_read_and_go_on_in_the_next() {
    let (budget, mut scratch) = (Budget::new(usize::MAX), vec![0; 4096]);
    let client = Told { gives: [7; 10_000].into(), ..Told::default() };
    let mut pair = Pair::new(client, Told { takes: usize::MAX, ..Told::default() });
    pair.event(Side::Client, Ready { readable: true, writable: true, ..Ready::default() });
    pair.event(Side::Server, Ready { writable: true, ..Ready::default() });
    for taken in [4096, 8192] {
        assert_eq!(pair.turn(0, &mut scratch, &budget, &mut Slow(0)), Fate::Busy);
        assert_eq!(pair.server.socket.taken.len(), taken);
    }
    assert_eq!(pair.turn(0, &mut scratch, &budget, &mut Slow(0)), Fate::Waiting);
    assert_eq!(pair.server.socket.taken.len(), 10_000);
}

/// Writes down what passed towards the client, and when bytes for it were held.
#[derive(Default)]
struct Holding(Vec<String>);

impl Sensor for Holding {
    fn saw(&mut self, direction: Direction, bytes: &[u8]) {
        assert_eq!(direction, Direction::ToClient);
        self.0.push(format!("saw {}", bytes.len()));
    }

    fn holds(&mut self, direction: Direction, held: bool) {
        assert_eq!(direction, Direction::ToClient);
        self.0.push(if held { "held" } else { "free" }.to_string());
    }
}

#[test]
fn bytes_that_a_client_does_not_take_are_told_to_be_held_until_it_has_taken_them() {
    // With room for what is held it is read whole; without, the rest of it is left where it is.
    for (bound, told) in
        [(usize::MAX, ["saw 1000", "held", "free", "saw 1"]), (0, ["saw 100", "held", "free", "saw 900"])]
    {
        let (budget, mut scratch) = (Budget::new(bound), vec![0; 16 * 1024]);
        let server = Told { gives: vec![7; 1000].into(), ..Told::default() };
        let mut pair = Pair::new(Told { takes: 100, ..Told::default() }, server);
        let mut sensor = Holding::default();
        let ready = Ready { readable: true, writable: true, ..Ready::default() };
        pair.event(Side::Client, Ready { writable: true, ..Ready::default() });
        pair.event(Side::Server, ready);
        pair.turn(0, &mut scratch, &budget, &mut sensor);
        pair.turn(1, &mut scratch, &budget, &mut sensor);
        assert_eq!(sensor.0, told[..2], "once");
        pair.client.socket.takes = 5000;
        pair.server.socket.gives.push_back(8);
        pair.event(Side::Client, Ready { writable: true, ..Ready::default() });
        pair.event(Side::Server, ready);
        pair.turn(2, &mut scratch, &budget, &mut sensor);
        assert_eq!(sensor.0[..3], told[..3], "before more is seen");
        assert_eq!(pair.client.socket.taken.len(), 1001);
    }
}
