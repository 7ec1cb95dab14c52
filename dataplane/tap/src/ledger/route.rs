//! What is counted of one (model, method).

use super::numbers::{Number, Numbers};
use super::request_batches::BatchSizes;
use crate::events::Mask;
use crate::exemplar::Slowest;
use crate::grid::{Gaps, Histogram, Latencies};
use crate::names;
use crate::proto;
use wire::catalogue::Kind;
use wire::{Call, Code, EndedBy, Nanos, OpenRequest, Outcome};

/// One (model label, method label).
#[derive(Debug)]
pub struct Route {
    pub model: Box<str>,
    pub method: Box<str>,
    pub kind: Kind,
    pub streaming: bool,
    pub objectives: Mask,
    pub ok: Timing,
    pub failed: Timing,
    pub counters: Vec<Counter>,
    pub tokens: Tokens,
    /// Where requests of its model are counted by shape.
    pub shapes: usize,
    /// How large a batch the model takes, 0 = none; None = not known.
    pub batch_limit: Option<u32>,
    /// Found by the last scan.
    pub in_flight: u64,
    /// Found by the last scan: complete requests without a complete answer, and the age of the oldest.
    pub open_requests: u64,
    pub oldest_open: Nanos,
    /// When a request was last answered; 0 = never.
    pub last_completed: Nanos,
}

/// Which distributions an outcome belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// Those of what the server answered.
    Ok,
    /// Those of what it failed.
    Failed,
    /// None: it tells of the client's patience.
    Neither,
}

impl Timed {
    /// By outcome.
    #[inline]
    pub fn of(outcome: Outcome) -> Timed {
        match outcome {
            Outcome::Ok | Outcome::ClientError => Timed::Ok,
            Outcome::Timeout | Outcome::ServerError | Outcome::Shed => Timed::Failed,
            Outcome::Cancelled => Timed::Neither,
        }
    }
}

/// Distributions; `changed` is the number of the snapshot that will first carry the newest value.
#[derive(Debug, Default)]
pub struct Timing {
    number: Number,
    pub changed: u64,
    pub latency: Histogram<Latencies>,
    pub call_duration: Histogram<Latencies>,
    pub first_response: Histogram<Latencies>,
    pub response_gap: Histogram<Gaps>,
    pub batch_sizes: BatchSizes,
    pub latency_exemplar: Slowest,
    pub first_response_exemplar: Slowest,
}

/// Tokens by direction and source. A request is counted under the best source it has.
#[derive(Debug, Default)]
pub struct Tokens {
    changed: u64,
    /// In the order of [`TOKEN_SERIES`].
    series: [TokenCount; TOKEN_SERIES.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct TokenCount {
    number: Number,
    tokens: u64,
}

/// Direction and source.
const TOKEN_SERIES: [(&str, &str); 5] =
    [("input", "usage"), ("input", "ids"), ("output", "usage"), ("output", "ids"), ("output", "chunks")];

impl Tokens {
    /// A request has ended.
    pub fn count(&mut self, open: &OpenRequest, sequence: u64) {
        let (input, output) = (open.tokens_in, open.tokens_out);
        let input = input.usage.map_or((1, input.ids), |stated| (0, stated));
        let output = match (output.usage, output.ids) {
            (Some(stated), _) => (2, stated),
            (None, 0) => (4, open.chunks),
            (None, ids) => (3, ids),
        };
        for (series, tokens) in [input, output] {
            if tokens > 0 {
                self.series[series].tokens += u64::from(tokens);
                self.changed = sequence;
            }
        }
    }
}

/// How a call, or a request in it, came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub code: Code,
    pub ended_by: EndedBy,
    pub outcome: Outcome,
}

/// One ending, and how often it was met.
#[derive(Debug)]
pub struct Counter {
    number: Number,
    pub changed: u64,
    version: Box<str>,
    ending: Ending,
    pub calls: u64,
    pub requests: u64,
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub request_messages: u64,
    pub response_messages: u64,
}

impl Route {
    pub fn new(model: &str, method: &str, call: &Call, objectives: Mask, batch_limit: Option<u32>) -> Route {
        Route {
            model: model.into(),
            method: method.into(),
            kind: call.kind,
            streaming: call.streaming,
            objectives,
            ok: Timing::default(),
            failed: Timing::default(),
            counters: Vec::new(),
            tokens: Tokens::default(),
            shapes: 0,
            batch_limit,
            in_flight: 0,
            open_requests: 0,
            oldest_open: 0,
            last_completed: 0,
        }
    }

    /// The distributions an outcome belongs to. A cancelled request tells of the client's patience, not of the
    /// server: it is in neither.
    pub fn timing(&mut self, outcome: Outcome) -> Option<&mut Timing> {
        match Timed::of(outcome) {
            Timed::Ok => Some(&mut self.ok),
            Timed::Failed => Some(&mut self.failed),
            Timed::Neither => None,
        }
    }

