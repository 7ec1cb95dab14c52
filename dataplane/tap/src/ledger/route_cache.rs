//! Where one connection counted last. Its next call most often goes to the same place, and since a connection keeps each
//! name once, that is seen without comparing a byte.

use super::{Counter, Ending, Ledger};
use crate::events::Counted;
use crate::grid::{Gaps, Histogram};
use crate::limits::WAITING_MODELS;
use std::rc::Rc;
use wire::call::Name;
use wire::{Call, Nanos, Outcome};

/// The last place, and the last counter in it.
#[derive(Debug, Default)]
pub struct RouteCache {
    /// The ledger's, then; 0 = never.
    revision: u64,
    model: Name,
    method: Name,
    /// The model has been admitted, or there was no room for it.
    admitted: bool,
    place: usize,
    /// That place is the model's own.
    named: bool,
    counted: Counted,
    counter: Option<Known>,
    /// Gaps in calls to models that may become labels by their end: those of the first streams after a start. Other calls
    /// come and go on the connection meanwhile.
    waiting: Vec<WaitingGaps>,
}

/// Gaps of a model that has no name yet.
#[derive(Debug)]
struct WaitingGaps {
    model: Name,
    method: Name,
    gaps: Histogram<Gaps>,
}

/// A counter of good ends.
#[derive(Debug)]
struct Known {
    version: Name,
    ending: Ending,
    at: usize,
}

impl RouteCache {
    /// The model of a call has given a good answer.
    pub fn admit(&mut self, ledger: &mut Ledger, call: &Call) {
        if !(self.is(ledger, call) && self.admitted) {
            ledger.admit(&call.model.text);
            self.find(ledger, call);
            self.admitted = true;
        }
    }

    /// Where a call is counted, and for which objectives.
    pub fn find(&mut self, ledger: &mut Ledger, call: &Call) -> (usize, Counted) {
        if !self.is(ledger, call) {
            let place = ledger.route(call);
            *self = RouteCache {
                waiting: std::mem::take(&mut self.waiting),
                revision: ledger.revision,
                model: call.model.clone(),
                method: call.method.clone(),
                admitted: false,
                place,
                named: *ledger.routes[place].model == *ledger.model(call),
                counted: ledger.counted(place, call),
                counter: None,
            };
        }
        (self.place, self.counted)
    }

    /// The counter of a call that ended like this.
    pub fn counter<'l>(&mut self, ledger: &'l mut Ledger, call: &Call, ending: Ending) -> &'l mut Counter {
        let (place, _) = self.find(ledger, call);
        let same = |known: &&Known| known.ending == ending && Rc::ptr_eq(&known.version.text, &call.version.text);
        if let Some(known) = self.counter.as_ref().filter(same) {
            let sequence = ledger.sequence;
            let counter = &mut ledger.routes[place].counters[known.at];
            counter.changed = sequence;
            return counter;
        }
        // Of other ends the place may still change: a version is a label once it has answered well.
        if ending.outcome == Outcome::Ok {
            let at = ledger.routes[place].counter(&call.version.text, ending);
            self.counter = at.map(|at| Known { version: call.version.clone(), ending, at });
        }
        ledger.counter(place, &call.version.text, ending)
    }

    /// There was a gap between two responses of a call.
    #[inline]
    pub fn gap(&mut self, ledger: &mut Ledger, call: &Call, gap: Nanos) {
        let (place, _) = self.find(ledger, call);
        if self.named {
            let timing = &mut ledger.routes[place].ok;
            timing.changed = ledger.sequence;
            timing.response_gap.record(gap);
        } else {
            self.await_name(ledger, call, gap);
        }
    }

    /// A request or its call has ended: whether its model is a label is known.
    #[inline]
    pub fn place_gaps(&mut self, ledger: &mut Ledger, call: &Call) {
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.is_of(call)) {
            let waiting = self.waiting.remove(at);
            let (place, _) = self.find(ledger, call);
            ledger.add_gaps(place, &waiting.gaps);
        }
    }

    fn await_name(&mut self, ledger: &mut Ledger, call: &Call, gap: Nanos) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.is_of(call)) {
            return waiting.gaps.record(gap);
        }
        if self.waiting.len() >= WAITING_MODELS {
            let WaitingGaps { model, method, gaps } = self.waiting.remove(0);
            let oldest = Call { model, method, known_method: true, streaming: true, ..Call::default() };
            let place = ledger.route(&oldest);
            ledger.add_gaps(place, &gaps);
        }
        let mut gaps = Histogram::default();
        gaps.record(gap);
        self.waiting.push(WaitingGaps { model: call.model.clone(), method: call.method.clone(), gaps });
    }

    fn is(&self, ledger: &Ledger, call: &Call) -> bool {
        self.revision == ledger.revision && self.has_names_of(call)
    }

    fn has_names_of(&self, call: &Call) -> bool {
        are_of(&self.model, &self.method, call)
    }
}

impl WaitingGaps {
    fn is_of(&self, call: &Call) -> bool {
        are_of(&self.model, &self.method, call)
    }
}

fn are_of(model: &Name, method: &Name, call: &Call) -> bool {
    Rc::ptr_eq(&model.text, &call.model.text) && Rc::ptr_eq(&method.text, &call.method.text)
}
