//! All calls of one connection, by stream.

use crate::Direction;
use crate::call::Call;
use crate::exchange::{ConnectionState, Context, Exchange};
use crate::head::Head;
use crate::outcome::{Code, EndedBy, UNREAD, Verdict, grpc};
use crate::pool;
use crate::sink::{Listener, Sink};
use open::Open;

mod open;

/// Streams followed at once. Servers allow 100 to a few thousand per connection; at about 700 bytes each this is
/// under 6 MB for one that allows anything. Streams beyond it are relayed and not counted, and that is reported.
pub const MAX_OPEN_CALLS: usize = 8192;

/// There was no room for a call: its stream is relayed and not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The open calls, and what they share.
#[derive(Debug, Default)]
pub struct Calls {
    open: Open,
    connection: ConnectionState,
    /// The largest stream id the client has used; smaller ones never come back (R8).
    newest: u32,
    /// Streams above this were refused by the server's GOAWAY.
    last_accepted: Option<u32>,
    /// Responses can no longer be seen, so no call is followed.
    closed: bool,
}

impl Calls {
    /// Number of open calls.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Visits each open call.
    pub fn visit(&mut self, mut visit: impl FnMut(&mut Call)) {
        self.open.visit(|exchange| visit(&mut exchange.call));
    }

    /// A header block of the client's: opens a stream, or ends one with trailers.
    pub fn request_head<S: Sink>(
        &mut self,
        head: &mut Head,
        end_stream: bool,
        mut listener: Listener<'_, S>,
    ) -> Result<(), Full> {
        let id = head.stream;
        if id % 2 == 1 && id > self.newest && !self.closed {
            self.newest = id;
            if self.open.len() == MAX_OPEN_CALLS {
                return Err(Full);
            }
            let mut exchange: Box<Exchange> = pool::take();
            exchange.open(head, &mut Context::new(listener.reborrow(), &mut self.connection));
            self.open.insert(id, exchange);
            if self.last_accepted.is_some_and(|last| id > last) {
                self.finish(id, listener.reborrow(), |exchange, cx| exchange.end(refused(), false, cx));
            }
        }
        if end_stream {
            self.end_stream(Direction::ToServer, id, false, listener);
        }
        Ok(())
    }

    /// A header block of the server's.
    pub fn response_head(&mut self, head: &Head) {
        if let Some(exchange) = self.open.get_mut(head.stream) {
            exchange.answer(head, &mut self.connection);
        }
    }

    /// Payload of a stream.
    #[inline]
    pub fn data<S: Sink>(&mut self, direction: Direction, id: u32, bytes: &[u8], listener: Listener<'_, S>) {
        let Some(exchange) = self.open.get_mut(id) else {
            return;
        };
        let mut cx = Context::new(listener, &mut self.connection);
        match direction {
            Direction::ToServer => exchange.request_data(bytes, &mut cx),
            Direction::ToClient => exchange.response_data(bytes, &mut cx),
        }
    }

    /// END_STREAM. From the server it ends the call, whether or not the client is done (R10).
    pub fn end_stream<S: Sink>(&mut self, direction: Direction, id: u32, blind: bool, listener: Listener<'_, S>) {
        match direction {
            Direction::ToServer => {
                if let Some(exchange) = self.open.get_mut(id) {
                    exchange.request_complete(&mut Context::new(listener, &mut self.connection));
                }
            }
            Direction::ToClient => {
                self.finish(id, listener, |exchange, cx| exchange.answered(blind, cx));
            }
        }
    }

    /// RST_STREAM. After the end of a call it is normal and nothing is left to end (R9).
    pub fn reset<S: Sink>(&mut self, direction: Direction, id: u32, error: u32, listener: Listener<'_, S>) {
        self.finish(id, listener, |exchange, cx| match direction {
            Direction::ToServer => exchange.client_reset(cx),
            Direction::ToClient => exchange.server_reset(error, cx),
        });
    }

    /// The server's GOAWAY: streams above `last` were not and will not be worked on (RFC 9113 section 6.8).
    pub fn goaway<S: Sink>(&mut self, last: u32, listener: Listener<'_, S>) {
        let last = self.last_accepted.map_or(last, |before| before.min(last));
        self.last_accepted = Some(last);
        self.end_all(|id| id > last, refused(), listener);
    }

    /// The connection is over.
    pub fn lost<S: Sink>(&mut self, by: EndedBy, listener: Listener<'_, S>) {
        self.closed = true;
        self.end_all(|_| true, Verdict::lost(by), listener);
    }

    /// The server's frames can no longer be told apart.
    pub fn unreadable<S: Sink>(&mut self, listener: Listener<'_, S>) {
        self.closed = true;
        self.end_all(|_| true, UNREAD, listener);
    }

    /// Ends the calls whose stream is chosen, oldest first.
    fn end_all<S: Sink>(&mut self, chosen: impl Fn(u32) -> bool, verdict: Verdict, mut listener: Listener<'_, S>) {
        let mut ids: Vec<u32> = self.open.ids().filter(|&id| chosen(id)).collect();
        ids.sort_unstable();
        for id in ids {
            self.finish(id, listener.reborrow(), |exchange, cx| exchange.end(verdict, false, cx));
        }
    }

    /// Takes a call out of the open ones, so that it ends once.
    #[inline]
    fn finish<S: Sink>(
        &mut self,
        id: u32,
        listener: Listener<'_, S>,
        end: impl FnOnce(&mut Exchange, &mut Context<'_, S>),
    ) {
        let Some(mut exchange) = self.open.remove(id) else {
            return;
        };
        end(&mut exchange, &mut Context::new(listener, &mut self.connection));
        pool::keep(exchange);
    }
}

fn refused() -> Verdict {
    Verdict::server(Code::Grpc(grpc::UNAVAILABLE))
}
