//! Shapes: which are shown, of whom, and how few.

use super::*;
use std::collections::BTreeMap;

/// A request with a first input of these dimensions has ended.
fn sends(ledger: &mut Ledger, model: &str, sizes: &[u32], outcome: Outcome) {
    let asked = OpenRequest { shape: shape(sizes), ..OpenRequest::default() };
    finish_with(ledger, &mut RouteCache::default(), call(model), asked, by_server(Code::Grpc(0), outcome));
}

/// Of a snapshot: requests by model and shape.
fn shown(ledger: &mut Ledger, since: u64) -> BTreeMap<(String, String), u64> {
    let series = ledger.snapshot(since, 1).shapes.into_iter();
    let counted = series.flat_map(|series| {
        let model = series.model;
        series.shapes.into_iter().map(move |count| ((model.clone(), count.label), count.value))
    });
    let all: Vec<_> = counted.collect();
    let map: BTreeMap<_, _> = all.iter().cloned().collect();
    assert_eq!(map.len(), all.len(), "a label twice: {all:?}");
    map
}

fn those(of: &[(&str, &str, u64)]) -> BTreeMap<(String, String), u64> {
    of.iter().map(|&(model, shape, count)| ((model.into(), shape.into()), count)).collect()
}

#[test]
fn requests_are_counted_by_shape_and_batches_of_any_size_as_one() {
    let mut ledger = Ledger::new(7);
    for model in ["batches", "single"] {
        sends(&mut ledger, model, &[1, 128], Outcome::Ok);
    }
    describes(&mut ledger, "batches", 8, Outcome::Ok);
    describes(&mut ledger, "single", 0, Outcome::Ok);
    for model in ["batches", "single"] {
        for sizes in [&[2, 128][..], &[1, 4096], &[2, 128]] {
            sends(&mut ledger, model, sizes, Outcome::Ok);
        }
    }
    sends(&mut ledger, "single", &[0], Outcome::Ok);
    let batches = [("batches", "FP32[-1,128]", 3), ("batches", "FP32[-1,4096]", 1)];
    let single = [("single", "FP32[1,128]", 1), ("single", "FP32[2,128]", 2), ("single", "FP32[1,4096]", 1)];
    assert_eq!(shown(&mut ledger, 0), those(&[&batches[..], &single[..]].concat()));
}

#[test]
fn all_methods_of_a_model_count_together() {
    let mut ledger = Ledger::new(7);
    for method in ["a/Infer", "a/StreamInfer", "/v2/models/{model}/infer"] {
        let asked = OpenRequest { shape: shape(&[3, 4]), ..OpenRequest::default() };
        let call = Call { method: name(method), ..call("a") };
        finish_with(&mut ledger, &mut RouteCache::default(), call, asked, by_server(Code::Grpc(0), Outcome::Ok));
    }
    assert_eq!(shown(&mut ledger, 0), those(&[("a", "FP32[3,4]", 3)]));
}

#[test]
fn models_that_nobody_asks_any_more_take_their_shapes_along() {
    let mut ledger = Ledger::new(7);
    sends(&mut ledger, "gone", &[1], Outcome::Ok);
    for _ in 0..=limits::IDLE_SNAPSHOTS {
        sends(&mut ledger, "stays", &[2], Outcome::Ok);
        ledger.snapshot(1, 1);
    }
    let stays = those(&[("stays", "FP32[2]", limits::IDLE_SNAPSHOTS + 1)]);
    assert_eq!(shown(&mut ledger, 0), stays);
    sends(&mut ledger, "gone", &[1], Outcome::Ok);
    sends(&mut ledger, "stays", &[2], Outcome::Ok);
    let both = those(&[("gone", "FP32[1]", 1), ("stays", "FP32[2]", limits::IDLE_SNAPSHOTS + 2)]);
    assert_eq!(shown(&mut ledger, 0), both);
}

