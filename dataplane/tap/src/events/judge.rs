//! Whether a request meets one condition, does not, or tells nothing of it: exactly, at the call.
//!
//! What is left out is counted by its reason. A threshold that was crossed makes a request bad whatever ends it, so that
//! it does not matter whether the scan of open requests came before its end. Time in which the client did not read does not
//! count: a wait that crosses a threshold only with it is left out.

use super::reasons::{Event, Reason};
use crate::holds::Holds;
use crate::proto;
use wire::outcome::{GIVE_UP, UNREAD};
use wire::{Call, ClientLeft, Nanos, OpenRequest, Outcome, Request, Verdict, Wait};

/// What makes an event good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The server answered well, before the client gave up.
    Available {
        /// A client of HTTP that leaves after so long without anything new has given up on the server.
        give_up: Nanos,
    },
    /// It did so in time, from the complete request to the complete answer.
    LatencyBelow(Nanos),
    /// Its first output came in time.
    FirstTokenBelow(Growing),
    /// Time per token of the output, from the first to the newest.
    TokenTimeBelow(Nanos),
    /// No wait for more output was longer, be it for its end.
    LongestGapBelow(Nanos),
}

/// A threshold that may grow with the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growing {
    base: Nanos,
    per_token: Nanos,
    up_to: Nanos,
}

impl Growing {
    /// `base` and `per_token` for each token of the prompt that was in no cache, and never more than `up_to`.
    pub const fn new(base: Nanos, per_token: Nanos, up_to: Nanos) -> Growing {
        Growing { base, per_token, up_to: if per_token == 0 || up_to < base { base } else { up_to } }
    }

    fn of(self, tokens: u32) -> Nanos {
        self.base.saturating_add(self.per_token.saturating_mul(u64::from(tokens))).min(self.up_to)
    }
}

/// What matters of a call for all its requests.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// See [`Call::traceparent`].
    pub traceparent: &'a str,
    /// See [`Call::timeout`].
    pub timeout: Option<Nanos>,
    /// See [`Call::whole`].
    pub whole: Option<Nanos>,
    /// See [`Call::streaming`].
    pub streaming: bool,
    /// See [`Call::rests`].
    pub rests: bool,
    /// See [`Call::served`].
    pub served: Nanos,
    /// See [`Call::client_left`].
    pub client_left: Option<ClientLeft>,
    /// When the response message began that is under way, of which nobody knows yet whether it is output.
    pub coming: Option<Nanos>,
    /// When its client did not read.
    pub holds: &'a Holds,
}

impl<'a> Terms<'a> {
    /// Those of a call.
    #[inline]
    pub fn of(call: &'a Call, holds: &'a Holds) -> Terms<'a> {
        Terms {
            traceparent: &call.traceparent.text,
            timeout: call.timeout,
            whole: call.whole,
            streaming: call.streaming,
            rests: call.rests,
            served: call.served,
            client_left: call.client_left,
            coming: None,
            holds,
        }
    }

    /// The client allows less time than that.
    fn allows_less_than(self, threshold: Nanos) -> bool {
        self.timeout.is_some_and(|timeout| timeout < threshold)
    }

    fn wait(self, since: Nanos, until: Nanos) -> Wait {
        let until = until.max(since);
        Wait::new(until - since, self.holds.between(since, until))
    }

    /// The answer comes in one piece, so that there is no first output nor a next.
    fn is_one_piece(self) -> bool {
        self.whole.is_some() || !self.streaming
    }
}

impl Condition {
    /// As a policy says it; None for one that is not known here.
    pub fn of(condition: proto::Condition) -> Option<Condition> {
        use proto::condition::Good;
        Some(match condition.good? {
            Good::Available(proto::Available { give_up_nanos: 0 }) => Condition::Available { give_up: GIVE_UP },
            Good::Available(proto::Available { give_up_nanos }) => Condition::Available { give_up: give_up_nanos },
            Good::LatencyBelowNanos(nanos) => Condition::LatencyBelow(nanos),
            Good::FirstTokenBelow(first) => Condition::FirstTokenBelow(Growing::new(
                first.base_nanos,
                first.nanos_per_prompt_token,
                first.up_to_nanos,
            )),
            Good::TokenTimeBelowNanos(nanos) => Condition::TokenTimeBelow(nanos),
            Good::LongestGapBelowNanos(nanos) => Condition::LongestGapBelow(nanos),
        })
    }

