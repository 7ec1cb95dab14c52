//! From the facts of one connection to counts.

use super::{Ending, Ledger, RouteCache};
use crate::clock::unix_nanos;
use crate::events::Terms;
use crate::holds::Holds;
use crate::{names, proto};
use wire::{Blind, BlindCause, Call, Code, Direction, End, EndedBy, Nanos, Outcome, Protocol, Request, Sink};

/// Counts the facts of one connection.
#[derive(Debug)]
pub struct Recorder<'a> {
    /// Where they are counted.
    pub ledger: &'a mut Ledger,
    /// Where this connection counted last.
    pub route_cache: &'a mut RouteCache,
    /// Calls of this connection that are open.
    pub open: &'a mut u32,
    /// Set when there is nothing in this connection to read.
    pub opaque: &'a mut bool,
    /// Which upstream it leads to, by listener.
    pub upstream: usize,
    /// What had passed before.
    pub passed: Passed,
    /// When its client did not read.
    pub holds: &'a Holds,
}

/// Bytes of a connection, each way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    to_server: u64,
    to_client: u64,
}

impl Passed {
    /// More have passed.
    pub fn add(&mut self, direction: Direction, bytes: usize) {
        match direction {
            Direction::ToServer => self.to_server += bytes as u64,
            Direction::ToClient => self.to_client += bytes as u64,
        }
    }

    fn of(self, direction: Direction) -> u64 {
        match direction {
            Direction::ToServer => self.to_server,
            Direction::ToClient => self.to_client,
        }
    }
}

