//! Numbers for series. A reader keeps what it was told by them, and where it shows only so many it shows the lowest: so a
//! number is never given again, and what is told of later has a larger one, whatever has expired since. A series has its
//! number from the first snapshot that tells of it, and with it the time since when it counts: nothing of it was there when
//! the snapshot before was taken.

use wire::Nanos;

/// What a series is known by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Number {
    /// 0 until a snapshot tells of it.
    pub id: u64,
    /// Uptime at which it counted nothing yet.
    pub since: Nanos,
}

/// Gives numbers away.
#[derive(Debug, Default)]
pub struct Numbers {
    given: u64,
    /// Uptime of the newest snapshot; 0 before the first: the start.
    newest_snapshot: Nanos,
}

impl Numbers {
    /// Numbers a series, unless it has its number.
    pub fn give(&mut self, number: &mut Number) {
        if number.id == 0 {
            self.given += 1;
            *number = Number { id: self.given, since: self.newest_snapshot };
        }
    }

    /// Since when what the coming snapshot is the first to tell of counts.
    pub fn since(&self) -> Nanos {
        self.newest_snapshot
    }

    /// A snapshot was taken: all that is new from now on is told by a later one.
    pub fn snapshot_taken(&mut self, now: Nanos) {
        self.newest_snapshot = now;
    }
}
