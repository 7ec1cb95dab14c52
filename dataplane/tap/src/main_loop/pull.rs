//! Answering a pull: let every worker look at its open calls, then copy what changed.

use super::MainLoop;
use super::pending_pull::PendingPull;
use crate::command::Command;
use crate::lock::lock;
use crate::proto::{self, envelope::Body};
use crate::sys;
use wire::Nanos;

impl MainLoop {
    pub(super) fn begin_pull(&mut self, since: u64) {
        let now = self.shared.clock.now();
        self.supervisor.pulled(now);
        self.scan_number += 1;
        let scan = self.scan_number;
        lock(&self.shared.ledger).begin_scan(scan);
        self.tell_all(|| Command::Scan(scan));
        self.pull = Some(PendingPull::new(since, scan, self.workers.len(), now));
    }

    pub(super) fn answer_pull(&mut self, now: Nanos) {
        let Some(pull) = self.pull.take() else { return };
        let (mut snapshot, records) = {
            let mut ledger = lock(&self.shared.ledger);
            ledger.ask_for_names(now);
            (ledger.snapshot(pull.since, now), ledger.take_records())
        };
        snapshot.policy_generation = self.policy.generation;
        snapshot.policy_error.clone_from(&self.policy_error);
        snapshot.upstreams = self.upstreams();
        if let Some(stats) = &mut snapshot.tap {
            self.complete(stats);
        }
        self.send(Body::Snapshot(snapshot));
        if !records.is_empty() {
            self.send(Body::Records(proto::Records { records }));
        }
    }

    /// Adds what the ledger does not know.
    fn complete(&self, stats: &mut proto::TapStats) {
        stats.cpu_nanos = sys::cpu_nanos().saturating_sub(self.cpu_before);
        stats.resident_bytes = sys::resident_bytes("self").unwrap_or(0);
        stats.unsent_bytes = self.shared.budget.held() as u64;
        stats.log_lines_dropped = self.shared.log.dropped();
        stats.connections_cap = self.shared.gate.cap as u64;
        stats.keeps_refused = self.kept.refused();
        stats.draining = self.drain.is_draining();
        stats.throttled_nanos = throttled_nanos();
        let restart = |(reason, value): (&str, u64)| proto::Count { label: reason.to_string(), value };
        stats.control_restarts = self.supervisor.restarts().map(restart).collect();
    }
}

/// How long the scheduler kept this container waiting for its CPU quota: cgroup v2 in microseconds, v1 in
/// nanoseconds. None where neither can be read.
fn throttled_nanos() -> Option<u64> {
    let value = |path: &str, key: &str| {
        let stat = std::fs::read_to_string(path).ok()?;
        stat.lines().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok())
    };
    value("/sys/fs/cgroup/cpu.stat", "throttled_usec")
        .map(|micros| micros * 1000)
        .or_else(|| value("/sys/fs/cgroup/cpu/cpu.stat", "throttled_time"))
}
