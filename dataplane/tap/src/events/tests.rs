//! What is good, bad, and left out.

use super::*;
use crate::holds::NO_HOLDS;
use proto::condition::Good as Wire;
use wire::outcome::UNREAD;
use wire::{ClientLeft, Code, EndedBy, Outcome};

const MS: Nanos = 1_000_000;

fn objective(id: &str, good: Wire) -> proto::Objective {
    all(id, &[good])
}

fn all(id: &str, goods: &[Wire]) -> proto::Objective {
    let conditions = goods.iter().map(|good| proto::Condition { good: Some(*good) }).collect();
    proto::Objective { id: id.to_string(), conditions, ..Default::default() }
}

fn starts_below(base_nanos: Nanos) -> Wire {
    Wire::FirstTokenBelow(proto::FirstTokenBelow { base_nanos, ..Default::default() })
}

const AVAILABLE: Wire = Wire::Available(proto::Available { give_up_nanos: 0 });

/// Of a call that streams, whose client always reads.
const TERMS: Terms<'static> = Terms {
    traceparent: "",
    timeout: None,
    whole: None,
    streaming: true,
    rests: false,
    served: 0,
    client_left: None,
    coming: None,
    holds: &NO_HOLDS,
};

/// They match every model.
fn every(events: &mut Events) -> Counted {
    let mask = events.matching("any", "any");
    events.counted(mask, UNKNOWN_MODEL)
}

fn request(outcome: Outcome, latency: Nanos) -> Request {
    Request {
        open: OpenRequest { start: 0, complete: Some(1), ..Default::default() },
        end: 1 + latency,
        code: Code::Grpc(0),
        ended_by: EndedBy::Server,
        outcome,
        latency: Some(latency),
        gave_up_after: None,
        message: "".into(),
    }
}

fn counts(events: &Events, id: &str) -> (u64, u64, u64) {
    let found = events.to_proto().into_iter().find(|it| it.objective == id).expect("known objective");
    (found.good, found.bad, found.excluded)
}

/// What was left out, by reason, where any was.
fn reasons(events: &Events, id: &str) -> Vec<(String, u64)> {
    let found = events.to_proto().into_iter().find(|it| it.objective == id).expect("known objective");
    assert_eq!(found.excluded, found.excluded_by.iter().map(|count| count.value).sum::<u64>());
    found.excluded_by.into_iter().filter(|count| count.value > 0).map(|count| (count.label, count.value)).collect()
}

fn judged(condition: Condition, terms: Terms<'_>, outcome: Outcome, latency: Nanos) -> Event {
    condition.judge(terms, &request(outcome, latency))
}

const UP: Condition = Condition::Available { give_up: 30_000 * MS };
const FAST: Condition = Condition::LatencyBelow(10 * MS);
const STARTS: Condition = Condition::FirstTokenBelow(Growing::new(10 * MS, 0, 0));

const FIRST: Counted = Counted { mask: 1, model: ModelPlace::Unknown };

#[test]
fn each_outcome_is_one_event_of_each_kind_of_objective() {
    use Event::{Bad, Excluded, Good};
    for (outcome, up, fast) in [
        (Outcome::Ok, Good, Good),
        (Outcome::ClientError, Excluded(Reason::ClientError), Excluded(Reason::ClientError)),
        (Outcome::Cancelled, Excluded(Reason::Cancelled), Excluded(Reason::Cancelled)),
        (Outcome::Timeout, Bad, Bad),
        (Outcome::ServerError, Bad, Bad),
        (Outcome::Shed, Bad, Bad),
    ] {
        let terms = TERMS;
        assert_eq!(judged(UP, terms, outcome, 11 * MS), up);
        assert_eq!(judged(FAST, terms, outcome, 10 * MS), fast);
        assert_eq!(judged(STARTS, terms, outcome, 10 * MS), fast);
        assert_eq!(judged(FAST, terms, outcome, 10 * MS + 1), Bad, "whatever ends it, it had crossed");
        assert_eq!(judged(STARTS, terms, outcome, 10 * MS + 1), Bad);
    }
}

#[test]
fn a_deadline_shorter_than_the_threshold_leaves_nothing_to_judge() {
    let shorter = Terms { timeout: Some(10 * MS - 1), ..TERMS };
    let equal = Terms { timeout: Some(10 * MS), ..TERMS };
    for outcome in [Outcome::Ok, Outcome::Timeout, Outcome::ServerError, Outcome::Shed] {
        assert_eq!(judged(FAST, shorter, outcome, MS), Event::Excluded(Reason::Deadline));
        assert_eq!(judged(STARTS, shorter, outcome, 11 * MS), Event::Excluded(Reason::Deadline));
        assert_ne!(judged(FAST, equal, outcome, MS), Event::Excluded(Reason::Deadline));
        assert_ne!(judged(UP, shorter, outcome, MS), Event::Excluded(Reason::Deadline));
    }
    assert_eq!(judged(FAST, shorter, Outcome::ClientError, MS), Event::Excluded(Reason::ClientError));
    let late = request(Outcome::Ok, 90 * MS).open;
    assert!(!FAST.is_crossed(shorter, &late, 90 * MS) && FAST.is_crossed(equal, &late, 90 * MS));
}

