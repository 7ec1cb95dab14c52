//! Builds what a client and a server send, and records what a [`wire::Sink`] is told.

#![allow(dead_code, unused_imports)] // each test file uses its own part

pub mod catalogue;
pub mod frames;
pub mod recorder;
pub mod replay;
pub mod unary;

pub use catalogue::*;
pub use frames::*;
pub use recorder::*;
pub use unary::*;

/// A millisecond in [`wire::Nanos`].
pub const MS: u64 = 1_000_000;
