//! Requests and answers of one connection: the first request that waits is the one that is answered (RFC 9112 section 9.3).

use super::Shared;
use crate::Direction;
use crate::calls::Calls;
use crate::head::{Head, Methods};
use crate::http1::{Body, Framing, Messages, Unreadable, Walker};
use crate::sink::{Listener, Sink};
use std::collections::VecDeque;

/// Requests that may wait for an answer on one connection. Clients that pipeline at all send a few ahead.
pub const MAX_WAITING: usize = 64;

/// How far both directions have been read, and what waits.
#[derive(Debug)]
pub struct Pipeline {
    client: Walker,
    server: Walker,
    queue: Queue,
}

/// The requests that wait, and which of them is spoken of.
#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// What the newest request is called among the connection's calls.
    newest: u32,
    /// What the request is called whose answer is at hand.
    answered: u32,
    /// The head at hand is a 1xx: another one follows for the same request.
    interim: bool,
    /// The answer at hand is a 408 that no request waits for: it says that the connection was idle for too long, and is
    /// none (RFC 9110 section 15.5.9).
    unasked: bool,
}

/// A request without a complete answer.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: u32,
    is_head: bool,
    is_connect: bool,
}

/// One direction at work on one read.
struct Reader<'a, S> {
    queue: &'a mut Queue,
    shared: &'a mut Shared,
    listener: Listener<'a, S>,
}

struct Requests<'a, 'l, S>(&'a mut Reader<'l, S>);

struct Answers<'a, 'l, S>(&'a mut Reader<'l, S>);

impl Pipeline {
    /// Before the first request.
    pub fn new() -> Pipeline {
        Pipeline { client: Walker::new(true), server: Walker::new(false), queue: Queue::default() }
    }

    /// Reads bytes that have just come.
    pub fn feed<S: Sink>(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        shared: &mut Shared,
        listener: Listener<'_, S>,
    ) -> Result<(), Unreadable> {
        let now = listener.now;
        let mut reader = Reader { queue: &mut self.queue, shared, listener };
        match direction {
            Direction::ToServer => self.client.feed(bytes, now, &mut Requests(&mut reader)),
            Direction::ToClient => self.server.feed(bytes, now, &mut Answers(&mut reader)),
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
    pub fn server_closed<S: Sink>(&mut self, calls: &mut Calls, listener: Listener<'_, S>) {
        let ends = self.server.ends_with_connection() && !self.queue.unasked;
        if let Some(one) = self.queue.waiting.pop_front().filter(|_| ends) {
            calls.end_stream(Direction::ToClient, one.id, false, listener);
        }
    }
}

impl<S: Sink> Messages for Requests<'_, '_, S> {
    fn head(&mut self, head: &mut Head, framing: Framing) -> Result<Option<Body>, Unreadable> {
        let reader = &mut *self.0;
        if reader.queue.waiting.len() == MAX_WAITING {
            return Err(Unreadable::TooMany);
        }
        // Ids go up in odd numbers, as those of HTTP/2 streams do; after two thousand million requests there are no more.
        let id =
            reader.queue.newest.checked_add(if reader.queue.newest == 0 { 1 } else { 2 }).ok_or(Unreadable::TooMany)?;
        reader.queue.newest = id;
        head.stream = id;
        let Framing { is_head, is_connect, .. } = framing;
        reader.queue.waiting.push_back(Waiting { id, is_head, is_connect });
        let body = match framing {
            Framing { chunked: true, .. } => Some(Body::Chunked),
            Framing { length: Some(length), .. } => Some(Body::Length(length)),
            _ => None,
        };
        reader.shared.calls.request_head(head, false, reader.listener.reborrow()).map_err(|_| Unreadable::TooMany)?;
        Ok(body)
    }

    fn body(&mut self, bytes: &[u8]) {
        let reader = &mut *self.0;
        reader.shared.calls.data(Direction::ToServer, reader.queue.newest, bytes, reader.listener.reborrow());
    }

    fn end(&mut self) {
        let reader = &mut *self.0;
        reader.shared.calls.end_stream(Direction::ToServer, reader.queue.newest, false, reader.listener.reborrow());
    }

    fn methods(&mut self) -> &mut Methods {
        &mut self.0.shared.methods
    }
}

impl<S: Sink> Answers<'_, '_, S> {
    /// The answer is complete, and it is the last of HTTP.
    fn switched(&mut self, leaves_http: bool) -> Unreadable {
        self.0.queue.interim = false;
        self.end();
        if leaves_http { Unreadable::Upgraded } else { Unreadable::Switched }
    }
}

impl<S: Sink> Messages for Answers<'_, '_, S> {
    fn head(&mut self, head: &mut Head, framing: Framing) -> Result<Option<Body>, Unreadable> {
        let reader = &mut *self.0;
        let status = head.status.unwrap_or(0);
        let Some(waiting) = reader.queue.waiting.front().copied() else {
            reader.queue.unasked = status == 408;
            return match status {
                408 if framing.chunked => Ok(Some(Body::Chunked)),
                408 => Ok(Some(framing.length.map_or(Body::UntilClose, Body::Length))),
                _ => Err(Unreadable::Ambiguous("an answer that no request waits for")),
            };
        };
        head.stream = waiting.id;
        reader.queue.answered = waiting.id;
        reader.queue.interim = matches!(status, 100 | 102..=199);
        reader.shared.calls.response_head(head);
        // RFC 9112 section 6.3, in its order.
        match status {
            101 => Err(self.switched(head.leaves_http())),
            200..=299 if waiting.is_connect => Err(self.switched(false)),
            _ if waiting.is_head => Ok(None),
            100..=199 | 204 | 304 => Ok(None),
            _ if framing.chunked => Ok(Some(Body::Chunked)),
            _ => Ok(Some(framing.length.map_or(Body::UntilClose, Body::Length))),
        }
    }

    fn body(&mut self, bytes: &[u8]) {
        let reader = &mut *self.0;
        if !reader.queue.unasked {
            reader.shared.calls.data(Direction::ToClient, reader.queue.answered, bytes, reader.listener.reborrow());
        }
    }

    fn end(&mut self) {
        let reader = &mut *self.0;
        if std::mem::take(&mut reader.queue.interim) || std::mem::take(&mut reader.queue.unasked) {
            return;
        }
        if let Some(one) = reader.queue.waiting.pop_front() {
            reader.shared.calls.end_stream(Direction::ToClient, one.id, false, reader.listener.reborrow());
        }
    }

    fn methods(&mut self) -> &mut Methods {
        &mut self.0.shared.methods
    }
}
