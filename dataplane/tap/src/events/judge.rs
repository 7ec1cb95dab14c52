//! Whether a request is good, bad, or left out: for one objective, exactly, at the call.
//!
//! What is left out is counted by its reason. A threshold that was crossed makes a request bad whatever ends it, so that
//! it does not matter whether the scan of open requests came before its end.

use crate::proto;
use wire::outcome::{GIVE_UP, UNREAD};
use wire::{Call, ClientLeft, Nanos, OpenRequest, Outcome, Request, Verdict};

/// What makes an event good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// The server answered well, before the client gave up.
    Available {
        /// A client of HTTP that leaves after so long without anything new has given up on the server.
        give_up: Nanos,
    },
    /// It did so in time, from the complete request to the complete answer.
    LatencyBelow(Nanos),
    /// Its first response came in time.
    FirstResponseBelow(Nanos),
}

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// It is as promised.
    Good,
    /// It is not.
    Bad,
    /// It tells nothing of the promise.
    Excluded(Reason),
}

/// Why an event tells nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The client was wrong.
    ClientError,
    /// The client left.
    Cancelled,
    /// Wayside could not read how it ended.
    Unread,
    /// The client allowed less time than the threshold.
    Deadline,
    /// When the answer was complete is not known.
    Untimed,
    /// An answer in one piece has no first token.
    OnePiece,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Reason; 6] =
        [Reason::ClientError, Reason::Cancelled, Reason::Unread, Reason::Deadline, Reason::Untimed, Reason::OnePiece];

    /// As on /metrics.
    pub fn word(self) -> &'static str {
        match self {
            Reason::ClientError => "client_error",
            Reason::Cancelled => "cancelled",
            Reason::Unread => "unread",
            Reason::Deadline => "deadline",
            Reason::Untimed => "untimed",
            Reason::OnePiece => "one_piece",
        }
    }

    /// For people.
    pub fn meaning(self) -> &'static str {
        match self {
            Reason::ClientError => "the request was the client's mistake, and says nothing of the server",
            Reason::Cancelled => "the client left before any threshold was crossed",
            Reason::Unread => "Wayside could not read how it ended",
            Reason::Deadline => "the client allowed less time than the threshold, so it cannot be judged by it",
            Reason::Untimed => "it was answered well, and when the answer was complete cannot be told",
            Reason::OnePiece => "an answer in one piece has no first token",
        }
    }
}

/// What of a call matters for all its requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// See [`Call::timeout`].
    pub timeout: Option<Nanos>,
    /// See [`Call::whole`].
    pub whole: bool,
    /// See [`Call::client_left`].
    pub client_left: Option<ClientLeft>,
}

impl Terms {
    /// Those of a call.
    #[inline]
    pub fn of(call: &Call) -> Terms {
        Terms { timeout: call.timeout, whole: call.whole, client_left: call.client_left }
    }

    /// The client allows less time than that.
    fn allows_less_than(self, threshold: Nanos) -> bool {
        self.timeout.is_some_and(|timeout| timeout < threshold)
    }
}

impl Good {
    /// As a policy says it; None for an indicator that is not known here.
    pub fn of(objective: &proto::Objective) -> Option<Good> {
        use proto::objective::Good as Wire;
        let give_up = if objective.give_up_nanos == 0 { GIVE_UP } else { objective.give_up_nanos };
        match objective.good? {
            Wire::Available(_) => Some(Good::Available { give_up }),
            Wire::LatencyBelowNanos(nanos) => Some(Good::LatencyBelow(nanos)),
            Wire::FirstResponseBelowNanos(nanos) => Some(Good::FirstResponseBelow(nanos)),
        }
    }

    /// Why it may leave an event out.
    pub fn reasons(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| match reason {
            Reason::ClientError | Reason::Cancelled | Reason::Unread => true,
            Reason::Deadline => !matches!(self, Good::Available { .. }),
            Reason::Untimed => matches!(self, Good::LatencyBelow(_)),
            Reason::OnePiece => matches!(self, Good::FirstResponseBelow(_)),
        })
    }

    /// What a request is that came to its end.
    pub fn judge(self, terms: Terms, request: &Request) -> Event {
        match self {
            Good::Available { give_up } => match request.gave_up_after {
                Some(silence) if silence >= give_up => Event::Bad,
                Some(_) => Event::Excluded(Reason::Cancelled),
                None => of_outcome(request),
            },
            // The server answered, but when the answer was complete is not known: nothing to judge.
            Good::LatencyBelow(_) if request.outcome == Outcome::Ok && request.latency.is_none() => {
                Event::Excluded(Reason::Untimed)
            }
            Good::LatencyBelow(threshold) => timed(waited(request), threshold, terms, request),
            Good::FirstResponseBelow(_) if terms.whole => match of_outcome(request) {
                Event::Excluded(reason @ (Reason::ClientError | Reason::Unread)) => Event::Excluded(reason),
                _ => Event::Excluded(Reason::OnePiece),
            },
            Good::FirstResponseBelow(threshold) => timed(first_response(request), threshold, terms, request),
        }
    }

    /// Whether an open request has crossed the threshold by `now`. A client that has ended its half of the connection may
    /// have left then: it does not wait on for certain.
    pub fn is_crossed(self, terms: Terms, request: &OpenRequest, now: Nanos) -> bool {
        let Some(complete) = request.complete else { return false };
        let left = terms.client_left.map_or(now, |left| left.at.min(now));
        let waited = left.saturating_sub(complete);
        match self {
            // A client that ends its half after so long has left, though its server does not see it.
            Good::Available { give_up } => {
                terms.client_left.and_then(|left| left.gave_up_after).is_some_and(|silence| silence >= give_up)
            }
            Good::LatencyBelow(threshold) | Good::FirstResponseBelow(threshold)
                if terms.allows_less_than(threshold) =>
            {
                false
            }
            Good::LatencyBelow(threshold) => waited > threshold && request.unfinished.is_none(),
            Good::FirstResponseBelow(threshold) => {
                // What came after that it may not have been there for.
                let first = request.first_response.filter(|first| terms.client_left.is_none() || *first <= left);
                !terms.whole && first.map_or(waited, |first| first.saturating_sub(complete)) > threshold
            }
        }
    }
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

/// What a request is that waited so long for what has a threshold.
fn timed(waited: Nanos, threshold: Nanos, terms: Terms, request: &Request) -> Event {
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
    match event {
        _ if waited > threshold => Event::Bad,
        // That it gave up says nothing of a longer threshold.
        Event::Bad if request.gave_up_after.is_some() => Event::Excluded(Reason::Cancelled),
        event => event,
    }
}

fn is_unread(request: &Request) -> bool {
    Verdict { code: request.code, ended_by: request.ended_by, outcome: request.outcome } == UNREAD
}

/// From request complete to the end.
fn waited(request: &Request) -> Nanos {
    request.latency.unwrap_or_else(|| request.end.saturating_sub(request.open.complete.unwrap_or(request.end)))
}

/// From request complete to the first response that came before the end: the client may have left before it did.
fn first_response(request: &Request) -> Nanos {
    let first = request.open.first_response.unwrap_or(request.end).min(request.end);
    first.saturating_sub(request.open.complete.unwrap_or(first))
}
