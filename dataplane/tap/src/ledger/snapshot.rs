//! From counts to the seam.

use super::Ledger;
use crate::clock::unix_nanos;
use crate::{names, proto};
use std::collections::BTreeMap;
use wire::catalogue::Kind;
use wire::{FrameCounts, Nanos};

impl Ledger {
    /// What changed after snapshot `since` (0: everything), as a new snapshot. Upstreams, policy and the parts of
    /// `tap` that the ledger does not know are left for the caller.
    pub fn snapshot(&mut self, since: u64, now: Nanos) -> proto::Snapshot {
        let sequence = self.sequence;
        self.sequence += 1;
        // A reader from another epoch, or from the future, starts over.
        let since = if since < sequence { since } else { 0 };
        if since == 0 {
            self.expire();
        }
        self.routes.iter_mut().for_each(|route| route.number(&mut self.numbers));
        self.shapes.number(&mut self.numbers);
        self.events.begin(self.numbers.since());
        self.numbers.snapshot_taken(now);
        let routes = || self.routes.iter();
        proto::Snapshot {
            epoch_unix_nanos: self.epoch_unix_nanos,
            sequence,
            at_unix_nanos: unix_nanos(),
            uptime_nanos: now,
            counters: routes().flat_map(|route| route.counters_since(since)).collect(),
            timings: routes().flat_map(|route| route.timings_since(since)).collect(),
            tokens: routes().flat_map(|route| route.tokens_since(since)).collect(),
            shapes: self.shapes.since(since),
            flights: self.routes.iter().map(|route| route.flight()).collect(),
            events: self.events.to_proto(),
            batch_limits: self.batch_limits(),
            blind_causes: self.blind_causes.to_proto(),
            tap: Some(self.tap_stats()),
            ..Default::default()
        }
    }

    /// The number of the snapshot that is made next: what is counted by now it tells of.
    pub fn coming_snapshot(&self) -> u64 {
        self.sequence
    }

    /// Of models that inference was asked of, and of which it is known.
    fn batch_limits(&self) -> Vec<proto::BatchLimit> {
        let asked = self.routes.iter().filter(|route| route.kind == Kind::Inference);
        let known: BTreeMap<&str, u32> = asked.filter_map(|route| Some((&*route.model, route.batch_limit?))).collect();
        let limits = known.into_iter();
        limits.map(|(model, max_batch_size)| proto::BatchLimit { model: model.into(), max_batch_size }).collect()
    }

    /// Takes the records gathered since the last time.
    pub fn take_records(&mut self) -> Vec<proto::Record> {
        self.records.drain(..).collect()
    }

    fn tap_stats(&self) -> proto::TapStats {
        let tallies = &self.tallies;
        proto::TapStats {
            connections_by_protocol: counts(&tallies.protocols),
            blind: counts(&tallies.blind),
            upgraded: tallies.upgraded,
            client_frames: frames(&tallies.client_frames),
            server_frames: frames(&tallies.server_frames),
            added_latency: tallies.added_latency.to_proto(),
            records_dropped: self.records_dropped,
            series_capped: self.series_capped,
            slo_models_capped: self.events.models_capped(),
            accept_pauses: tallies.accept_pauses,
            cut_connections: tallies.cut_connections,
            goaways_inserted: tallies.goaways_inserted,
            heads_truncated: tallies.heads_truncated,
            ..Default::default()
        }
    }
}

/// The types that there were.
fn frames(counts: &FrameCounts) -> Vec<proto::Count> {
    let there = names::FRAMES.iter().zip(counts).filter(|(_, count)| **count > 0);
    there.map(|(name, &value)| proto::Count { label: (*name).to_string(), value }).collect()
}

fn counts(map: &BTreeMap<&'static str, u64>) -> Vec<proto::Count> {
    map.iter().map(|(label, value)| proto::Count { label: (*label).to_string(), value: *value }).collect()
}
