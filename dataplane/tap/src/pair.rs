//! A connection: the client's socket, the server's socket, a flow each way, and how it comes to its end.
//!
//! Ends, in the order they are looked for:
//! - both sides said FIN and both FINs were passed on: close both;
//! - one side was reset: the other gets what had been acknowledged to it, then a reset of its own (a reset becomes a
//!   reset, never a FIN; TCP would have done the same with nothing between).

use crate::limits::{RESET_FLUSH, RESET_POLL};
use crate::pump::{Budget, End, Flow, Sensor, Turn, TurnContext};
use crate::stream::Stream;
use std::io::ErrorKind;
use std::time::Duration;
use wire::{Direction, EndedBy, Nanos};

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who connected.
    Client,
    /// The model server.
    Server,
}

/// What the kernel said of a socket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ready {
    /// There is something to read.
    pub readable: bool,
    /// There is room to write.
    pub writable: bool,
    /// The peer closed or reset.
    pub closing: bool,
    /// The socket is in error.
    pub error: bool,
}

/// What became of a connection in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Waits for events.
    Waiting,
    /// Wants another turn soon.
    Busy,
    /// Wants another turn after this long, whatever happens.
    Later(Duration),
    /// Over; `by` closed or broke it first.
    Over(EndedBy),
}

/// What the flags of a connection say of its end.
enum Ending {
    /// It is not the end.
    Open,
    /// Both sides said FIN and both FINs were passed on.
    Finished,
    /// This side was reset, as the kernel says, and all it sent before has been read.
    Reset(Side, ErrorKind),
    /// This side was reset, and its last bytes cannot be read for want of room on the other side.
    ResetUnread(Side),
}

/// A relayed connection.
#[derive(Debug)]
pub struct Pair<S> {
    /// The client's end.
    pub client: End<S>,
    /// The server's end.
    pub server: End<S>,
    /// Client to server.
    pub up: Flow,
    /// Server to client.
    pub down: Flow,
    first_closer: Option<EndedBy>,
    /// Since when a side is known to be reset while its last bytes cannot be read, for want of room on the other side.
    blocked_since: Option<Nanos>,
    resetting: Option<(Side, Nanos)>,
}

impl<S: Stream> Pair<S> {
    /// A connection whose two sockets are connected.
    pub fn new(client: S, server: S) -> Pair<S> {
        Pair {
            client: End::new(client),
            server: End::new(server),
            up: Flow::new(Direction::ToServer),
            down: Flow::new(Direction::ToClient),
            first_closer: None,
            blocked_since: None,
            resetting: None,
        }
    }

    /// Takes note of what the kernel said of one side.
    pub fn event(&mut self, side: Side, ready: Ready) {
        let (end, other, incoming, outgoing) = match side {
            Side::Client => (&mut self.client, &mut self.server, &self.up, &mut self.down),
            Side::Server => (&mut self.server, &mut self.client, &self.down, &mut self.up),
        };
        end.readable |= ready.readable || ready.closing;
        end.closing |= ready.closing;
        end.writable |= ready.writable;
        // A side that is not read, after its FIN or because the other one takes nothing, tells of its reset only here.
        end.reset |= ready.error && (incoming.source_finished || !incoming.is_flushed());
        if ready.writable && std::mem::take(&mut outgoing.wants_room) {
            other.readable = true;
        }
    }

    /// Moves what can be moved in both directions.
    pub fn turn(&mut self, now: Nanos, scratch: &mut [u8], budget: &Budget, sensor: &mut impl Sensor) -> Fate {
        if self.resetting.is_some() {
            return self.finish_reset(now, budget);
        }
        let mut with = TurnContext { scratch, budget, sensor };
        let up = self.up.turn(&mut self.client, &mut self.server, &mut with);
        let down = self.down.turn(&mut self.server, &mut self.client, &mut with);
        self.note_closers();
        match self.ending(&up, &down) {
            Ending::Open => self.unfinished(&up, &down),
            Ending::Finished => Fate::Over(self.first_closer.unwrap_or(EndedBy::Network)),
            Ending::Reset(by, kind) => self.begin_reset(by, kind, now, budget),
            Ending::ResetUnread(by) => self.await_room(by, now, budget),
        }
    }

    /// Cuts both sides with resets, giving back what was kept.
    pub fn cut(&mut self, budget: &Budget) {
        self.up.abandon(budget);
        self.down.abandon(budget);
        self.client.socket.reset_on_close();
        self.server.socket.reset_on_close();
    }