    /// What is known of the model's batches may have changed; `sequence` is that of the coming snapshot.
    pub fn apply_limit(&mut self, batch_limit: Option<u32>, sequence: u64) {
        self.batch_limit = batch_limit;
        let Some(limit) = batch_limit else { return };
        for timing in [&mut self.ok, &mut self.failed] {
            if timing.batch_sizes.apply_limit(limit) {
                timing.changed = sequence;
            }
        }
    }

    /// Place of a counter. A route has a handful, the newest endings last.
    pub fn counter(&self, version: &str, ending: Ending) -> Option<usize> {
        self.counters.iter().position(|counter| counter.ending == ending && *counter.version == *version)
    }

    /// A call to this version has ended well.
    pub fn has_answered(&self, version: &str) -> bool {
        self.counters.iter().any(|counter| counter.ending.outcome == Outcome::Ok && *counter.version == *version)
    }

    /// Adds a counter. Returns its place.
    pub fn add_counter(&mut self, version: &str, ending: Ending) -> usize {
        self.counters.push(Counter {
            number: Number::default(),
            changed: 0,
            version: version.into(),
            ending,
            calls: 0,
            requests: 0,
            request_bytes: 0,
            response_bytes: 0,
            request_messages: 0,
            response_messages: 0,
        });
        self.counters.len() - 1
    }

    /// Numbers the series that there are by now.
    pub fn number(&mut self, numbers: &mut Numbers) {
        self.counters.iter_mut().for_each(|counter| numbers.give(&mut counter.number));
        for timing in [&mut self.ok, &mut self.failed].into_iter().filter(|timing| timing.changed > 0) {
            numbers.give(&mut timing.number);
        }
        for series in self.tokens.series.iter_mut().filter(|series| series.tokens > 0) {
            numbers.give(&mut series.number);
        }
    }

    /// Counters changed since.
    pub fn counters_since(&self, since: u64) -> impl Iterator<Item = proto::CounterSeries> {
        let changed = self.counters.iter().filter(move |counter| counter.changed > since);
        changed.map(|counter| {
            let Ending { code, ended_by, outcome } = counter.ending;
            proto::CounterSeries {
                id: counter.number.id,
                model: self.model.to_string(),
                version: counter.version.to_string(),
                method: self.method.to_string(),
                kind: names::kind(self.kind).to_string(),
                code: names::code(code),
                ended_by: names::ended_by(ended_by).to_string(),
                outcome: names::outcome(outcome).to_string(),
                calls: counter.calls,
                requests: counter.requests,
                request_bytes: counter.request_bytes,
                response_bytes: counter.response_bytes,
                request_messages: counter.request_messages,
                response_messages: counter.response_messages,
                since_nanos: counter.number.since,
            }
        })
    }

    /// Distributions changed since.
    pub fn timings_since(&self, since: u64) -> impl Iterator<Item = proto::TimingSeries> {
        let both = [(&self.ok, false), (&self.failed, true)].into_iter();
        both.filter(move |(timing, _)| timing.changed > since).map(move |(timing, failed)| proto::TimingSeries {
            id: timing.number.id,
            model: self.model.to_string(),
            method: self.method.to_string(),
            kind: names::kind(self.kind).to_string(),
            failed,
            streaming: self.streaming,
            latency: timing.latency.to_proto(),
            call_duration: timing.call_duration.to_proto(),
            first_response: timing.first_response.to_proto(),
            response_gap: timing.response_gap.to_proto(),
            batch_size: timing.batch_sizes.to_proto(),
            latency_exemplar: timing.latency_exemplar.to_proto(),
            first_response_exemplar: timing.first_response_exemplar.to_proto(),
            since_nanos: timing.number.since,
        })
    }

    /// Tokens counted, if any were since.
    pub fn tokens_since(&self, since: u64) -> impl Iterator<Item = proto::TokenSeries> {
        let named = TOKEN_SERIES.iter().zip(&self.tokens.series);
        let counted = named.filter(move |(_, series)| self.tokens.changed > since && series.tokens > 0);
        counted.map(|((direction, source), series)| proto::TokenSeries {
            model: self.model.to_string(),
            method: self.method.to_string(),
            direction: (*direction).to_string(),
            source: (*source).to_string(),
            tokens: series.tokens,
            id: series.number.id,
            since_nanos: series.number.since,
        })
    }

    pub fn flight(&self) -> proto::Flight {
        proto::Flight {
            model: self.model.to_string(),
            method: self.method.to_string(),
            kind: names::kind(self.kind).to_string(),
            in_flight: self.in_flight,
            open_requests: self.open_requests,
            oldest_open_nanos: self.oldest_open,
            last_completed_nanos: self.last_completed,
        }
    }
}
