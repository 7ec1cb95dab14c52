//! A connection as its worker keeps it: first dialling, then relayed.

use super::FIRST_CONNECTION;
use crate::clock::nanos;
use crate::limits::{CLIENT_GONE, DIAL_TIMEOUT};
use crate::pair::{Pair, Ready, Side};
use crate::pump::Budget;
use crate::stream::{Socket, Stream};
use crate::upstream::Upstream;
use crate::watch::Watch;
use mio::{Interest, Registry, Token};
use std::io;
use std::sync::Arc;
use wire::{Catalogue, Nanos};

/// How a dial goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    /// Not known yet.
    Pending,
    /// The upstream accepted.
    Connected,
    /// No address accepted in time.
    Failed,
}

/// A client, and the way to its upstream.
pub struct Connection {
    /// Which listener it came by.
    pub upstream: usize,
    /// Tells it from others that had its place.
    pub serial: u64,
    /// It is in the queue of those who are ready.
    pub queued: bool,
    /// Its observer.
    pub watch: Watch,
    /// Both sockets, once there are two.
    pub pair: Option<Pair<Socket>>,
    client: Option<Socket>,
    to: Arc<Upstream>,
    attempt: usize,
    deadline: Nanos,
    dialling: bool,
    /// When a client that said FIN counts as gone, and how many bytes it had been sent when that was set.
    gone_at: Option<(Nanos, u64)>,
    /// The earliest timer that is set for this connection.
    armed: Option<Nanos>,
}

impl Connection {
    /// A client that has just been accepted.
    pub fn new(
        client: Socket,
        upstream: usize,
        serial: u64,
        to: Arc<Upstream>,
        catalogue: Option<Arc<Catalogue>>,
    ) -> Connection {
        Connection {
            upstream,
            serial,
            queued: false,
            watch: Watch::new(catalogue, upstream),
            pair: None,
            client: Some(client),
            to,
            attempt: 0,
            deadline: 0,
            dialling: true,
            gone_at: None,
            armed: None,
        }
    }

    /// The tokens of a connection's two sockets.
    pub fn tokens(key: usize) -> (Token, Token) {
        (Token(FIRST_CONNECTION + key * 2), Token(FIRST_CONNECTION + key * 2 + 1))
    }

    /// The upstream has not accepted yet.
    pub fn is_dialling(&self) -> bool {
        self.dialling
    }

    /// Starts to connect. Returns when to give up on the first address.
    ///
    /// # Errors
    /// When no address can even be tried.
    pub fn begin_dial(&mut self, registry: &Registry, tokens: (Token, Token), now: Nanos) -> io::Result<Nanos> {
        let server = self.next_server(registry, tokens.1, now)?;
        if let Some(mut client) = self.client.take() {
            use mio::event::Source;
            client.register(registry, tokens.0, Interest::READABLE | Interest::WRITABLE)?;
            self.pair = Some(Pair::new(client, server));
        }
        Ok(self.deadline)
    }

    /// Looks how the dial goes; after a failure, tries the next address.
    pub fn dial_progress(&mut self, registry: &Registry, tokens: (Token, Token), now: Nanos) -> Dial {
        let Some(pair) = &mut self.pair else { return Dial::Failed };
        match pair.server.socket.connected() {
            Some(Ok(())) => {
                self.dialling = false;
                if self.attempt > 1 {
                    self.to.prefer(self.attempt - 1);
                }
                return Dial::Connected;
            }
            None if now < self.deadline => return Dial::Pending,
            _ => {}
        }
        match self.next_server(registry, tokens.1, now) {
            Ok(server) => {
                if let Some(pair) = &mut self.pair {
                    pair.server = crate::pump::End::new(server);
                }
                Dial::Pending
            }
            Err(_) => Dial::Failed,
        }
    }

    /// When to give up on the address being dialled.
    pub fn dial_deadline(&self) -> Nanos {
        self.deadline
    }

    /// Takes note of what the kernel said of one side.
    pub fn event(&mut self, side: Side, ready: Ready) {
        if let Some(pair) = &mut self.pair {
            pair.event(side, ready);
        }
    }

    /// A client that said FIN counts as gone when the server has sent it nothing for a while. Returns when to look
    /// next; the time begins anew whenever the server was found to be still sending. A client of HTTP/1.1 may say FIN
    /// and wait for its answer as long as it likes (RFC 9112 section 9.6).
    pub fn client_finished(&mut self, now: Nanos) -> Option<Nanos> {
        if self.watch.reads_http1() {
            return None;
        }
        let pair = self.pair.as_ref().filter(|pair| pair.client_finished() && !pair.down.source_finished)?;
        match self.gone_at {
            Some((at, _)) if now < at => Some(at),
            Some((_, bytes)) if bytes == pair.down.bytes => None,
            _ => {
                let at = now + nanos(CLIENT_GONE);
                self.gone_at = Some((at, pair.down.bytes));
                Some(at)
            }
        }
    }

    /// That time has come, and the server has sent nothing since.
    pub fn client_is_gone(&self, now: Nanos) -> bool {
        let Some((pair, (at, bytes))) = self.pair.as_ref().zip(self.gone_at) else { return false };
        now >= at && pair.down.bytes == bytes && !pair.server.readable
    }

    /// Whether a timer at this moment is still needed: no earlier one is set.
    pub fn arm(&mut self, at: Nanos, now: Nanos) -> bool {
        let needed = !self.armed.is_some_and(|armed| (now..=at).contains(&armed));
        if needed {
            self.armed = Some(at);
        }
        needed
    }

    /// Makes both ends end in a reset.
    pub fn cut(&mut self, budget: &Budget) {
        if let Some(pair) = &mut self.pair {
            pair.cut(budget);
        }
        if let Some(client) = &mut self.client {
            client.reset_on_close();
        }
    }

    /// The addresses of a name share the time that a dial may take.
    fn next_server(&mut self, registry: &Registry, token: Token, now: Nanos) -> io::Result<Socket> {
        use mio::event::Source;
        let mut last = io::Error::other("no address");
        while let Some(dial) = self.to.dial(self.attempt) {
            self.attempt += 1;
            self.deadline = now + nanos(DIAL_TIMEOUT) / self.to.addresses().max(1) as u64;
            match dial {
                Ok(mut server) => {
                    server.register(registry, token, Interest::READABLE | Interest::WRITABLE)?;
                    return Ok(server);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
