//! Accepting: a new client goes to the worker with the fewest connections, and its upstream is dialled at once.

use super::connection::Connection;
use super::{Command, Scanned, Worker};
use crate::clock::nanos;
use crate::limits::ACCEPT_REST;
use crate::stream::Socket;
use crate::watch::lock;
use mio::net::TcpStream;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

impl<R: Scanned> Worker<R> {
    /// Takes who waits, as far as the cap and the kernel let it.
    pub(super) fn accept(&mut self) {
        self.accept_again = None;
        for number in 0..self.listeners.len() {
            loop {
                if self.is_full() {
                    lock(&self.shared.ledger).tallies.accept_pauses += 1;
                    return;
                }
                match self.listeners[number].0.accept() {
                    Ok((client, _)) => self.place(client, number),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => {
                        // Out of descriptors or memory: what waits stays in the kernel's queue.
                        self.shared.log.warn(&format!("accept: {error}; pausing"));
                        self.accept_again = Some(self.shared.clock.now() + nanos(ACCEPT_REST));
                        return;
                    }
                }
            }
        }
    }

    /// The cap is reached. Whoever closes a connection next says "accept again"; one that closed while the flag was
    /// being raised is seen by the second look.
    fn is_full(&self) -> bool {
        if self.shared.connections() < self.shared.connections_cap {
            return false;
        }
        self.shared.accepting_paused.store(true, SeqCst);
        self.shared.connections() >= self.shared.connections_cap
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
            self.shared.accepting_stopped.store(true, SeqCst);
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
