//! How the ledger comes to know how large a batch a model takes: from calls that tell, and where none does from a probe.

use super::Ledger;
use super::question::{About, Question};
use wire::Call;

impl Ledger {
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
        let model = &*call.model.text;
        if !self.probe_models || self.probed.contains(model) || !self.admitted.contains(model) {
            return;
        }
        let about = About { model: model.into(), method: (&*call.method.text).into(), upstream };
        if self.ask(Question::Batches(about)) {
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
