//! HTTP/1.1 framing (RFC 9112), read-only, one direction at a time.
//!
//! Bytes are never re-framed, so nobody can be smuggled past anybody by what is read here; but the reading itself can be
//! led astray. So whatever two readers could read in two ways (RFC 9112 sections 6.3 and 11.2) ends the reading of the
//! connection, and is counted.

pub mod head;
pub mod walker;

pub use head::Framing;
pub use walker::{Body, Messages, Walker};

/// The rest of the connection cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Two readers could read it in two ways, or it breaks RFC 9112: in what.
    Ambiguous(&'static str),
    /// More requests are waiting for an answer than are followed.
    TooMany,
    /// It is another protocol from here, or a tunnel to one, and calls may be made in it: CONNECT, or 101 (Switching
    /// Protocols) to HTTP/2 or TLS.
    Switched,
    /// It is another protocol from here, such as websocket.
    Upgraded,
}
