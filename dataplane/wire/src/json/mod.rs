//! A few values of a JSON document, read while it passes (RFC 8259).
//!
//! [`Plan`] is a list of [`crate::catalogue::JsonExtract`]s compiled into a tree of keys; [`Scan`] goes through a document
//! along it, in any chunking, and holds nothing of it but the values asked for. It judges nothing that does not change
//! where those lie: what is malformed ends the reading, and what was read before stands.

pub mod plan;
pub mod scan;

pub use plan::Plan;
pub use scan::Scan;

/// Longest key that may be of interest; longer ones are skipped.
pub const MAX_KEY_BYTES: usize = 32;
