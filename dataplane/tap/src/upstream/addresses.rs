//! The addresses of a name, in the order in which they are tried.

use std::net::SocketAddr;

/// What a name was resolved to; empty while that is not known.
#[derive(Clone, Debug, Default)]
pub struct Addresses(Vec<SocketAddr>);

impl Addresses {
    /// In the order in which a resolver gave them.
    pub fn new(found: impl IntoIterator<Item = SocketAddr>) -> Addresses {
        Addresses(found.into_iter().collect())
    }

    /// How many there are to try.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The one to try at this `attempt`, counted from 0.
    pub fn get(&self, attempt: usize) -> Option<SocketAddr> {
        self.0.get(attempt).copied()
    }

    /// The one tried at this `attempt` accepted: the next dial begins there, and comes last to those that did not.
    pub fn prefer(&mut self, attempt: usize) {
        // The name may have been resolved to fewer since.
        if attempt < self.0.len() {
            self.0.rotate_left(attempt);
        }
    }
}

impl IntoIterator for Addresses {
    type Item = SocketAddr;
    type IntoIter = std::vec::IntoIter<SocketAddr>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that differ in their port.
    fn addresses(ports: &[u16]) -> Addresses {
        Addresses::new(ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))))
    }

    /// Their ports in the order of trying.
    fn ports(addresses: &Addresses) -> Vec<u16> {
        (0..).map_while(|attempt| addresses.get(attempt)).map(|address| address.port()).collect()
    }

    #[test]
    fn the_address_that_accepted_is_tried_first_and_those_that_did_not_last() {
        let mut three = addresses(&[1, 2, 3]);
        three.prefer(1);
        assert_eq!(ports(&three), [2, 3, 1]);
        three.prefer(0);
        assert_eq!(ports(&three), [2, 3, 1], "the first stays first");
        three.prefer(2);
        assert_eq!(ports(&three), [1, 2, 3]);
    }

    #[test]
    fn an_address_that_is_gone_by_the_time_it_accepts_changes_nothing() {
        let mut two = addresses(&[1, 2]);
        two.prefer(3);
        assert_eq!(ports(&two), [1, 2]);
        let mut none = Addresses::default();
        none.prefer(0);
        assert_eq!((none.count(), none.get(0)), (0, None));
    }
}
