//! Promises that are counted for each model.

use super::conversation::*;
use tap::limits::SLO_MODELS;
use tap::proto::{self, Available, condition::Good};

fn available(id: &str) -> proto::Objective {
    proto::Objective { per_model: true, ..promise(id, &[Good::Available(Available::default())]) }
}

fn ask(connection: &mut Conversation, model: &str, status: u16) {
    connection.reconnect().ask(&format!(r#"{{"model":"{model}"}}"#), "").answer(status, "{}");
}

/// Model, good, bad: of one objective.
fn counted(connection: &mut Conversation, id: &str) -> Vec<(String, u64, u64)> {
    let events = connection.ledger.snapshot(0, 1).events.into_iter();
    events.filter(|each| each.objective == id).map(|each| (each.model, each.good, each.bad)).collect()
}

fn row(model: &str, good: u64, bad: u64) -> (String, u64, u64) {
    (model.to_string(), good, bad)
}

#[test]
fn each_model_has_its_counts_and_unknown_ones_have_theirs_from_the_start() {
    let mut connection = Conversation::new(&[available("answers")]);
    assert_eq!(counted(&mut connection, "answers"), [row("unknown", 0, 0)]);
    ask(&mut connection, "never", 500);
    ask(&mut connection, "llama", 200);
    ask(&mut connection, "llama", 500);
    ask(&mut connection, "bert", 200);
    let told = [row("unknown", 0, 1), row("llama", 1, 1), row("bert", 1, 0)];
    assert_eq!(counted(&mut connection, "answers"), told);
}

#[test]
fn equal_definitions_keep_the_counts_of_their_models_over_reloads() {
    let mut connection = Conversation::new(&[available("answers"), available("others")]);
    ask(&mut connection, "llama", 200);
    let adopt = |connection: &mut Conversation, ids: &[&str]| {
        let objectives = ids.iter().map(|id| available(id)).collect();
        connection.ledger.adopt(&proto::Policy { objectives, ..proto::Policy::default() });
    };
    adopt(&mut connection, &["others"]);
    ask(&mut connection, "bert", 200);
    adopt(&mut connection, &["new", "answers", "others"]);
    ask(&mut connection, "llama", 200);
    assert_eq!(counted(&mut connection, "answers"), [row("unknown", 0, 0), row("llama", 2, 0)]);
    let others = [row("unknown", 0, 0), row("llama", 2, 0), row("bert", 1, 0)];
    assert_eq!(counted(&mut connection, "others"), others);
    assert_eq!(counted(&mut connection, "new"), [row("unknown", 0, 0), row("llama", 1, 0)]);
}

#[test]
fn beyond_the_bound_models_are_counted_as_unknown_and_that_is_counted() {
    let objectives: Vec<_> = (0..10).map(|n| available(&format!("o{n}"))).collect();
    let mut connection = Conversation::new(&objectives);
    let models = 60;
    for _ in 0..2 {
        for n in 0..models {
            ask(&mut connection, &format!("m{n}"), 200);
        }
    }
    let snapshot = connection.ledger.snapshot(0, 1);
    assert_eq!(snapshot.events.len(), SLO_MODELS);
    let good: u64 = snapshot.events.iter().map(|each| each.good).sum();
    let unknown: u64 = snapshot.events.iter().filter(|each| each.model == "unknown").map(|each| each.good).sum();
    assert_eq!(good, 2 * 10 * models, "none is lost");
    assert_eq!(unknown, good - 2 * (SLO_MODELS as u64 - 10));
    assert_eq!(snapshot.tap.map(|tap| tap.slo_models_capped), Some(unknown));
}

#[test]
fn open_requests_of_a_model_turn_bad_in_its_own_counts() {
    let objective = proto::Objective { per_model: true, ..promise("fast", &[Good::LatencyBelowNanos(THRESHOLD)]) };
    let mut connection = Conversation::new(&[objective]);
    ask(&mut connection, "llama", 200);
    connection.reconnect().ask_stream().scan(THRESHOLD + 1);
    assert_eq!(counted(&mut connection, "fast"), [row("unknown", 0, 0), row("llama", 1, 1)]);
    connection.at(9 * THRESHOLD).head().token().done().end();
    assert_eq!(counted(&mut connection, "fast"), [row("unknown", 0, 0), row("llama", 1, 1)]);
}
