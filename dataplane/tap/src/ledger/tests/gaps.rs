//! Gaps between responses, before their model has a name.

use super::*;

/// Gaps counted, by model.
fn gaps(ledger: &mut Ledger) -> Vec<(String, u64)> {
    let timings = ledger.snapshot(0, 1).timings.into_iter();
    let counted = timings.filter_map(|it| it.response_gap.map(|gaps| (it.model, gaps.count)));
    let mut counted: Vec<_> = counted.collect();
    counted.sort();
    counted
}

#[test]
fn gaps_of_the_first_stream_wait_for_its_name() {
    let mut ledger = Ledger::new(7);
    let (mut one, mut other) = (RouteCache::default(), RouteCache::default());
    let (llama, phi) = (call("llama"), call("phi"));
    other.gap(&mut ledger, &llama, 5);
    for call in [&llama, &llama, &phi] {
        one.gap(&mut ledger, call, 5);
    }
    assert_eq!(gaps(&mut ledger), [("unknown".into(), 2)], "this connection went on to another model");
    finish_on(&mut ledger, &mut one, phi, Code::Grpc(0), Outcome::Ok);
    other.gap(&mut ledger, &llama, 5);
    assert_eq!(gaps(&mut ledger), [("phi".into(), 1), ("unknown".into(), 2)]);
    finish_on(&mut ledger, &mut other, llama.clone(), Code::Grpc(0), Outcome::Ok);
    other.gap(&mut ledger, &llama, 5);
    assert_eq!(gaps(&mut ledger), [("llama".into(), 3), ("phi".into(), 1), ("unknown".into(), 2)]);
}

#[test]
fn gaps_of_a_stream_that_fails_are_of_no_model() {
    let mut ledger = Ledger::new(7);
    let mut route_cache = RouteCache::default();
    let llama = call("llama");
    route_cache.gap(&mut ledger, &llama, 5);
    finish_on(&mut ledger, &mut route_cache, llama, Code::Grpc(13), Outcome::ServerError);
    assert_eq!(gaps(&mut ledger), [("unknown".into(), 1)]);
}