    /// The client has said FIN, as far as can be known: it may still be behind bytes that the server does not take.
    pub fn client_finished(&self) -> bool {
        self.up.finished || (self.client.closing && !self.up.is_flushed())
    }

    /// The client, which had ended its half before, answered what it was sent with a reset: it had left.
    pub fn client_refused(&self) -> bool {
        let resetting = matches!(self.resetting, Some((Side::Client, _)));
        self.up.source_finished && (self.client.reset || resetting)
    }

    /// The server has said all it will: who closed first.
    pub fn server_finished(&self) -> Option<EndedBy> {
        self.first_closer.filter(|_| self.down.source_finished)
    }

    /// Whether this is the end, and which: the first row that holds.
    fn ending(&self, up: &Turn, down: &Turn) -> Ending {
        const GONE: ErrorKind = ErrorKind::ConnectionReset;
        match (up, down) {
            (Turn::SourceReset(error), _) => Ending::Reset(Side::Client, error.kind()),
            (_, Turn::SourceReset(error)) => Ending::Reset(Side::Server, error.kind()),
            // A write found this side gone, and its last bytes have been read.
            _ if self.client.reset && self.up.source_finished => Ending::Reset(Side::Client, GONE),
            _ if self.server.reset && self.down.source_finished => Ending::Reset(Side::Server, GONE),
            _ if self.client.reset && !self.up.is_flushed() => Ending::ResetUnread(Side::Client),
            _ if self.server.reset && !self.down.is_flushed() => Ending::ResetUnread(Side::Server),
            _ if self.up.broken && self.down.broken => Ending::Reset(Side::Server, GONE),
            _ if self.up.finished && self.down.finished => Ending::Finished,
            _ => Ending::Open,
        }
    }

    /// It goes on: now, or with the next event.
    fn unfinished(&self, up: &Turn, down: &Turn) -> Fate {
        // Writing to the client failed in this turn, after its own direction had been served: its last bytes are unread.
        let unread = self.down.broken && self.client.readable && self.up.is_flushed() && !self.up.source_finished;
        match (up, down) {
            (Turn::More, _) | (_, Turn::More) => Fate::Busy,
            _ if unread => Fate::Busy,
            _ => Fate::Waiting,
        }
    }

    fn note_closers(&mut self) {
        if self.first_closer.is_none() {
            self.first_closer = match (self.up.source_finished, self.down.source_finished) {
                (true, _) => Some(EndedBy::Client),
                (_, true) => Some(EndedBy::Server),
                _ => None,
            };
        }
    }

    /// A side was reset, and what it sent before cannot even be read. It waits for room as a reset does.
    fn await_room(&mut self, by: Side, now: Nanos, budget: &Budget) -> Fate {
        let since = *self.blocked_since.get_or_insert(now);
        if Duration::from_nanos(now.saturating_sub(since)) < RESET_FLUSH {
            return Fate::Later(RESET_FLUSH);
        }
        self.begin_reset(by, ErrorKind::ConnectionReset, since, budget);
        self.finish_reset(now, budget)
    }

    fn begin_reset(&mut self, by: Side, kind: ErrorKind, now: Nanos, budget: &Budget) -> Fate {
        let closer = match (kind, by) {
            (ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable, _) => EndedBy::Network,
            (_, Side::Client) => EndedBy::Client,
            (_, Side::Server) => EndedBy::Server,
        };
        self.first_closer.get_or_insert(closer);
        // What the reset side would have been sent has no receiver any more.
        match by {
            Side::Client => self.down.abandon(budget),
            Side::Server => self.up.abandon(budget),
        }
        self.resetting = Some((by, now));
        self.finish_reset(now, budget)
    }

    /// The side that was not reset gets what was kept for it and acknowledges it (or a second passes); then a reset.
    fn finish_reset(&mut self, now: Nanos, budget: &Budget) -> Fate {
        let Some((by, since)) = self.resetting else { return Fate::Waiting };
        let (flow, to) = match by {
            Side::Client => (&mut self.up, &mut self.server),
            Side::Server => (&mut self.down, &mut self.client),
        };
        flow.flush(to, budget);
        let delivered = flow.broken || (flow.is_flushed() && to.socket.unacknowledged() == 0);
        let waited = Duration::from_nanos(now.saturating_sub(since));
        if delivered || waited >= RESET_FLUSH {
            self.cut(budget);
            return Fate::Over(self.first_closer.unwrap_or(EndedBy::Network));
        }
        Fate::Later(RESET_POLL)
    }
}