#[test]
fn giving_up_is_judged_by_the_patience_of_each_objective() {
    let mut left = request(Outcome::Cancelled, 20_000 * MS);
    (left.latency, left.gave_up_after) = (None, Some(20_000 * MS));
    let up = |seconds: u64| Condition::Available { give_up: seconds * 1000 * MS }.judge(TERMS, &left);
    assert_eq!(
        (up(30), up(20), up(21)),
        (Event::Excluded(Reason::Cancelled), Event::Bad, Event::Excluded(Reason::Cancelled))
    );
    // It has no deadline, so that it left before a threshold says nothing of it.
    left.outcome = Outcome::Timeout;
    let slow = Condition::LatencyBelow(60_000 * MS).judge(TERMS, &left);
    assert_eq!(slow, Event::Excluded(Reason::Cancelled));
    assert_eq!(FAST.judge(TERMS, &left), Event::Bad);
}

#[test]
fn an_answer_in_one_piece_has_no_first_token() {
    let whole = Terms { whole: Some(0), ..TERMS };
    for outcome in [Outcome::Ok, Outcome::Cancelled, Outcome::ServerError, Outcome::Timeout] {
        assert_eq!(judged(STARTS, whole, outcome, 90 * MS), Event::Excluded(Reason::OnePiece));
    }
    assert_eq!(judged(STARTS, whole, Outcome::ClientError, 90 * MS), Event::Excluded(Reason::ClientError));
    assert_eq!(judged(FAST, whole, Outcome::Ok, 90 * MS), Event::Bad);
    assert!(!STARTS.is_crossed(whole, &request(Outcome::Ok, 0).open, 90 * MS));
}

#[test]
fn a_client_that_ended_its_half_is_not_known_to_wait_on() {
    let open = request(Outcome::Ok, 0).open;
    let left = |at| Terms { client_left: Some(ClientLeft { at, gave_up_after: None }), ..TERMS };
    assert!(!FAST.is_crossed(left(10 * MS), &open, 90 * MS));
    assert!(FAST.is_crossed(left(12 * MS), &open, 90 * MS), "it had crossed before");
    assert!(!FAST.is_crossed(left(12 * MS), &open, 9 * MS), "and not before that");
}

#[test]
fn what_came_after_the_client_had_left_is_not_judged() {
    let mut left = request(Outcome::Cancelled, 5 * MS);
    (left.latency, left.open.first_response) = (None, Some(500 * MS));
    assert_eq!(STARTS.judge(TERMS, &left), Event::Excluded(Reason::Cancelled));
    let gone = Terms { client_left: Some(ClientLeft { at: 5 * MS, gave_up_after: None }), ..TERMS };
    assert!(!STARTS.is_crossed(gone, &left.open, 900 * MS));
}

#[test]
fn who_left_a_wedged_server_after_a_long_wait_is_bad_though_the_connection_stays() {
    let open = request(Outcome::Ok, 0).open;
    let gave_up = |after| {
        let left = ClientLeft { at: 30_001 * MS, gave_up_after: Some(after) };
        Terms { client_left: Some(left), ..TERMS }
    };
    assert!(UP.is_crossed(gave_up(30_000 * MS), &open, 40_000 * MS));
    assert!(!UP.is_crossed(gave_up(29_999 * MS), &open, 90_000 * MS));
    assert!(!UP.is_crossed(TERMS, &open, 90_000 * MS), "who waits has not given up");
}

#[test]
fn a_request_that_was_never_complete_waited_for_nothing() {
    for (outcome, event) in [
        (Outcome::ClientError, Event::Excluded(Reason::ClientError)),
        (Outcome::Cancelled, Event::Excluded(Reason::Cancelled)),
        (Outcome::ServerError, Event::Bad),
    ] {
        let mut slow = request(outcome, 900 * MS);
        (slow.latency, slow.open.complete) = (None, None);
        assert_eq!([FAST, STARTS].map(|good| good.judge(TERMS, &slow)), [event; 2]);
    }
}

