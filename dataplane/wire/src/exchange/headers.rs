//! What the heads of an exchange say of it, where the catalogue asks for a header.

use super::{Exchange, Kit};
use crate::catalogue::Slot;
use crate::field::Found;
use crate::head::{Head, digits};
use crate::names::Id;
use crate::said::rename;
use crate::tokens::Count;

impl Exchange {
    /// Puts down what the request's head says.
    pub(super) fn head_asked(&mut self, head: &Head, kit: &mut Kit) {
        let Some(plan) = self.plan.clone() else { return };
        let call = &mut self.call;
        let value = |slot| plan.request_headers.value(slot, head.fields());
        if let Some((text, before_body)) = value(Slot::Model) {
            call.named
                .header_model(true, before_body, || rename(&mut call.model, Some(Found::Text(text)), &mut kit.models));
        }
        if let Some((text, before_body)) = value(Slot::Version) {
            let named = || rename(&mut call.version, Some(Found::Text(text)), &mut kit.versions);
            call.named.header_version(true, before_body, named);
        }
        // A stream that carries many requests has one head for all of them.
        if let Some((text, before_body)) = value(Slot::RequestId).filter(|_| !self.call.many_requests) {
            if let (Some(id), Some(open)) = (Id::new(text), self.only()) {
                (open.id, open.id_is_settled) = (id, before_body);
            }
        }
    }

    /// Puts down what a head or the trailers of the answer say.
    pub(super) fn head_answered(&mut self, head: &Head, kit: &mut Kit) {
        let Some(plan) = self.plan.clone() else { return };
        let call = &mut self.call;
        let value = |slot| plan.response_headers.value(slot, head.fields());
        if let Some((text, before_body)) = value(Slot::Model) {
            call.named
                .header_model(false, before_body, || rename(&mut call.model, Some(Found::Text(text)), &mut kit.models));
        }
        if let Some((text, before_body)) = value(Slot::Version) {
            let named = || rename(&mut call.version, Some(Found::Text(text)), &mut kit.versions);
            call.named.header_version(false, before_body, named);
        }
        let Some(open) = self.only() else { return };
        if let Some((text, _)) = value(Slot::RequestId).filter(|_| open.id.is_empty()) {
            open.id = Id::new(text).unwrap_or_default();
        }
        let tokens = |slot| value(slot).and_then(|(text, _)| digits(text, MAX_DIGITS)).map(Count::Total);
        open.tokens_in.add(tokens(Slot::TokensIn));
        open.tokens_out.add(tokens(Slot::TokensOut));
    }
}

/// Of a number of tokens: more than any context has.
const MAX_DIGITS: usize = 12;
