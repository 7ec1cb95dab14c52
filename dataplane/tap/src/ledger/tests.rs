use super::*;
use crate::holds::NO_HOLDS;
use wire::call::Name;
use wire::tensor::Dimensions;
use wire::{Code, Direction, End, EndedBy, OpenRequest, Request, Sink};

mod exemplars;
mod gaps;
mod numbers;
mod request_batches;
mod server_names;
mod shapes;
mod since;

const AVAILABLE: proto::Condition =
    proto::Condition { good: Some(proto::condition::Good::Available(proto::Available { give_up_nanos: 0 })) };

fn latency_below(nanos: Nanos) -> proto::Condition {
    proto::Condition { good: Some(proto::condition::Good::LatencyBelowNanos(nanos)) }
}

/// An open call of a client that always reads.
fn seen(upstream: usize, now: Nanos) -> Seen<'static> {
    Seen { upstream, now, coming: None, holds: &NO_HOLDS }
}

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
    finish_on(ledger, &mut RouteCache::default(), call, code, outcome);
}

fn finish_on(ledger: &mut Ledger, route_cache: &mut RouteCache, call: Call, code: Code, outcome: Outcome) {
    let asked = OpenRequest { start: 1, complete: Some(1), ..OpenRequest::default() };
    finish_with(ledger, route_cache, call, asked, by_server(code, outcome));
}

fn by_server(code: Code, outcome: Outcome) -> Ending {
    Ending { code, ended_by: EndedBy::Server, outcome }
}

fn finish_with(ledger: &mut Ledger, route_cache: &mut RouteCache, mut call: Call, asked: OpenRequest, ending: Ending) {
    let Ending { code, ended_by, outcome } = ending;
    let (mut open, mut opaque) = (0, false);
    let mut recorder = Recorder {
        ledger,
        route_cache,
        open: &mut open,
        opaque: &mut opaque,
        upstream: 3,
        passed: Passed::default(),
        holds: &NO_HOLDS,
    };
    recorder.opened(&mut call);
    let request = Request {
        open: asked,
        end: 1_000_001,
        code,
        ended_by,
        outcome,
        latency: Some(1_000_000),
        gave_up_after: None,
        message: "no".into(),
    };
    recorder.request(&call, &request);
    recorder.ended(&call, &End { at: 1_000_001, code, ended_by, outcome });
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
        conditions: vec![AVAILABLE],
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
        conditions: vec![AVAILABLE],
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
        ledger.scan(&mut open, seen(0, 600));
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
            conditions: vec![latency_below(threshold)],
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut ledgers = [Ledger::new(7), Ledger::new(7)];
    let mut route_cache = RouteCache::default();
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
            for (ledger, route_cache) in ledgers.iter_mut().zip([&mut route_cache, &mut RouteCache::default()]) {
                finish_on(ledger, route_cache, call.clone(), how.0, how.1);
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

/// What the ledger says of connections over which this was sent, first by the client.
fn blind_after(talks: &[[&[u8]; 2]]) -> (Vec<(String, u64)>, u64) {
    let mut ledger = Ledger::new(7);
    for talk in talks {
        let (mut conn, mut open, mut opaque) = (wire::Conn::new(Default::default()), 0, false);
        for (bytes, direction) in talk.iter().zip([Direction::ToServer, Direction::ToClient]) {
            let (ledger, route_cache) = (&mut ledger, &mut RouteCache::default());
            let (open, opaque) = (&mut open, &mut opaque);
            let passed = Passed::default();
            conn.feed(
                direction,
                bytes,
                1,
                &mut Recorder { ledger, route_cache, open, opaque, upstream: 0, passed, holds: &NO_HOLDS },
            );
        }
        assert!(opaque, "there is nothing in it to read");
    }
    let tap = ledger.snapshot(0, 3).tap.expect("it is always there");
    (tap.blind.into_iter().map(|count| (count.label, count.value)).collect(), tap.upgraded)
}

#[test]
fn upgraded_connections_are_counted_among_the_blind_and_apart() {
    let ask = &b"GET /v1/realtime HTTP/1.1\r\nUpgrade: x\r\n\r\n"[..];
    let websocket = &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05world"[..];
    let h2c = &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"[..];
    let tunnel = [&b"CONNECT x:1 HTTP/1.1\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\n\r\n"];
    assert_eq!(
        blind_after(&[[ask, websocket], [ask, websocket], [ask, h2c], tunnel]),
        (vec![("protocol".to_string(), 4)], 2)
    );
}
