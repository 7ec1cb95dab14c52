//! Plain tallies of the tap itself.

use crate::grid::{Gaps, Histogram};
use std::collections::BTreeMap;
use wire::{Conn, Direction, FrameCounts};

/// What the tap counts of itself.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Connections by what their first bytes said.
    pub protocols: BTreeMap<&'static str, u64>,
    /// Connections, or directions of them, no longer read, by reason.
    pub blind: BTreeMap<&'static str, u64>,
    /// Of these, connections that were upgraded to what carries no HTTP.
    pub upgraded: u64,
    /// One read becoming available to its write returning.
    pub added_latency: Histogram<Gaps>,
    /// Messages whose wanted fields lay beyond the head that is looked at.
    pub heads_truncated: u64,
    /// Connections open when the drain deadline passed.
    pub cut_connections: u64,
    /// GOAWAY frames, and `connection: close` fields, inserted while draining.
    pub goaways_inserted: u64,
    /// Times accepting paused at the cap.
    pub accept_pauses: u64,
    /// Frames of HTTP/2 from clients, by type.
    pub client_frames: FrameCounts,
    /// Frames of HTTP/2 from servers, by type.
    pub server_frames: FrameCounts,
}

impl Tallies {
    /// Adds the frames that a connection has had since the last time.
    pub fn add_frames(&mut self, conn: &mut Conn) {
        let of = [(Direction::ToServer, &mut self.client_frames), (Direction::ToClient, &mut self.server_frames)];
        for (direction, sum) in of {
            for (sum, more) in sum.iter_mut().zip(conn.take_frames(direction)) {
                *sum += more;
            }
        }
    }
}
