//! What was counted: one place for all threads, cumulative since the epoch.
//!
//! Workers hold its lock for one read's worth of facts at a time; a snapshot holds it while changed series are
//! copied. Nothing here grows with the number of calls or of names seen: labels are admitted, capped, and what does
//! not fit is counted under a fallback and in `series_capped`.

mod asking_allowance;
mod batch_limits;
mod blind_causes;
mod expiry;
mod farewells;
mod numbers;
mod question;
mod request_batches;
mod route;
mod route_cache;
mod server_names;
mod shapes;
mod sink;
mod snapshot;
mod tallies;
mod unknown_names;

pub use question::{About, Question};
pub use route::Timed;
pub use route_cache::RouteCache;
pub use sink::{Passed, Recorder};
pub use tallies::Tallies;

use crate::clock::unix_nanos;
use crate::events::{Counted, Events, Mask, Terms};
use crate::grid::{Gaps, Histogram};
use crate::holds::Holds;
use crate::limits::{self, UNKNOWN_MODEL};
use crate::log::Log;
use crate::names;
use crate::proto;
use blind_causes::BlindCauses;
use farewells::Farewells;
use numbers::Numbers;
use request_batches::Limits;
use route::{Counter, Ending, Route};
use rustc_hash::{FxHashMap, FxHashSet};
use shapes::ByModel;
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use unknown_names::UnknownNames;
use wire::call::Name;
use wire::catalogue::Kind;
use wire::{Blind, BlindCause, Call, Nanos, Outcome};

/// Label of a method that is not in the catalogue.
const OTHER_METHOD: &str = "_OTHER";

/// How many labels and series there may be.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Model names admitted.
    pub models: usize,
    /// Method names admitted.
    pub methods: usize,
    /// Counter series.
    pub series: usize,
}

/// How open calls are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Where they go, by listener.
    pub upstream: usize,
    /// The time.
    pub now: Nanos,
    /// See [`Terms::coming`].
    pub coming: Option<Nanos>,
    /// When their client did not read.
    pub holds: &'a Holds,
}

/// Everything counted since the epoch.
#[derive(Debug)]
pub struct Ledger {
    /// Number of the coming snapshot; what changes now carries it.
    sequence: u64,
    epoch_unix_nanos: u64,
    caps: Caps,
    routes: Vec<Route>,
    /// Of the series in them, and of shapes.
    numbers: Numbers,
    /// Changes whenever a call may have to be counted in another place than before.
    revision: u64,
    /// Method label, then model label, to a place in `routes`.
    index: FxHashMap<Box<str>, FxHashMap<Box<str>, usize>>,
    admitted: FxHashSet<Box<str>>,
    /// Of these, the names that the policy holds.
    configured: FxHashSet<Box<str>>,
    /// What answers where no message names a model; empty: nobody knows.
    served: Box<str>,
    /// How large a batch models take.
    batch_limits: Limits,
    /// Where to have a server asked, and whether to do so.
    questions: Option<SyncSender<Question>>,
    probe_models: bool,
    /// Names that the server's own page has.
    server_names: FxHashSet<Box<str>>,
    /// Names that are no labels and whose requests fail or hang.
    unknown_names: UnknownNames,
    /// Lines for people.
    log: Option<Log>,
    /// Why connections are no longer read.
    blind_causes: BlindCauses,
    /// Models that were asked about since the policy was adopted.
    probed: FxHashSet<Box<str>>,
    /// Requests by shape.
    shapes: ByModel,
    /// Number of the scan under way.
    scan: u64,
    counters: usize,
    series_capped: u64,
    open_calls: u32,
    records: VecDeque<proto::Record>,
    records_dropped: u64,
    /// When servers last said a graceful goodbye.
    farewells: Farewells,
    /// Objectives and their counts.
    pub events: Events,
    /// The tap's own.
    pub tallies: Tallies,
}

