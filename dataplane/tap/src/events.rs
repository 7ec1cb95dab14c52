//! Good and bad events: each request judged against the very threshold of each objective, once.
//!
//! A request turns bad the moment it crosses a threshold, answered or not: open requests are looked at before each
//! snapshot, and the objectives they have been counted bad for are marked in them, one bit each.

mod by_model;
mod judge;
mod reasons;

pub use by_model::ModelPlace;
pub use judge::{Condition, Growing, Terms};
pub use reasons::{Event, Reason};

use crate::limits::{OBJECTIVES, RETIRED_OBJECTIVES, UNKNOWN_MODEL};
use crate::proto;
use by_model::{ByModel, Counts, Models};
use std::collections::HashMap;
use wire::{Nanos, OpenRequest, Request};

/// A set of objectives, one bit each.
pub type Mask = u64;

/// Whose events are counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// The objectives that they count for.
    pub mask: Mask,
    /// Where in those that are counted by model.
    pub model: ModelPlace,
}

#[derive(Debug)]
struct Objective {
    id: String,
    model_glob: String,
    method_glob: String,
    /// A good event meets all of them.
    first: Condition,
    others: Box<[Condition]>,
    per_model: bool,
    counts: ByModel,
}

impl Objective {
    /// None for one that is not understood.
    fn new(new: &proto::Objective) -> Option<Objective> {
        let mut conditions = new.conditions.iter().map(|condition| Condition::of(*condition));
        let (first, others) = (conditions.next()??, conditions.collect::<Option<_>>()?);
        Some(Objective {
            id: new.id.clone(),
            model_glob: new.model_glob.clone(),
            method_glob: new.method_glob.clone(),
            first,
            others,
            per_model: new.per_model,
            counts: ByModel::default(),
        })
    }

    fn conditions(&self) -> impl Iterator<Item = Condition> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    #[inline]
    fn judge(&self, terms: Terms<'_>, request: &Request) -> Event {
        let first = self.first.judge(terms, request);
        self.others.iter().fold(first, |event, other| event.and(other.judge(terms, request)))
    }

    fn is_crossed(&self, terms: Terms<'_>, request: &OpenRequest, now: Nanos) -> bool {
        self.conditions().any(|condition| condition.is_crossed(terms, request, now))
    }

    /// Why it may leave an event out.
    fn reasons(&self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(|reason| self.conditions().any(|condition| condition.may_be(*reason)))
    }
}

/// The objectives in force and what was counted for each.
#[derive(Debug)]
pub struct Events {
    /// A place is a bit. Equal definitions keep their place over reloads, so marks in open requests stay true.
    places: [Option<Objective>; OBJECTIVES],
    /// Those that are counted by model.
    per_model: Mask,
    models: Models,
    retired: HashMap<String, ByModel>,
}

impl Default for Events {
    fn default() -> Events {
        Events {
            places: [const { None }; OBJECTIVES],
            per_model: 0,
            models: Models::default(),
            retired: HashMap::new(),
        }
    }
}

impl Events {
    /// Adopts the objectives of a policy. Those with a known id keep their counts.
    pub fn adopt(&mut self, objectives: &[proto::Objective]) {
        for place in &mut self.places {
            let stays = place.as_ref().is_some_and(|known| objectives.iter().any(|new| new.id == known.id));
            let gone = if stays { None } else { place.take() };
            if let Some(gone) = gone.filter(|_| self.retired.len() < RETIRED_OBJECTIVES) {
                self.retired.insert(gone.id, gone.counts);
            }
        }
        for new in objectives.iter().filter_map(Objective::new) {
            if self.places.iter().flatten().any(|known| known.id == new.id) {
                continue;
            }
            let Some(free) = self.places.iter_mut().find(|place| place.is_none()) else { break };
            let counts = self.retired.remove(&new.id).unwrap_or_default();
            *free = Some(Objective { counts, ..new });
        }
        self.per_model = self.bits(|objective| objective.per_model);
        let in_force = self.places.iter_mut().flatten().map(|objective| &mut objective.counts);
        let unknown = self.per_model.count_ones() as usize;
        self.models.renumber(in_force, self.retired.values_mut(), unknown);
    }

    /// The objectives that a request of this model and method counts for.
    pub fn matching(&self, model: &str, method: &str) -> Mask {
        let matches =
            |objective: &Objective| glob(&objective.model_glob, model) && glob(&objective.method_glob, method);
        self.bits(matches)
    }

