//! Sizes of batches: of whom they are known, and since when.

use super::*;

/// A request of so many rows, or items.
fn asks(ledger: &mut Ledger, model: &str, (first_dimension, batch_size): (u32, u32), outcome: Outcome) {
    let asked = OpenRequest { shape: shape(&[first_dimension]), batch_size, ..OpenRequest::default() };
    finish_with(ledger, &mut RouteCache::default(), call(model), asked, by_server(Code::Grpc(0), outcome));
}

/// Model, failed, number and sum of sizes.
type Sized = (String, bool, u64, u64);

/// What is shown of sizes; then what is known of models.
fn batches(ledger: &mut Ledger, since: u64) -> (Vec<Sized>, Vec<(String, u32)>) {
    let snapshot = ledger.snapshot(since, 1);
    let sized = snapshot.timings.into_iter().filter_map(|timing| {
        let sizes = timing.batch_size?;
        Some((timing.model, timing.failed, sizes.count, sizes.sum))
    });
    let limits = snapshot.batch_limits.into_iter().map(|limit| (limit.model, limit.max_batch_size));
    (sized.collect(), limits.collect())
}

#[test]
fn rows_are_batches_of_models_that_batch_and_nothing_of_others() {
    let mut ledger = Ledger::new(7);
    for model in ["a", "b", "c"] {
        asks(&mut ledger, model, (4, 0), Outcome::Ok);
        asks(&mut ledger, model, (2, 0), Outcome::Timeout);
        asks(&mut ledger, model, (1000, 0), Outcome::ClientError);
        asks(&mut ledger, model, (9, 0), Outcome::Cancelled);
    }
    asks(&mut ledger, "counted", (0, 3), Outcome::Ok);
    let counted = || ("counted".to_string(), false, 1, 3);
    assert_eq!(batches(&mut ledger, 0), (vec![counted()], vec![]), "not known yet");
    let before = ledger.sequence - 1;
    describes(&mut ledger, "a", 8, Outcome::Ok);
    describes(&mut ledger, "b", 0, Outcome::Ok);
    describes(&mut ledger, "c", 8, Outcome::ServerError);
    let of_a = |count, sum| vec![("a".to_string(), false, count, sum), ("a".to_string(), true, 1, 2)];
    let known = || vec![("a".to_string(), 8), ("b".to_string(), 0)];
    let changed = batches(&mut ledger, before);
    assert_eq!(changed, (of_a(1, 4), known()), "what was counted before it was known is shown at once");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "b", (4, 0), Outcome::Ok);
    assert_eq!(batches(&mut ledger, 0), ([of_a(2, 8), vec![counted()]].concat(), known()));
}

#[test]
fn the_configuration_says_what_no_server_does_and_outranks_what_it_does() {
    let limits = |of: &[(&str, u32)]| {
        let limit = |&(model, max_batch_size): &(&str, u32)| proto::BatchLimit { model: model.into(), max_batch_size };
        proto::Policy { batch_limits: of.iter().map(limit).collect(), ..Default::default() }
    };
    let mut ledger = Ledger::new(7);
    asks(&mut ledger, "iris", (3, 0), Outcome::Ok);
    ledger.adopt(&limits(&[("iris", 4)]));
    assert_eq!(batches(&mut ledger, 0), (vec![("iris".into(), false, 1, 3)], vec![("iris".into(), 4)]));
    describes(&mut ledger, "iris", 0, Outcome::Ok);
    asks(&mut ledger, "iris", (3, 0), Outcome::Ok);
    assert_eq!(batches(&mut ledger, 0), (vec![("iris".into(), false, 2, 6)], vec![("iris".into(), 4)]));
    ledger.adopt(&limits(&[]));
    asks(&mut ledger, "iris", (3, 0), Outcome::Ok);
    assert_eq!(batches(&mut ledger, 0), (vec![("iris".into(), false, 2, 6)], vec![("iris".into(), 0)]));
}

#[test]
fn of_models_that_are_no_label_nothing_is_kept() {
    let mut ledger = Ledger::new(7);
    ledger.caps.models = 1;
    for number in 0..100 {
        describes(&mut ledger, &format!("model-{number}"), 8, Outcome::Ok);
    }
    asks(&mut ledger, "model-1", (4, 0), Outcome::Ok);
    assert_eq!((ledger.batch_limits.of("model-0"), ledger.batch_limits.of("model-1")), (Some(8), None));
    assert_eq!(batches(&mut ledger, 0), (vec![], vec![]));
}

fn batches_of(model: &str) -> Question {
    Question::Batches(About {
        model: model.into(),
        method: "inference.GRPCInferenceService/ModelInfer".into(),
        upstream: 3,
    })
}

#[test]
fn a_server_is_asked_about_each_model_once_and_only_if_it_may_be() {
    let (questions, asked) = std::sync::mpsc::sync_channel(1);
    let mut ledger = Ledger::new(7);
    ledger.send_questions_to(questions);
    let probing = |probe_models| proto::Policy { probe_models, ..Default::default() };
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    ledger.adopt(&probing(true));
    for (model, size, outcome) in [("b", (0, 4), Outcome::Ok), ("c", (4, 0), Outcome::ServerError)] {
        asks(&mut ledger, model, size, outcome);
    }
    assert!(asked.try_recv().is_err(), "not to be asked, not to be doubted, not known to be a model");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "d", (4, 0), Outcome::Ok);
    assert_eq!(asked.try_recv().expect("a question"), batches_of("a"));
    assert!(asked.try_recv().is_err(), "there was no room for another");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "d", (4, 0), Outcome::Ok);
    assert_eq!(asked.try_recv().expect("a question"), batches_of("d"), "it is brought up again, and a is not");
    ledger.adopt(&probing(true));
    ledger.learn("d", 0);
    asks(&mut ledger, "d", (4, 0), Outcome::Ok);
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    assert_eq!(asked.try_recv().expect("a question"), batches_of("a"), "another policy may know how to ask");
}

#[test]
fn what_a_server_said_holds_until_it_comes_up_again() {
    let (questions, asked) = std::sync::mpsc::sync_channel(8);
    let mut ledger = Ledger::new(7);
    ledger.send_questions_to(questions);
    let said = proto::BatchLimit { model: "b".into(), max_batch_size: 2 };
    ledger.adopt(&proto::Policy { probe_models: true, batch_limits: vec![said], ..Default::default() });
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "b", (1, 0), Outcome::Ok);
    ledger.learn("a", 8);
    assert_eq!(asked.try_iter().count(), 1);
    ledger.forget_limits();
    let sized = || vec![("a".to_string(), false, 1, 4), ("b".to_string(), false, 1, 1)];
    let of_b = ("b".to_string(), 2);
    assert_eq!(batches(&mut ledger, 0), (sized(), vec![of_b.clone()]), "what was counted stays");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    assert_eq!(asked.try_iter().count(), 1, "it is asked again");
    ledger.learn("a", 0);
    assert_eq!(batches(&mut ledger, 0), (sized(), vec![("a".into(), 0), of_b]));
}