impl Ledger {
    /// An empty ledger of an epoch.
    pub fn new(epoch_unix_nanos: u64) -> Ledger {
        Ledger {
            sequence: 1,
            epoch_unix_nanos,
            caps: Caps { models: limits::MODELS, methods: limits::METHODS, series: limits::SERIES },
            routes: Vec::new(),
            numbers: Numbers::default(),
            revision: 1,
            index: FxHashMap::default(),
            admitted: FxHashSet::default(),
            configured: FxHashSet::default(),
            served: Box::default(),
            batch_limits: Limits::default(),
            questions: None,
            probe_models: false,
            server_names: FxHashSet::default(),
            unknown_names: UnknownNames::default(),
            log: None,
            blind_causes: BlindCauses::default(),
            probed: FxHashSet::default(),
            shapes: ByModel::default(),
            scan: 0,
            counters: 0,
            series_capped: 0,
            open_calls: 0,
            records: VecDeque::new(),
            records_dropped: 0,
            farewells: Farewells::default(),
            events: Events::default(),
            tallies: Tallies::default(),
        }
    }

    /// Adopts what a policy says of labels and objectives.
    pub fn adopt(&mut self, policy: &proto::Policy) {
        let or = |wanted: u32, default: usize| if wanted == 0 { default } else { wanted as usize };
        let wanted = policy.limits.unwrap_or_default();
        self.caps = Caps {
            models: or(wanted.models, limits::MODELS),
            methods: or(wanted.methods, limits::METHODS),
            series: or(wanted.series, limits::SERIES),
        };
        self.farewells.adopt(&policy.listeners);
        self.served = policy.served_model.as_str().into();
        let configured = || policy.models.iter().chain([&policy.served_model]);
        self.configured = configured().map(|model| model.as_str().into()).collect();
        configured().for_each(|model| self.admit(model));
        self.revision += 1;
        self.events.adopt(&policy.objectives);
        self.probe_models = policy.probe_models;
        if !self.probe_models {
            self.unknown_names.forget_all();
        }
        self.probed.clear();
        self.batch_limits.adopt(&policy.batch_limits);
        for route in &mut self.routes {
            route.objectives = self.events.matching(&route.model, &route.method);
            route.apply_limit(self.batch_limits.of(&route.model), self.sequence);
        }
        self.shapes.apply_limits(&self.batch_limits, self.sequence);
    }

