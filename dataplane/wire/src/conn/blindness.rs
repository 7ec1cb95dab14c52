//! Each reason for no longer reading is reported once per connection, and none before the protocol is known:
//! until then what the server says may not be HTTP/2 at all.

use crate::sink::{Blind, BlindCause, Sink};

/// What has been reported.
#[derive(Clone, Debug, Default)]
pub struct Blindness {
    known: bool,
    reported: u8,
    /// The first of each reason.
    held_back: Vec<BlindCause>,
}

impl Blindness {
    /// The protocol is known: reports what had to wait for that.
    pub fn protocol_known<S: Sink>(&mut self, sink: &mut S) {
        self.known = true;
        for cause in std::mem::take(&mut self.held_back) {
            self.report(&cause, sink);
        }
    }

    /// Reports a cause unless one for the same reason has been.
    #[cold]
    pub fn report<S: Sink>(&mut self, cause: &BlindCause, sink: &mut S) {
        if !self.known {
            if self.held_back.iter().all(|held| held.reason != cause.reason) {
                self.held_back.push(*cause);
            }
        } else if self.reported & bit(cause.reason) == 0 {
            self.reported |= bit(cause.reason);
            sink.blinded_by(cause);
        }
    }
}

fn bit(reason: Blind) -> u8 {
    1 << reason as u8
}
