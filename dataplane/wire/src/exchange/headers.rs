//! What the heads of an exchange say of it, where the catalogue asks for a header.

use super::Exchange;
use super::connection_state::ConnectionState;
use super::message_facts::rename;
use crate::catalogue::Slot;
use crate::field::Found;
use crate::head::{Head, digits};
use crate::headers::HeaderPlan;
use crate::names::Id;
use crate::tokens::Count;

/// Digits of a number of tokens in a header: no context has as many tokens as these can tell.
const MAX_DIGITS: usize = 12;

impl Exchange {
    /// Puts down what the request's head says.
    pub(super) fn head_asked(&mut self, head: &Head, connection: &mut ConnectionState) {
        let Some(plan) = self.plan.clone() else { return };
        self.head_named(&plan.request_headers, head, true, connection);
        // A stream that carries many requests has one head for all of them.
        let id = head.value(&plan.request_headers, Slot::RequestId).filter(|_| !self.call.many_requests);
        if let Some((text, before_body)) = id {
            if let (Some(id), Some(open)) = (Id::new(text), self.only()) {
                (open.id, open.id_is_settled) = (id, before_body);
            }
        }
    }

    /// Puts down what a head or the trailers of the answer say.
    pub(super) fn head_answered(&mut self, head: &Head, connection: &mut ConnectionState) {
        let Some(plan) = self.plan.clone() else { return };
        self.head_named(&plan.response_headers, head, false, connection);
        let value = |slot| head.value(&plan.response_headers, slot);
        let Some(open) = self.only() else { return };
        if let Some((text, _)) = value(Slot::RequestId).filter(|_| open.id.is_empty()) {
            open.id = Id::new(text).unwrap_or_default();
        }
        let tokens = |slot| value(slot).and_then(|(text, _)| digits(text, MAX_DIGITS)).map(Count::Total);
        open.tokens_in.add(tokens(Slot::TokensIn));
        open.tokens_out.add(tokens(Slot::TokensOut));
    }

    /// Puts down the model and the version that a head names, where its word counts.
    fn head_named(&mut self, plan: &HeaderPlan, head: &Head, of_request: bool, connection: &mut ConnectionState) {
        let call = &mut self.call;
        if let Some((text, before_body)) = head.value(plan, Slot::Model) {
            let rename = || rename(&mut call.model, Some(Found::Text(text)), &mut connection.models);
            call.named.header_model(of_request, before_body, rename);
        }
        if let Some((text, before_body)) = head.value(plan, Slot::Version) {
            let rename = || rename(&mut call.version, Some(Found::Text(text)), &mut connection.versions);
            call.named.header_version(of_request, before_body, rename);
        }
    }
}
