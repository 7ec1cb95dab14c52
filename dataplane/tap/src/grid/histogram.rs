//! A histogram: each duration counted in its cell and in its class.

use super::classes::{Bounds, CLASSES};
use super::{OCTAVES, STEPS, cell, place};
use crate::proto;
use std::marker::PhantomData;
use wire::Nanos;

/// Counts on the grid, each octave allocated when first used, and by the classes of some bounds. It takes 256 bytes, and
/// 128 for each octave.
#[derive(Clone, Debug)]
pub struct Histogram<B> {
    sum: u64,
    classes: [u64; CLASSES],
    /// One more than where the counts of an octave lie; 0 = nowhere yet.
    octaves: [u8; OCTAVES],
    counts: Vec<[u32; STEPS]>,
    /// Cells whose count has begun again at 0, once for each time: seldom one, so that a count is half a word.
    wrapped: Vec<u16>,
    bounds: PhantomData<B>,
}

impl<B> Default for Histogram<B> {
    fn default() -> Histogram<B> {
        Histogram {
            sum: 0,
            classes: [0; CLASSES],
            octaves: [0; OCTAVES],
            counts: Vec::new(),
            wrapped: Vec::new(),
            bounds: PhantomData,
        }
    }
}

impl<B: Bounds> Histogram<B> {
    /// Counts one duration.
    pub fn record(&mut self, value: Nanos) {
        let place = place(value);
        self.classes[B::table().class(value, place)] += 1;
        self.sum = self.sum.saturating_add(value);
        self.count(place, 1);
    }

    /// Counts what another one has counted.
    pub fn add(&mut self, other: &Histogram<B>) {
        self.sum = self.sum.saturating_add(other.sum);
        self.classes.iter_mut().zip(other.classes).for_each(|(count, more)| *count += more);
        other.cells().for_each(|(place, more)| self.count(place, more));
    }

    /// For the seam; None when nothing was counted.
    pub fn to_proto(&self) -> Option<proto::Histogram> {
        let count = self.classes.iter().sum();
        if count == 0 {
            return None;
        }
        let (cells, counts) = self.cells().map(|(place, count)| (cell(place), count)).unzip();
        Some(proto::Histogram { count, sum_nanos: self.sum, cells, counts, classes: self.classes.to_vec() })
    }

    #[inline]
    fn count(&mut self, place: usize, more: u64) {
        let octave = place / STEPS;
        if self.octaves[octave] == 0 {
            self.add_octave(octave);
        }
        let count = &mut self.counts[usize::from(self.octaves[octave]) - 1][place % STEPS];
        let sum = u64::from(*count) + more;
        *count = sum as u32;
        if sum > u64::from(u32::MAX) {
            self.wrap(place, sum >> 32);
        }
    }

    #[cold]
    fn add_octave(&mut self, octave: usize) {
        self.counts.reserve_exact(1); // there are few, and no more room than for them
        self.counts.push([0; STEPS]);
        self.octaves[octave] = self.counts.len() as u8;
    }

    #[cold]
    fn wrap(&mut self, place: usize, times: u64) {
        self.wrapped.extend((0..times).map(|_| place as u16));
    }

    /// The cells that hold something, ascending, with their counts.
    fn cells(&self) -> impl Iterator<Item = (usize, u64)> {
        let octaves = self.octaves.iter().enumerate().filter(|(_, at)| **at > 0);
        let cells = octaves.flat_map(|(octave, at)| {
            let counts = self.counts[usize::from(*at) - 1].iter().enumerate();
            counts.map(move |(step, count)| (octave * STEPS + step, *count))
        });
        let whole = cells.map(|(place, count)| {
            let wraps = self.wrapped.iter().filter(|wrapped| usize::from(**wrapped) == place).count();
            (place, ((wraps as u64) << 32) + u64::from(count))
        });
        whole.filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Gaps;
    use super::*;

    /// No more than the histogram of 33 octaves behind pointers took, whose counts were whole words.
    #[test]
    fn it_takes_what_is_told_and_no_octave_too_many() {
        assert_eq!((size_of::<Histogram<Gaps>>(), size_of::<[u32; STEPS]>()), (256, 128));
        let mut histogram = Histogram::<Gaps>::default();
        for octaves in 1..=5 {
            histogram.record(1 << (2 * octaves + 20));
            assert_eq!((histogram.counts.capacity(), histogram.wrapped.capacity()), (octaves, 0));
        }
    }

    #[test]
    fn a_count_may_be_larger_than_half_a_word() {
        let half = u64::from(u32::MAX);
        let mut many = Histogram::<Gaps>::default();
        many.record(1);
        many.record(1_000_000);
        many.count(place(1), half - 1);
        let of = |histogram: &Histogram<Gaps>| histogram.to_proto().map(|proto| proto.counts);
        assert_eq!(of(&many), Some(vec![half, 1]));
        many.record(1);
        assert_eq!(of(&many), Some(vec![half + 1, 1]), "the half word is 0 now, and the cell is not");
        let mut sum = many.clone();
        sum.add(&many);
        sum.add(&sum.clone());
        sum.record(1);
        assert_eq!(of(&sum), Some(vec![4 * (half + 1) + 1, 4]));
    }
}
