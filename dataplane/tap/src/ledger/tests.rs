use super::*;
use wire::call::Name;
use wire::tensor::Dimensions;
use wire::{End, OpenRequest, Request, Sink};

mod gaps;

fn name(text: &str) -> Name {
    Name { text: text.into() }
}

fn call(model: &str) -> Call {
    Call {
        method: name("inference.GRPCInferenceService/ModelInfer"),
        known_method: true,
        model: name(model),
        request_bytes: 10,
        ..Call::default()
    }
}

fn finish(ledger: &mut Ledger, call: Call, code: Code, outcome: Outcome) {
    finish_on(ledger, &mut Recent::default(), call, code, outcome);
}

fn finish_on(ledger: &mut Ledger, recent: &mut Recent, call: Call, code: Code, outcome: Outcome) {
    let asked = OpenRequest { start: 1, complete: Some(1), ..OpenRequest::default() };
    finish_with(ledger, recent, call, asked, (code, outcome));
}

fn finish_with(
    ledger: &mut Ledger,
    recent: &mut Recent,
    mut call: Call,
    asked: OpenRequest,
    (code, outcome): (Code, Outcome),
) {
    let (mut open, mut opaque) = (0, false);
    let mut recorder = Recorder { ledger, recent, open: &mut open, opaque: &mut opaque, upstream: 3 };
    recorder.opened(&mut call);
    let request = Request {
        open: asked,
        end: 1_000_001,
        code,
        ended_by: EndedBy::Server,
        outcome,
        latency: Some(1_000_000),
        message: "no".into(),
    };
    recorder.request(&call, &request);
    recorder.ended(&call, &End { at: 1_000_001, code, ended_by: EndedBy::Server, outcome });
    assert_eq!(open, 0);
}

fn models(ledger: &mut Ledger) -> Vec<String> {
    let mut models: Vec<_> = ledger.snapshot(0, 1).counters.into_iter().map(|series| series.model).collect();
    models.sort();
    models.dedup();
    models
}

#[test]
fn a_name_becomes_a_label_with_its_first_good_answer() {
    let mut ledger = Ledger::new(7);
    finish(&mut ledger, call("resnet"), Code::Grpc(5), Outcome::ClientError);
    assert_eq!(models(&mut ledger), ["unknown"]);
    finish(&mut ledger, call("resnet"), Code::Grpc(0), Outcome::Ok);
    assert_eq!(models(&mut ledger), ["resnet", "unknown"]);
}

#[test]
fn calls_that_name_no_model_are_of_the_one_that_is_served() {
    let mut ledger = Ledger::new(7);
    let objective = proto::Objective {
        id: "llama".into(),
        model_glob: "llama".into(),
        good: Some(proto::objective::Good::Available(true)),
        ..Default::default()
    };
    let policy = proto::Policy { served_model: "llama".into(), objectives: vec![objective], ..Default::default() };
    ledger.adopt(&policy);
    finish(&mut ledger, call(""), Code::Grpc(13), Outcome::ServerError);
    finish(&mut ledger, Call { kind: Kind::Probe, ..call("") }, Code::Grpc(0), Outcome::Ok);
    finish(&mut ledger, call("adapter"), Code::Grpc(0), Outcome::Ok);
    assert_eq!(models(&mut ledger), ["", "adapter", "llama"]);
    let snapshot = ledger.snapshot(0, 1);
    assert_eq!((snapshot.events[0].good, snapshot.events[0].bad), (0, 1));
    let record = &ledger.take_records()[0];
    assert_eq!((&*record.model, &*record.message), ("llama", "no"));
    ledger.adopt(&proto::Policy::default());
    finish(&mut ledger, call(""), Code::Grpc(0), Outcome::Ok);
    assert_eq!(models(&mut ledger), ["", "adapter", "llama", "unknown"]);
}

