//! The one place that asks what time it is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::Nanos;

/// Monotonic time since the tap's start (its *epoch*), and the wall clock of that moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    epoch_unix_nanos: u64,
}

impl Clock {
    /// Starts an epoch now.
    pub fn start() -> Clock {
        Clock { started: Instant::now(), epoch_unix_nanos: unix_nanos() }
    }

    /// Nanoseconds since the epoch. Never 0, which stands for "never".
    pub fn now(&self) -> Nanos {
        nanos(self.started.elapsed()).max(1)
    }

    /// Wall clock at the epoch. It names the epoch; it is never recomputed.
    pub fn epoch_unix_nanos(&self) -> u64 {
        self.epoch_unix_nanos
    }
}

/// The wall clock, for timestamps only: it may step.
pub fn unix_nanos() -> u64 {
    nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A duration in whole nanoseconds, saturating (584 years).
pub fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
