//! Bytes nobody thought of, shown to each part of the parser.
//!
//! A target is a function of bytes that panics when a promise does not hold: no input panics the parser, any chunking
//! gives the same facts, memory is bounded. `make fuzz` lets libFuzzer look for bytes that break one; `cargo test`
//! shows every target the [`seeds`] and all inputs that ever broke one (`regressions/TARGET/`).

mod conn;
mod fields;
mod grpc;
mod grpc_web;
mod heap;
mod hpack;
mod http1;
mod http2;
mod input;
mod json;
pub mod seeds;
mod sse;

/// What a connection is made of and what is told of it, as the parser's own tests have it.
#[path = "../../wire/tests/support/mod.rs"]
pub(crate) mod support;

/// A promise about any bytes.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 9] = [
    ("http2", http2::run),
    ("hpack", hpack::run),
    ("fields", fields::run),
    ("grpc", grpc::run),
    ("grpc_web", grpc_web::run),
    ("conn", conn::run),
    ("http1", http1::run),
    ("json", json::run),
    ("sse", sse::run),
];

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}
