//! All calls of one connection, by stream.
//!
//! A client that ends its half of the connection may have left, or be waiting for its answer. What it does when the answer
//! comes tells which: one that has left answers it with a reset. So what ends from then on is *held* until the connection is
//! over, and told as it was, or as the client's leaving.

use crate::call::{Call, ClientLeft};
use crate::exchange::{ConnectionState, Context, Ended, Exchange, LeftBy};
use crate::head::Head;
use crate::outcome::{EndedBy, UNREAD, Verdict};
use crate::plans::Plans;
use crate::pool;
use crate::sink::{Listener, Sink};
use crate::{Direction, Nanos};
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
    /// Streams above this were left out by the server's GOAWAY.
    last_accepted: Option<u32>,
    /// Responses can no longer be seen, so no call is followed.
    closed: bool,
    /// When the client ended its half of the connection.
    client_left: Option<Nanos>,
    /// What has ended since: no more than were open then.
    held: Vec<Held>,
    /// It answered what it was sent with a reset.
    client_refused: bool,
    /// How those ended that were open then, if the client left then: by their stream, the lowest first.
    departures: Vec<(u32, Ended)>,
}

/// A call that has ended, as it looks.
#[derive(Debug)]
struct Held {
    id: u32,
    exchange: Box<Exchange>,
    ended: Ended,
    at: Nanos,
}

impl Calls {
    /// Those of a connection that has had none.
    pub fn new(plans: &Plans) -> Calls {
        Calls { connection: ConnectionState::new(plans), ..Calls::default() }
    }

