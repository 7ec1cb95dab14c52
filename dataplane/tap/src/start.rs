//! Composition: from a policy to running threads.

use crate::clock::Clock;
use crate::command::Handle;
use crate::ledger::Ledger;
use crate::lock::lock;
use crate::log::Log;
use crate::main_loop::{Charge, MainLoop, Report, Reports};
use crate::pump::Budget;
use crate::shared::{AcceptGate, Shared};
use crate::worker::{Seat, Worker};
use crate::{limits, listen, model_probe, policy, proto, sys, upstream};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the log writer gets for the last lines.
const LAST_WORDS: Duration = Duration::from_millis(20);

/// Runs the tap until it is told to end.
///
/// # Errors
/// With a sentence for a person, when something without which nothing works cannot be had.
pub fn run(mut policy: proto::Policy, signals: OwnedFd) -> Result<(), String> {
    let clock = Clock::start();
    let (log, lines) = Log::new(policy::log_format(&policy));
    let writer = thread("log", move || lines.write_all(std::io::stderr()))?;
    log_panics(&log);
    let connections_cap = connections_cap(&policy, sys::raise_descriptor_limit());

    let listeners = policy.listeners.iter().map(|it| listen::listen(&it.listen)).collect::<Result<Vec<_>, _>>()?;
    if listeners.is_empty() {
        return Err("the policy has no listener".to_string());
    }
    // Only a listener is worth refusing to start: people who cannot look must not stop those who call.
    let (health, admin) = (optional(&policy.health, &log), optional(&policy.admin, &log));
    policy.config_valid &= health.is_ok() && admin.is_ok();
    let (health, admin) = (health.ok().flatten(), admin.ok().flatten().map(OwnedFd::from));

    let places: Vec<_> = policy.listeners.iter().map(|it| (it.name.clone(), it.upstream.clone())).collect();
    let (upstreams, prober) = upstream::upstreams(&places, clock, log.clone());

    let threads = policy.limits.map_or(1, |limits| limits.threads).max(1) as usize;
    let unsent = policy.limits.map_or(0, |limits| limits.unsent_bytes);
    let (catalogue, refusals) = policy::catalogue(&policy);
    for refusal in refusals {
        log.warn(&format!("left out: {refusal}"));
    }
    let shared = Arc::new(Shared {
        clock,
        ledger: Mutex::new(Ledger::new(clock.epoch_unix_nanos())),
        budget: Budget::new(if unsent == 0 { limits::UNSENT_BYTES } else { unsent as usize }),
        upstreams,
        loads: (0..threads).map(|_| AtomicUsize::new(0)).collect(),
        catalogue: Mutex::new(catalogue),
        gate: AcceptGate::new(connections_cap),
        acceptor: std::sync::OnceLock::new(),
        log: log.clone(),
    });
    {
        let mut ledger = lock(&shared.ledger);
        ledger.log_to(log.clone());
        ledger.adopt(&policy);
    }
    start_model_probe(&shared)?;
    let changed = Arc::clone(&shared);
    thread("prober", move || prober.run(|| lock(&changed.ledger).forget_limits()))?;

    let (report, reports) = Reports::new().map_err(|error| format!("epoll: {error}"))?;
    let workers = start_workers(threads, &shared, &report, listeners)?;
    for listener in &policy.listeners {
        log.info(&format!("{} forwards to {}", listener.listen, listener.upstream));
    }
    let health = health.map(mio::net::TcpListener::from_std);
    let main_loop = MainLoop::new(reports, Charge { signals, shared, workers, policy, health, admin });
    main_loop.map_err(|error| format!("the main thread cannot start: {error}"))?.run();
    drop(log);
    // Give the writer the time of one line; it may be blocked for good.
    thread::sleep(LAST_WORDS);
    drop(writer);
    Ok(())
}

/// A model server is asked on a thread of its own, because it may take its time to answer.
fn start_model_probe(shared: &Arc<Shared>) -> Result<(), String> {
    let (questions, asked) = sync_channel(limits::PROBE_REQUESTS);
    lock(&shared.ledger).send_questions_to(questions);
    let shared = Arc::clone(shared);
    thread("model-probe", move || model_probe::run(&asked, &shared)).map(drop)
}

fn start_workers(
    threads: usize,
    shared: &Arc<Shared>,
    report: &Report,
    listeners: Vec<std::net::TcpListener>,
) -> Result<Vec<Handle>, String> {
    let made = (0..threads).map(Seat::new).collect::<Result<Vec<_>, _>>();
    let (mut seats, handles): (Vec<_>, Vec<_>) = made.map_err(|error| format!("epoll: {error}"))?.into_iter().unzip();
    let listeners = listeners.into_iter().map(mio::net::TcpListener::from_std).collect();
    seats[0].accept_for(listeners, handles.clone()).map_err(|error| format!("epoll: {error}"))?;
    shared.acceptor.set(handles[0].clone()).ok();
    for (number, seat) in seats.into_iter().enumerate() {
        let (shared, report) = (Arc::clone(shared), report.clone());
        thread(&format!("data-{number}"), move || Worker::new(seat, shared, report).run())?;
    }
    Ok(handles)
}

fn optional(address: &str, log: &Log) -> Result<Option<std::net::TcpListener>, ()> {
    if address.is_empty() {
        return Ok(None);
    }
    listen::listen(address).map(Some).map_err(|sentence| log.warn(&format!("{sentence}; going on without it")))
}

fn connections_cap(policy: &proto::Policy, descriptors: u64) -> usize {
    let possible = (descriptors.saturating_sub(limits::RESERVED_DESCRIPTORS) / 2).clamp(1, limits::MAX_CONNECTIONS);
    let wanted = policy.limits.map_or(0, |limits| u64::from(limits.connections));
    (if wanted == 0 { possible } else { wanted.min(possible) }) as usize
}

/// Starts a thread that never ends. Should it fail all the same, so does the process: a tap that looks alive and
/// carries nothing is worse than a restart.
fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>, String> {
    let builder = thread::Builder::new().name(name.to_string());
    let guarded = move || {
        if catch_unwind(AssertUnwindSafe(body)).is_err() {
            thread::sleep(LAST_WORDS);
            std::process::abort();
        }
    };
    builder.spawn(guarded).map_err(|error| format!("thread {name} cannot start: {error}"))
}

/// A panic is a line in the log, never a write by the thread it happens on.
fn log_panics(log: &Log) {
    let log = Mutex::new(log.clone());
    std::panic::set_hook(Box::new(move |panic| {
        let current = thread::current();
        lock(&log).warn(&format!("thread {}: {panic}", current.name().unwrap_or("?")));
    }));
}
