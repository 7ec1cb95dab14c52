//! A connection as its worker keeps it: first dialling, then relayed.

use super::dial::{Dial, Step};
use super::half_close::{HalfClose, LastWord, Seen};
use super::refusal::{Heard, Next, Refusal};
use super::timer::Timer;
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::lock::lock;
use crate::observer::Observer;
use crate::pair::{Pair, Ready, Side};
use crate::pump::Budget;
use crate::stream::{Socket, Stream};
use crate::upstream::Upstream;
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex};
use wire::{Catalogue, EndedBy, Nanos};

/// Tokens below are listeners; above, connections take two each.
pub const FIRST_CONNECTION: usize = 1024;

/// How a dial goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialling {
    /// Not known yet.
    UnderWay,
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
    pub observer: Observer,
    /// Both sockets, once there are two.
    pub pair: Option<Pair<Socket>>,
    client: Option<Socket>,
    to: Arc<Upstream>,
    dial: Dial,
    half_close: HalfClose,
    /// The dial has failed, and the client is heard before it is reset.
    refusal: Option<Refusal>,
    timer: Timer,
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
            observer: Observer::new(catalogue, upstream),
            pair: None,
            client: Some(client),
            to,
            dial: Dial::new(),
            half_close: HalfClose::default(),
            refusal: None,
            timer: Timer::default(),
        }
    }

    /// The tokens of a connection's two sockets.
    pub fn tokens(key: usize) -> (Token, Token) {
        (Token(FIRST_CONNECTION + key * 2), Token(FIRST_CONNECTION + key * 2 + 1))
    }

    /// The upstream has not accepted yet.
    pub fn is_dialling(&self) -> bool {
        self.refusal.is_none() && self.dial.is_under_way()
    }

    /// The upstream did not accept, and the client is being heard.
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
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
        Ok(self.dial.deadline())
    }

    /// Looks how the dial goes; after a failure, tries the next address.
    pub fn dial_progress(&mut self, registry: &Registry, tokens: (Token, Token), now: Nanos) -> Dialling {
        let Some(pair) = &mut self.pair else { return Dialling::Failed };
        let accepted = pair.server.socket.connected().map(|outcome| outcome.is_ok());
        match self.dial.heard(accepted, now) {
            Step::Wait => return Dialling::UnderWay,
            Step::Connected { prefer } => {
                if let Some(attempt) = prefer {
                    self.to.prefer(attempt);
                }
                return Dialling::Connected;
            }
            Step::TryNext => {}
        }
        match self.next_server(registry, tokens.1, now) {
            Ok(server) => {
                if let Some(pair) = &mut self.pair {
                    pair.server = crate::pump::End::new(server);
                }
                Dialling::UnderWay
            }
            Err(_) => Dialling::Failed,
        }
    }

    /// When to give up on the address being dialled.
    pub fn dial_deadline(&self) -> Nanos {
        self.dial.deadline()
    }

    /// The dial has failed while so many others are heard. Returns whether this client can be heard at all: someone reads
    /// what it sends, and the kernel tells of it.
    pub fn begin_refusal(&mut self, registry: &Registry, token: Token, now: Nanos, others: usize) -> bool {
        use mio::event::Source;
        if !self.observer.is_reading() {
            return false;
        }
        let watched = match (self.pair.take(), &mut self.client) {
            (Some(pair), _) => {
                self.client = Some(pair.client.socket);
                true
            }
            (None, Some(client)) => client.register(registry, token, Interest::READABLE).is_ok(),
            (None, None) => false,
        };
        self.refusal = watched.then(|| Refusal::begin(now, others));
        watched
    }

    /// Shows the observer what a client wanted whose upstream did not accept.
    pub fn hear(&mut self, scratch: &mut [u8], clock: &Clock, ledger: &Mutex<Ledger>) -> Next {
        let (Some(refusal), Some(client)) = (&mut self.refusal, &mut self.client) else {
            return Next::Reset(EndedBy::Server);
        };
        loop {
            let read = client.read(&mut scratch[..refusal.room()]);
            let now = clock.now();
            let heard = match read {
                Ok(0) => Heard::End,
                Ok(count) => {
                    let more_wanted = self.observer.saw_in_vain(&scratch[..count], now, &mut lock(ledger));
                    Heard::Bytes { count, more_wanted }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => Heard::Nothing,
                Err(_) => Heard::End,
            };
            match refusal.heard(heard, now) {
                Next::Read => {}
                done => return done,
            }
        }
    }

    /// Takes note of what the kernel said of one side.
    pub fn event(&mut self, side: Side, ready: Ready) {
        if let Some(pair) = &mut self.pair {
            pair.event(side, ready);
        }
    }

    /// When to look whether a client that said FIN is gone.
    pub fn client_finished(&mut self, now: Nanos) -> Option<Nanos> {
        let pair = self.pair.as_ref()?;
        let seen = Seen {
            client_finished: pair.client_finished(),
            server_finished: pair.down.source_finished,
            http1: self.observer.reads_http1(),
            sent_bytes: pair.down.bytes,
        };
        self.half_close.look_again_at(now, seen)
    }

    /// The client said FIN, and has been sent nothing for so long that it counts as gone.
    pub fn client_is_gone(&self, now: Nanos) -> bool {
        let Some(pair) = &self.pair else { return false };
        self.half_close.client_is_gone(now, pair.down.bytes, pair.server.readable)
    }

    /// What the client, which has ended its half, says to what it was sent since; None where nobody waits for that, or it is
    /// known that it had left.
    pub fn last_word(&mut self, now: Nanos) -> Option<LastWord> {
        let pair = self.pair.as_ref().filter(|_| self.observer.holds_calls())?;
        let sent = pair.down.is_flushed() && !pair.client_refused();
        sent.then(|| self.half_close.last_word(now, pair.client.socket.unacknowledged()))
    }

    /// Tells the observer if the client, which had ended its half before, turned out to have left.
    pub fn tell_refusal(&mut self) {
        if self.pair.as_ref().is_some_and(Pair::client_refused) {
            self.observer.client_refused();
        }
    }

    /// Whether a timer for this moment is to be set.
    pub fn arm(&mut self, at: Nanos, now: Nanos) -> bool {
        self.timer.set(at, now)
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

    /// Begins to connect to the next address that can be tried.
    fn next_server(&mut self, registry: &Registry, token: Token, now: Nanos) -> io::Result<Socket> {
        use mio::event::Source;
        let mut last = io::Error::other("no address");
        while let Some(attempt) = self.dial.next_attempt(now, self.to.addresses()) {
            // None: the name was resolved to fewer addresses since.
            let Some(dialled) = self.to.dial(attempt) else { break };
            match dialled {
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
