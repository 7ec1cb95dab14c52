//! A histogram: each duration counted in its cell and in its class.

use super::classes::{Bounds, CLASSES};
use super::{OCTAVES, STEPS, cell, place};
use crate::proto;
use std::marker::PhantomData;
use wire::Nanos;

/// Counts on the grid, each octave allocated when first used, and by the classes of some bounds.
#[derive(Clone, Debug)]
pub struct Histogram<B> {
    sum: u64,
    classes: [u64; CLASSES],
    /// One more than where the counts of an octave lie; 0 = nowhere yet.
    octaves: [u8; OCTAVES],
    pub(super) counts: Vec<[u64; STEPS]>,
    bounds: PhantomData<B>,
}

impl<B> Default for Histogram<B> {
    fn default() -> Histogram<B> {
        Histogram { sum: 0, classes: [0; CLASSES], octaves: [0; OCTAVES], counts: Vec::new(), bounds: PhantomData }
    }
}

impl<B: Bounds> Histogram<B> {
    /// Counts one duration.
    pub fn record(&mut self, value: Nanos) {
        let place = place(value);
        self.classes[B::table().class(value, place)] += 1;
        self.sum = self.sum.saturating_add(value);
        self.octave(place / STEPS)[place % STEPS] += 1;
    }

    /// Counts what another one has counted.
    pub fn add(&mut self, other: &Histogram<B>) {
        self.sum = self.sum.saturating_add(other.sum);
        self.classes.iter_mut().zip(other.classes).for_each(|(count, more)| *count += more);
        for (octave, more) in other.used() {
            self.octave(octave).iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
    }

    /// For the seam; None when nothing was counted.
    pub fn to_proto(&self) -> Option<proto::Histogram> {
        let count = self.classes.iter().sum();
        if count == 0 {
            return None;
        }
        let classes = self.classes.to_vec();
        let mut out = proto::Histogram { count, sum_nanos: self.sum, classes, ..Default::default() };
        for (octave, steps) in self.used() {
            for (step, count) in steps.iter().enumerate().filter(|(_, count)| **count > 0) {
                out.cells.push(cell(octave * STEPS + step));
                out.counts.push(*count);
            }
        }
        Some(out)
    }

    #[inline]
    fn octave(&mut self, octave: usize) -> &mut [u64; STEPS] {
        if self.octaves[octave] == 0 {
            self.add_octave(octave);
        }
        &mut self.counts[usize::from(self.octaves[octave]) - 1]
    }

    #[cold]
    fn add_octave(&mut self, octave: usize) {
        self.counts.reserve_exact(1); // there are few, and no more room than for them
        self.counts.push([0; STEPS]);
        self.octaves[octave] = self.counts.len() as u8;
    }

    /// The octaves that hold something, ascending.
    fn used(&self) -> impl Iterator<Item = (usize, &[u64; STEPS])> {
        let octaves = self.octaves.iter().enumerate();
        octaves.filter(|(_, at)| **at > 0).map(|(octave, at)| (octave, &self.counts[usize::from(*at) - 1]))
    }
}
