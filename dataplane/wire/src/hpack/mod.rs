//! Header compression (RFC 7541), read-only: a decoder that keeps the dynamic table exact and hands out only the
//! values somebody is interested in.
//!
//! It differs from an endpoint's decoder on purpose. It takes a header block in any chunking, across
//! CONTINUATION frames, and never holds the block, so a CONTINUATION flood or a huge header costs no memory. It
//! follows the sender's table size updates and does not enforce the receiver's SETTINGS (R4): the receiver does
//! that itself. It judges nothing that does not change what later bytes mean.

pub mod decoder;
pub mod huffman;
pub mod int;
pub mod statics;
pub mod table;

pub use decoder::{Decoder, Interest, Value};

/// Longest header name anybody may be interested in; longer names are only counted.
pub const MAX_NAME_BYTES: usize = 64;

/// Bytes kept of a wanted value. The longest value of use is a `grpc-message`, of which 256 bytes are shown
/// (thrice that when percent-encoded); paths and content types are far shorter.
pub const MAX_VALUE_BYTES: usize = 1024;

/// Table content held per direction, in the units of RFC 7541 section 4.1 (so at most 2,048 entries). Peers use
/// 4 KiB unless told otherwise. A sender that was allowed more keeps older entries than we do; those read as
/// unknown, and the others keep their numbers, because indices count from the newest.
pub const MAX_TABLE_BYTES: usize = 64 * 1024;

/// Why a header block could not be decoded. The state is lost then, for ever (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// An integer over 32 bits, or of more than five continuation bytes.
    Integer,
    /// An index that names no entry.
    Index,
    /// A Huffman string with EOS in it or padded wrongly (RFC 7541 section 5.2).
    Huffman,
    /// The block ended inside a field.
    Truncated,
}

impl Error {
    /// What was wrong, for a person.
    pub fn text(self) -> &'static str {
        match self {
            Error::Integer => "a header block has an integer over 32 bits",
            Error::Index => "a header block refers to an entry that is not there",
            Error::Huffman => "a header block has a malformed Huffman string",
            Error::Truncated => "a header block ends inside a field",
        }
    }
}
