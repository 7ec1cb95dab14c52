//! What exchanges share: the state of their connection, and what is at hand while one of them is told something.

use crate::Nanos;
use crate::names::{Cache, Name};
use crate::outcome::rules::Rule;
use crate::plans::Plans;
use crate::sink::Listener;
use std::rc::Rc;

/// Messages of one connection that are read at once: each takes two kilobytes while it is cut across reads. Those beyond
/// pass unread, and are counted with those whose head said too little.
pub(super) const MAX_READING: usize = 1024;

/// What all exchanges of a connection share.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// Model names.
    pub(super) models: Cache<()>,
    /// Model versions.
    pub(super) versions: Cache<()>,
    /// Messages that are being read.
    pub(super) reading: usize,
    /// Requests that streams which carry many have open.
    pub(super) open_requests: usize,
    /// The empty name, shared so that clearing one does not allocate.
    pub(super) nameless: Name,
    /// What the user says of codes.
    pub(super) outcomes: Rc<[Rule]>,
    /// See [`crate::catalogue::Catalogue::give_up`].
    pub(super) give_up: Nanos,
}

impl ConnectionState {
    /// That of a connection without calls.
    pub fn new(plans: &Plans) -> ConnectionState {
        ConnectionState { outcomes: plans.outcomes.clone(), give_up: plans.give_up, ..ConnectionState::default() }
    }
}

/// Who is told, what time it is, and what is shared.
pub struct Context<'a, S> {
    /// When the bytes came.
    pub now: Nanos,
    /// Who is told.
    pub sink: &'a mut S,
    /// What is shared.
    pub connection: &'a mut ConnectionState,
}

impl<'a, S> Context<'a, S> {
    /// What an exchange of a connection is given.
    #[inline]
    pub fn new(listener: Listener<'a, S>, connection: &'a mut ConnectionState) -> Context<'a, S> {
        Context { now: listener.now, sink: listener.sink, connection }
    }
}
