//! Puts down what a message says: in one place for requests and in one for responses, however it came to be known.
//!
//! A message is read along its method's plan, or a cache of templates tells that it says the same as one before. Both
//! give the same facts, and what becomes of them must not depend on which it was.

use super::connection_state::ConnectionState;
use super::message_facts::{count, id, input, rename};
use super::reply::Reply;
use crate::call::{Call, OpenRequest};
use crate::catalogue::Slot;
use crate::field::Extracted;
use crate::names::{Id, Name};
use crate::tensor::Shape;
use crate::tokens::Count;
use std::collections::VecDeque;

/// Whom a message names.
pub(super) trait Names {
    /// Makes it the model. False where the message names none that is readable.
    fn model(&mut self, name: &mut Name) -> bool;
    /// Makes it the version. False where the message names none that is readable.
    fn version(&mut self, name: &mut Name) -> bool;
}

/// What a request message says.
pub(super) trait RequestFacts: Names {
    /// Identity of the request.
    fn id(&self) -> Option<Id>;
    /// How many items it holds, 0 where it does not say, and the shape of its first input.
    fn input(&self) -> (u32, Shape);
    /// Tokens of the prompt.
    fn tokens_in(&self) -> Option<Count>;
}

/// What a response message says.
pub(super) trait ResponseFacts: Names {
    /// Lets `reply` say it of one of the `open` requests.
    fn reply(&self, reply: &mut Reply, open: &VecDeque<OpenRequest>);
}

/// A message that has just been read.
pub(super) struct JustRead<'a, 'w> {
    /// What was found in it.
    pub(super) extracted: &'a Extracted<'w>,
    /// Of a response: its plan tells output from the rest.
    pub(super) wants_output: bool,
    /// Of a response: what the last one of a stream says.
    pub(super) marks: &'a [Box<[u8]>],
    /// Where names are kept.
    pub(super) connection: &'a mut ConnectionState,
}

/// A request message says these facts. `sending`: of a call that carries many, its request is still open. False when
/// nobody has named a model.
#[inline]
pub(super) fn apply_request(call: &mut Call, sending: bool, facts: &mut impl RequestFacts) -> bool {
    let named = call.named.asked_model(|| facts.model(&mut call.model));
    call.named.asked_version(|| facts.version(&mut call.version));
    let there = sending || !call.many_requests;
    if let Some(open) = call.open.back_mut().filter(|_| there) {
        if !open.id_is_settled {
            if let Some(id) = facts.id() {
                open.id = id;
            }
        }
        (open.batch_size, open.shape) = facts.input();
        open.tokens_in.add(facts.tokens_in());
    }
    named
}

/// A response message says these facts; of its model only where nobody else has named one. False when nobody has.
#[inline]
pub(super) fn apply_response(call: &mut Call, reply: &mut Reply, facts: &mut impl ResponseFacts) -> bool {
    facts.reply(reply, &call.open);
    call.named.answered_version(|| facts.version(&mut call.version));
    call.named.answered_model(|| facts.model(&mut call.model))
}

impl Names for JustRead<'_, '_> {
    #[inline]
    fn model(&mut self, name: &mut Name) -> bool {
        rename(name, self.extracted.get(Slot::Model), &mut self.connection.models)
    }

    #[inline]
    fn version(&mut self, name: &mut Name) -> bool {
        rename(name, self.extracted.get(Slot::Version), &mut self.connection.versions)
    }
}

impl RequestFacts for JustRead<'_, '_> {
    #[inline]
    fn id(&self) -> Option<Id> {
        id(self.extracted.get(Slot::RequestId))
    }

    #[inline]
    fn input(&self) -> (u32, Shape) {
        input(self.extracted)
    }

    #[inline]
    fn tokens_in(&self) -> Option<Count> {
        count(self.extracted.get(Slot::TokensIn))
    }
}

impl ResponseFacts for JustRead<'_, '_> {
    #[inline]
    fn reply(&self, reply: &mut Reply, open: &VecDeque<OpenRequest>) {
        reply.hear(self.extracted, open, self.wants_output, self.marks);
    }
}
