//! Which servers have said goodbye of late: a stream that one of them refuses belongs to its farewell, on whatever
//! connection, and whichever listener that came by.

use crate::proto;
use wire::Nanos;
use wire::outcome::{FAREWELL, SENT_AGAIN};

/// When each server last said a graceful GOAWAY.
#[derive(Debug, Default)]
pub struct Farewells {
    /// By listener: the first listener that leads to the same server. Listeners stay as they were at the start.
    servers: Vec<usize>,
    /// By that one.
    said: Vec<Option<Nanos>>,
    /// When each left out the first of the streams that it has left out since it last answered.
    left_out: Vec<Option<Nanos>>,
}

impl Farewells {
    /// Learns, once, where listeners lead.
    pub fn adopt(&mut self, listeners: &[proto::Listener]) {
        if self.servers.is_empty() {
            let first = |to: &str| listeners.iter().position(|listener| listener.upstream == to);
            self.servers = listeners.iter().filter_map(|listener| first(&listener.upstream)).collect();
            self.said = vec![None; self.servers.len()];
            self.left_out = self.said.clone();
        }
    }

    /// The server behind a listener said goodbye.
    pub fn said(&mut self, listener: usize, now: Nanos) {
        let server = self.servers.get(listener).copied();
        if let Some(said) = server.and_then(|server| self.said.get_mut(server)) {
            *said = Some(now);
        }
    }

    /// The server behind a listener left a stream out. Whether its client's sending it again can help.
    pub fn left_out(&mut self, listener: usize, now: Nanos) -> bool {
        let server = self.servers.get(listener).copied();
        let Some(first) = server.and_then(|server| self.left_out.get_mut(server)) else { return true };
        now.saturating_sub(*first.get_or_insert(now)) < SENT_AGAIN
    }

    /// The server behind a listener answered something.
    #[inline]
    pub fn answered(&mut self, listener: usize) {
        let server = self.servers.get(listener).copied();
        if let Some(first) = server.and_then(|server| self.left_out.get_mut(server)) {
            *first = None;
        }
    }

    /// It has done so of late.
    pub fn is_leaving(&self, listener: usize, now: Nanos) -> bool {
        let server = self.servers.get(listener).copied();
        let said = server.and_then(|server| self.said.get(server).copied().flatten());
        said.is_some_and(|said| now.saturating_sub(said) < FAREWELL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(upstreams: &[&str]) -> Farewells {
        let listener = |upstream: &&str| proto::Listener { upstream: (*upstream).into(), ..Default::default() };
        let mut farewells = Farewells::default();
        farewells.adopt(&upstreams.iter().map(listener).collect::<Vec<_>>());
        farewells
    }

    #[test]
    fn a_server_leaves_on_every_listener_that_leads_to_it_for_thirty_seconds() {
        let mut farewells = to(&["a:1", "b:1", "a:1"]);
        assert!(!farewells.is_leaving(0, 5));
        farewells.said(2, 5);
        let leaving = |now| [0, 1, 2, 3].map(|listener| farewells.is_leaving(listener, now));
        assert_eq!(leaving(5), [true, false, true, false]);
        assert_eq!(leaving(4 + FAREWELL), [true, false, true, false]);
        assert_eq!(leaving(5 + FAREWELL), [false; 4]);
    }

    #[test]
    fn a_server_that_leaves_out_everything_fails_after_two_seconds() {
        let mut farewells = to(&["a:1", "b:1", "a:1"]);
        assert!(farewells.left_out(0, 5) && farewells.left_out(2, 4 + SENT_AGAIN));
        assert!(!farewells.left_out(2, 5 + SENT_AGAIN) && farewells.left_out(1, 5 + SENT_AGAIN));
        farewells.answered(0);
        assert!(farewells.left_out(2, 6 + SENT_AGAIN), "it has answered since");
    }

    #[test]
    fn where_listeners_lead_is_learnt_at_the_start() {
        let mut farewells = to(&["a:1", "b:1"]);
        farewells.adopt(&[proto::Listener { upstream: "b:1".into(), ..Default::default() }]);
        farewells.said(1, 5);
        assert!(farewells.is_leaving(1, 5) && !farewells.is_leaving(0, 5));
    }
}
