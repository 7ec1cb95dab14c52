//! Each reason for no longer reading is reported once per connection, and none before the protocol is known:
//! until then what the server says may not be HTTP/2 at all.

use crate::sink::{Blind, Sink};

const ALL: [Blind; 6] = [Blind::Tls, Blind::Protocol, Blind::Hpack, Blind::Frame, Blind::Streams, Blind::Panic];

/// What has been reported.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blindness {
    known: bool,
    reported: u8,
    held_back: u8,
}

impl Blindness {
    /// The protocol is known: reports what had to wait for that.
    pub fn protocol_known<S: Sink>(&mut self, sink: &mut S) {
        self.known = true;
        for reason in ALL {
            if self.held_back & bit(reason) != 0 {
                self.report(reason, sink);
            }
        }
    }

    /// Reports a reason unless it has been.
    pub fn report<S: Sink>(&mut self, reason: Blind, sink: &mut S) {
        if !self.known {
            self.held_back |= bit(reason);
        } else if self.reported & bit(reason) == 0 {
            self.reported |= bit(reason);
            sink.blinded(reason);
        }
    }
}

fn bit(reason: Blind) -> u8 {
    1 << reason as u8
}
