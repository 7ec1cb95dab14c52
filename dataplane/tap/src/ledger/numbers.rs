//! Numbers for series. A reader keeps what it was told by them, and where it shows only so many it shows the lowest: so a
//! number is never given again, and what is told of later has a larger one, whatever has expired since. A series has its
//! number from the first snapshot that tells of it.

/// Gives numbers away.
#[derive(Debug, Default)]
pub struct Numbers {
    given: u64,
}

impl Numbers {
    /// Numbers a series, unless it has its number; 0 is none.
    pub fn give(&mut self, id: &mut u64) {
        if *id == 0 {
            self.given += 1;
            *id = self.given;
        }
    }
}
