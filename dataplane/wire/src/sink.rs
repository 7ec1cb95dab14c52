//! The contract of whoever listens to a connection: what may be told, and in which words.

use crate::call::{Call, End, Request};
use crate::{Direction, Nanos};

/// What the first bytes of the client said. Bytes were forwarded before anyone looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/2 with prior knowledge.
    Http2,
    /// HTTP/1.x.
    Http1,
    /// A TLS hello; relayed, not read.
    Tls,
    /// Anything else; relayed, not read.
    Unknown,
}

/// Why a connection, or one direction of it, is no longer read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blind {
    /// TLS: nothing to read.
    Tls,
    /// No protocol known here, or none any more: HTTP/1.1 was switched to one that carries HTTP, or to a tunnel.
    Protocol,
    /// A header block that cannot be decoded: this direction is frames only from here (R3).
    Hpack,
    /// What breaks the framing of RFC 9113 (padding, interleaved header block, bad length) or of RFC 9112, or can be
    /// read in two ways there.
    Frame,
    /// More streams open at once, or requests waiting in a pipeline, than are followed.
    Streams,
    /// The parser panicked; the caller says so.
    Panic,
    /// HTTP/1.1 was switched to what carries no HTTP, as websocket: nothing that objectives are about is hidden there.
    Upgraded,
}

/// How a connection, or one direction of it, came to be no longer read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindCause {
    /// Its kind.
    pub reason: Blind,
    /// In which direction it was found.
    pub direction: Direction,
    /// What was wrong, for a person.
    pub text: &'static str,
}

/// Receives the facts. Called in wire order, from inside [`crate::Conn::feed`] and [`crate::Conn::end`].
pub trait Sink {
    /// A call has arrived: its method is known if it ever will be.
    fn opened(&mut self, call: &mut Call);
    /// A request came to its end. For a call that does not carry many: exactly once, just before `ended`.
    fn request(&mut self, call: &Call, request: &Request);
    /// A response message began `gap` after the previous one of the same call was complete.
    fn gap(&mut self, call: &Call, gap: Nanos);
    /// A call came to its end, exactly once. `call.open` is empty.
    fn ended(&mut self, call: &Call, end: &End);
    /// The connection or one direction of it is no longer read. At most once per reason.
    fn blinded(&mut self, reason: Blind);
    /// The same, for whoever wants to know what was wrong: this is what is called.
    fn blinded_by(&mut self, cause: &BlindCause) {
        self.blinded(cause.reason);
    }
    /// What the first bytes said. At most once.
    fn recognised(&mut self, protocol: Protocol);
    /// A message's wanted fields did not lie within its first `head_bytes`.
    fn head_truncated(&mut self);
    /// The server said a graceful GOAWAY.
    fn farewell(&mut self, now: Nanos) {
        let _ = now;
    }
    /// A stream that the server does not look at will be sent again by its client; false where that has been in vain
    /// ([`crate::outcome::SENT_AGAIN`]).
    fn will_be_sent_again(&mut self, now: Nanos) -> bool {
        let _ = now;
        true
    }
    /// How much of that time its client held up the connection: bytes for it were held, because it did not read.
    fn held_up(&self, since: Nanos, until: Nanos) -> Nanos {
        let _ = (since, until);
        0
    }
    /// That server has said one of late, on this connection or another ([`crate::outcome::FAREWELL`]).
    fn is_leaving(&self, now: Nanos) -> bool {
        let _ = now;
        false
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn opened(&mut self, call: &mut Call) {
        (**self).opened(call);
    }

    fn request(&mut self, call: &Call, request: &Request) {
        (**self).request(call, request);
    }

    fn gap(&mut self, call: &Call, gap: Nanos) {
        (**self).gap(call, gap);
    }

    fn ended(&mut self, call: &Call, end: &End) {
        (**self).ended(call, end);
    }

    fn blinded(&mut self, reason: Blind) {
        (**self).blinded(reason);
    }

    fn blinded_by(&mut self, cause: &BlindCause) {
        (**self).blinded_by(cause);
    }

    fn recognised(&mut self, protocol: Protocol) {
        (**self).recognised(protocol);
    }

    fn head_truncated(&mut self) {
        (**self).head_truncated();
    }

    fn farewell(&mut self, now: Nanos) {
        (**self).farewell(now);
    }

    fn will_be_sent_again(&mut self, now: Nanos) -> bool {
        (**self).will_be_sent_again(now)
    }

    fn held_up(&self, since: Nanos, until: Nanos) -> Nanos {
        (**self).held_up(since, until)
    }

    fn is_leaving(&self, now: Nanos) -> bool {
        (**self).is_leaving(now)
    }
}

/// Who listens, and when those bytes came of which is told.
#[derive(Debug)]
pub struct Listener<'a, S> {
    /// The time at which the bytes came.
    pub now: Nanos,
    /// Whoever is told.
    pub sink: &'a mut S,
}

impl<S> Listener<'_, S> {
    /// The same one, lent for one more call.
    #[inline]
    pub fn reborrow(&mut self) -> Listener<'_, S> {
        Listener { now: self.now, sink: self.sink }
    }
}