    /// Where those of a model that is shown under this label are counted, by the objectives that they count for. It holds until
    /// objectives are adopted.
    pub fn counted(&mut self, mask: Mask, label: &str) -> Counted {
        let by_model = mask & self.per_model != 0 && label != UNKNOWN_MODEL;
        Counted { mask, model: if by_model { self.models.place(label) } else { ModelPlace::Unknown } }
    }

    /// Events that were counted under `unknown` for want of room.
    pub fn models_capped(&self) -> u64 {
        self.models.capped
    }

    /// Counts a request that came to its end. Returns whether any objective found it bad, now or while it was open.
    pub fn ended(&mut self, counted: Counted, terms: Terms<'_>, request: &Request) -> bool {
        let mut bad = request.open.mark & counted.mask != 0;
        for place in bits(counted.mask) {
            let Some(objective) = &mut self.places[place] else { continue };
            let is_counted = request.open.mark & 1 << place != 0;
            let event = if is_counted { Event::Bad } else { objective.judge(terms, request) };
            let (counts, capped) = find(&mut self.models, objective, counted.model);
            counts.last_event = counts.last_event.max(request.end);
            if !is_counted {
                counts.count(event);
                self.models.capped += u64::from(capped);
            }
            if event == Event::Bad {
                counts.show(terms.traceparent, taken(&request.open, request.end));
                bad = true;
            }
        }
        bad
    }

    /// Counts and marks an open request that has crossed a threshold by `now`. While one waits for its answer its
    /// objectives are not silent, under whatever label it is shown.
    pub fn open(&mut self, counted: Counted, terms: Terms<'_>, request: &mut OpenRequest, now: Nanos) {
        let waits = request.is_waiting();
        for place in bits(counted.mask) {
            let Some(objective) = &mut self.places[place] else { continue };
            let bit = 1 << place;
            let crosses = request.mark & bit == 0 && objective.is_crossed(terms, request, now);
            if !waits && !crosses {
                continue;
            }
            let (counts, capped) = find(&mut self.models, objective, counted.model);
            if waits {
                counts.last_event = now;
            }
            if crosses {
                counts.count(Event::Bad);
                counts.show(terms.traceparent, taken(request, now));
                self.models.capped += u64::from(capped);
                request.mark |= bit;
            }
        }
    }

    /// A snapshot is to tell of them: what is new counts since then.
    pub fn begin(&mut self, since: Nanos) {
        self.places.iter_mut().flatten().for_each(|objective| objective.counts.begin(since));
    }

    /// For the seam: every objective in force, from the start.
    pub fn to_proto(&self) -> Vec<proto::EventSeries> {
        let series = |objective: &Objective| {
            let of_each = objective.counts.each().map(|(place, counts)| {
                let model = match place {
                    Some(place) => self.models.name(place),
                    None if objective.per_model => UNKNOWN_MODEL,
                    None => "",
                };
                counts.to_proto(&objective.id, model, objective.reasons())
            });
            of_each.collect::<Vec<_>>()
        };
        self.places.iter().flatten().flat_map(series).collect()
    }

    fn bits(&self, matches: impl Fn(&Objective) -> bool) -> Mask {
        let places = self.places.iter().enumerate();
        places.filter(|(_, it)| it.as_ref().is_some_and(&matches)).fold(0, |mask, (place, _)| mask | 1 << place)
    }
}

/// How long a request has taken by then: what is its latency when it ends.
fn taken(request: &OpenRequest, now: Nanos) -> Nanos {
    now.saturating_sub(request.complete.unwrap_or(request.start))
}

/// Where an event of this objective is counted, and whether that is so for want of room.
fn find<'o>(models: &mut Models, objective: &'o mut Objective, model: ModelPlace) -> (&'o mut Counts, bool) {
    match objective.per_model {
        true => models.find(&mut objective.counts, model),
        false => (objective.counts.rest(), false),
    }
}

/// The places in a set.
fn bits(mut mask: Mask) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(place)
    })
}

/// Shell-like: `*` any run of characters, `?` one; an empty pattern matches everything.
pub fn glob(pattern: &str, text: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut retry) = (0, 0, None);
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|wanted| *wanted == b'?' || *wanted == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            p = star + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests;
