//! What reading needs while something is under way, kept for the next one: per thread, so that a connection at rest
//! holds none of it.

use crate::exchange::Exchange;
use crate::field::Walk;
use crate::json::Scan;
use std::cell::RefCell;
use std::thread::LocalKey;

/// Boxes of one kind that nobody uses.
pub type Shelf<T> = RefCell<Vec<Box<T>>>;

/// As many as usually are in use at once on a thread; the others are freed.
const MAX_SPARE: usize = 256;

thread_local! {
    static EXCHANGES: Shelf<Exchange> = const { RefCell::new(Vec::new()) };
    static WALKS: Shelf<Walk> = const { RefCell::new(Vec::new()) };
    static SCANS: Shelf<Scan> = const { RefCell::new(Vec::new()) };
}

/// A type that is kept.
pub trait Spare: Default + 'static {
    /// Where.
    const SHELF: &'static LocalKey<Shelf<Self>>;
}

impl Spare for Exchange {
    const SHELF: &'static LocalKey<Shelf<Exchange>> = &EXCHANGES;
}

impl Spare for Walk {
    const SHELF: &'static LocalKey<Shelf<Walk>> = &WALKS;
}

impl Spare for Scan {
    const SHELF: &'static LocalKey<Shelf<Scan>> = &SCANS;
}

/// One that was used before, or a new one.
#[inline]
pub fn take<T: Spare>() -> Box<T> {
    T::SHELF.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps one for the next.
#[inline]
pub fn keep<T: Spare>(used: Box<T>) {
    T::SHELF.with_borrow_mut(|shelf| {
        if shelf.len() < MAX_SPARE {
            shelf.push(used);
        }
    });
}