#[test]
fn ten_thousand_random_names_add_no_series() {
    let mut ledger = Ledger::new(7);
    for number in 0..10_000 {
        finish(&mut ledger, call(&format!("scan-{number}")), Code::Grpc(5), Outcome::ClientError);
    }
    let snapshot = ledger.snapshot(0, 1);
    assert_eq!(snapshot.counters.len(), 1);
    assert_eq!(snapshot.counters[0].calls, 10_000);
}

#[test]
fn beyond_the_cap_calls_are_counted_elsewhere_and_said_so() {
    let mut ledger = Ledger::new(7);
    ledger.caps.series = 5;
    for number in 0..20 {
        finish(&mut ledger, call(&format!("model-{number}")), Code::Grpc(0), Outcome::Ok);
    }
    let snapshot = ledger.snapshot(0, 1);
    assert_eq!(snapshot.counters.iter().map(|series| series.calls).sum::<u64>(), 20);
    assert!(snapshot.counters.len() <= 6, "{}", snapshot.counters.len());
    assert_eq!(snapshot.tap.expect("always there").series_capped, 30, "a request and a call each");
}

#[test]
fn a_version_that_a_client_made_up_is_no_label() {
    let mut ledger = Ledger::new(7);
    for number in 0..1000 {
        let version = name(&number.to_string());
        finish(&mut ledger, Call { version, ..call("a") }, Code::Grpc(5), Outcome::ClientError);
    }
    finish(&mut ledger, Call { version: name("3"), ..call("a") }, Code::Grpc(0), Outcome::Ok);
    finish(&mut ledger, Call { version: name("3"), ..call("a") }, Code::Grpc(13), Outcome::ServerError);
    let series = ledger.snapshot(0, 1).counters;
    let mut seen: Vec<_> = series.iter().map(|it| (it.model.as_str(), it.version.as_str(), it.calls)).collect();
    seen.sort();
    assert_eq!(seen, [("a", "3", 1), ("a", "3", 1), ("unknown", "", 1000)]);
}

#[test]
fn what_does_not_fit_keeps_its_kind() {
    let mut ledger = Ledger::new(7);
    ledger.caps.series = 0;
    finish(&mut ledger, call("a"), Code::Grpc(0), Outcome::Ok);
    let series = ledger.snapshot(0, 1).counters;
    assert_eq!((series[0].kind.as_str(), series[0].method.as_str(), series[0].calls), ("inference", "_OTHER", 1));
}

#[test]
fn idle_series_and_their_names_make_room_with_a_full_answer() {
    let mut ledger = Ledger::new(7);
    ledger.adopt(&proto::Policy { models: vec!["kept".into()], ..Default::default() });
    finish(&mut ledger, call("idle"), Code::Grpc(0), Outcome::Ok);
    for since in 0..=limits::IDLE_SNAPSHOTS + 1 {
        finish(&mut ledger, call("busy"), Code::Grpc(0), Outcome::Ok);
        ledger.snapshot(since, since);
    }
    assert!(ledger.admitted.contains("idle"), "only a full answer tells that something went");
    assert_eq!(models(&mut ledger), ["busy"]);
    assert!(!ledger.admitted.contains("idle") && ledger.admitted.contains("kept"));
    finish(&mut ledger, call("idle"), Code::Grpc(0), Outcome::Ok);
    assert_eq!(models(&mut ledger), ["busy", "idle"]);
}

#[test]
fn a_snapshot_carries_only_what_changed_since() {
    let mut ledger = Ledger::new(7);
    finish(&mut ledger, call("a"), Code::Grpc(0), Outcome::Ok);
    let first = ledger.snapshot(0, 1);
    finish(&mut ledger, call("b"), Code::Grpc(0), Outcome::Ok);
    let second = ledger.snapshot(first.sequence, 2);
    assert_eq!(second.counters.len(), 1);
    assert_eq!(second.counters[0].model, "b");
    assert_eq!(second.timings.len(), 1);
    let third = ledger.snapshot(second.sequence, 3);
    assert!(third.counters.is_empty() && third.timings.is_empty());
    let again = ledger.snapshot(first.sequence, 4);
    assert_eq!(again.counters.len(), 1, "an answer that was lost can be asked for again");
    assert_eq!(ledger.snapshot(9_999, 5).counters.len(), 2, "a reader of another epoch starts over");
}

