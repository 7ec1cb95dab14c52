//! What reading needs while something is under way, kept for the next one: per thread, so that a connection at rest
//! holds none of it.
//!
//! Which types are kept is theirs to say: each names its shelf beside itself.

use std::cell::RefCell;
use std::thread::LocalKey;

/// As many as usually are in use at once on a thread; the others are freed.
const MAX_POOLED: usize = 256;

/// Boxes of one kind that nobody uses.
pub type Shelf<T> = RefCell<Vec<Box<T>>>;

/// A type that is kept.
pub trait Pooled: Default + 'static {
    /// The shelf of the thread that asks.
    const SHELF: &'static LocalKey<Shelf<Self>>;
}

/// One that was used before, or a new one.
#[inline]
pub fn take<T: Pooled>() -> Box<T> {
    T::SHELF.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps one for the next.
#[inline]
pub fn keep<T: Pooled>(used: Box<T>) {
    T::SHELF.with_borrow_mut(|shelf| {
        if shelf.len() < MAX_POOLED {
            shelf.push(used);
        }
    });
}