#[test]
fn who_was_refused_or_gave_up_counts_for_nothing_and_who_failed_makes_no_label() {
    let mut ledger = Ledger::new(7);
    sends(&mut ledger, "a", &[1, 2], Outcome::ClientError);
    sends(&mut ledger, "a", &[1, 2], Outcome::Cancelled);
    assert_eq!(shown(&mut ledger, 0), those(&[]));
    sends(&mut ledger, "a", &[1, 2], Outcome::Ok);
    for outcome in [Outcome::ServerError, Outcome::Timeout, Outcome::ClientError, Outcome::Cancelled] {
        sends(&mut ledger, "a", &[1, 2], outcome);
        sends(&mut ledger, "a", &[1, 9], outcome);
    }
    assert_eq!(shown(&mut ledger, 0), those(&[("a", "FP32[1,2]", 3), ("a", "_OTHER", 2)]));
    sends(&mut ledger, "a", &[1, 9], Outcome::Ok);
    let all = [("a", "FP32[1,2]", 3), ("a", "FP32[1,9]", 1), ("a", "_OTHER", 2)];
    assert_eq!(shown(&mut ledger, 0), those(&all));
}

#[test]
fn ten_thousand_shapes_are_nine_lines() {
    for limit in [None, Some(0), Some(64)] {
        let mut ledger = Ledger::new(7);
        sends(&mut ledger, "a", &[1, 16], Outcome::Ok);
        if let Some(limit) = limit {
            describes(&mut ledger, "a", limit, Outcome::Ok);
        }
        for n in 0..10_000 {
            sends(&mut ledger, "a", &[1 + n % 7, 17 + n], Outcome::Ok);
            sends(&mut ledger, "a", &[1, 16], Outcome::Ok);
        }
        let all = shown(&mut ledger, 0);
        assert_eq!(all.len(), limits::SHAPES + 1, "{all:?}");
        assert_eq!(all.values().sum::<u64>(), 20_001, "none is lost");
        let first = if limit == Some(64) { "FP32[-1,16]" } else { "FP32[1,16]" };
        assert_eq!(all[&("a".into(), first.into())], 10_001, "what came first stays");
    }
}

#[test]
fn until_it_is_known_whether_a_model_batches_shapes_are_shown_whole() {
    let mut ledger = Ledger::new(7);
    for sizes in [[1, 16], [2, 16], [2, 16], [4, 3]] {
        sends(&mut ledger, "a", &sizes, Outcome::Ok);
    }
    let whole = [("a", "FP32[1,16]", 1), ("a", "FP32[2,16]", 2), ("a", "FP32[4,3]", 1)];
    assert_eq!(shown(&mut ledger, 0), those(&whole));
    let before = ledger.sequence - 1;
    assert_eq!(shown(&mut ledger, before), those(&[]), "nothing has changed");
    describes(&mut ledger, "a", 8, Outcome::Ok);
    let folded = [("a", "FP32[-1,16]", 3), ("a", "FP32[-1,3]", 1)];
    assert_eq!(shown(&mut ledger, before), those(&folded), "at once, and the same requests");
    let before = ledger.sequence - 1;
    describes(&mut ledger, "a", 8, Outcome::Ok);
    assert_eq!(shown(&mut ledger, before), those(&[]), "which is no news");
    ledger.forget_limits();
    sends(&mut ledger, "a", &[5, 16], Outcome::Ok);
    sends(&mut ledger, "a", &[5, 7], Outcome::Ok);
    let doubted = [("a", "FP32[-1,16]", 4), ("a", "FP32[-1,3]", 1), ("a", "FP32[5,7]", 1)];
    assert_eq!(shown(&mut ledger, 0), those(&doubted));
    describes(&mut ledger, "a", 0, Outcome::Ok);
    sends(&mut ledger, "a", &[5, 16], Outcome::Ok);
    assert_eq!(shown(&mut ledger, 0)[&("a".into(), "FP32[5,16]".into())], 1, "it does not batch any more");
}

#[test]
fn shapes_that_nobody_sends_any_more_make_room() {
    let mut ledger = Ledger::new(7);
    for n in 0..20 {
        sends(&mut ledger, "a", &[n + 1], Outcome::Ok);
    }
    assert_eq!(shown(&mut ledger, 0).len(), limits::SHAPES + 1);
    for _ in 0..=limits::IDLE_SNAPSHOTS {
        sends(&mut ledger, "a", &[1], Outcome::Ok);
        ledger.snapshot(1, 1);
    }
    assert_eq!(shown(&mut ledger, 0).len(), 2, "the one in use, and the sum of those that had no place");
    sends(&mut ledger, "a", &[20], Outcome::Ok);
    assert_eq!(shown(&mut ledger, 0)[&("a".into(), "FP32[20]".into())], 1);
}