#[test]
fn objectives_are_matched_before_names_are_capped() {
    let mut ledger = Ledger::new(7);
    ledger.caps.models = 0;
    let objective = proto::Objective {
        id: "x".into(),
        model_glob: "vip-*".into(),
        good: Some(proto::objective::Good::Available(true)),
        ..Default::default()
    };
    ledger.events.adopt(&[objective]);
    finish(&mut ledger, call("vip-1"), Code::Grpc(0), Outcome::Ok);
    finish(&mut ledger, call("other"), Code::Grpc(0), Outcome::Ok);
    let snapshot = ledger.snapshot(0, 1);
    assert_eq!(snapshot.counters[0].model, "unknown");
    assert_eq!(snapshot.events[0].good, 1);
}

#[test]
fn the_scan_finds_what_is_in_flight_and_how_old_it_is() {
    let mut ledger = Ledger::new(7);
    let mut open = call("a");
    open.open.push_back(OpenRequest { complete: Some(100), ..OpenRequest::default() });
    open.open.push_back(OpenRequest::default());
    for scan in 1..3 {
        ledger.begin_scan(scan);
        assert!(ledger.is_scanning(scan) && !ledger.is_scanning(scan - 1));
        ledger.scan(&mut open, 600);
        let flights = ledger.snapshot(0, 600).flights;
        assert_eq!((flights[0].in_flight, flights[0].open_requests, flights[0].oldest_open_nanos), (1, 1, 500));
    }
}

#[test]
fn failed_calls_are_recorded_up_to_a_bound_and_the_rest_counted() {
    let mut ledger = Ledger::new(7);
    for _ in 0..limits::RECORDS + 3 {
        finish(&mut ledger, call("a"), Code::Grpc(13), Outcome::ServerError);
    }
    assert_eq!(ledger.snapshot(0, 1).tap.expect("always there").records_dropped, 3);
    assert_eq!(ledger.take_records().len(), limits::RECORDS);
    assert!(ledger.take_records().is_empty());
}

