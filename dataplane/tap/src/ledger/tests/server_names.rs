//! How a model that never answered well gets its name, and what objectives see until then.

use super::*;
use std::sync::mpsc::{Receiver, sync_channel};

const SECOND: Nanos = 1_000_000_000;
const NO_TRAFFIC: u64 = 0;

/// A ledger that may have the server asked, and what it is to be asked.
fn asking() -> (Ledger, Receiver<Question>) {
    let (questions, asked) = sync_channel(256);
    let mut ledger = Ledger::new(7);
    ledger.send_questions_to(questions);
    ledger.adopt(&proto::Policy { probe_models: true, ..Default::default() });
    (ledger, asked)
}

fn fail(ledger: &mut Ledger, model: &str, outcome: Outcome) {
    finish(ledger, call(model), Code::Grpc(13), outcome);
}

/// An open call whose request was complete at one second.
fn hanging(model: &str) -> Call {
    let mut open = call(model);
    open.open.push_back(OpenRequest { complete: Some(SECOND), ..OpenRequest::default() });
    open
}

fn names_asked(asked: &Receiver<Question>) -> Vec<String> {
    let name = |question| if let Question::Name(about) = question { Some(about.model.to_string()) } else { None };
    asked.try_iter().filter_map(name).collect()
}

fn available(id: &str, model_glob: &str) -> proto::Objective {
    let conditions = vec![AVAILABLE];
    proto::Objective { id: id.into(), model_glob: model_glob.into(), conditions, ..Default::default() }
}

#[test]
fn failures_of_a_model_that_never_answered_move_its_objective_and_the_one_of_all_models() {
    let mut ledger = Ledger::new(7);
    let objectives = vec![available("its", "bro*"), available("all", ""), available("other", "healthy")];
    ledger.adopt(&proto::Policy { objectives, ..Default::default() });
    for _ in 0..29 {
        fail(&mut ledger, "broken", Outcome::ServerError);
    }
    let snapshot = ledger.snapshot(0, SECOND);
    let told = snapshot.events.iter().map(|it| (&*it.objective, it.good, it.bad, it.last_event_nanos));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("its", 0, 29, 1_000_001), ("all", 0, 29, 1_000_001), ("other", 0, 0, NO_TRAFFIC)]
    );
    assert_eq!(models(&mut ledger), ["unknown"]);
}

#[test]
fn an_open_request_keeps_its_objective_from_being_silent() {
    let mut ledger = Ledger::new(7);
    ledger.adopt(&proto::Policy { objectives: vec![available("its", "bro*")], ..Default::default() });
    let told = |ledger: &mut Ledger| ledger.snapshot(0, 1).events[0].last_event_nanos;
    let mut open = hanging("broken");
    open.open[0].complete = None;
    ledger.scan(&mut open, seen(0, 3 * SECOND));
    assert_eq!(told(&mut ledger), NO_TRAFFIC, "it is still being sent");
    open.open[0] = OpenRequest { complete: Some(SECOND), unfinished: Some(2 * SECOND), ..OpenRequest::default() };
    ledger.scan(&mut open, seen(0, 3 * SECOND));
    assert_eq!(told(&mut ledger), NO_TRAFFIC, "being open proves nothing");
    open.open[0].unfinished = None;
    ledger.scan(&mut open, seen(0, 4 * SECOND));
    assert_eq!(told(&mut ledger), 4 * SECOND);
    fail(&mut ledger, "broken", Outcome::ServerError);
    assert_eq!(told(&mut ledger), 4 * SECOND, "what ended earlier, and was judged late");
}

#[test]
fn the_server_is_asked_about_a_model_that_fails_or_hangs_and_about_no_other() {
    let (mut ledger, asked) = asking();
    for outcome in Outcome::ALL {
        fail(&mut ledger, &format!("{outcome:?}"), outcome);
    }
    fail(&mut ledger, "", Outcome::ServerError);
    finish(&mut ledger, Call { kind: Kind::Admin, ..call("asked about") }, Code::Grpc(13), Outcome::ServerError);
    for (model, seconds) in [("hangs", 12), ("waits", 11)] {
        ledger.scan(&mut hanging(model), seen(5, seconds * SECOND));
    }
    ledger.ask_for_names(13 * SECOND);
    let mut names = names_asked(&asked);
    names.sort();
    assert_eq!(names, ["ServerError", "Shed", "Timeout", "hangs"]);
    assert_eq!(models(&mut ledger), ["Ok", "unknown"]);
}