    /// Whether it may leave an event out for that.
    pub fn may_be(self, reason: Reason) -> bool {
        use Condition::{Available, FirstTokenBelow, LatencyBelow, LongestGapBelow, TokenTimeBelow};
        match reason {
            Reason::ClientError | Reason::Cancelled | Reason::Unread => true,
            Reason::Deadline | Reason::ClientSlow => !matches!(self, Available { .. }),
            Reason::Untimed => matches!(self, LatencyBelow(_)),
            Reason::OnePiece => matches!(self, FirstTokenBelow(_) | TokenTimeBelow(_) | LongestGapBelow(_)),
            Reason::NoTokens => matches!(self, TokenTimeBelow(_)),
            Reason::NoLength => matches!(self, FirstTokenBelow(threshold) if threshold.up_to > threshold.base),
        }
    }

    /// What a request is that came to its end.
    pub fn judge(self, terms: Terms<'_>, request: &Request) -> Event {
        match self {
            Condition::Available { give_up } => match request.gave_up_after {
                Some(silence) if silence >= give_up => Event::Bad,
                Some(_) => Event::Excluded(Reason::Cancelled),
                None => of_outcome(request),
            },
            Condition::LatencyBelow(threshold) => latency(threshold, terms, request),
            Condition::FirstTokenBelow(threshold) => first_token(threshold, terms, request),
            Condition::TokenTimeBelow(_) | Condition::LongestGapBelow(_) if terms.is_one_piece() => one_piece(request),
            Condition::TokenTimeBelow(threshold) => token_time(threshold, terms, request),
            Condition::LongestGapBelow(threshold) => {
                timed(request.open.output.longest_gap(), threshold, given_up(threshold, request), terms, request)
            }
        }
    }

    /// Whether an open request has crossed the threshold by `now`. A client that has ended its half of the connection may
    /// have left then: it does not wait on for certain.
    pub fn is_crossed(self, terms: Terms<'_>, request: &OpenRequest, now: Nanos) -> bool {
        let Some(complete) = request.complete else { return false };
        let left = terms.client_left.map_or(now, |left| left.at.min(now));
        match self {
            // A client that ends its half after so long has left, though its server does not see it.
            Condition::Available { give_up } => {
                terms.client_left.and_then(|left| left.gave_up_after).is_some_and(|silence| silence >= give_up)
            }
            Condition::LatencyBelow(threshold) => {
                let until = if terms.served > 0 { left.min(terms.served) } else { left };
                let waits = request.unfinished.is_none() && !terms.allows_less_than(threshold);
                waits && terms.wait(complete, until).net > threshold
            }
            Condition::FirstTokenBelow(Growing { up_to, .. }) => {
                // What came after that it may not have been there for.
                let first = request.first_response.filter(|first| terms.client_left.is_none() || *first <= left);
                let none_before = terms.coming.or(terms.whole).unwrap_or(left).min(left);
                let wait = terms.wait(complete, first.filter(|_| terms.whole.is_none()).unwrap_or(none_before));
                !terms.allows_less_than(up_to) && wait.net > up_to
            }
            // How many tokens there are is known at the end.
            Condition::TokenTimeBelow(_) => false,
            Condition::LongestGapBelow(threshold) => {
                let output = request.output;
                let waits = request.is_waiting() && !terms.rests && terms.client_left.is_none() && output.newest > 0;
                let gap = if waits { terms.wait(output.newest, now).net } else { 0 };
                let judged = !terms.is_one_piece() && !terms.allows_less_than(threshold);
                judged && output.longest_gap().net.max(gap) > threshold
            }
        }
    }
}

fn latency(threshold: Nanos, terms: Terms<'_>, request: &Request) -> Event {
    let complete = request.open.complete.unwrap_or(request.end);
    // The server answered, but when the answer was complete is not known: perhaps with its newest response.
    let untimed = request.outcome == Outcome::Ok && request.latency.is_none();
    let end = if untimed { request.open.unfinished.unwrap_or(request.end) } else { request.end };
    let until = request.latency.map_or(end, |latency| complete.saturating_add(latency));
    match timed(terms.wait(complete, until), threshold, GAVE_UP_EARLY, terms, request) {
        Event::Bad => Event::Bad,
        _ if untimed => Event::Excluded(Reason::Untimed),
        event => event,
    }
}

