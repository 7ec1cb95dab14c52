//! Good and bad events: each request judged against the very threshold of each objective, once.
//!
//! A request turns bad the moment it crosses a threshold, answered or not: open requests are looked at before each
//! snapshot, and the objectives they have been counted bad for are marked in them, one bit each.

mod judge;

pub use judge::{Event, Good, Reason, Terms};

use crate::limits::{OBJECTIVES, RETIRED_OBJECTIVES};
use crate::proto;
use std::collections::HashMap;
use wire::{Nanos, OpenRequest, Request};

/// A set of objectives, one bit each.
pub type Mask = u64;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    good: u64,
    bad: u64,
    /// By reason.
    excluded: [u64; Reason::ALL.len()],
    /// When a request of it was last seen open, or ended; 0 = never.
    last_event: Nanos,
}

#[derive(Debug)]
struct Objective {
    id: String,
    model_glob: String,
    method_glob: String,
    good: Good,
    counts: Counts,
}

/// The objectives in force and what was counted for each.
#[derive(Debug)]
pub struct Events {
    /// A place is a bit. Equal definitions keep their place over reloads, so marks in open requests stay true.
    places: [Option<Objective>; OBJECTIVES],
    retired: HashMap<String, Counts>,
}

impl Default for Events {
    fn default() -> Events {
        Events { places: [const { None }; OBJECTIVES], retired: HashMap::new() }
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
        for new in objectives {
            let Some(good) = Good::of(new) else { continue };
            if self.places.iter().flatten().any(|known| known.id == new.id) {
                continue;
            }
            let Some(free) = self.places.iter_mut().find(|place| place.is_none()) else { return };
            *free = Some(Objective {
                id: new.id.clone(),
                model_glob: new.model_glob.clone(),
                method_glob: new.method_glob.clone(),
                good,
                counts: self.retired.remove(&new.id).unwrap_or_default(),
            });
        }
    }

    /// The objectives that a request of this model and method counts for.
    pub fn matching(&self, model: &str, method: &str) -> Mask {
        let matches =
            |objective: &Objective| glob(&objective.model_glob, model) && glob(&objective.method_glob, method);
        self.bits(matches)
    }

    /// Counts a request that came to its end. Returns whether any objective found it bad, now or while it was open.
    pub fn ended(&mut self, mask: Mask, terms: Terms, request: &Request) -> bool {
        let mut bad = request.open.mark & mask != 0;
        for (place, objective) in self.places.iter_mut().enumerate() {
            let Some(objective) = objective else { continue };
            let bit = 1 << place;
            if mask & bit == 0 {
                continue;
            }
            objective.counts.last_event = objective.counts.last_event.max(request.end);
            if request.open.mark & bit != 0 {
                continue;
            }
            match objective.good.judge(terms, request) {
                Event::Good => objective.counts.good += 1,
                Event::Bad => {
                    objective.counts.bad += 1;
                    bad = true;
                }
                Event::Excluded(reason) => objective.counts.excluded[reason as usize] += 1,
            }
        }
        bad
    }

    /// Counts and marks an open request that has crossed a threshold by `now`. While one waits for its answer its
    /// objectives are not silent, under whatever label it is shown.
    pub fn open(&mut self, mask: Mask, terms: Terms, request: &mut OpenRequest, now: Nanos) {
        let waits = request.is_waiting();
        for (place, objective) in self.places.iter_mut().enumerate() {
            let Some(objective) = objective else { continue };
            let bit = 1 << place;
            if mask & bit == 0 {
                continue;
            }
            if waits {
                objective.counts.last_event = now;
            }
            if request.mark & bit != 0 {
                continue;
            }
            if objective.good.is_crossed(terms, request, now) {
                objective.counts.bad += 1;
                request.mark |= bit;
            }
        }
    }

    /// For the seam: every objective in force, from the start.
    pub fn to_proto(&self) -> Vec<proto::EventSeries> {
        let series = |objective: &Objective| proto::EventSeries {
            objective: objective.id.clone(),
            good: objective.counts.good,
            bad: objective.counts.bad,
            excluded: objective.counts.excluded.iter().sum(),
            excluded_by: objective.good.reasons().map(|reason| excluded(objective, reason)).collect(),
            last_event_nanos: objective.counts.last_event,
        };
        self.places.iter().flatten().map(series).collect()
    }

    fn bits(&self, matches: impl Fn(&Objective) -> bool) -> Mask {
        let places = self.places.iter().enumerate();
        places.filter(|(_, it)| it.as_ref().is_some_and(&matches)).fold(0, |mask, (place, _)| mask | 1 << place)
    }
}

fn excluded(objective: &Objective, reason: Reason) -> proto::Count {
    proto::Count { label: reason.word().to_string(), value: objective.counts.excluded[reason as usize] }
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
