//! Taking a lock that others may have died with.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whatever became of the last holder: counts may be one short, traffic may not stop.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
