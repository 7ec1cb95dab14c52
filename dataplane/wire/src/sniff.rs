//! What protocol is this? Told from the client's first bytes, after they were forwarded: nothing waits for it.
//!
//! The answer is given at the first byte that decides it, so it does not depend on how the bytes were cut.

use crate::Nanos;
use crate::sink::Protocol;

/// The client connection preface of HTTP/2 (RFC 9113 section 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Longest HTTP/1 method looked for: the registry's longest is 17 (`UPDATEREDIRECTREF`).
const MAX_METHOD_BYTES: usize = 20;

/// Collects the first bytes of the client until they decide.
#[derive(Debug, Default)]
pub struct Sniffer {
    seen: [u8; PREFACE.len()],
    have: usize,
    began: Nanos,
    /// The server has said something meanwhile.
    pub server_spoke: bool,
}

impl Sniffer {
    /// Takes bytes up to the deciding one. Returns how many were taken, and the answer once there is one.
    pub fn feed(&mut self, bytes: &[u8], now: Nanos) -> (usize, Option<Protocol>) {
        if self.have == 0 {
            self.began = now;
        }
        for (taken, &byte) in bytes.iter().enumerate() {
            self.seen[self.have] = byte;
            self.have += 1;
            if let Some(protocol) = classify(&self.seen[..self.have]) {
                return (taken + 1, Some(protocol));
            }
        }
        (bytes.len(), None)
    }

    /// What was taken.
    pub fn seen(&self) -> &[u8] {
        &self.seen[..self.have]
    }

    /// When the first byte came.
    pub fn began(&self) -> Nanos {
        self.began
    }
}

/// The verdict on a non-empty beginning of at most 24 bytes; None while more are needed.
fn classify(seen: &[u8]) -> Option<Protocol> {
    if PREFACE.starts_with(seen) {
        return (seen.len() == PREFACE.len()).then_some(Protocol::Http2);
    }
    if seen[0] == 0x16 {
        // TLS handshake record, then the major version 3 (RFC 8446 section 5.1).
        return seen.get(1).map(|&major| match major {
            3 => Protocol::Tls,
            _ => Protocol::Unknown,
        });
    }
    let method = seen.iter().take_while(|b| b.is_ascii_uppercase() || **b == b'-').count();
    match seen.get(method) {
        Some(b' ') if method > 0 => Some(Protocol::Http1),
        None if method <= MAX_METHOD_BYTES => None,
        _ => Some(Protocol::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(bytes: &[u8]) -> Option<Protocol> {
        let whole = Sniffer::default().feed(bytes, 0);
        let mut sniffer = Sniffer::default();
        let split = bytes
            .iter()
            .enumerate()
            .find_map(|(at, b)| sniffer.feed(&[*b], 0).1.map(|p| (at + 1, Some(p))))
            .unwrap_or((bytes.len(), None));
        assert_eq!(whole, split);
        whole.1
    }

    #[test]
    fn first_bytes_tell_the_protocol() {
        assert_eq!(sniff(PREFACE), Some(Protocol::Http2));
        assert_eq!(sniff(&PREFACE[..23]), None);
        assert_eq!(sniff(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), Some(Protocol::Http1));
        assert_eq!(sniff(b"GET / HTTP/1.1\r\n"), Some(Protocol::Http1));
        assert_eq!(sniff(b"PRI /x HTTP/1.1"), Some(Protocol::Http1));
        assert_eq!(sniff(b"POST"), None);
        assert_eq!(sniff(b"\x16\x03\x01\x02"), Some(Protocol::Tls));
        assert_eq!(sniff(b"\x16"), None);
        assert_eq!(sniff(b"\x16\x16"), Some(Protocol::Unknown));
        assert_eq!(sniff(b" GET"), Some(Protocol::Unknown));
        assert_eq!(sniff(b"\0\0\0"), Some(Protocol::Unknown));
        assert_eq!(sniff(&[b'A'; 30]), Some(Protocol::Unknown));
    }
}
