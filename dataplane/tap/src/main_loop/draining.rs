//! What draining and the end of the process do to everything else.

use super::MainLoop;
use super::drain_times;
use super::last_scrape::Told;
use crate::command::Command;
use crate::drain::{Action, End};
use crate::lock::lock;
use crate::proto::{self, envelope::Body};
use wire::Nanos;

impl MainLoop {
    pub(super) fn begin_drain(&mut self, why: &str) {
        let (delay, total) = drain_times::of(self.policy.drain.unwrap_or_default());
        if self.drain.begin(self.shared.clock.now(), delay, total) {
            let connections = self.shared.connections();
            self.shared
                .log
                .info(&format!("draining ({why}): {connections} connections, at most {} s", total / 1_000_000_000));
            self.send(Body::Drain(proto::Drain { deadline_nanos: total }));
        }
    }

    /// Takes the steps that it is time for.
    pub(super) fn go_on_draining(&mut self, now: Nanos) {
        let awaited = self.shared.gate.awaited(self.shared.connections());
        while let Some(action) = self.drain.step(now, awaited, self.end(now)) {
            self.act(action, now);
        }
    }

    fn end(&self, now: Nanos) -> End {
        End {
            wanted: self.departure.is_wanted(),
            scraped: self.last_scrape.is_over(now, self.last_scrape_wait()),
            control_gone: self.seam.is_none(),
        }
    }

    fn act(&mut self, action: Action, now: Nanos) {
        match action {
            Action::StopAccepting => self.tell_all(|| Command::StopAccepting),
            Action::Cut => {
                let connections = self.shared.connections();
                self.shared.log.warn(&format!("the drain deadline has passed: cutting {connections} connections"));
                self.tell_all(|| Command::Cut);
            }
            Action::CallsOver => self.last_scrape.calls_are_over(lock(&self.shared.ledger).coming_snapshot()),
            Action::AwaitScrape => {
                if let Some(line) = self.last_scrape.begin(now, self.last_scrape_wait()) {
                    self.shared.log.info(&line);
                }
            }
            Action::Flush => {
                match self.last_scrape.outcome(now, self.last_scrape_wait()) {
                    Some(Told::Well(line)) => self.shared.log.info(&line),
                    Some(Told::Lost(line)) => self.shared.log.warn(&line),
                    None => {}
                }
                self.send(Body::Flush(proto::Flush {}));
            }
            Action::Finished => {}
        }
    }

    /// Without a socket nobody can read anything.
    fn last_scrape_wait(&self) -> Nanos {
        let wanted = self.policy.drain.map_or(0, |drain| drain.final_scrape_nanos);
        if self.serves_pages { wanted } else { 0 }
    }

    pub(super) fn first_scrape_wait(&self) -> Nanos {
        if self.serves_pages { self.policy.first_scrape_nanos } else { 0 }
    }
}
