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
    assert_eq!(gaps(&mut ledger), [], "nobody has a name yet");
    finish_on(&mut ledger, &mut one, phi, Code::Grpc(0), Outcome::Ok);
    other.gap(&mut ledger, &llama, 5);
    assert_eq!(gaps(&mut ledger), [("phi".into(), 1)]);
    finish_on(&mut ledger, &mut other, llama.clone(), Code::Grpc(0), Outcome::Ok);
    other.gap(&mut ledger, &llama, 5);
    assert_eq!(gaps(&mut ledger), [("llama".into(), 3), ("phi".into(), 1)]);
    finish_on(&mut ledger, &mut one, llama, Code::Grpc(0), Outcome::Ok);
    assert_eq!(gaps(&mut ledger), [("llama".into(), 5), ("phi".into(), 1)], "each when its own stream ends");
}

/// A stream of many requests stays open while other calls come and go beside it, and is named by its first good answer.
#[test]
fn calls_to_other_models_on_the_connection_take_no_gaps_along() {
    let mut ledger = Ledger::new(7);
    let mut route_cache = RouteCache::default();
    let (stream, unary) = (call("chat"), call("resnet"));
    for _ in 0..3 {
        route_cache.gap(&mut ledger, &stream, 5);
        finish_on(&mut ledger, &mut route_cache, unary.clone(), Code::Grpc(0), Outcome::Ok);
    }
    finish_on(&mut ledger, &mut route_cache, stream, Code::Grpc(0), Outcome::Ok);
    assert_eq!(gaps(&mut ledger), [("chat".into(), 3)]);
}

#[test]
fn more_models_than_may_wait_are_counted_without_a_name_oldest_first() {
    let mut ledger = Ledger::new(7);
    let mut route_cache = RouteCache::default();
    let streams: Vec<_> = (0..=limits::WAITING_MODELS).map(|n| call(&format!("model-{n}"))).collect();
    for stream in &streams {
        route_cache.gap(&mut ledger, stream, 5);
    }
    assert_eq!(gaps(&mut ledger), [("unknown".into(), 1)]);
    for stream in streams {
        finish_on(&mut ledger, &mut route_cache, stream, Code::Grpc(0), Outcome::Ok);
    }
    let named: u64 = gaps(&mut ledger).iter().filter(|(model, _)| model != "unknown").map(|(_, count)| count).sum();
    assert_eq!(named, limits::WAITING_MODELS as u64);
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

/// Control reads each of them by the bounds that the seam fixes for it.
#[test]
fn gaps_and_what_the_tap_adds_have_bounds_of_their_own() {
    let mut ledger = Ledger::new(7);
    finish(&mut ledger, call("m"), Code::Grpc(0), Outcome::Ok);
    RouteCache::default().gap(&mut ledger, &call("m"), 200_000);
    ledger.tallies.added_latency.record(200_000);
    let snapshot = ledger.snapshot(0, 1);
    let class = |histogram: &Option<proto::Histogram>| histogram.as_ref()?.classes.iter().position(|count| *count > 0);
    let timing = &snapshot.timings[0];
    assert_eq!(class(&timing.latency), Some(0), "1 ms is the first bound");
    assert_eq!(class(&timing.call_duration), Some(1), "and a nanosecond more is above");
    assert_eq!(class(&timing.response_gap), Some(1), "200 us are between 100 and 250");
    assert_eq!(class(&snapshot.tap.and_then(|tap| tap.added_latency)), Some(1));
}
