//! Histograms on one fixed log-linear grid: 32 steps per octave, upper edges inclusive, anchored so that
//! 1, 2.5, 5, 10, 25, 50 and 100 ms are edges. `proto/tap.proto` has the formula; Python has its twin.

use crate::proto;
use wire::Nanos;

const STEPS: usize = 32;
/// log2 of [`STEPS`].
const STEP_BITS: usize = 5;
/// 2^37 steps of 488 ns are 18 hours; longer durations count in the last bucket.
const OCTAVES: usize = 33;

/// Bucket of a duration.
pub fn bucket(value: Nanos) -> usize {
    let step = (value.max(1).saturating_mul(32) - 1) / 15_625;
    if step < STEPS as u64 {
        return step as usize;
    }
    let exponent = step.ilog2() as usize;
    let within = (step >> (exponent - STEP_BITS)) as usize & (STEPS - 1);
    ((exponent - STEP_BITS + 1) * STEPS + within).min(OCTAVES * STEPS - 1)
}

/// Counts on the grid, each octave allocated when first used.
#[derive(Clone, Debug)]
pub struct Histogram {
    count: u64,
    sum: u64,
    octaves: [Option<Box<[u64; STEPS]>>; OCTAVES],
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { count: 0, sum: 0, octaves: [const { None }; OCTAVES] }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, value: Nanos) {
        let bucket = bucket(value);
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.octaves[bucket / STEPS].get_or_insert_default()[bucket % STEPS] += 1;
    }

    /// Counts what another one has counted.
    pub fn add(&mut self, other: &Histogram) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        for (mine, more) in self.octaves.iter_mut().zip(&other.octaves) {
            let Some(more) = more else { continue };
            mine.get_or_insert_default().iter_mut().zip(&**more).for_each(|(count, more)| *count += more);
        }
    }

    /// For the seam; None when nothing was counted.
    pub fn to_proto(&self) -> Option<proto::Histogram> {
        if self.count == 0 {
            return None;
        }
        let mut out = proto::Histogram { count: self.count, sum_nanos: self.sum, ..Default::default() };
        for (octave, steps) in self.octaves.iter().enumerate() {
            let Some(steps) = steps else { continue };
            for (step, count) in steps.iter().enumerate().filter(|(_, count)| **count > 0) {
                out.buckets.push((octave * STEPS + step) as u32);
                out.counts.push(*count);
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Upper edge of a bucket in units of 1/32 ns, exactly.
    fn edge(bucket: usize) -> u64 {
        let steps = if bucket < STEPS { bucket + 1 } else { (STEPS + bucket % STEPS + 1) << (bucket / STEPS - 1) };
        steps as u64 * 15_625
    }

    #[test]
    fn every_bucket_ends_at_its_edge_and_the_next_begins_there() {
        for index in 0..STEPS * 30 {
            let last_inside = edge(index) / 32;
            assert_eq!(bucket(last_inside), index);
            assert_eq!(bucket(last_inside + 1), index + 1);
        }
    }

    #[test]
    fn round_milliseconds_are_edges() {
        for tenths in [5, 10, 25, 50, 100, 250, 500, 1000, 2000, 4000, 8000, 16_000] {
            let nanos = tenths * 100_000;
            assert_eq!(bucket(nanos) + 1, bucket(nanos + 1), "{nanos} ns");
        }
    }

    #[test]
    fn two_added_are_one_that_counted_all() {
        let durations: Vec<u64> = (0..2000u64).map(|n| n.wrapping_mul(n) * 7919).collect();
        let (mut all, mut odd, mut even) = (Histogram::default(), Histogram::default(), Histogram::default());
        for &duration in &durations {
            all.record(duration);
            if duration % 2 == 0 { even.record(duration) } else { odd.record(duration) }
        }
        odd.add(&even);
        assert_eq!(odd.to_proto(), all.to_proto());
    }

    #[test]
    fn the_longest_duration_has_a_bucket() {
        let mut histogram = Histogram::default();
        histogram.record(u64::MAX);
        histogram.record(0);
        let proto = histogram.to_proto().expect("two values");
        assert_eq!(proto.counts, [1, 1]);
    }
}
