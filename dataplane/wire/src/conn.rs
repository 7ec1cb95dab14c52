//! One connection: both directions, all its calls.

use crate::call::Call;
use crate::calls::Calls;
use crate::catalogue::Catalogue;
use crate::head::Methods;
use crate::http1::Unreadable;
use crate::http2::{Counts, Cursor};
use crate::outcome::EndedBy;
use crate::plans;
use crate::sink::{Blind, BlindCause, Listener, Protocol, Sink};
use crate::sniff::Sniffer;
use crate::{Direction, Nanos};
use blindness::Blindness;
use http1_pipeline::Pipeline;
use http2_streams::Streams;
use std::sync::Arc;

mod blindness;
mod block_cache;
mod http1_pipeline;
mod http2_streams;

/// The observer of one connection.
#[derive(Debug)]
pub struct Conn {
    stage: Stage,
    client: Streams,
    server: Streams,
    shared: Shared,
    /// The server has ended its half.
    server_left: bool,
}

/// How far the connection has got.
#[derive(Debug)]
enum Stage {
    /// The client's first bytes have not told yet. What the server says meanwhile is read as HTTP/2 and means
    /// nothing should it turn out to be something else.
    Sniffing(Sniffer),
    Http2,
    Http1(Box<Pipeline>),
    /// Relayed only, or over.
    Deaf,
}

/// What both directions share, whatever the protocol.
#[derive(Debug)]
struct Shared {
    calls: Calls,
    /// Paths and their methods.
    methods: Methods,
    /// What has been reported as no longer read.
    blindness: Blindness,
}

impl Conn {
    /// An observer that has seen nothing yet (R1: it must be shown both directions from byte 0).
    pub fn new(catalogue: Arc<Catalogue>) -> Conn {
        let plans = plans::of(&catalogue);
        Conn {
            stage: Stage::Sniffing(Sniffer::default()),
            client: Streams::new(Direction::ToServer, &plans),
            server: Streams::new(Direction::ToClient, &plans),
            shared: Shared { calls: Calls::new(&plans), methods: Methods::new(plans), blindness: Blindness::default() },
            server_left: false,
        }
    }

    /// Shows bytes that have just been forwarded. Any chunking of the same bytes gives the same facts.
    pub fn feed<S: Sink>(&mut self, direction: Direction, bytes: &[u8], now: Nanos, sink: &mut S) {
        let mut bytes = bytes;
        if let (Stage::Sniffing(sniffer), Direction::ToServer) = (&mut self.stage, direction) {
            let (taken, protocol) = sniffer.feed(bytes, now);
            bytes = &bytes[taken..];
            let Some(protocol) = protocol else { return };
            let sniffer = std::mem::take(sniffer);
            self.recognise(protocol, sniffer.server_spoke, sink);
            self.http1(direction, sniffer.seen(), sniffer.began(), sink);
        }
        if let Stage::Sniffing(sniffer) = &mut self.stage {
            sniffer.server_spoke |= direction == Direction::ToClient && !bytes.is_empty();
        }
        match self.stage {
            Stage::Deaf => {}
            Stage::Http1(_) => self.http1(direction, bytes, now, sink),
            Stage::Sniffing(_) | Stage::Http2 => {
                let streams = match direction {
                    Direction::ToServer => &mut self.client,
                    Direction::ToClient => &mut self.server,
                };
                streams.feed(bytes, &mut self.shared, Listener { now, sink });
            }
        }
    }

    fn http1<S: Sink>(&mut self, direction: Direction, bytes: &[u8], now: Nanos, sink: &mut S) {
        let Stage::Http1(pipeline) = &mut self.stage else { return };
        let mut listener = Listener { now, sink };
        let Err(unreadable) = pipeline.feed(direction, bytes, &mut self.shared, listener.reborrow()) else {
            return;
        };
        self.stage = Stage::Deaf;
        self.shared.calls.unreadable(listener);
        let (reason, text) = match unreadable {
            Unreadable::Ambiguous(what) => (Blind::Frame, what),
            Unreadable::TooMany => (Blind::Streams, "more requests wait for an answer than are followed"),
            Unreadable::Switched => (Blind::Protocol, "HTTP/1.1 was switched to a protocol that may carry calls"),
            Unreadable::Upgraded => (Blind::Upgraded, "HTTP/1.1 was switched to another protocol"),
        };
        self.shared.blindness.report(&BlindCause { reason, direction, text }, sink);
    }

