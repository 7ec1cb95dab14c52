//! The grid of durations: base-2 exponential, 32 steps an octave, so that a step is 2.2 %. `proto/tap.proto` defines it;
//! Python has its twin. A duration finds its cell by its own bits and one comparison, without a logarithm.

mod classes;
mod histogram;
mod roots;

pub use classes::{Gaps, Latencies};
pub use histogram::Histogram;

use roots::ROOTS;
use wire::Nanos;

const STEPS: usize = 32;
const NANOS_PER_SECOND: u128 = 1_000_000_000;
/// Bits behind the point of a root.
const ROOT_BITS: usize = 96;

/// The first cell: the first whose edge is 1 ns.
const FIRST_CELL: i32 = -989;
/// The cell that octaves are counted from: the first of the octave of seconds that [`FIRST_CELL`] lies in.
const ORIGIN: i32 = -992;
/// Up to 2^64 ns.
const OCTAVES: usize = 66;
const CELLS: usize = OCTAVES * STEPS;

/// A part of an octave, so small that at most one edge lies in it.
#[derive(Clone, Copy)]
struct Slice {
    /// The edge in it, as a number whose highest bit is set, rounded up; [`NO_EDGE`] where there is none.
    edge: u64,
    /// Edges of the octave that lie below it.
    below: u8,
}

/// Above what any duration comes to.
const NO_EDGE: u64 = u64::MAX;

/// A step is more than 1/64 of its octave.
const SLICE_BITS: usize = 6;
const SLICES: [Slice; 1 << SLICE_BITS] = slices();

const fn slices() -> [Slice; 1 << SLICE_BITS] {
    let mut slices = [Slice { edge: NO_EDGE, below: 0 }; 1 << SLICE_BITS];
    let mut step = 0;
    while step < STEPS {
        let edge = NANOS_PER_SECOND * ROOTS[step];
        let edge = (((edge << edge.leading_zeros()) - 1) >> 64) as u64 + 1;
        slices[slice(edge)].edge = edge;
        step += 1;
    }
    let (mut at, mut below) = (0, 0);
    while at < slices.len() {
        slices[at].below = below;
        below += (slices[at].edge != NO_EDGE) as u8;
        at += 1;
    }
    slices
}

/// The slice of a number whose highest bit is set.
const fn slice(mantissa: u64) -> usize {
    (mantissa >> (63 - SLICE_BITS)) as usize & ((1 << SLICE_BITS) - 1)
}

/// The cell of a duration, counted from [`ORIGIN`].
#[inline]
fn place(value: Nanos) -> usize {
    if value > LONGEST_HALVED {
        return longest(value);
    }
    // An edge is rounded: what is at most half a nanosecond above the power belongs below it. So half a nanosecond less
    // is compared with the power itself, in halves to stay whole.
    let halves = 2 * value.max(1) - 1;
    let shift = halves.leading_zeros();
    let mantissa = halves << shift;
    let Slice { edge, below } = SLICES[slice(mantissa)];
    // Of an octave of halves of a nanosecond the first begins with FIRST_CELL.
    let octave = (63 - shift) as usize;
    octave * STEPS + usize::from(below) + usize::from(mantissa >= edge) + (FIRST_CELL - ORIGIN) as usize
}

/// 292 years. Halves of what is longer do not fit in a word.
const LONGEST_HALVED: Nanos = Nanos::MAX / 2;

#[cold]
fn longest(value: Nanos) -> usize {
    (0..CELLS).find(|place| edge_nanos(*place) >= u128::from(value)).unwrap_or(CELLS - 1)
}

/// The number of a cell counted from [`ORIGIN`].
fn cell(place: usize) -> i32 {
    place as i32 + ORIGIN
}

/// The upper edge of a cell counted from [`ORIGIN`].
const fn edge_nanos(place: usize) -> u128 {
    let (octave, step) = ((place + 1) / STEPS, (place + 1) % STEPS);
    let shift = ROOT_BITS + -ORIGIN as usize / STEPS - octave;
    // One less: a tie is rounded down, and nothing else is that close to one.
    (((NANOS_PER_SECOND * ROOTS[step] - 1) >> (shift - 1)) + 1) >> 1
}

#[cfg(test)]
mod tests;
