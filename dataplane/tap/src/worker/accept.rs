//! Accepting: a new client goes to the worker with the fewest connections, and its upstream is dialled at once.

use super::Worker;
use super::connection::Connection;
use super::next_accept::Failure;
use crate::command::{Command, Scanned};
use crate::lock::lock;
use crate::stream::Socket;
use mio::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

impl<R: Scanned> Worker<R> {
    /// Takes who waits, as far as the cap and the kernel let it.
    pub(super) fn accept(&mut self) {
        self.next_accept.begin();
        for number in 0..self.listeners.len() {
            loop {
                if self.shared.gate.is_full(|| self.shared.connections()) {
                    lock(&self.shared.ledger).tallies.accept_pauses += 1;
                    return;
                }
                match self.listeners[number].0.accept() {
                    Ok((client, _)) => self.place(client, number),
                    Err(error) => match Failure::of(error.kind()) {
                        Failure::NobodyWaits => break,
                        Failure::ClientLeft => {}
                        Failure::Exhausted => {
                            self.shared.log.warn(&format!("accept: {error}; pausing"));
                            self.next_accept.rest(self.shared.clock.now());
                            return;
                        }
                    },
                }
            }
        }
    }

    /// Hands a new client to the worker with the fewest connections.
    fn place(&mut self, client: TcpStream, listener: usize) {
        let loads = self.shared.loads.iter().map(|load| load.load(Relaxed)).enumerate();
        let least = loads.min_by_key(|(_, load)| *load).map_or(self.number, |(number, _)| number);
        self.shared.loads[least].fetch_add(1, SeqCst);
        if least == self.number {
            self.begin(client, listener);
        } else {
            self.peers[least].tell(Command::Serve(client, listener));
        }
    }

    /// Begins to serve a client.
    pub(super) fn begin(&mut self, client: TcpStream, listener: usize) {
        let upstream = &self.shared.upstreams[listener];
        upstream.connections.fetch_add(1, Relaxed);
        upstream.connections_open.fetch_add(1, Relaxed);
        let key = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        self.serial += 1;
        let catalogue = lock(&self.shared.catalogue).clone();
        let upstream = Arc::clone(upstream);
        let mut connection = Connection::new(Socket::tcp(client), listener, self.serial, upstream, catalogue);
        let dial = connection.begin_dial(self.poll.registry(), Connection::tokens(key), self.shared.clock.now());
        self.connections[key] = Some(connection);
        match dial {
            Ok(deadline) => self.arm(key, deadline),
            Err(_) => return self.refuse(key),
        }
        if self.draining {
            self.say_farewell(key);
        }
    }

    /// Closes the listeners, after those who wait in their queues were taken, and says to everyone that no more is
    /// wanted here.
    pub(super) fn stop_accepting(&mut self) {
        self.accept();
        self.listeners.clear();
        self.draining = true;
        for key in 0..self.connections.len() {
            self.say_farewell(key);
        }
        if self.number == 0 {
            self.shared.gate.stop();
        }
    }

    fn say_farewell(&mut self, key: usize) {
        let pair = self.connections[key].as_mut().and_then(|connection| connection.pair.as_mut());
        if let Some(pair) = pair {
            pair.down.insert();
            self.enqueue(key);
        }
    }
}
