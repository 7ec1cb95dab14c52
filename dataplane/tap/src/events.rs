//! Good and bad events: each request judged against the very threshold of each objective, once.
//!
//! A request turns bad the moment it crosses a threshold, answered or not: open requests are looked at before each
//! snapshot, and the objectives they have been counted bad for are marked in them, one bit each.

use crate::limits::{OBJECTIVES, RETIRED_OBJECTIVES};
use crate::proto;
use std::collections::HashMap;
use wire::{Nanos, OpenRequest, Outcome, Request};

/// A set of objectives, one bit each.
pub type Mask = u64;

/// What makes an event good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Good {
    Available,
    LatencyBelow(Nanos),
    FirstResponseBelow(Nanos),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    good: u64,
    bad: u64,
    excluded: u64,
}

#[derive(Debug)]
struct Objective {
    id: String,
    model_glob: String,
    method_glob: String,
    good: Good,
    counts: Counts,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Good,
    Bad,
    Excluded,
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
            let Some(good) = good(new) else { continue };
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
    pub fn ended(&mut self, mask: Mask, request: &Request) -> bool {
        let mut bad = request.open.mark & mask != 0;
        for (place, objective) in self.places.iter_mut().enumerate() {
            let Some(objective) = objective else { continue };
            let bit = 1 << place;
            if mask & bit == 0 || request.open.mark & bit != 0 {
                continue;
            }
            match verdict(objective.good, request) {
                Verdict::Good => objective.counts.good += 1,
                Verdict::Bad => {
                    objective.counts.bad += 1;
                    bad = true;
                }
                Verdict::Excluded => objective.counts.excluded += 1,
            }
        }
        bad
    }

