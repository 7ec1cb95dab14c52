//! The cost of reading and counting, for counting instructions: the calls of `dataplane/wire/examples/instructions.rs`, counted
//! in a real ledger for two objectives. `unary` or `stream`, and how many.

#[path = "../../wire/tests/support/mod.rs"]
mod support;

use support::{catalogue, replay};
use tap::ledger::Ledger;
use tap::observer::Observer;
use tap::proto::condition::Good;
use tap::proto::{Available, Condition, Objective, Policy};
use wire::{Direction, Nanos};

fn main() {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_else(|| "unary".into());
    let count: u32 = args.next().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let mut ledger = Ledger::new(1);
    ledger.adopt(&policy());
    let mut observer = Observer::new(Some(catalogue()), 0);
    let feed = |direction: Direction, bytes: &[u8], now: Nanos| observer.saw(direction, bytes, now, &mut ledger);
    match &*what {
        "stream" => replay::stream(count, feed),
        _ => replay::unary(count, false, feed),
    }
    let snapshot = ledger.snapshot(0, 1);
    let timings = snapshot.timings.iter().flat_map(|timing| [&timing.latency, &timing.response_gap]).flatten();
    let blind = snapshot.tap.map_or(0, |tap| tap.blind.len());
    println!("{} durations, {blind} blind", timings.map(|histogram| histogram.count).sum::<u64>());
}

/// All calls are in time, as they are nearly always.
fn policy() -> Policy {
    let objective = |id: &str, good| Objective {
        id: id.into(),
        conditions: vec![Condition { good: Some(good) }],
        ..Objective::default()
    };
    let objectives = vec![
        objective("available", Good::Available(Available { give_up_nanos: 0 })),
        objective("fast", Good::LatencyBelowNanos(500 * support::MS)),
    ];
    Policy { objectives, served_model: "llama".into(), ..Policy::default() }
}