#[test]
fn what_the_server_has_said_is_the_label_of_the_next_call_and_it_is_not_asked_again() {
    let (mut ledger, asked) = asking();
    fail(&mut ledger, "broken", Outcome::ServerError);
    ledger.ask_for_names(SECOND);
    assert_eq!(names_asked(&asked), ["broken"]);
    ledger.named_by_server("broken");
    fail(&mut ledger, "broken", Outcome::ServerError);
    let counted: Vec<_> = ledger.snapshot(0, 1).counters.into_iter().map(|it| (it.model, it.calls)).collect();
    assert_eq!(counted, [("unknown".to_string(), 1), ("broken".to_string(), 1)], "what was counted before stays there");
    ledger.ask_for_names(100 * SECOND);
    assert_eq!(names_asked(&asked), [""; 0]);
}

#[test]
fn a_scan_of_random_names_makes_no_label_and_ten_questions_a_minute() {
    let (mut ledger, asked) = asking();
    for second in 0..60 {
        for number in 0..500 {
            fail(&mut ledger, &format!("scan-{second}-{number}"), Outcome::ServerError);
        }
        ledger.ask_for_names(SECOND + second * SECOND);
    }
    assert_eq!(names_asked(&asked).len(), limits::NAMES_ASKED);
    assert_eq!(models(&mut ledger), ["unknown"]);
}

#[test]
fn nobody_is_asked_where_that_is_forbidden_or_there_is_no_room_for_a_label() {
    let (mut ledger, asked) = asking();
    fail(&mut ledger, "broken", Outcome::ServerError);
    ledger.adopt(&proto::Policy { probe_models: false, ..Default::default() });
    fail(&mut ledger, "broken", Outcome::ServerError);
    ledger.ask_for_names(SECOND);
    let limits = Some(proto::Limits { models: 1, ..Default::default() });
    let models = vec!["the only one".to_string()];
    ledger.adopt(&proto::Policy { probe_models: true, limits, models, ..Default::default() });
    fail(&mut ledger, "broken", Outcome::ServerError);
    ledger.ask_for_names(2 * SECOND);
    assert_eq!(asked.try_iter().count(), 0);
}

#[test]
fn a_name_on_the_servers_page_is_the_label_of_its_first_call_however_it_ends() {
    let mut ledger = Ledger::new(7);
    let page = |names: &[&str]| proto::Names { models: names.iter().map(ToString::to_string).collect() };
    ledger.set_server_names(&page(&["broken", "misused", "hangs", ""]));
    assert_eq!(models(&mut ledger), [""; 0], "who is not called is no label");
    fail(&mut ledger, "broken", Outcome::ServerError);
    fail(&mut ledger, "misused", Outcome::ClientError);
    fail(&mut ledger, "other", Outcome::ServerError);
    ledger.scan(&mut hanging("hangs"), seen(0, 2 * SECOND));
    assert_eq!(models(&mut ledger), ["broken", "misused", "unknown"]);
    let flights = ledger.snapshot(0, 1).flights;
    let open: Vec<_> = flights.iter().filter(|it| it.in_flight > 0).map(|it| &*it.model).collect();
    assert_eq!(open, ["hangs"]);
    ledger.set_server_names(&page(&["other"]));
    fail(&mut ledger, "later", Outcome::ServerError);
    fail(&mut ledger, "other", Outcome::ServerError);
    assert_eq!(models(&mut ledger), ["broken", "misused", "other", "unknown"]);
}

#[test]
fn names_of_a_page_are_bounded() {
    let mut ledger = Ledger::new(7);
    let models = (0..1000).map(|number| format!("{number:0>width$}", width = 128 + number % 2)).collect();
    ledger.set_server_names(&proto::Names { models });
    assert_eq!(ledger.server_names.len(), limits::SERVER_NAMES);
    assert!(ledger.server_names.iter().all(|name| name.len() == 128));
}