#[test]
fn remembering_the_last_place_changes_no_count() {
    let names: Vec<Name> = ["", "a", "b", "c", "d"].map(name).to_vec();
    let policy = |threshold: u64| proto::Policy {
        models: vec!["d".into()],
        limits: Some(proto::Limits { models: 3, series: 9, ..Default::default() }),
        objectives: vec![proto::Objective {
            id: format!("below {threshold}"),
            model_glob: "*".into(),
            method_glob: "*".into(),
            good: Some(proto::objective::Good::LatencyBelowNanos(threshold)),
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut ledgers = [Ledger::new(7), Ledger::new(7)];
    let mut recent = Recent::default();
    let mut random = 1u64;
    let mut below = move |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    for step in 0..20_000 {
        // Runs of the same call, now and then another, seldom a change of everything.
        let (model, version) = (names[below(5) as usize].clone(), names[below(3) as usize].clone());
        let call = Call { method: names[1].clone(), known_method: true, model, version, ..Call::default() };
        let how = [(Code::Grpc(0), Outcome::Ok), (Code::Grpc(5), Outcome::ClientError)][usize::from(below(4) == 0)];
        for _ in 0..below(5) {
            for (ledger, recent) in ledgers.iter_mut().zip([&mut recent, &mut Recent::default()]) {
                finish_on(ledger, recent, call.clone(), how.0, how.1);
            }
        }
        let (adopt, full) = (below(500) == 0, below(3) == 0);
        let told = ledgers.each_mut().map(|ledger| {
            if adopt {
                ledger.adopt(&policy(step));
            }
            proto::Snapshot { at_unix_nanos: 0, ..ledger.snapshot(if full { 0 } else { step }, 1) }
        });
        assert_eq!(told[0], told[1], "step {step}");
    }
}

/// Of a first input with these dimensions; a first one of 0 is none.
fn shape(sizes: &[u32]) -> wire::Shape {
    let sizes = if sizes[0] == 0 { &[] } else { sizes };
    wire::Shape::new(&Dimensions::of(sizes).expect("not too many"), Some(b"FP32"))
}

/// A request of so many rows, or items.
fn asks(ledger: &mut Ledger, model: &str, (first_dimension, batch_size): (u32, u32), outcome: Outcome) {
    let asked = OpenRequest { shape: shape(&[first_dimension]), batch_size, ..OpenRequest::default() };
    finish_with(ledger, &mut Recent::default(), call(model), asked, (Code::Grpc(0), outcome));
}

/// The server describes a model.
fn describes(ledger: &mut Ledger, model: &str, limit: u32, outcome: Outcome) {
    let described = Call {
        method: name("inference.GRPCInferenceService/ModelConfig"),
        kind: Kind::Admin,
        max_batch_size: Some(limit),
        ..call(model)
    };
    finish(ledger, described, Code::Grpc(0), outcome);
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

#[test]
fn a_server_is_asked_about_each_model_once_and_only_if_it_may_be() {
    let (questions, asked) = std::sync::mpsc::sync_channel(1);
    let mut ledger = Ledger::new(7);
    ledger.ask_at(questions);
    let probing = |probe_models| proto::Policy { probe_models, ..Default::default() };
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    ledger.adopt(&probing(true));
    for (model, size, outcome) in [("b", (0, 4), Outcome::Ok), ("c", (4, 0), Outcome::ServerError)] {
        asks(&mut ledger, model, size, outcome);
    }
    assert!(asked.try_recv().is_err(), "not to be asked, not to be doubted, not known to be a model");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "d", (4, 0), Outcome::Ok);
    let question = asked.try_recv().expect("a question");
    assert_eq!((&*question.model, question.upstream), ("a", 3));
    assert_eq!(&*question.method, "inference.GRPCInferenceService/ModelInfer");
    assert!(asked.try_recv().is_err(), "there was no room for another");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "d", (4, 0), Outcome::Ok);
    assert_eq!(&*asked.try_recv().expect("a question").model, "d", "it is brought up again, and a is not");
    ledger.adopt(&probing(true));
    ledger.learn("d", 0);
    asks(&mut ledger, "d", (4, 0), Outcome::Ok);
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    assert_eq!(&*asked.try_recv().expect("a question").model, "a", "another policy may know how to ask");
}

#[test]
fn what_a_server_said_holds_until_it_comes_up_again() {
    let (questions, asked) = std::sync::mpsc::sync_channel(8);
    let mut ledger = Ledger::new(7);
    ledger.ask_at(questions);
    let said = proto::BatchLimit { model: "b".into(), max_batch_size: 2 };
    ledger.adopt(&proto::Policy { probe_models: true, batch_limits: vec![said], ..Default::default() });
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    asks(&mut ledger, "b", (1, 0), Outcome::Ok);
    ledger.learn("a", 8);
    assert_eq!(asked.try_iter().count(), 1);
    ledger.doubt();
    let sized = || vec![("a".to_string(), false, 1, 4), ("b".to_string(), false, 1, 1)];
    let of_b = ("b".to_string(), 2);
    assert_eq!(batches(&mut ledger, 0), (sized(), vec![of_b.clone()]), "what was counted stays");
    asks(&mut ledger, "a", (4, 0), Outcome::Ok);
    assert_eq!(asked.try_iter().count(), 1, "it is asked again");
    ledger.learn("a", 0);
    assert_eq!(batches(&mut ledger, 0), (sized(), vec![("a".into(), 0), of_b]));
}

#[path = "shapes_tests.rs"]
mod shapes;
