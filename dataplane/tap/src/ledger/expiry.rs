//! Forgetting: series that nobody has changed for long, and the names that only they had.

use super::Ledger;
use crate::limits;

impl Ledger {
    /// Forgets series that have not changed for so many snapshots, and the names that only they had. Called for full
    /// answers only: they are what tells the reader.
    pub(super) fn expire(&mut self) {
        let oldest = self.sequence.saturating_sub(limits::IDLE_SNAPSHOTS);
        let before = self.counters;
        self.shapes.expire(oldest);
        for route in &mut self.routes {
            route.counters.retain(|counter| counter.changed >= oldest);
        }
        self.counters = self.routes.iter().map(|route| route.counters.len()).sum();
        if self.counters == before {
            return;
        }
        self.revision += 1;
        self.routes.retain(|route| route.in_flight > 0 || !route.counters.is_empty());
        self.shapes.retain(&mut self.routes);
        self.index.clear();
        for (place, route) in self.routes.iter().enumerate() {
            self.index.entry(route.method.clone()).or_default().insert(route.model.clone(), place);
        }
        self.admitted
            .retain(|model| self.configured.contains(model) || self.routes.iter().any(|route| route.model == *model));
        self.batch_limits.retain(|model| self.admitted.contains(model));
        self.probed.retain(|model| self.admitted.contains(model));
    }
}
