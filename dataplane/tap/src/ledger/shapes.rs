//! How many requests had which shape.
//!
//! A shape becomes a label as a model's name does: when a request of it has been answered well, and while there is room.
//! Whatever else clients write is counted in one place.

use super::numbers::{Number, Numbers};
use super::request_batches::Limits;
use super::route::Route;
use crate::limits;
use crate::proto;
use wire::Shape;

/// Label of all shapes that have none of their own.
const OTHER_SHAPE: &str = "_OTHER";

/// Requests of each model label by shape, over all methods.
#[derive(Debug, Default)]
pub struct ByModel(Vec<Shapes>);

impl ByModel {
    /// Where those of a model are counted.
    pub fn place(&mut self, model: &str) -> usize {
        self.0.iter().position(|shapes| *shapes.model == *model).unwrap_or_else(|| {
            self.0.push(Shapes::new(model));
            self.0.len() - 1
        })
    }

    /// Those at a place.
    #[inline]
    pub fn of(&mut self, place: usize) -> &mut Shapes {
        &mut self.0[place]
    }

    /// What is known of the models' batches may have changed; `sequence` is that of the coming snapshot.
    pub fn apply_limits(&mut self, batch_limits: &Limits, sequence: u64) {
        let batches = |shapes: &&mut Shapes| batch_limits.of(&shapes.model).is_some_and(|limit| limit > 0);
        self.0.iter_mut().filter(batches).for_each(|shapes| shapes.merge_batches(sequence));
    }

    /// Forgets shapes that have not been met since that snapshot, so that others find room.
    pub fn expire(&mut self, oldest: u64) {
        self.0.iter_mut().for_each(|shapes| shapes.counted.retain(|counted| counted.changed >= oldest));
    }

    /// Forgets the models that none of these routes has, and tells each route its new place.
    pub fn retain(&mut self, routes: &mut [Route]) {
        self.0.retain(|shapes| routes.iter().any(|route| route.model == shapes.model));
        routes.iter_mut().for_each(|route| route.shapes = self.place(&route.model));
    }

    /// Numbers the series that there are by now.
    pub fn number(&mut self, numbers: &mut Numbers) {
        for shapes in self.0.iter_mut().filter(|shapes| shapes.changed > 0) {
            numbers.give(&mut shapes.number);
        }
    }

    /// Of the models that have changed since.
    pub fn since(&self, since: u64) -> Vec<proto::ShapeSeries> {
        self.0.iter().filter(|shapes| shapes.changed > since).map(Shapes::to_proto).collect()
    }
}

/// Requests of one model by shape.
#[derive(Debug)]
pub struct Shapes {
    number: Number,
    model: Box<str>,
    /// Number of the snapshot that will first carry the newest count.
    changed: u64,
    /// Those that come often come first.
    counted: Vec<Counted>,
    others: u64,
}

#[derive(Debug)]
struct Counted {
    shape: Shape,
    requests: u64,
    changed: u64,
}

impl Shapes {
    fn new(model: &str) -> Shapes {
        Shapes { number: Number::default(), model: model.into(), changed: 0, counted: Vec::new(), others: 0 }
    }

    /// Counts a request to a model that takes batches up to `limit`, None = not known; `answered`: well.
    #[inline]
    pub fn count(&mut self, shape: Shape, limit: Option<u32>, answered: bool, sequence: u64) {
        if !shape.is_known() {
            return;
        }
        let any_batch = shape.of_any_batch();
        let shape = match limit {
            Some(1..) => any_batch,
            Some(0) => shape,
            // As it is, unless the model was known to batch before its server went away.
            None if self.place(&any_batch).is_some() => any_batch,
            None => shape,
        };
        self.changed = sequence;
        match self.place(&shape) {
            Some(at) => {
                let counted = &mut self.counted[at];
                counted.requests += 1;
                counted.changed = sequence;
                self.counted.swap(at, at / 2);
            }
            None if answered && self.counted.len() < limits::SHAPES => {
                self.counted.push(Counted { shape, requests: 1, changed: sequence });
            }
            None => self.others += 1,
        }
    }

    fn place(&self, shape: &Shape) -> Option<usize> {
        self.counted.iter().position(|counted| counted.shape == *shape)
    }

    /// Now it is known that the model batches: what was counted by batches of each size is of batches of any.
    fn merge_batches(&mut self, sequence: u64) {
        for counted in std::mem::take(&mut self.counted) {
            let shape = counted.shape.of_any_batch();
            if shape != counted.shape {
                self.changed = sequence;
            }
            match self.place(&shape) {
                Some(at) => {
                    self.counted[at].requests += counted.requests;
                    self.counted[at].changed = self.counted[at].changed.max(counted.changed);
                }
                None => self.counted.push(Counted { shape, ..counted }),
            }
        }
    }

    /// For the seam.
    fn to_proto(&self) -> proto::ShapeSeries {
        let counted = self.counted.iter().map(|counted| (counted.shape.to_string(), counted.requests));
        let others = (self.others > 0).then(|| (OTHER_SHAPE.to_string(), self.others));
        let shapes = counted.chain(others).map(|(label, value)| proto::Count { label, value }).collect();
        proto::ShapeSeries { id: self.number.id, model: self.model.to_string(), shapes }
    }
}