#[test]
fn what_is_left_out_is_counted_by_reason_and_told_from_the_start() {
    let mut events = Events::default();
    let goods = [
        objective("fast", Wire::LatencyBelowNanos(10 * MS)),
        objective("up", AVAILABLE),
        objective("starts", starts_below(10 * MS)),
    ];
    events.adopt(&goods);
    let words = |id: &str, events: &Events| {
        let found = events.to_proto().into_iter().find(|it| it.objective == id).expect("known objective");
        found.excluded_by.into_iter().map(|count| count.label).collect::<Vec<_>>()
    };
    assert_eq!(words("up", &events), ["client_error", "cancelled", "unread"]);
    assert_eq!(words("fast", &events), ["client_error", "cancelled", "unread", "deadline", "untimed", "client_slow"]);
    assert_eq!(
        words("starts", &events),
        ["client_error", "cancelled", "unread", "deadline", "one_piece", "client_slow"]
    );
    let counted = every(&mut events);
    let mut unread = request(UNREAD.outcome, MS);
    (unread.code, unread.ended_by) = (UNREAD.code, UNREAD.ended_by);
    for ended in [request(Outcome::ClientError, MS), request(Outcome::Cancelled, MS), unread.clone(), unread] {
        events.ended(counted, TERMS, &ended);
    }
    let expected = [("client_error", 1), ("cancelled", 1), ("unread", 2)].map(|(word, n)| (word.to_string(), n));
    for id in ["up", "fast", "starts"] {
        assert_eq!((counts(&events, id), reasons(&events, id)), ((0, 0, 4), expected.to_vec()));
    }
}

#[test]
fn an_open_request_turns_bad_when_it_crosses_and_only_once() {
    let mut events = Events::default();
    events.adopt(&[objective("fast", Wire::LatencyBelowNanos(10 * MS)), objective("up", AVAILABLE)]);
    let counted = every(&mut events);
    let mut late = request(Outcome::Ok, 30 * MS);
    events.open(counted, TERMS, &mut late.open, 10 * MS + 1);
    assert_eq!(counts(&events, "fast"), (0, 0, 0), "exactly at the threshold is not beyond it");
    events.open(counted, TERMS, &mut late.open, 10 * MS + 2);
    events.open(counted, TERMS, &mut late.open, 20 * MS);
    events.ended(counted, TERMS, &late);
    assert_eq!(counts(&events, "fast"), (0, 1, 0));
    assert_eq!(counts(&events, "up"), (1, 0, 0));
}

#[test]
fn a_first_response_in_time_stays_good_however_long_the_rest_takes() {
    let mut events = Events::default();
    events.adopt(&[objective("starts", starts_below(10 * MS))]);
    let mut long = request(Outcome::Ok, 900 * MS);
    long.open.first_response = Some(5 * MS);
    events.open(FIRST, TERMS, &mut long.open, 500 * MS);
    events.ended(FIRST, TERMS, &long);
    assert_eq!(counts(&events, "starts"), (1, 0, 0));
}

#[test]
fn an_end_that_may_not_be_told_is_not_waited_for_and_an_unknown_latency_not_judged() {
    let mut events = Events::default();
    events.adopt(&[objective("fast", Wire::LatencyBelowNanos(10 * MS))]);
    let mut decoupled = request(Outcome::Ok, 900 * MS);
    decoupled.open.unfinished = Some(3 * MS);
    decoupled.latency = None;
    events.open(FIRST, TERMS, &mut decoupled.open, 500 * MS);
    events.ended(FIRST, TERMS, &decoupled);
    assert_eq!(counts(&events, "fast"), (0, 0, 1));
}

#[test]
fn counts_survive_a_reload_of_an_equal_definition_even_after_an_absence() {
    let (fast, up) = (objective("fast", Wire::LatencyBelowNanos(MS)), objective("up", AVAILABLE));
    let mut events = Events::default();
    events.adopt(&[fast.clone(), up.clone()]);
    events.ended(Counted { mask: 2, ..FIRST }, TERMS, &request(Outcome::ServerError, MS));
    events.adopt(std::slice::from_ref(&fast));
    assert_eq!(events.to_proto().len(), 1);
    events.adopt(&[objective("other", AVAILABLE), up, fast]);
    assert_eq!(counts(&events, "up"), (0, 1, 0));
    assert_eq!(counts(&events, "other"), (0, 0, 0));
}

#[test]
fn globs_match_as_in_a_shell() {
    for (pattern, text, expected) in [
        ("", "x", true),
        ("*", "", true),
        ("llama-*", "llama-7b", true),
        ("llama-*", "llama", false),
        ("*-7b", "llama-7b", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("resnet?0", "resnet50", true),
        ("resnet50", "resnet501", false),
    ] {
        assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
    }
}
