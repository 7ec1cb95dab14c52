use super::*;

fn traced(trace: u8, model: &str) -> Call {
    Call { traceparent: name(&format!("00-{trace:032x}-00f067aa0ba902b7-01")), streaming: true, ..call(model) }
}

/// A request that was complete at 1 and had its first response at 11; it ends a millisecond after.
fn asked() -> OpenRequest {
    OpenRequest { start: 0, complete: Some(1), first_response: Some(11), ..OpenRequest::default() }
}

fn finish_traced(ledger: &mut Ledger, call: Call, code: Code, outcome: Outcome) {
    finish_with(ledger, &mut RouteCache::default(), call, asked(), by_server(code, outcome));
}

fn told(exemplar: &Option<proto::Exemplar>) -> Option<(u8, Nanos)> {
    exemplar.as_ref().map(|exemplar| (exemplar.trace_id[15], exemplar.value_nanos))
}

fn ledger_with(objective: proto::Objective) -> Ledger {
    let mut ledger = Ledger::new(7);
    ledger.adopt(&proto::Policy {
        models: vec!["m".into()],
        objectives: vec![proto::Objective { id: "it".into(), ..objective }],
        ..Default::default()
    });
    ledger
}

#[test]
fn answers_and_failures_show_one_each() {
    let mut ledger = Ledger::new(7);
    finish_traced(&mut ledger, traced(1, "m"), Code::Grpc(0), Outcome::Ok);
    finish_traced(&mut ledger, traced(2, "m"), Code::Grpc(13), Outcome::ServerError);
    finish_traced(&mut ledger, Call { traceparent: name(""), ..traced(3, "m") }, Code::Grpc(0), Outcome::Ok);
    let timings = ledger.snapshot(0, 1).timings;
    let shown = |at: usize| (told(&timings[at].latency_exemplar), told(&timings[at].first_response_exemplar));
    assert_eq!(shown(0), (Some((1, 1_000_000)), Some((1, 10))));
    assert_eq!(shown(1), (Some((2, 1_000_000)), Some((2, 10))));
}

#[test]
fn the_last_bad_event_with_a_trace_is_shown_with_how_long_it_had_taken() {
    let mut ledger = ledger_with(proto::Objective { conditions: vec![AVAILABLE], ..Default::default() });
    let shown = |ledger: &mut Ledger| told(&ledger.snapshot(0, 1).events[0].exemplar);
    finish_traced(&mut ledger, traced(1, "m"), Code::Grpc(0), Outcome::Ok);
    assert_eq!(shown(&mut ledger), None);
    finish_traced(&mut ledger, traced(2, "m"), Code::Grpc(13), Outcome::ServerError);
    finish_traced(&mut ledger, call("m"), Code::Grpc(13), Outcome::ServerError);
    finish_traced(&mut ledger, traced(3, "m"), Code::Grpc(0), Outcome::Ok);
    assert_eq!(shown(&mut ledger), Some((2, 1_000_000)));
}

#[test]
fn a_request_that_turns_bad_while_it_is_open_is_shown_at_once_and_of_its_model() {
    let conditions = vec![latency_below(100)];
    let mut ledger = ledger_with(proto::Objective { conditions, per_model: true, ..Default::default() });
    let mut open = Call { open: [asked()].into(), ..traced(4, "m") };
    ledger.scan(&mut open, seen(3, 501));
    assert_eq!(open.open.len(), 1);
    let events = ledger.snapshot(0, 1).events;
    let shown: Vec<_> = events.iter().map(|event| (&*event.model, event.bad, told(&event.exemplar))).collect();
    assert_eq!(shown, [("unknown", 0, None), ("m", 1, Some((4, 500)))]);
}
