//! Requests and answers of one connection: the first request that waits is the one that is answered (RFC 9112 section 9.3).

use super::Unreadable;
use super::head::Framing;
use super::walker::{Body, Messages, Walker};
use crate::calls::Calls;
use crate::head::{Head, Methods};
use crate::sink::Sink;
use crate::{Direction, Nanos};
use std::collections::VecDeque;

/// Requests that may wait for an answer on one connection. Clients that pipeline at all send a few ahead.
pub const MAX_WAITING: usize = 64;

/// The reading state of both directions.
#[derive(Debug)]
pub struct Exchanges {
    client: Walker,
    server: Walker,
    waiting: VecDeque<Waiting>,
    /// What the newest request is called among the connection's calls.
    newest: u32,
    /// What the request is called whose answer is at hand.
    answered: u32,
    /// The head at hand is a 1xx: another one follows for the same request.
    interim: bool,
}

/// A request without a complete answer.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: u32,
    is_head: bool,
    is_connect: bool,
}

impl Exchanges {
    /// Before the first request.
    pub fn new() -> Exchanges {
        Exchanges {
            client: Walker::new(true),
            server: Walker::new(false),
            waiting: VecDeque::new(),
            newest: 0,
            answered: 0,
            interim: false,
        }
    }

    /// Reads bytes that came at `now`.
    pub fn feed<S: Sink>(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        now: Nanos,
        (calls, methods): (&mut Calls, &mut Methods),
        sink: &mut S,
    ) -> Result<(), Unreadable> {
        let (waiting, newest) = (&mut self.waiting, &mut self.newest);
        let (answered, interim) = (&mut self.answered, &mut self.interim);
        let mut lane = Lane { waiting, newest, answered, interim, calls, methods, now, sink };
        match direction {
            Direction::ToServer => self.client.feed(bytes, now, &mut Requests(&mut lane)),
            Direction::ToClient => self.server.feed(bytes, now, &mut Answers(&mut lane)),
        }
    }

    /// A field may be inserted into the answer under way.
    pub fn field_fits(&self) -> bool {
        self.server.field_fits()
    }

    /// Bytes of an answer to send before a field may be inserted into it.
    pub fn field_fits_after(&self, bytes: &[u8]) -> Option<usize> {
        self.server.field_fits_after(bytes)
    }

    /// The server closed the connection: an answer that ends with it is complete.
    pub fn server_closed<S: Sink>(&mut self, now: Nanos, calls: &mut Calls, sink: &mut S) {
        if let Some(one) = self.waiting.pop_front().filter(|_| self.server.ends_with_connection()) {
            calls.end_stream(Direction::ToClient, one.id, false, now, sink);
        }
    }
}

/// One direction at work on one read.
struct Lane<'a, S> {
    waiting: &'a mut VecDeque<Waiting>,
    newest: &'a mut u32,
    answered: &'a mut u32,
    interim: &'a mut bool,
    calls: &'a mut Calls,
    methods: &'a mut Methods,
    now: Nanos,
    sink: &'a mut S,
}

struct Requests<'a, 'l, S>(&'a mut Lane<'l, S>);

impl<S: Sink> Messages for Requests<'_, '_, S> {
    fn head(&mut self, head: &mut Head, framing: Framing) -> Result<Option<Body>, Unreadable> {
        let lane = &mut *self.0;
        if lane.waiting.len() == MAX_WAITING {
            return Err(Unreadable::TooMany);
        }
        // Ids go up in odd numbers, as those of HTTP/2 streams do; after two thousand million requests there are no more.
        let id = lane.newest.checked_add(if *lane.newest == 0 { 1 } else { 2 }).ok_or(Unreadable::TooMany)?;
        *lane.newest = id;
        head.stream = id;
        let Framing { is_head, is_connect, .. } = framing;
        lane.waiting.push_back(Waiting { id, is_head, is_connect });
        let body = match framing {
            Framing { chunked: true, .. } => Some(Body::Chunked),
            Framing { length: Some(length), .. } => Some(Body::Length(length)),
            _ => None,
        };
        lane.calls.request_head(head, false, lane.now, lane.sink).map_err(|_| Unreadable::TooMany)?;
        Ok(body)
    }

    fn body(&mut self, bytes: &[u8]) {
        let lane = &mut *self.0;
        lane.calls.data(Direction::ToServer, *lane.newest, bytes, lane.now, lane.sink);
    }

    fn end(&mut self) {
        let lane = &mut *self.0;
        lane.calls.end_stream(Direction::ToServer, *lane.newest, false, lane.now, lane.sink);
    }

    fn methods(&mut self) -> &mut Methods {
        self.0.methods
    }
}

struct Answers<'a, 'l, S>(&'a mut Lane<'l, S>);

impl<S: Sink> Answers<'_, '_, S> {
    /// The answer is complete, and it is the last of HTTP.
    fn switched(&mut self) -> Unreadable {
        *self.0.interim = false;
        self.end();
        Unreadable::Switched
    }
}

impl<S: Sink> Messages for Answers<'_, '_, S> {
    fn head(&mut self, head: &mut Head, framing: Framing) -> Result<Option<Body>, Unreadable> {
        let lane = &mut *self.0;
        let waiting = *lane.waiting.front().ok_or(Unreadable::Ambiguous)?;
        let status = head.status.unwrap_or(0);
        head.stream = waiting.id;
        *lane.answered = waiting.id;
        *lane.interim = matches!(status, 100 | 102..=199);
        lane.calls.response_head(head);
        // RFC 9112 section 6.3, in its order.
        match status {
            101 => Err(self.switched()),
            200..=299 if waiting.is_connect => Err(self.switched()),
            _ if waiting.is_head => Ok(None),
            100..=199 | 204 | 304 => Ok(None),
            _ if framing.chunked => Ok(Some(Body::Chunked)),
            _ => Ok(Some(framing.length.map_or(Body::UntilClose, Body::Length))),
        }
    }

    fn body(&mut self, bytes: &[u8]) {
        let lane = &mut *self.0;
        lane.calls.data(Direction::ToClient, *lane.answered, bytes, lane.now, lane.sink);
    }

    fn end(&mut self) {
        let lane = &mut *self.0;
        if std::mem::take(lane.interim) {
            return;
        }
        if let Some(one) = lane.waiting.pop_front() {
            lane.calls.end_stream(Direction::ToClient, one.id, false, lane.now, lane.sink);
        }
    }

    fn methods(&mut self) -> &mut Methods {
        self.0.methods
    }
}
