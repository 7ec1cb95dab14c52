//! The number of a series is its own for the whole epoch: a reader keeps what it was told by it.

use super::*;
use std::collections::BTreeMap;
use wire::call::Tokens;

/// The number of each series, by what kind of series it is and what tells it from the others of its kind.
fn numbers(snapshot: &proto::Snapshot) -> BTreeMap<String, u64> {
    let counters =
        snapshot.counters.iter().map(|it| (format!("counter {} {} {}", it.model, it.method, it.code), it.id));
    let timings = snapshot.timings.iter().map(|it| (format!("timing {} {} {}", it.model, it.method, it.failed), it.id));
    let tokens = snapshot.tokens.iter().map(|it| (format!("tokens {} {}", it.model, it.direction), it.id));
    let shapes = snapshot.shapes.iter().map(|it| (format!("shapes {}", it.model), it.id));
    counters.chain(timings).chain(tokens).chain(shapes).collect()
}

/// A request that leaves its mark in a series of each kind.
fn count(ledger: &mut Ledger, model: &str, code: u8, outcome: Outcome) {
    let tokens = Tokens { usage: Some(3), ..Tokens::default() };
    let asked = OpenRequest {
        start: 1,
        complete: Some(1),
        shape: shape(&[2, 4]),
        tokens_in: tokens,
        tokens_out: tokens,
        ..OpenRequest::default()
    };
    finish_with(ledger, &mut RouteCache::default(), call(model), asked, by_server(Code::Grpc(code), outcome));
}

/// A ledger in which an hour has passed since anybody called the first model, and its second ending was met.
fn after_an_hour(ledger: &mut Ledger) {
    for since in 1..=limits::IDLE_SNAPSHOTS + 1 {
        count(ledger, "b", 0, Outcome::Ok);
        count(ledger, "c", 0, Outcome::Ok);
        ledger.snapshot(since, since);
    }
}

#[test]
fn what_stays_keeps_its_number_when_others_expire_and_what_is_new_has_a_larger_one() {
    let mut ledger = Ledger::new(7);
    count(&mut ledger, "a", 0, Outcome::Ok);
    count(&mut ledger, "b", 13, Outcome::ServerError);
    count(&mut ledger, "b", 0, Outcome::Ok);
    count(&mut ledger, "c", 0, Outcome::Ok);
    let before = numbers(&ledger.snapshot(0, 1));
    after_an_hour(&mut ledger);
    let after = numbers(&ledger.snapshot(0, 2));
    let expired: Vec<_> = before.keys().filter(|series| !after.contains_key(*series)).map(String::as_str).collect();
    let method = "inference.GRPCInferenceService/ModelInfer";
    let idle = [
        format!("counter a {method} OK"),
        "shapes a".into(),
        format!("timing a {method} false"),
        "tokens a input".into(),
        "tokens a output".into(),
    ];
    assert!(idle.iter().all(|series| expired.contains(&&**series)), "{expired:?}");
    assert!(after.iter().all(|(series, number)| before[series] == *number), "{before:?} {after:?}");

    count(&mut ledger, "b", 13, Outcome::ServerError);
    count(&mut ledger, "a", 0, Outcome::Ok);
    let again = numbers(&ledger.snapshot(0, 3));
    for kind in ["counter", "timing", "tokens", "shapes"] {
        let largest = before.iter().filter(|(series, _)| series.starts_with(kind)).map(|(_, number)| *number).max();
        let new: Vec<_> =
            again.iter().filter(|(series, _)| series.starts_with(kind) && !after.contains_key(*series)).collect();
        assert!(!new.is_empty(), "of each kind some are new: {kind}");
        assert!(new.iter().all(|(_, number)| Some(**number) > largest), "{kind}: {new:?} after {largest:?}");
    }
    assert!(after.iter().all(|(series, number)| again[series] == *number), "{after:?} {again:?}");
}

#[test]
fn what_is_told_of_earlier_has_the_lower_number_and_no_two_have_one() {
    let mut ledger = Ledger::new(7);
    let method = "other.Service/Call";
    // Known, and so far without a request that has a shape, tokens or a failure.
    finish(&mut ledger, call("late"), Code::Grpc(0), Outcome::Ok);
    count(&mut ledger, "early", 0, Outcome::Ok);
    let before = numbers(&ledger.snapshot(0, 1));
    count(&mut ledger, "late", 0, Outcome::Ok);
    count(&mut ledger, "late", 13, Outcome::ServerError);
    finish(&mut ledger, Call { method: name(method), ..call("late") }, Code::Grpc(0), Outcome::Ok);
    let after = numbers(&ledger.snapshot(0, 2));
    let new: Vec<_> = after.iter().filter(|(series, _)| !before.contains_key(*series)).collect();
    assert_eq!(
        new.len(),
        7,
        "the counter and the times of failures, of the other method, tokens both ways, shapes: {new:?}"
    );
    assert!(new.iter().all(|(_, number)| before.values().all(|earlier| earlier < number)), "{before:?} {new:?}");
    let mut different: Vec<_> = after.values().collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), after.len(), "{after:?}");
}
