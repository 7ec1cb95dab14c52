//! wayside-tap: carries the bytes, watches them pass, keeps the other half alive.
//!
//! ```text
//! listen ─► worker: accept, dial ─► pair ─► pump (write first) ─► observer ─► wire::Conn ─► ledger (events, series)
//! main_loop: signals, supervisor (control), seam (pull ─► snapshot), keep (for control), health (probes), drain
//! model_probe: what the ledger would like to know of a model and no call has told
//! read_message: a program of its own, which shows what the reader finds in a message
//! outcomes: a program of its own, which prints what each way for a call to end counts as
//! ```
//!
//! Data threads (`worker`) share one ledger with the main thread (`main_loop`) and nothing else that either waits for.
//!
//! The modules have ranks, and each one imports only what stands above it in this list, never a neighbour in its row:
//!
//! ```text
//! limits clock lock sys proto names frames command drain  nouns, system calls, pure decisions
//! grid exemplar log holds listen stream health seam keep  one concern each, on these
//! events                                                  thresholds
//! pump ledger supervisor policy upstream                  bytes one way; series; control; the catalogue; model servers
//! pair observer shared read_message outcomes              a connection; its observer; what threads share; samples read
//! worker model_probe main_loop                            the threads
//! start                                                   composition
//! ```

#![deny(unsafe_op_in_unsafe_fn)]

pub mod clock;
pub mod command;
pub mod drain;
pub mod events;
pub mod exemplar;
pub mod frames;
pub mod grid;
pub mod health;
pub mod holds;
pub mod keep;
pub mod ledger;
pub mod limits;
pub mod listen;
pub mod lock;
pub mod log;
pub mod main_loop;
pub mod model_probe;
pub mod names;
pub mod observer;
pub mod outcomes;
pub mod pair;
pub mod policy;
#[allow(missing_docs, clippy::all)]
#[rustfmt::skip]
pub mod proto;
pub mod pump;
pub mod read_message;
pub mod seam;
pub mod shared;
pub mod start;
pub mod stream;
pub mod supervisor;
pub mod sys;
pub mod upstream;
pub mod worker;
