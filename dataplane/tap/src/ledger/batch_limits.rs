//! How the ledger comes to know how large a batch a model takes: from calls that tell, and where none does from a probe.

use super::Ledger;
use std::sync::mpsc::SyncSender;
use wire::Call;

/// What a server is to be asked of a model: how large a batch it takes.
#[derive(Debug)]
pub struct ProbeRequest {
    /// Whom it is about.
    pub model: Box<str>,
    /// How the model was called, as [`Call::method`].
    pub method: Box<str>,
    /// Which upstream answered, by listener.
    pub upstream: usize,
}

impl Ledger {
    /// Requests to probe a model go there.
    pub fn send_probes_to(&mut self, requests: SyncSender<ProbeRequest>) {
        self.probe_requests = Some(requests);
    }

    /// An upstream has come up, perhaps as another server: what the one before said of its models may be true no more.
    pub fn forget_limits(&mut self) {
        self.batch_limits.forget_told();
        self.probed.clear();
        for route in &mut self.routes {
            route.apply_limit(self.batch_limits.of(&route.model), self.sequence);
        }
    }

    /// A model has answered, and whether it batches is not known: has the server asked, once. Where there is no room for
    /// the request, the next answer brings it up again.
    pub(super) fn request_probe(&mut self, call: &Call, upstream: usize) {
        let Some(requests) = self.probe_requests.as_ref().filter(|_| self.probe_models) else { return };
        let model = &*call.model.text;
        if self.probed.contains(model) || !self.admitted.contains(model) {
            return;
        }
        let request = ProbeRequest { model: model.into(), method: (&*call.method.text).into(), upstream };
        if requests.try_send(request).is_ok() {
            self.probed.insert(model.into());
        }
    }

    /// The server has said how large a batch a model takes. Who is no label is shown nowhere, so nothing is kept of it.
    pub fn learn(&mut self, model: &str, limit: u32) {
        if !self.admitted.contains(model) {
            return;
        }
        self.batch_limits.tell(model, limit);
        let limit = self.batch_limits.of(model);
        for route in self.routes.iter_mut().filter(|route| *route.model == *model) {
            route.apply_limit(limit, self.sequence);
        }
        self.shapes.apply_limits(&self.batch_limits, self.sequence);
    }
}
