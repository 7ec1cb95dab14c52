//! How a model that never answered well gets its name: the server itself names it, on its page, in its list, or asked.

use super::Ledger;
use crate::clock::nanos;
use crate::limits::{HANGING, SERVER_NAMES};
use crate::proto;
use wire::call::MAX_NAME_BYTES;
use wire::catalogue::Kind;
use wire::{Call, Nanos};

impl Ledger {
    /// The server's page names these models, and no others any more. They become labels when they are called: a server may
    /// name more models than there are labels.
    pub fn set_server_names(&mut self, names: &proto::Names) {
        let usable = names.models.iter().filter(|model| (1..=MAX_NAME_BYTES).contains(&model.len()));
        self.server_names = usable.take(SERVER_NAMES).map(|model| model.as_str().into()).collect();
    }

    /// The server's page names the model of a call.
    pub(super) fn is_named_by_server(&self, call: &Call) -> bool {
        !self.server_names.is_empty() && self.server_names.contains(&*call.model.text)
    }

    /// A request failed or hangs whose model may be no label. If it is none, but might be one, the server is to be asked.
    pub(super) fn meet_unknown(&mut self, call: &Call, upstream: usize, now: Nanos) {
        if self.probe_models && call.kind == Kind::Inference && self.may_become_label(&call.model.text) {
            self.unknown_names.meet(&call.model.text, &call.method.text, upstream, now);
        }
    }

    /// An open call whose model is no label: by its name if the server's page has it; else, if it hangs, the server is to be
    /// asked. True: it is a label now.
    pub(super) fn name_open(&mut self, call: &Call, upstream: usize, now: Nanos) -> bool {
        let model = &*call.model.text;
        if call.kind != Kind::Inference || !self.may_become_label(model) {
            return false;
        }
        if self.is_named_by_server(call) {
            self.admit(model);
            return true;
        }
        let is_old = |complete: Nanos| now.saturating_sub(complete) > nanos(HANGING);
        if call.open.iter().any(|request| request.is_waiting() && request.complete.is_some_and(is_old)) {
            self.meet_unknown(call, upstream, now);
        }
        false
    }

    /// Has the server asked about names that are no labels and whose requests fail or hang, as far as it may be asked now.
    /// Call about once a second.
    pub fn ask_for_names(&mut self, now: Nanos) {
        for question in self.unknown_names.questions(now) {
            // One that finds no room comes up again in a minute, if its requests still fail.
            self.ask(question);
        }
    }

    /// A name that is no label, and for which there is room.
    pub fn may_become_label(&self, model: &str) -> bool {
        !model.is_empty() && self.admitted.len() < self.caps.models && !self.admitted.contains(model)
    }

    /// The server has answered that there is such a model.
    pub fn named_by_server(&mut self, model: &str) {
        self.admit(model);
        self.unknown_names.forget(model);
    }
}
