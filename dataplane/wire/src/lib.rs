//! Bytes and time in, facts out.
//!
//! [`Conn`] is shown, after the fact, every byte that passed on one connection in both directions, in any
//! chunking, and tells a [`Sink`] what happened: calls, their requests, how they ended. It owns no socket, asks
//! no clock, holds no payload, and cannot change a byte, because all it ever gets is `&[u8]`.
//!
//! ```text
//! bytes ─► sniff ── what protocol is this?
//!       ─► http2 ── frames ──► hpack (header blocks, in wire order) ──► head
//!       ─► http1 ── messages ─────────────────────────────────────────► head
//!                      └─────► grpc, grpc_web, sse (where messages begin and end) ──► field, json (a few values of each)
//! head, values ─► exchange (one call) ◄── calls (all of a connection's) ◄── conn ──► sink
//! ```
//!
//! Modules stand in ranks, and each imports lower ones only; `dev/import_contract.py` lists them and holds them to it.
//! Lowest first:
//!
//! | what | modules |
//! |---|---|
//! | nouns | [`outcome`]; `names`, [`output`], `tokens`, [`tensor`], [`catalogue`], `content`, `name_precedence`, `pool`; then [`call`] |
//! | the contract of whoever listens | `sink` |
//! | values from messages | [`field`], then [`json`]; [`headers`]; `plans`: what to read, by method |
//! | framing | [`hpack`], `http2`, `grpc`, `sse`, `sniff`; then `head`, what a header block says; then `http1`, `grpc_web` |
//! | one call, all open calls, one connection | `exchange`, then `calls`, then [`conn`] |
//!
//! The rules R1 to R15 of the project's protocol notes are cited where they are kept.

#![forbid(unsafe_code)]

pub mod call;
pub mod catalogue;
pub mod conn;
pub mod field;
pub mod headers;
pub mod hpack;
pub mod json;
pub mod outcome;
pub mod output;
pub mod tensor;

mod calls;
mod content;
mod exchange;
mod grpc;
mod grpc_web;
mod head;
mod http1;
mod http2;
mod name_precedence;
mod names;

mod plans;
mod pool;
mod sink;
mod sniff;
mod sse;
mod tokens;

pub use call::{Call, ClientLeft, End, OpenRequest, Request};
pub use catalogue::Catalogue;
pub use conn::Conn;
pub use http2::Counts as FrameCounts;
pub use names::{Id, Name};
pub use outcome::{Code, EndedBy, Outcome, Verdict};
pub use output::{Output, Wait};
pub use sink::{Blind, BlindCause, Protocol, Sink};
pub use tensor::Shape;
pub use tokens::Tokens;

/// Parts that have no other way in, for the fuzz targets alone.
#[doc(hidden)]
pub mod parts {
    pub use crate::grpc::{Framer, Piece};
    pub use crate::grpc_web::{Base64, Trailers};
    pub use crate::http2::{Frames, Walker};
    pub use crate::sse::{Events, Piece as EventPiece};
}

/// Nanoseconds on a monotonic clock whose zero the caller chose.
pub type Nanos = u64;

/// Which way bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the model server.
    ToServer,
    /// From the model server to the client.
    ToClient,
}
