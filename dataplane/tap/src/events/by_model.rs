//! Counts of objectives, and of each model of those that are counted by model. A model's place is found by its name once; it is
//! a number from then on.

use super::reasons::{Event, Reason};
use crate::exemplar::Exemplar;
use crate::limits::SLO_MODELS;
use crate::proto;
use wire::Nanos;

/// What was counted for one objective, or one model of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    good: u64,
    bad: u64,
    /// By reason.
    excluded: [u64; Reason::ALL.len()],
    /// When a request of it was last seen open, or ended; 0 = never.
    pub last_event: Nanos,
    /// Of the last bad event with a trace.
    exemplar: Option<Exemplar>,
    /// Uptime at which nothing was counted yet; None until a snapshot tells of it.
    since: Option<Nanos>,
}

impl Counts {
    /// One more event.
    pub fn count(&mut self, event: Event) {
        match event {
            Event::Good => self.good += 1,
            Event::Bad => self.bad += 1,
            Event::Excluded(reason) => self.excluded[reason as usize] += 1,
        }
    }

    /// It counts since then, unless it has done so for longer.
    fn begin(&mut self, since: Nanos) {
        self.since.get_or_insert(since);
    }

    /// A bad event took so long until now.
    pub fn show(&mut self, traceparent: &str, taken: Nanos) {
        self.exemplar = Exemplar::of(traceparent, taken).or(self.exemplar);
    }

    /// For the seam, with these reasons.
    pub fn to_proto(self, objective: &str, model: &str, reasons: impl Iterator<Item = Reason>) -> proto::EventSeries {
        let excluded =
            |reason: Reason| proto::Count { label: reason.word().to_string(), value: self.excluded[reason as usize] };
        proto::EventSeries {
            objective: objective.to_string(),
            model: model.to_string(),
            good: self.good,
            bad: self.bad,
            excluded: self.excluded.iter().sum(),
            excluded_by: reasons.map(excluded).collect(),
            last_event_nanos: self.last_event,
            exemplar: self.exemplar.map(Exemplar::to_proto),
            since_nanos: self.since.unwrap_or_default(),
        }
    }
}

/// Where events of a model are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelPlace {
    /// As those of an unknown model, which it is.
    #[default]
    Unknown,
    /// At this place, once it is made.
    At(usize),
    /// As those of an unknown model, for want of room.
    Capped,
}

/// Counts of one objective: all of them, or those of models without a place; then those of each model, by its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByModel {
    rest: Counts,
    models: Vec<Option<Box<Counts>>>,
}

impl ByModel {
    /// Those of an objective that is not counted by model, or of its unknown models.
    pub fn rest(&mut self) -> &mut Counts {
        &mut self.rest
    }

    /// What is new among them counts since then.
    pub fn begin(&mut self, since: Nanos) {
        self.rest.begin(since);
        self.models.iter_mut().flatten().for_each(|counts| counts.begin(since));
    }

    /// All of them, each with the place of its model.
    pub fn each(&self) -> impl Iterator<Item = (Option<usize>, Counts)> {
        let models = self.models.iter().enumerate();
        let there = models.filter_map(|(place, counts)| Some((Some(place), **counts.as_ref()?)));
        std::iter::once((None, self.rest)).chain(there)
    }

    fn len(&self) -> usize {
        self.models.iter().flatten().count()
    }
}

/// Which models have a place, and how many counts of models there are.
#[derive(Debug, Default)]
pub struct Models {
    names: Vec<Box<str>>,
    there: usize,
    /// Events counted as of an unknown model for want of room.
    pub capped: u64,
}

impl Models {
    /// The name of the model at a place.
    pub fn name(&self, place: usize) -> &str {
        &self.names[place]
    }

    /// The place of a model.
    pub fn place(&mut self, name: &str) -> ModelPlace {
        if let Some(place) = self.names.iter().position(|known| **known == *name) {
            return ModelPlace::At(place);
        }
        if self.names.len() >= SLO_MODELS {
            return ModelPlace::Capped;
        }
        self.names.push(name.into());
        ModelPlace::At(self.names.len() - 1)
    }

    /// The counts of a model of an objective, and whether they are those of unknown ones for want of room.
    pub fn find<'c>(&mut self, counts: &'c mut ByModel, model: ModelPlace) -> (&'c mut Counts, bool) {
        let ModelPlace::At(place) = model else { return (&mut counts.rest, model == ModelPlace::Capped) };
        if counts.models.get(place).is_none_or(Option::is_none) {
            if self.there >= SLO_MODELS {
                return (&mut counts.rest, true);
            }
            self.there += 1;
            counts.models.resize_with(counts.models.len().max(place + 1), || None);
        }
        (counts.models[place].get_or_insert_default(), false)
    }

    /// Starts over with these objectives, of which the first are in force: places of models that none of them has are given
    /// up, and so are counts for which there is no room.
    pub fn renumber<'c>(
        &mut self,
        in_force: impl Iterator<Item = &'c mut ByModel>,
        retired: impl Iterator<Item = &'c mut ByModel>,
        objectives: usize,
    ) {
        let names = std::mem::take(&mut self.names);
        self.there = objectives;
        for counts in in_force {
            let room = SLO_MODELS.saturating_sub(self.there);
            self.move_in(counts, &names, room);
            self.there += counts.len();
        }
        let mut room = SLO_MODELS;
        for counts in retired {
            self.move_in(counts, &names, room);
            room -= counts.len();
        }
    }

    /// Gives the models of these counts their places, so many at most.
    fn move_in(&mut self, counts: &mut ByModel, names: &[Box<str>], room: usize) {
        let before = std::mem::take(&mut counts.models);
        let there = before.into_iter().zip(names).filter_map(|(model, name)| Some((model?, name)));
        for (model, name) in there.take(room) {
            let ModelPlace::At(place) = self.place(name) else { return };
            counts.models.resize_with(counts.models.len().max(place + 1), || None);
            counts.models[place] = Some(model);
        }
    }
}