impl Sink for Recorder<'_> {
    fn opened(&mut self, call: &mut Call) {
        // Deep inside the parser, which is where a bug of its own would be.
        #[cfg(feature = "planted-panic")]
        assert_ne!(&*call.traceparent.text, "planted-panic");
        *self.open += 1;
        self.ledger.open_calls += 1;
        call.concurrency = self.ledger.open_calls;
    }

    fn request(&mut self, call: &Call, request: &Request) {
        let ledger = &mut *self.ledger;
        if names_its_model(request) || ledger.is_named_by_server(call) {
            self.route_cache.admit(ledger, call);
        }
        self.route_cache.place_gaps(ledger, call);
        let (place, counted) = self.route_cache.find(ledger, call);
        let bad = ledger.events.ended(counted, Terms::of(call, self.holds), request);
        let ending = Ending { code: request.code, ended_by: request.ended_by, outcome: request.outcome };
        self.route_cache.counter(ledger, call, ending).requests += 1;
        let sequence = ledger.sequence;
        let route = &mut ledger.routes[place];
        let batch_limit = route.batch_limit;
        route.tokens.count(&request.open, sequence);
        route.streaming |= call.streaming;
        if request.ended_by == EndedBy::Server && request.code != Code::Lost {
            route.last_completed = request.end;
        }
        if let Some(timing) = route.timing(request.outcome) {
            timing.changed = sequence;
            // What the server refused was no batch: anyone may write any number.
            if request.outcome != Outcome::ClientError {
                timing.batch_sizes.count(&request.open, batch_limit);
            }
            if let Some(latency) = request.latency {
                timing.latency.record(latency);
                timing.latency_exemplar.offer(&call.traceparent.text, latency, request.end);
            }
            if let (true, Some(first), Some(complete)) =
                (call.streaming && call.whole.is_none(), request.open.first_response, request.open.complete)
            {
                let wait = first.saturating_sub(complete);
                timing.first_response.record(wait);
                timing.first_response_exemplar.offer(&call.traceparent.text, wait, request.end);
            }
        }
        // A shape that the server refused, or that the client gave up on, may be one that no model takes.
        if !matches!(request.outcome, Outcome::ClientError | Outcome::Cancelled) {
            let answered = request.outcome == Outcome::Ok;
            let shapes = ledger.shapes.of(route.shapes);
            shapes.count(request.open.shape, batch_limit, answered, sequence);
        }
        let undecided = batch_limit.is_none() && request.open.shape.first() > 0;
        if undecided && request.outcome == Outcome::Ok {
            ledger.request_probe(call, self.upstream);
        }
        let failed = request.outcome.is_failure();
        if failed {
            ledger.meet_unknown(call, self.upstream, request.end);
        }
        if failed || bad {
            let reason = if failed { "failed" } else { "slow" };
            let record = record(ledger.model(call), call, request, reason);
            ledger.push_record(record);
        }
    }

    fn gap(&mut self, call: &Call, gap: Nanos) {
        self.route_cache.gap(self.ledger, call, gap);
    }

    fn ended(&mut self, call: &Call, end: &End) {
        *self.open = self.open.saturating_sub(1);
        let ledger = &mut *self.ledger;
        if end.outcome == Outcome::Ok {
            ledger.farewells.answered(self.upstream);
        }
        ledger.open_calls = ledger.open_calls.saturating_sub(1);
        self.route_cache.place_gaps(ledger, call);
        let (place, _) = self.route_cache.find(ledger, call);
        let ending = Ending { code: end.code, ended_by: end.ended_by, outcome: end.outcome };
        let counter = self.route_cache.counter(ledger, call, ending);
        counter.calls += 1;
        counter.request_bytes += call.request_bytes;
        counter.response_bytes += call.response_bytes;
        counter.request_messages += call.request_messages;
        counter.response_messages += call.response_messages;
        let sequence = ledger.sequence;
        if let Some(timing) = ledger.routes[place].timing(end.outcome) {
            timing.changed = sequence;
            timing.call_duration.record(end.at.saturating_sub(call.start));
        }
        if let (Some(limit), Outcome::Ok) = (call.max_batch_size, end.outcome) {
            ledger.learn(&call.model.text, limit);
        }
    }

    fn blinded(&mut self, reason: Blind) {
        *self.opaque |= matches!(reason, Blind::Tls | Blind::Protocol | Blind::Upgraded | Blind::Panic);
    }

    fn blinded_by(&mut self, cause: &BlindCause) {
        self.ledger.blinded(cause, self.passed.of(cause.direction));
        self.blinded(cause.reason);
    }

    fn recognised(&mut self, protocol: Protocol) {
        *self.ledger.tallies.protocols.entry(names::protocol(protocol)).or_default() += 1;
    }

    fn head_truncated(&mut self) {
        self.ledger.tallies.heads_truncated += 1;
    }

    fn farewell(&mut self, now: Nanos) {
        self.ledger.farewells.said(self.upstream, now);
    }

    fn will_be_sent_again(&mut self, now: Nanos) -> bool {
        self.ledger.farewells.left_out(self.upstream, now)
    }

    fn held_up(&self, since: Nanos, until: Nanos) -> Nanos {
        self.holds.between(since, until)
    }

    fn is_leaving(&self, now: Nanos) -> bool {
        self.ledger.farewells.is_leaving(self.upstream, now)
    }
}

/// It is a good answer of a model: not a redirection, nor an empty one as OPTIONS gets (RFC 9110 section 9.3.7).
fn names_its_model(request: &Request) -> bool {
    let of_a_model = match request.code {
        Code::Http(status) => matches!(status, 200..=299) && status != 204,
        _ => true,
    };
    of_a_model && request.outcome == Outcome::Ok
}

fn record(model: &str, call: &Call, request: &Request, reason: &str) -> proto::Record {
    let duration = request.end.saturating_sub(request.open.start);
    let first = request.open.first_response.unwrap_or(request.open.start);
    proto::Record {
        model: model.to_string(),
        version: call.version.text.to_string(),
        method: call.method.text.to_string(),
        code: names::code(request.code),
        ended_by: names::ended_by(request.ended_by).to_string(),
        outcome: names::outcome(request.outcome).to_string(),
        request_id: request.open.id.text().to_string(),
        traceparent: call.traceparent.text.to_string(),
        start_unix_nanos: unix_nanos().saturating_sub(duration),
        call_duration_nanos: duration,
        latency_nanos: request.latency.unwrap_or(0),
        first_response_nanos: first.saturating_sub(request.open.start),
        request_bytes: call.request_bytes,
        response_bytes: call.response_bytes,
        message: request.message.to_string(),
        reason: reason.to_string(),
    }
}