    /// Lines for people go there.
    pub fn log_to(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// Looks at the open calls of one connection: what is in flight, and which requests have crossed a threshold.
    /// Between [`Ledger::begin_scan`] and the snapshot each open call is to be shown once.
    pub fn scan(&mut self, call: &mut Call, seen: Seen<'_>) {
        let Seen { upstream, now, coming, holds } = seen;
        let mut place = self.route(call);
        if *self.routes[place].model != *call.model.text && self.name_open(call, upstream, now) {
            place = self.route(call);
        }
        let counted = self.counted(place, call);
        let mut open = std::mem::take(&mut call.open);
        let terms = Terms { coming, ..Terms::of(call, holds) };
        let route = &mut self.routes[place];
        route.in_flight += 1;
        for request in &mut open {
            if let Some(complete) = request.complete.filter(|_| request.is_waiting()) {
                route.open_requests += 1;
                route.oldest_open = route.oldest_open.max(now.saturating_sub(complete));
            }
            self.events.open(counted, terms, request, now);
        }
        call.open = open;
    }

    /// This scan is under way; one that comes too late must not be added to the next.
    pub fn is_scanning(&self, scan: u64) -> bool {
        self.scan == scan
    }

    /// Forgets what the last scan found.
    pub fn begin_scan(&mut self, scan: u64) {
        self.scan = scan;
        for route in &mut self.routes {
            route.in_flight = 0;
            route.open_requests = 0;
            route.oldest_open = 0;
        }
    }

    /// Calls of a connection whose observer was lost will never be reported as ended.
    pub fn forget_open(&mut self, calls: u32) {
        self.open_calls = self.open_calls.saturating_sub(calls);
    }

    /// A name has given a good answer, was configured, or the server itself names it: it may be a label.
    fn admit(&mut self, model: &str) {
        if self.may_become_label(model) {
            self.revision += 1;
            self.admitted.insert(model.into());
        }
    }

    /// The name of the model of a call, as far as it is known: empty for a call that is no inference, too.
    fn model<'a>(&'a self, call: &'a Call) -> &'a str {
        match &*call.model.text {
            "" if call.kind == Kind::Inference => &self.served,
            name => name,
        }
    }

    /// The objectives a call's requests count for, and where. It holds as long as the revision.
    fn counted(&mut self, place: usize, call: &Call) -> Counted {
        let mask = self.mask(place, call);
        self.events.counted(mask, &self.routes[place].model)
    }

    /// The objectives a call's requests count for. Objectives are matched by true names, before any cap.
    fn mask(&self, place: usize, call: &Call) -> Mask {
        if call.kind != Kind::Inference {
            return 0;
        }
        let route = &self.routes[place];
        let model = self.model(call);
        if *route.model == *model && *route.method == *call.method.text {
            return route.objectives;
        }
        self.events.matching(model, &call.method.text)
    }

    /// Where a call is counted: two look-ups and no allocation once its labels are known.
    fn route(&mut self, call: &Call) -> usize {
        let method = if call.known_method { &*call.method.text } else { OTHER_METHOD };
        let model = match self.model(call) {
            "" if call.kind == Kind::Inference => UNKNOWN_MODEL,
            name => name,
        };
        let find = |model| self.index.get(method)?.get(model).copied();
        if let Some(place) = find(model) {
            return place;
        }
        let model = if model.is_empty() || self.admitted.contains(model) { model } else { UNKNOWN_MODEL };
        if let Some(place) = find(model) {
            return place;
        }
        let model = Box::<str>::from(model);
        self.add_route(call, method, &model)
    }

    fn add_route(&mut self, call: &Call, method: &str, model: &str) -> usize {
        self.revision += 1;
        let room = self.index.contains_key(method) || self.index.len() < self.caps.methods;
        let method = if room { method } else { OTHER_METHOD };
        let models = self.index.entry(method.into()).or_default();
        *models.entry(model.into()).or_insert_with(|| {
            let objectives = self.events.matching(model, method);
            let mut route = Route::new(model, method, call, objectives, self.batch_limits.of(model));
            route.shapes = self.shapes.place(model);
            self.routes.push(route);
            self.routes.len() - 1
        })
    }

    /// Gaps between responses that waited for their place.
    fn add_gaps(&mut self, place: usize, gaps: &Histogram<Gaps>) {
        let timing = &mut self.routes[place].ok;
        timing.changed = self.sequence;
        timing.response_gap.add(gaps);
    }

    /// The counter of a route for one ending. At the cap the version is given up first, then the place.
    fn counter(&mut self, place: usize, version: &str, ending: Ending) -> &mut Counter {
        let sequence = self.sequence;
        // A version is a label once it has answered well; until then it is only what some client wrote.
        let good = ending.outcome == Outcome::Ok || self.routes[place].has_answered(version);
        let version = if good { version } else { "" };
        if let Some(at) = self.routes[place].counter(version, ending) {
            let counter = &mut self.routes[place].counters[at];
            counter.changed = sequence;
            return counter;
        }
        let full = self.counters >= self.caps.series;
        let (place, version) = if full { (self.overflow_route(place), "") } else { (place, version) };
        self.series_capped += u64::from(full);
        let at = self.routes[place].counter(version, ending).unwrap_or_else(|| {
            self.counters += 1;
            self.routes[place].add_counter(version, ending)
        });
        let counter = &mut self.routes[place].counters[at];
        counter.changed = sequence;
        counter
    }

    /// The route for everything of this kind beyond the cap; its counters are bounded by the number of codes.
    fn overflow_route(&mut self, place: usize) -> usize {
        let kind = self.routes[place].kind;
        let model = if kind == Kind::Inference { UNKNOWN_MODEL } else { "" };
        self.route(&Call { kind, model: Name { text: model.into() }, ..Call::default() })
    }

    /// A connection, or one direction of it, is no longer read, `offset` bytes into that direction.
    fn blinded(&mut self, cause: &BlindCause, offset: u64) {
        *self.tallies.blind.entry(names::blind(cause.reason)).or_default() += 1;
        self.tallies.upgraded += u64::from(cause.reason == Blind::Upgraded);
        let line = self.blind_causes.meet(cause, offset, unix_nanos());
        if let (Some(log), Some(line)) = (&self.log, line) {
            log.warn(&line);
        }
    }

    fn push_record(&mut self, record: proto::Record) {
        if self.records.len() >= limits::RECORDS {
            self.records_dropped += 1;
        } else {
            self.records.push_back(record);
        }
    }
}

#[cfg(test)]
mod tests;
