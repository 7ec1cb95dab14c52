//! Since when a series counts: since the snapshot before the first that tells of it, when there was nothing of it yet.

use super::*;
use std::collections::BTreeSet;
use wire::call::Tokens;

/// A request of a model, counted in a series of each kind.
fn count(ledger: &mut Ledger, model: &str) {
    let tokens = Tokens { usage: Some(3), ..Tokens::default() };
    let asked = OpenRequest { start: 1, complete: Some(1), tokens_in: tokens, ..OpenRequest::default() };
    let ending = by_server(Code::Grpc(0), Outcome::Ok);
    finish_with(ledger, &mut RouteCache::default(), call(model), asked, ending);
}

fn promised(id: &str, per_model: bool) -> proto::Objective {
    proto::Objective { id: id.into(), conditions: vec![AVAILABLE], per_model, ..Default::default() }
}

fn adopt(ledger: &mut Ledger, objectives: Vec<proto::Objective>) {
    ledger.adopt(&proto::Policy { objectives, models: vec!["a".into(), "b".into()], ..Default::default() });
}

/// Since when all series of a model count.
fn since(snapshot: &proto::Snapshot, model: &str) -> Vec<Nanos> {
    let counters = snapshot.counters.iter().filter(|it| it.model == model).map(|it| it.since_nanos);
    let timings = snapshot.timings.iter().filter(|it| it.model == model).map(|it| it.since_nanos);
    let tokens = snapshot.tokens.iter().filter(|it| it.model == model).map(|it| it.since_nanos);
    let events = snapshot.events.iter().filter(|it| it.model == model).map(|it| it.since_nanos);
    let all: BTreeSet<_> = counters.chain(timings).chain(tokens).chain(events).collect();
    all.into_iter().collect()
}

#[test]
fn what_the_first_snapshot_tells_of_counts_since_the_start() {
    let mut ledger = Ledger::new(7);
    adopt(&mut ledger, vec![promised("all", false), promised("each", true)]);
    count(&mut ledger, "a");
    let snapshot = ledger.snapshot(0, 100);
    assert_eq!(since(&snapshot, "a"), [0]);
    assert!(snapshot.events.iter().all(|it| it.since_nanos == 0));
}

#[test]
fn what_comes_later_counts_since_the_snapshot_before_it_and_goes_on_to() {
    let mut ledger = Ledger::new(7);
    adopt(&mut ledger, vec![promised("each", true)]);
    count(&mut ledger, "a");
    ledger.snapshot(0, 100);
    ledger.snapshot(1, 200);
    count(&mut ledger, "b");
    let snapshot = ledger.snapshot(0, 300);
    assert_eq!((since(&snapshot, "a"), since(&snapshot, "b")), (vec![0], vec![200]));
    count(&mut ledger, "b");
    assert_eq!(since(&ledger.snapshot(3, 400), "b"), [200]);
}

#[test]
fn what_is_forgotten_and_comes_back_counts_anew() {
    let mut ledger = Ledger::new(7);
    adopt(&mut ledger, vec![]);
    count(&mut ledger, "a");
    for sequence in 1..=limits::IDLE_SNAPSHOTS + 1 {
        count(&mut ledger, "b");
        ledger.snapshot(sequence, sequence);
    }
    let forgotten = ledger.snapshot(0, 1_000_000);
    assert_eq!(since(&forgotten, "a"), [] as [Nanos; 0]);
    count(&mut ledger, "a");
    let back = ledger.snapshot(0, 2_000_000);
    assert_eq!((since(&back, "a"), since(&back, "b")), (vec![1_000_000], vec![0]));
}

#[test]
fn an_objective_counts_since_it_was_promised_and_one_that_comes_back_since_it_first_was() {
    let mut ledger = Ledger::new(7);
    adopt(&mut ledger, vec![promised("first", false)]);
    ledger.snapshot(0, 100);
    adopt(&mut ledger, vec![promised("second", false)]);
    let of = |snapshot: &proto::Snapshot| -> Vec<_> {
        snapshot.events.iter().map(|it| (it.objective.clone(), it.since_nanos)).collect()
    };
    assert_eq!(of(&ledger.snapshot(0, 200)), [("second".to_string(), 100)]);
    adopt(&mut ledger, vec![promised("first", false)]);
    assert_eq!(of(&ledger.snapshot(0, 300)), [("first".to_string(), 0)], "its counts were kept");
}