    /// Counts and marks an open request that has crossed a threshold by `now`.
    pub fn open(&mut self, mask: Mask, request: &mut OpenRequest, now: Nanos) {
        let Some(complete) = request.complete else { return };
        let waited = now.saturating_sub(complete);
        for (place, objective) in self.places.iter_mut().enumerate() {
            let Some(objective) = objective else { continue };
            let bit = 1 << place;
            if mask & bit == 0 || request.mark & bit != 0 {
                continue;
            }
            let crossed = match objective.good {
                Good::Available => false,
                Good::LatencyBelow(threshold) => waited > threshold && request.unfinished.is_none(),
                Good::FirstResponseBelow(threshold) => {
                    request.first_response.map_or(waited, |first| first.saturating_sub(complete)) > threshold
                }
            };
            if crossed {
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
            excluded: objective.counts.excluded,
        };
        self.places.iter().flatten().map(series).collect()
    }

    fn bits(&self, matches: impl Fn(&Objective) -> bool) -> Mask {
        let places = self.places.iter().enumerate();
        places.filter(|(_, it)| it.as_ref().is_some_and(&matches)).fold(0, |mask, (place, _)| mask | 1 << place)
    }
}

fn good(objective: &proto::Objective) -> Option<Good> {
    use proto::objective::Good as Wire;
    match objective.good? {
        Wire::Available(_) => Some(Good::Available),
        Wire::LatencyBelowNanos(nanos) => Some(Good::LatencyBelow(nanos)),
        Wire::FirstResponseBelowNanos(nanos) => Some(Good::FirstResponseBelow(nanos)),
    }
}

/// A failed request is bad for every objective. A client's own error tells nothing about speed.
fn verdict(good: Good, request: &Request) -> Verdict {
    let (waited, threshold) = match good {
        Good::Available => (None, 0),
        // The server answered, but when the answer was complete is not known: nothing to judge.
        Good::LatencyBelow(_) if request.outcome == Outcome::Ok && request.latency.is_none() => {
            return Verdict::Excluded;
        }
        Good::LatencyBelow(threshold) => (Some(waited(request)), threshold),
        Good::FirstResponseBelow(threshold) => (Some(first_response(request)), threshold),
    };
    match (request.outcome, waited) {
        (Outcome::Timeout | Outcome::ServerError, _) => Verdict::Bad,
        (Outcome::Ok | Outcome::ClientError, None) => Verdict::Good,
        (Outcome::Cancelled, None) | (Outcome::ClientError, Some(_)) => Verdict::Excluded,
        (Outcome::Ok, Some(waited)) if waited <= threshold => Verdict::Good,
        (Outcome::Cancelled, Some(waited)) if waited <= threshold => Verdict::Excluded,
        (Outcome::Ok | Outcome::Cancelled, Some(_)) => Verdict::Bad,
    }
}

/// From request complete (its first byte, where it never was) to the end.
fn waited(request: &Request) -> Nanos {
    request.latency.unwrap_or_else(|| request.end.saturating_sub(request.open.complete.unwrap_or(request.open.start)))
}

fn first_response(request: &Request) -> Nanos {
    let from = request.open.complete.unwrap_or(request.open.start);
    request.open.first_response.unwrap_or(request.end).saturating_sub(from)
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
mod tests {
    use super::*;
    use proto::objective::Good as Wire;
    use wire::{Code, EndedBy};

    const MS: Nanos = 1_000_000;

    fn objective(id: &str, good: Wire) -> proto::Objective {
        proto::Objective { id: id.to_string(), good: Some(good), ..Default::default() }
    }

    fn request(outcome: Outcome, latency: Nanos) -> Request {
        Request {
            open: OpenRequest { start: 0, complete: Some(1), ..Default::default() },
            end: 1 + latency,
            code: Code::Grpc(0),
            ended_by: EndedBy::Server,
            outcome,
            latency: Some(latency),
            message: "".into(),
        }
    }

    fn counts(events: &Events, id: &str) -> (u64, u64, u64) {
        let found = events.to_proto().into_iter().find(|it| it.objective == id).expect("known objective");
        (found.good, found.bad, found.excluded)
    }

    #[test]
    fn each_outcome_counts_as_the_design_says() {
        let mut events = Events::default();
        events.adopt(&[objective("fast", Wire::LatencyBelowNanos(10 * MS)), objective("up", Wire::Available(true))]);
        let mask = events.matching("any", "any");
        for (outcome, latency) in [
            (Outcome::Ok, 10 * MS),
            (Outcome::Ok, 10 * MS + 1),
            (Outcome::ClientError, MS),
            (Outcome::Cancelled, MS),
            (Outcome::Cancelled, 11 * MS),
            (Outcome::Timeout, MS),
            (Outcome::ServerError, MS),
        ] {
            events.ended(mask, &request(outcome, latency));
        }
        assert_eq!(counts(&events, "fast"), (1, 4, 2));
        assert_eq!(counts(&events, "up"), (3, 2, 2));
    }

    #[test]
    fn an_open_request_turns_bad_when_it_crosses_and_only_once() {
        let mut events = Events::default();
        events.adopt(&[objective("fast", Wire::LatencyBelowNanos(10 * MS)), objective("up", Wire::Available(true))]);
        let mask = events.matching("any", "any");
        let mut late = request(Outcome::Ok, 30 * MS);
        events.open(mask, &mut late.open, 10 * MS + 1);
        assert_eq!(counts(&events, "fast"), (0, 0, 0), "exactly at the threshold is not beyond it");
        events.open(mask, &mut late.open, 10 * MS + 2);
        events.open(mask, &mut late.open, 20 * MS);
        events.ended(mask, &late);
        assert_eq!(counts(&events, "fast"), (0, 1, 0));
        assert_eq!(counts(&events, "up"), (1, 0, 0));
    }

    #[test]
    fn a_first_response_in_time_stays_good_however_long_the_rest_takes() {
        let mut events = Events::default();
        events.adopt(&[objective("starts", Wire::FirstResponseBelowNanos(10 * MS))]);
        let mut long = request(Outcome::Ok, 900 * MS);
        long.open.first_response = Some(5 * MS);
        events.open(1, &mut long.open, 500 * MS);
        events.ended(1, &long);
        assert_eq!(counts(&events, "starts"), (1, 0, 0));
    }

    #[test]
    fn an_end_that_may_not_be_told_is_not_waited_for_and_an_unknown_latency_not_judged() {
        let mut events = Events::default();
        events.adopt(&[objective("fast", Wire::LatencyBelowNanos(10 * MS))]);
        let mut decoupled = request(Outcome::Ok, 900 * MS);
        decoupled.open.unfinished = Some(3 * MS);
        decoupled.latency = None;
        events.open(1, &mut decoupled.open, 500 * MS);
        events.ended(1, &decoupled);
        assert_eq!(counts(&events, "fast"), (0, 0, 1));
    }

    #[test]
    fn counts_survive_a_reload_of_an_equal_definition_even_after_an_absence() {
        let (fast, up) = (objective("fast", Wire::LatencyBelowNanos(MS)), objective("up", Wire::Available(true)));
        let mut events = Events::default();
        events.adopt(&[fast.clone(), up.clone()]);
        events.ended(events.matching("", ""), &request(Outcome::ServerError, MS));
        events.adopt(std::slice::from_ref(&fast));
        assert_eq!(events.to_proto().len(), 1);
        events.adopt(&[objective("other", Wire::Available(true)), up, fast]);
        assert_eq!(counts(&events, "up"), (0, 1, 0));
        assert_eq!(counts(&events, "other"), (0, 0, 0));
    }

    #[test]
    fn globs_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("", "x", true),
            ("*", "", true),
            ("llama-*", "llama-7b", true),
            ("llama-*", "llama", false),
            ("*-7b", "llama-7b", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("resnet?0", "resnet50", true),
            ("resnet50", "resnet501", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
