use super::classes::{Bounds, CLASSES};
use super::*;
use crate::proto;

/// From [`FIRST_CELL`] on, a line each; tests/unit/sidecar/model/test_grid.py holds them to the definition.
fn edges() -> Vec<u128> {
    let lines = include_str!("../../../../tests/data/grid_edges.txt").lines();
    lines.map(|line| line.parse().expect("a number")).collect()
}

fn cell_of(value: Nanos) -> i32 {
    cell(place(value))
}

/// By the definition: the first cell whose edge is not below the duration.
fn cell_by_edges(edges: &[u128], value: Nanos) -> i32 {
    FIRST_CELL + edges.partition_point(|edge| *edge < u128::from(value.max(1))) as i32
}

#[test]
fn every_edge_is_the_one_that_is_defined() {
    let edges = edges();
    assert_eq!(edges.len(), 2081);
    for (at, edge) in edges.iter().enumerate() {
        assert_eq!(edge_nanos((FIRST_CELL - ORIGIN) as usize + at), *edge, "of cell {}", FIRST_CELL + at as i32);
    }
    assert!((0..(FIRST_CELL - ORIGIN) as usize).all(|place| edge_nanos(place) == 0));
}

#[test]
fn every_cell_ends_at_its_edge_and_the_next_begins_there() {
    let edges = edges();
    for edge in edges.iter().filter_map(|edge| Nanos::try_from(*edge).ok()) {
        for value in [edge - 1, edge, edge + 1] {
            assert_eq!(cell_of(value), cell_by_edges(&edges, value), "{value} ns");
        }
    }
    assert_eq!((cell_of(0), cell_of(1), cell_of(Nanos::MAX)), (FIRST_CELL, FIRST_CELL, 1091));
    assert_eq!((cell_of(1_000_000_000), cell_of(1_000_000_001)), (-1, 0));
}

#[test]
fn in_a_slice_of_an_octave_there_is_at_most_one_edge() {
    let with_one = SLICES.iter().filter(|slice| slice.edge != NO_EDGE).count();
    assert_eq!(with_one, STEPS);
}

/// xorshift64*, each number once.
fn random() -> impl FnMut() -> f64 {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn same_as_brute_force<B: Bounds>(bounds: &[Nanos], values: &[Nanos]) {
    assert_eq!(bounds.len(), CLASSES - 1);
    let edges = edges();
    let mut histogram = Histogram::<B>::default();
    let (mut cells, mut classes) = (std::collections::BTreeMap::new(), [0; CLASSES]);
    for &value in values {
        histogram.record(value);
        *cells.entry(cell_by_edges(&edges, value)).or_insert(0) += 1;
        classes[bounds.iter().filter(|bound| value > **bound).count()] += 1;
    }
    let counted = proto::Histogram {
        count: values.len() as u64,
        sum_nanos: values.iter().sum(),
        cells: cells.keys().copied().collect(),
        counts: cells.values().copied().collect(),
        classes: classes.to_vec(),
    };
    assert_eq!(histogram.to_proto(), Some(counted));
}

/// Bounds as `proto/tap.proto` defines them, in nanoseconds.
fn defined(whose: &str) -> Vec<Nanos> {
    let proto = include_str!("../../../proto/tap.proto");
    let line = proto.lines().find_map(|line| line.strip_prefix("//   ")?.strip_prefix(whose)).expect("a list");
    let seconds = line.split(' ').filter_map(|word| word.trim_end_matches([';', '.']).parse::<f64>().ok());
    seconds.map(|seconds| (seconds * 1e9).round() as Nanos).collect()
}

fn latency_bounds() -> Vec<Nanos> {
    defined("latencies:")
}

fn gap_bounds() -> Vec<Nanos> {
    defined("gaps, and what the tap adds:")
}

#[test]
fn a_million_durations_are_counted_as_brute_force_counts_them() {
    let mut random = random();
    let values: Vec<Nanos> = (0..1_000_000).map(|_| 10f64.powf(14.0 * random()) as Nanos).collect();
    assert!(values.iter().any(|value| *value < 3) && values.iter().any(|value| *value > 90_000_000_000_000));
    same_as_brute_force::<Latencies>(&latency_bounds(), &values);
    same_as_brute_force::<Gaps>(&gap_bounds(), &values);
}

#[test]
fn a_bound_is_in_its_class_and_the_next_nanosecond_in_the_next() {
    let around = |bounds: &[Nanos]| bounds.iter().flat_map(|at| [at - 1, *at, at + 1]).collect::<Vec<_>>();
    let (latencies, gaps) = (latency_bounds(), gap_bounds());
    same_as_brute_force::<Latencies>(&latencies, &around(&latencies));
    same_as_brute_force::<Gaps>(&gaps, &around(&gaps));
}

#[test]
fn two_added_are_one_that_counted_all() {
    let durations: Vec<u64> = (0..2000u64).map(|n| n.wrapping_mul(n) * 7919).collect();
    let [mut all, mut odd, mut even]: [Histogram<Gaps>; 3] = Default::default();
    for &duration in &durations {
        all.record(duration);
        if duration % 2 == 0 { even.record(duration) } else { odd.record(duration) }
    }
    odd.add(&even);
    assert_eq!(odd.to_proto(), all.to_proto());
}

#[test]
fn the_longest_duration_has_a_cell_and_nothing_has_none() {
    let mut histogram = Histogram::<Latencies>::default();
    assert_eq!(histogram.to_proto(), None);
    histogram.record(Nanos::MAX);
    histogram.record(0);
    let proto = histogram.to_proto().expect("two values");
    assert_eq!((proto.counts, proto.cells), (vec![1, 1], vec![FIRST_CELL, 1091]));
    assert_eq!((proto.classes[0], proto.classes[CLASSES - 1]), (1, 1));
    histogram.record(1);
    assert_eq!(histogram.to_proto().map(|proto| proto.sum_nanos), Some(Nanos::MAX), "a sum saturates");
}
