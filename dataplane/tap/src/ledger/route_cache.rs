//! Where one connection counted last. Its next call most often goes to the same place, and since a connection keeps each
//! name once, that is seen without comparing a byte.

use super::{Counter, Ending, Ledger};
use crate::events::Mask;
use crate::grid::Histogram;
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
    mask: Mask,
    counter: Option<Known>,
    /// Gaps in calls to a model that may become a label by their end: those of the first stream after a start.
    waiting: Option<Box<Histogram>>,
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
    pub fn find(&mut self, ledger: &mut Ledger, call: &Call) -> (usize, Mask) {
        if !self.is(ledger, call) {
            let waiting = self.waiting.take();
            let place = ledger.route(call);
            if let (false, Some(waiting)) = (self.has_names_of(call), &waiting) {
                let (model, method) = (self.model.clone(), self.method.clone());
                let before = Call { model, method, known_method: true, streaming: true, ..Call::default() };
                let place = ledger.route(&before);
                ledger.add_gaps(place, waiting);
            }
            *self = RouteCache {
                waiting: waiting.filter(|_| self.has_names_of(call)),
                revision: ledger.revision,
                model: call.model.clone(),
                method: call.method.clone(),
                admitted: false,
                place,
                named: *ledger.routes[place].model == *ledger.model(call),
                mask: ledger.mask(place, call),
                counter: None,
            };
        }
        (self.place, self.mask)
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
            self.waiting.get_or_insert_default().record(gap);
        }
    }

    /// A request or its call has ended: whether its model is a label is known.
    #[inline]
    pub fn place_gaps(&mut self, ledger: &mut Ledger, call: &Call) {
        if self.waiting.is_some() {
            let (place, _) = self.find(ledger, call);
            self.waiting.take().iter().for_each(|waiting| ledger.add_gaps(place, waiting));
        }
    }

    fn is(&self, ledger: &Ledger, call: &Call) -> bool {
        self.revision == ledger.revision && self.has_names_of(call)
    }

    fn has_names_of(&self, call: &Call) -> bool {
        Rc::ptr_eq(&self.model.text, &call.model.text) && Rc::ptr_eq(&self.method.text, &call.method.text)
    }
}