    fn recognise<S: Sink>(&mut self, protocol: Protocol, server_spoke: bool, sink: &mut S) {
        sink.recognised(protocol);
        self.stage = Stage::Deaf;
        let blindness = &mut self.shared.blindness;
        if protocol == Protocol::Http2 {
            self.stage = Stage::Http2;
            blindness.protocol_known(sink);
            return;
        }
        *blindness = Blindness::default();
        blindness.protocol_known(sink);
        let (reason, text) = match protocol {
            Protocol::Tls => (Blind::Tls, "it begins with a TLS hello"),
            // A server that spoke first is none of HTTP/1.1.
            Protocol::Http1 if !server_spoke => {
                self.stage = Stage::Http1(Box::new(Pipeline::new()));
                return;
            }
            Protocol::Http1 => (Blind::Protocol, "the server spoke before the first request of HTTP/1.1"),
            Protocol::Http2 | Protocol::Unknown => (Blind::Protocol, "it begins as no protocol that is known here"),
        };
        blindness.report(&BlindCause { reason, direction: Direction::ToServer, text }, sink);
    }

    /// The client has ended its half of the connection. Whether it left then is known at the end of it.
    pub fn client_left<S: Sink>(&mut self, now: Nanos, sink: &mut S) {
        self.shared.calls.client_left(Listener { now, sink });
    }

    /// The server has ended its half of the connection, which was first ended `by`: every open call ends as
    /// [`crate::Code::Lost`], but for an answer that ends so. What is still asked will never be answered.
    pub fn server_left<S: Sink>(&mut self, by: EndedBy, now: Nanos, sink: &mut S) {
        if std::mem::replace(&mut self.server_left, true) {
            return;
        }
        let mut listener = Listener { now, sink };
        if let Stage::Http1(pipeline) = &mut self.stage {
            pipeline.server_closed(&mut self.shared.calls, listener.reborrow());
        }
        self.shared.calls.server_left(by, listener);
    }

    /// The client, which had ended its half before, answered what it was sent with a reset: it had left.
    pub fn client_refused(&mut self) {
        self.shared.calls.client_refused();
    }

    /// The client, which had ended its half before, has acknowledged all that it was sent: it was there.
    pub fn client_read_on<S: Sink>(&mut self, now: Nanos, sink: &mut S) {
        self.shared.calls.client_read_on(Listener { now, sink });
    }

    /// The connection is over: every open call ends as [`crate::Code::Lost`].
    pub fn end<S: Sink>(&mut self, by: EndedBy, now: Nanos, sink: &mut S) {
        if by == EndedBy::Server {
            self.server_left(by, now, sink);
        }
        self.stage = Stage::Deaf;
        self.shared.calls.lost(by, Listener { now, sink });
    }

    /// Whether calls have ended of which the end of the connection will tell how.
    pub fn holds_calls(&self) -> bool {
        self.shared.calls.holds()
    }

    /// Visits each open call and its open requests, in no particular order; with when a response message began that is
    /// under way, of which nobody knows yet whether it is output.
    pub fn scan(&mut self, visit: impl FnMut(&mut Call, Option<Nanos>)) {
        self.shared.calls.visit(visit);
    }

    /// Frames of HTTP/2 that this end has sent since this was last asked, by type.
    pub fn take_frames(&mut self, direction: Direction) -> Counts {
        match direction {
            Direction::ToServer => self.client.take_frames(),
            Direction::ToClient => self.server.take_frames(),
        }
    }

    /// A farewell may be inserted towards the client right after the last byte fed. HTTP/2: a GOAWAY frame; in step, at a
    /// frame boundary, outside a header block, after the server's first SETTINGS and before any GOAWAY of its own.
    /// HTTP/1.1: a field, `connection: close`; between two lines of the head of a final answer.
    pub fn farewell_fits(&self) -> bool {
        match &self.stage {
            Stage::Http1(pipeline) => pipeline.field_fits(),
            _ => self.towards_client().is_some_and(Cursor::goaway_fits),
        }
    }

    /// Of bytes about to be sent to the client and not yet fed: the length of the shortest non-empty prefix after
    /// which [`Conn::farewell_fits`] would hold, or None if none is found among them. Looks at frame heads only, and
    /// in HTTP/1.1 only at an answer that begins with them or is under way.
    pub fn farewell_fits_after(&self, bytes: &[u8]) -> Option<usize> {
        match &self.stage {
            Stage::Http1(pipeline) => pipeline.field_fits_after(bytes),
            _ => self.towards_client()?.goaway_fits_after(bytes),
        }
    }

    fn towards_client(&self) -> Option<&Cursor> {
        matches!(self.stage, Stage::Http2).then(|| self.server.cursor())?
    }

    /// It is HTTP/1.1 and still read.
    pub fn reads_http1(&self) -> bool {
        matches!(self.stage, Stage::Http1(_))
    }

    /// It is HTTP/1.1 and still read, or what the client has sent may still become that.
    pub fn may_be_http1(&self) -> bool {
        matches!(self.stage, Stage::Sniffing(_) | Stage::Http1(_))
    }

    /// Calls open now.
    pub fn open_calls(&self) -> usize {
        self.shared.calls.len()
    }
}
