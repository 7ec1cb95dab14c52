//! A connection whose two sockets do as told.

use crate::told::Told;
use std::io::ErrorKind;
use tap::pair::{Fate, Pair, Ready, Side};
use tap::pump::{Budget, Sensor};
use wire::{Direction, EndedBy, Nanos};

pub const SECOND: Nanos = 1_000_000_000;
pub const BOTH: [Side; 2] = [Side::Client, Side::Server];

pub struct Nobody;

impl Sensor for Nobody {
    fn saw(&mut self, _: Direction, _: &[u8]) {}
}

/// A relayed connection under test.
pub struct Relay {
    pub pair: Pair<Told>,
    pub budget: Budget,
    pub scratch: Vec<u8>,
}

impl Relay {
    /// Both sockets take all they get, and nobody has said anything.
    pub fn new() -> Relay {
        let socket = || Told { takes: usize::MAX, ..Told::default() };
        let mut pair = Pair::new(socket(), socket());
        BOTH.iter().for_each(|side| pair.event(*side, Ready { writable: true, ..Ready::default() }));
        Relay { pair, budget: Budget::new(usize::MAX), scratch: vec![0; 4096] }
    }

    pub fn socket(&mut self, side: Side) -> &mut Told {
        match side {
            Side::Client => &mut self.pair.client.socket,
            Side::Server => &mut self.pair.server.socket,
        }
    }

    /// This side sends.
    pub fn sends(&mut self, side: Side, bytes: &[u8]) {
        self.socket(side).gives.extend(bytes);
        self.pair.event(side, Ready { readable: true, writable: true, ..Ready::default() });
    }

    /// This side says FIN.
    pub fn finishes(&mut self, side: Side) {
        self.socket(side).closed = true;
        self.pair.event(side, Ready { readable: true, writable: true, closing: true, ..Ready::default() });
    }

    /// This side is reset.
    pub fn is_reset(&mut self, side: Side) {
        self.socket(side).reset = Some(ErrorKind::ConnectionReset);
        self.pair.event(side, Ready { readable: true, writable: true, closing: true, error: true });
    }

    /// This side takes so many bytes more.
    pub fn takes(&mut self, side: Side, bytes: usize) {
        self.socket(side).takes = bytes;
        self.pair.event(side, Ready { writable: true, ..Ready::default() });
    }

    pub fn turn(&mut self, now: Nanos) -> Fate {
        self.pair.turn(now, &mut self.scratch, &self.budget, &mut Nobody)
    }
}

pub fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

pub fn by(side: Side) -> EndedBy {
    match side {
        Side::Client => EndedBy::Client,
        Side::Server => EndedBy::Server,
    }
}
