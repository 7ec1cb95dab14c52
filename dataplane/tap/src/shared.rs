//! What the threads of the tap have in common. Nobody who holds a part of it waits for anything.

mod accept_gate;

use crate::clock::Clock;
use crate::command::Handle;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::pump::Budget;
use crate::upstream::Upstream;
pub use accept_gate::AcceptGate;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use wire::Catalogue;

/// What all threads share.
#[derive(Debug)]
pub struct Shared {
    /// The one clock.
    pub clock: Clock,
    /// The one ledger.
    pub ledger: Mutex<Ledger>,
    /// The one budget of unsent bytes.
    pub budget: Budget,
    /// By listener.
    pub upstreams: Vec<Arc<Upstream>>,
    /// Connections of each worker.
    pub loads: Vec<AtomicUsize>,
    /// For new connections; None: relay only.
    pub catalogue: Mutex<Option<Arc<Catalogue>>>,
    /// Whether there is accepting.
    pub gate: AcceptGate,
    /// The worker that accepts.
    pub acceptor: OnceLock<Handle>,
    /// Lines for people.
    pub log: Log,
}

impl Shared {
    /// Connections open now.
    pub fn connections(&self) -> usize {
        self.loads.iter().map(|load| load.load(SeqCst)).sum()
    }
}