    /// Number of open calls.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Visits each open call; with when a response message began of which nobody knows yet whether it is output.
    pub fn visit(&mut self, mut visit: impl FnMut(&mut Call, Option<Nanos>)) {
        self.open.visit(|exchange| {
            exchange.note_output();
            let coming = exchange.coming();
            visit(&mut exchange.call, coming);
        });
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
                self.leave_out(id, listener.reborrow());
            }
        }
        if end_stream {
            self.end_stream(Direction::ToServer, id, false, listener);
        }
        Ok(())
    }

    /// A stream above the last one of a GOAWAY was opened.
    #[cold]
    fn leave_out<S: Sink>(&mut self, id: u32, listener: Listener<'_, S>) {
        self.finish(id, listener, |_, cx| left_out(cx));
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
            Direction::ToServer => exchange.left(LeftBy::Reset, cx.now, cx.connection),
            Direction::ToClient => exchange.server_reset(error, cx),
        });
    }

    /// The server's GOAWAY: streams above `last` were not and will not be worked on, whatever the error is, and clients of
    /// gRPC send them again by themselves (RFC 9113 section 6.8). Without an error it is a farewell.
    pub fn goaway<S: Sink>(&mut self, last: u32, error: u32, listener: Listener<'_, S>) {
        if error == 0 {
            listener.sink.farewell(listener.now);
        }
        let last = self.last_accepted.map_or(last, |before| before.min(last));
        self.last_accepted = Some(last);
        self.end_all(|id| id > last, listener, |_, _, cx| left_out(cx));
    }

    /// The client has ended its half of the connection.
    pub fn client_left<S: Sink>(&mut self, listener: Listener<'_, S>) {
        let now = listener.now;
        if self.client_left.is_some() {
            return;
        }
        self.client_left = Some(now);
        let mut ids: Vec<u32> = self.open.ids().collect();
        ids.sort_unstable();
        let mut cx = Context::new(listener, &mut self.connection);
        for id in ids {
            if let Some(exchange) = self.open.get_mut(id) {
                let departure = exchange.left(LeftBy::Connection, now, cx.connection);
                exchange.end_wait(&mut cx);
                let at = exchange.served().unwrap_or(now);
                exchange.call.client_left = Some(ClientLeft { at, gave_up_after: departure.gave_up_after });
                self.departures.push((id, departure));
            }
        }
    }

    /// The client answered what it was sent with a reset.
    pub fn client_refused(&mut self) {
        self.client_refused = true;
    }

    /// The client was there for what has been held so far.
    pub fn client_read_on<S: Sink>(&mut self, mut listener: Listener<'_, S>) {
        self.release(&mut listener);
    }

    /// What has ended waits for the end of the connection to be told.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The server has ended its half of the connection, which was first ended `by`: no answer will come. A client that had
    /// ended its half before left then, whoever ended the rest.
    pub fn server_left<S: Sink>(&mut self, by: EndedBy, listener: Listener<'_, S>) {
        let departures = std::mem::take(&mut self.departures);
        self.end_all(
            |_| true,
            listener,
            |id, exchange, cx| match (by, departure(&departures, id)) {
                (EndedBy::Client, departure) => exchange.lost_by_client(departure, cx.now, cx.connection),
                (_, Some(departure)) => exchange.lost_by_client(Some(departure), cx.now, cx.connection),
                (by, None) => Verdict::lost(by).into(),
            },
        );
        self.departures = departures;
    }

    /// The connection is over.
    pub fn lost<S: Sink>(&mut self, by: EndedBy, mut listener: Listener<'_, S>) {
        self.closed = true;
        self.server_left(by, listener.reborrow());
        self.release(&mut listener);
    }

    /// The server's frames can no longer be told apart.
    pub fn unreadable<S: Sink>(&mut self, mut listener: Listener<'_, S>) {
        self.closed = true;
        self.end_all(|_| true, listener.reborrow(), |_, _, _| UNREAD.into());
        self.release(&mut listener);
    }

    /// Tells of what was held.
    fn release<S: Sink>(&mut self, listener: &mut Listener<'_, S>) {
        for Held { id, mut exchange, mut ended, mut at } in std::mem::take(&mut self.held) {
            let departed = departure(&self.departures, id).zip(self.client_left);
            if let Some((departed, left)) = departed.filter(|_| self.client_refused) {
                (ended, at) = (departed, left);
            }
            exchange.end(&ended, &mut Context::new(Listener { now: at, sink: listener.sink }, &mut self.connection));
            pool::keep(exchange);
        }
    }

    /// Ends the calls whose stream is chosen, oldest first.
    fn end_all<S: Sink>(
        &mut self,
        chosen: impl Fn(u32) -> bool,
        mut listener: Listener<'_, S>,
        judge: impl Fn(u32, &mut Exchange, &mut Context<'_, S>) -> Ended,
    ) {
        let mut ids: Vec<u32> = self.open.ids().filter(|&id| chosen(id)).collect();
        ids.sort_unstable();
        for id in ids {
            self.finish(id, listener.reborrow(), |exchange, cx| judge(id, exchange, cx));
        }
    }

    /// Keeps what has ended now, after the client ended its half. Whatever became of the connection since, that is when a
    /// client that left ended its calls.
    #[cold]
    fn hold(&mut self, id: u32, exchange: Box<Exchange>, ended: Ended, [left, now]: [Nanos; 2]) {
        let at = if ended.verdict.ended_by == EndedBy::Client { left } else { now };
        self.held.push(Held { id, exchange, ended, at });
    }

    /// Takes a call out of the open ones, so that it ends once.
    #[inline]
    fn finish<S: Sink>(
        &mut self,
        id: u32,
        listener: Listener<'_, S>,
        judge: impl FnOnce(&mut Exchange, &mut Context<'_, S>) -> Ended,
    ) {
        let Some(mut exchange) = self.open.remove(id) else {
            return;
        };
        let mut cx = Context::new(listener, &mut self.connection);
        let ended = judge(&mut exchange, &mut cx);
        if let Some(left) = self.client_left {
            let now = cx.now;
            return self.hold(id, exchange, ended, [left, now]);
        }
        exchange.end(&ended, &mut cx);
        pool::keep(exchange);
    }
}

/// How a call ended if its client left when it ended its half of the connection.
fn departure(departures: &[(u32, Ended)], of: u32) -> Option<Ended> {
    let at = departures.binary_search_by_key(&of, |(id, _)| *id).ok()?;
    departures.get(at).map(|(_, ended)| *ended)
}

/// The server did not look at a stream: its client sends it again, unless that has been in vain.
fn left_out<S: Sink>(cx: &mut Context<'_, S>) -> Ended {
    Verdict::left_out(cx.sink.will_be_sent_again(cx.now)).into()
}