fn first_token(threshold: Growing, terms: Terms<'_>, request: &Request) -> Event {
    let open = &request.open;
    let complete = open.complete.unwrap_or(request.end);
    if let Some(known) = terms.whole {
        let late = open.complete.is_some() && terms.wait(complete, known.min(request.end)).net > threshold.up_to;
        return if late && !terms.allows_less_than(threshold.up_to) { Event::Bad } else { one_piece(request) };
    }
    // That came before the end: the client may have left before it did.
    let first = open.first_response.unwrap_or(request.end).min(request.end);
    let wait = terms.wait(complete, first);
    let judged = |threshold| timed(wait, threshold, GAVE_UP_EARLY, terms, request);
    if let Some(tokens) = open.tokens_in.computed().or((threshold.per_token == 0).then_some(0)) {
        return judged(threshold.of(tokens));
    }
    match judged(threshold.base) {
        // The prompt may have been long enough for it, and where nothing else tells nobody knows.
        Event::Bad if wait.net <= threshold.up_to && wait.net > threshold.base => match of_outcome(request) {
            Event::Good => Event::Excluded(Reason::NoLength),
            Event::Bad if request.gave_up_after.is_some() => GAVE_UP_EARLY,
            event => event,
        },
        event => event,
    }
}

fn token_time(threshold: Nanos, terms: Terms<'_>, request: &Request) -> Event {
    let open = &request.open;
    let event = timed(Wait::default(), threshold, given_up(threshold, request), terms, request);
    if event != Event::Good {
        return event;
    }
    let Some(first) = open.first_response.filter(|_| open.output.newest > 0) else {
        return Event::Excluded(Reason::NoTokens);
    };
    // Messages with output are a lower bound of the tokens, so that what is good by them is good.
    let (tokens, beyond) = match open.tokens_out.known() {
        Some(tokens) => (tokens, Event::Bad),
        None if open.chunks == 0 => return Event::Excluded(Reason::NoTokens),
        None => (open.chunks, Event::Excluded(Reason::NoTokens)),
    };
    let allowed = u128::from(threshold) * u128::from(tokens.saturating_sub(1));
    let took = terms.wait(first, open.output.newest);
    match took {
        _ if tokens <= 1 && beyond == Event::Bad => Event::Good,
        Wait { net, .. } if u128::from(net) > allowed => beyond,
        Wait { gross, .. } if u128::from(gross) > allowed => Event::Excluded(Reason::ClientSlow),
        _ => Event::Good,
    }
}

/// An answer in one piece has nothing of what is asked for.
fn one_piece(request: &Request) -> Event {
    match of_outcome(request) {
        Event::Excluded(reason @ (Reason::ClientError | Reason::Unread)) => Event::Excluded(reason),
        _ => Event::Excluded(Reason::OnePiece),
    }
}

/// That a client gave up before a threshold was crossed says nothing of it.
const GAVE_UP_EARLY: Event = Event::Excluded(Reason::Cancelled);

/// That it gave up after a silence longer than the threshold of such silences does.
fn given_up(threshold: Nanos, request: &Request) -> Event {
    if request.gave_up_after.is_some_and(|silence| silence > threshold) { Event::Bad } else { GAVE_UP_EARLY }
}

/// What a request is by its outcome alone.
pub fn of_outcome(request: &Request) -> Event {
    match request.outcome {
        Outcome::Ok => Event::Good,
        Outcome::ClientError => Event::Excluded(Reason::ClientError),
        Outcome::Cancelled if is_unread(request) => Event::Excluded(Reason::Unread),
        Outcome::Cancelled => Event::Excluded(Reason::Cancelled),
        Outcome::Timeout | Outcome::ServerError | Outcome::Shed => Event::Bad,
    }
}

/// What a request is that waited so long for what has a threshold. `gave_up`: what it is if its client gave up.
fn timed(wait: Wait, threshold: Nanos, gave_up: Event, terms: Terms<'_>, request: &Request) -> Event {
    let event = of_outcome(request);
    // Nobody waits for the answer to a request that is still being sent.
    if request.open.complete.is_none() {
        return event;
    }
    if terms.allows_less_than(threshold) {
        return match event {
            Event::Excluded(reason) => Event::Excluded(reason),
            Event::Good | Event::Bad => Event::Excluded(Reason::Deadline),
        };
    }
    let out_of_time = event == Event::Good || request.outcome == Outcome::Timeout;
    match event {
        _ if wait.net > threshold => Event::Bad,
        _ if wait.gross > threshold && out_of_time => Event::Excluded(Reason::ClientSlow),
        Event::Bad if request.gave_up_after.is_some() => gave_up,
        event => event,
    }
}

fn is_unread(request: &Request) -> bool {
    Verdict { code: request.code, ended_by: request.ended_by, outcome: request.outcome } == UNREAD
}
