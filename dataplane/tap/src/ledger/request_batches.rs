//! How many items requests hold, and of which models that can be told.
//!
//! A count of items is what it is. But the first dimension of an input is a number of items only if the model batches,
//! and the wire seldom says so: until it does, such sizes are kept apart, and nobody is shown them.

use crate::events::glob;
use crate::proto;
use rustc_hash::FxHashMap;
use wire::OpenRequest;

/// Powers of two from 1 to 1024, each an exact upper edge, and one more for what is larger.
const BUCKETS: usize = 12;

/// Sizes counted. `proto/tap.proto` says what is in which bucket.
#[derive(Debug, Default)]
struct Sizes {
    count: u64,
    sum: u64,
    counts: [u64; BUCKETS],
}

impl Sizes {
    fn record(&mut self, size: u32) {
        self.count += 1;
        self.sum = self.sum.saturating_add(u64::from(size));
        let bucket = u32::BITS - size.saturating_sub(1).leading_zeros();
        self.counts[(bucket as usize).min(BUCKETS - 1)] += 1;
    }

    fn add(&mut self, other: &Sizes) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
    }
}

/// Items in requests, one series of it.
#[derive(Debug, Default)]
pub struct BatchSizes {
    sizes: Option<Box<Sizes>>,
    /// First dimensions, while it is not known whether the model batches.
    undecided: Option<Box<Sizes>>,
}

impl BatchSizes {
    /// Counts a request to a model that takes batches up to `limit`; None = not known.
    #[inline]
    pub fn count(&mut self, open: &OpenRequest, limit: Option<u32>) {
        let (sizes, size) = match (open.batch_size, open.shape.first(), limit) {
            (1.., _, _) => (&mut self.sizes, open.batch_size),
            (0, 1.., Some(1..)) => (&mut self.sizes, open.shape.first()),
            (0, 1.., None) => (&mut self.undecided, open.shape.first()),
            _ => return,
        };
        sizes.get_or_insert_default().record(size);
    }

    /// Now it is known how large a batch the model takes. True when that shows sizes that were not shown before.
    pub fn apply_limit(&mut self, limit: u32) -> bool {
        let Some(undecided) = self.undecided.take().filter(|_| limit > 0) else { return false };
        self.sizes.get_or_insert_default().add(&undecided);
        true
    }

    /// For the seam; None when nothing was counted, or nothing that is sure.
    pub fn to_proto(&self) -> Option<proto::SizeHistogram> {
        let sizes = self.sizes.as_ref()?;
        Some(proto::SizeHistogram { count: sizes.count, sum: sizes.sum, counts: sizes.counts.to_vec() })
    }
}

/// How large a batch each model takes, 0 for one that takes none.
#[derive(Debug, Default)]
pub struct Limits {
    /// As the user says, by glob; the first that fits counts.
    configured: Vec<proto::BatchLimit>,
    /// As the server said. Only names that are labels, which bounds it.
    told: FxHashMap<Box<str>, u32>,
}

impl Limits {
    /// What the user says now.
    pub fn adopt(&mut self, limits: &[proto::BatchLimit]) {
        self.configured = limits.to_vec();
    }

    /// What the server says now.
    pub fn tell(&mut self, model: &str, limit: u32) {
        match self.told.get_mut(model) {
            Some(told) => *told = limit,
            None => drop(self.told.insert(model.into(), limit)),
        }
    }

    /// Forgets what the server said.
    pub fn forget_told(&mut self) {
        self.told.clear();
    }

    /// Forgets what the server said of models whose name is no longer a label.
    pub fn retain(&mut self, is_label: impl Fn(&str) -> bool) {
        self.told.retain(|model, _| is_label(model));
    }

    /// What is known of a model. The user's word comes first.
    pub fn of(&self, model: &str) -> Option<u32> {
        let configured = self.configured.iter().find(|limit| glob(&limit.model, model));
        configured.map(|limit| limit.max_batch_size).or_else(|| self.told.get(model).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u32) -> wire::Shape {
        wire::Shape::new(&wire::tensor::Dimensions::of(&[count, 16]).expect("not too many"), None)
    }

    fn counted(sizes: &[u32]) -> proto::SizeHistogram {
        let mut batches = BatchSizes::default();
        for &batch_size in sizes {
            batches.count(&OpenRequest { batch_size, ..OpenRequest::default() }, None);
        }
        batches.to_proto().expect("something was counted")
    }

    #[test]
    fn every_power_of_two_is_an_edge() {
        for power in 0..11 {
            let edge = 1 << power;
            assert_eq!(counted(&[edge]).counts[power], 1, "{edge} lies under its own edge");
            assert_eq!(counted(&[edge + 1]).counts[power + 1], 1, "one more does not");
        }
        let sizes = counted(&[1, 3, 4, 5, u32::MAX]);
        assert_eq!((sizes.count, sizes.sum), (5, 13 + u64::from(u32::MAX)));
        assert_eq!(sizes.counts, [1, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_first_dimension_waits_until_it_is_known_to_be_a_batch() {
        let row = OpenRequest { shape: rows(4), ..OpenRequest::default() };
        let mut batches = BatchSizes::default();
        batches.count(&row, None);
        assert_eq!(batches.to_proto(), None);
        assert!(batches.apply_limit(8));
        batches.count(&row, Some(8));
        assert_eq!(batches.to_proto().map(|sizes| (sizes.count, sizes.sum)), Some((2, 8)));
        assert!(!batches.apply_limit(8), "nothing was waiting");
    }

    #[test]
    fn a_model_that_does_not_batch_takes_no_memory() {
        let row = OpenRequest { shape: rows(4), ..OpenRequest::default() };
        let mut batches = BatchSizes::default();
        batches.count(&row, None);
        assert!(!batches.apply_limit(0));
        batches.count(&row, Some(0));
        batches.count(&OpenRequest::default(), Some(8));
        assert!(batches.sizes.is_none() && batches.undecided.is_none());
    }

    #[test]
    fn the_word_of_the_user_comes_first() {
        let configured = |model: &str, max_batch_size| proto::BatchLimit { model: model.into(), max_batch_size };
        let mut limits = Limits::default();
        limits.tell("b", 4);
        limits.tell("b", 2);
        assert_eq!((limits.of("b"), limits.of("c")), (Some(2), None));
        limits.adopt(&[configured("a*", 0), configured("a*", 1), configured("b", 8)]);
        assert_eq!((limits.of("ab"), limits.of("b")), (Some(0), Some(8)));
        limits.adopt(&[]);
        limits.retain(|model| model != "b");
        assert_eq!(limits.of("b"), None);
    }
}
