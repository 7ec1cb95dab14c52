//! `wayside-tap outcomes`: the table of outcomes in force, printed by what decides. A line each, with tabs between:
//!
//! - `way WHEN CODE ENDED_BY OUTCOME`: a way for a call to end.
//! - `outcome WORD HISTOGRAMS AVAILABLE LATENCY_BELOW FIRST_TOKEN_BELOW TOKEN_TIME_BELOW LONGEST_GAP_BELOW`: what becomes of a request with that outcome: in
//!   which distributions it is, and which event of each kind of objective.
//! - `reason WORD MEANING`: why an event is left out.

use crate::events::{Condition, Event, Growing, Reason, Terms};
use crate::holds::NO_HOLDS;
use crate::ledger::Timed;
use crate::names;
use std::io::Write;
use wire::outcome::table::TABLE;
use wire::{Call, Code, EndedBy, Nanos, OpenRequest, Outcome, Output, Request, Tokens, Wait};

/// Far from any threshold, on the better side of it.
const EARLY: Nanos = 1;
/// A threshold.
const THRESHOLD: Nanos = 1_000;
/// Beyond it.
const LATE: Nanos = 1_000_000;

/// Prints it.
///
/// # Errors
/// When nobody reads it.
pub fn run(mut to: impl Write) -> Result<(), String> {
    lines().try_for_each(|line| writeln!(to, "{line}")).map_err(|error| format!("nobody takes the table: {error}"))
}

fn lines() -> impl Iterator<Item = String> {
    let ways = TABLE
        .iter()
        .map(|row| ["way", row.when, row.code, names::ended_by(row.ended_by), names::outcome(row.outcome)].join("\t"));
    let outcomes = Outcome::ALL.into_iter().map(|outcome| {
        let histograms = match Timed::of(outcome) {
            Timed::Ok => "ok",
            Timed::Failed => "failed",
            Timed::Neither => "none",
        };
        let conditions = [
            Condition::Available { give_up: THRESHOLD },
            Condition::LatencyBelow(THRESHOLD),
            Condition::FirstTokenBelow(Growing::new(THRESHOLD, 0, 0)),
            Condition::TokenTimeBelow(THRESHOLD),
            Condition::LongestGapBelow(THRESHOLD),
        ];
        let events = conditions.map(|condition| events(condition, outcome));
        ["outcome".to_string(), names::outcome(outcome).to_string(), histograms.to_string()]
            .into_iter()
            .chain(events)
            .collect::<Vec<_>>()
            .join("\t")
    });
    let reasons = Reason::ALL.into_iter().map(|reason| ["reason", reason.word(), reason.meaning()].join("\t"));
    ways.chain(outcomes).chain(reasons)
}

/// What a request with this outcome is, in time and late: one word, or both.
fn events(condition: Condition, outcome: Outcome) -> String {
    let call = Call { streaming: true, ..Call::default() };
    let terms = Terms::of(&call, &NO_HOLDS);
    let word = |latency| match condition.judge(terms, &request(outcome, latency)) {
        Event::Good => "good",
        Event::Bad => "bad",
        Event::Excluded(_) => "excluded",
    };
    match (word(EARLY), word(LATE)) {
        (early, late) if early == late => early.to_string(),
        (early, late) => format!("{early}, late: {late}"),
    }
}

fn request(outcome: Outcome, latency: Nanos) -> Request {
    Request {
        open: OpenRequest {
            complete: Some(0),
            first_response: Some(latency),
            tokens_out: Tokens { usage: Some(2), ..Tokens::default() },
            output: Output::new(2 * latency, Wait::new(latency, 0)),
            ..OpenRequest::default()
        },
        end: latency,
        code: Code::Http(200),
        ended_by: EndedBy::Server,
        outcome,
        latency: Some(latency),
        gave_up_after: None,
        message: Box::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_printed_whole() {
        let lines: Vec<String> = lines().collect();
        assert_eq!(lines.len(), TABLE.len() + Outcome::ALL.len() + Reason::ALL.len());
        let fields = |kind: &str| lines.iter().find(|line| line.starts_with(kind)).map(|line| line.split('\t').count());
        assert_eq!((fields("way"), fields("outcome"), fields("reason")), (Some(5), Some(8), Some(3)));
        assert!(
            lines.contains(
                &"outcome\tok\tok\tgood\tgood, late: bad\tgood, late: bad\tgood, late: bad\tgood, late: bad"
                    .to_string()
            ),
            "{lines:#?}"
        );
        assert!(
            lines.contains(&"outcome\tcancelled\tnone\texcluded\texcluded, late: bad\texcluded, late: bad\texcluded\texcluded, late: bad".to_string())
        );
        assert!(lines.contains(&"outcome\tshed\tfailed\tbad\tbad\tbad\tbad\tbad".to_string()));
    }
}
