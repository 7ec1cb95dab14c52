//! Classic bounds: of each cell the class of what is shortest in it, and one comparison for a bound inside it.

use super::{CELLS, edge_nanos};
use wire::Nanos;

const BOUNDS: usize = 15;
/// What is above the last bound has a class, too.
pub const CLASSES: usize = BOUNDS + 1;

/// Bounds, ascending, and which class begins which cell.
pub struct Table {
    /// The last one is above all durations.
    bounds: [Nanos; CLASSES],
    first: [u8; CELLS],
}

impl Table {
    const fn new(micros: [Nanos; BOUNDS]) -> Table {
        let mut bounds = [Nanos::MAX; CLASSES];
        let mut at = 0;
        while at < BOUNDS {
            bounds[at] = micros[at] * 1000;
            at += 1;
        }
        let (mut first, mut class) = ([0; CELLS], 0);
        let mut place = 1;
        while place < CELLS {
            while bounds[class] as u128 <= edge_nanos(place - 1) && class < BOUNDS {
                class += 1;
            }
            first[place] = class as u8;
            place += 1;
        }
        Table { bounds, first }
    }

    /// The class of a duration in this cell.
    #[inline]
    pub fn class(&self, value: Nanos, place: usize) -> usize {
        let first = usize::from(self.first[place]);
        first + usize::from(value > self.bounds[first])
    }
}

/// Which bounds a histogram counts against.
pub trait Bounds {
    /// They.
    fn table() -> &'static Table;
}

/// Of latencies and waits: 1 ms to 60 s.
#[derive(Clone, Copy, Debug)]
pub struct Latencies;

impl Bounds for Latencies {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new([
            1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
            10_000_000, 30_000_000, 60_000_000,
        ]);
        &TABLE
    }
}

/// Of gaps between responses, and of what the tap adds: 100 us to 2.5 s.
#[derive(Clone, Copy, Debug)]
pub struct Gaps;

impl Bounds for Gaps {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new([
            100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
            2_500_000,
        ]);
        &TABLE
    }
}
