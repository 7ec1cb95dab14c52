//! HTTP/2 framing (RFC 9113 section 4), read-only, one direction at a time.

pub mod cursor;
pub mod walker;

pub use cursor::Cursor;
pub use walker::{Frames, Walker};

/// Frame types that matter here (RFC 9113 section 6); all others are skipped by length.
pub mod kind {
    /// Payload of a stream.
    pub const DATA: u8 = 0x0;
    /// Opens a stream, answers it, or ends it with trailers.
    pub const HEADERS: u8 = 0x1;
    /// Ends a stream at once.
    pub const RST_STREAM: u8 = 0x3;
    /// Connection parameters.
    pub const SETTINGS: u8 = 0x4;
    /// Announces a stream of the server's own.
    pub const PUSH_PROMISE: u8 = 0x5;
    /// The connection takes no new streams.
    pub const GOAWAY: u8 = 0x7;
    /// More of a header block.
    pub const CONTINUATION: u8 = 0x9;
}

/// Frames by type: 0 to 9 as numbered in RFC 9113 section 6, then all others.
pub type Counts = [u64; 11];

/// Frame flags (RFC 9113 section 6).
pub mod flag {
    /// On DATA and HEADERS: the last of this stream in this direction.
    pub const END_STREAM: u8 = 0x1;
    /// On HEADERS, PUSH_PROMISE and CONTINUATION: the header block is complete.
    pub const END_HEADERS: u8 = 0x4;
    /// On DATA, HEADERS and PUSH_PROMISE: a pad length byte comes first.
    pub const PADDED: u8 = 0x8;
    /// On HEADERS: five bytes of priority precede the block.
    pub const PRIORITY: u8 = 0x20;
}

/// A frame that breaks framing, and in what: from here on the bytes cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFrame(pub &'static str);
