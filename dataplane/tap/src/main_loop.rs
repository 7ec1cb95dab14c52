//! The main thread: signals, control and its seam, probes, draining. It carries no bytes and may take its time.

mod adoption;
mod departure;
mod drain_times;
mod draining;
mod last_scrape;
mod pending_pull;
mod pull;
mod readiness;
mod reports;
mod sleep;

use crate::clock::nanos;
use crate::command::{Command, Handle};
use crate::drain::Drain;
use crate::health::{Health, Probes};
use crate::keep::Kept;
use crate::limits;
use crate::lock::lock;
use crate::proto::{self, envelope::Body};
use crate::seam::Seam;
use crate::shared::Shared;
use crate::supervisor::Supervisor;
use crate::sys;
use departure::{Demand, Departure};
use last_scrape::LastScrape;
use mio::net::TcpListener;
use mio::unix::SourceFd;
use mio::unix::pipe::Receiver as Pipe;
use mio::{Events, Interest, Poll, Token};
use pending_pull::PendingPull;
use readiness::FirstScrape;
pub use reports::{Report, Reports};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use wire::Nanos;

const SIGNALS: Token = Token(0);
const WAKER: Token = Token(1);
const SEAM: Token = Token(2);
const STDERR: Token = Token(3);
const FIRST_PROBE: usize = 16;

/// What the main thread is to look after.
#[derive(Debug)]
pub struct Charge {
    /// Where signals are told.
    pub signals: OwnedFd,
    /// What it shares with the data threads.
    pub shared: Arc<Shared>,
    /// All of them.
    pub workers: Vec<Handle>,
    /// What is in force.
    pub policy: proto::Policy,
    /// Where probes come in.
    pub health: Option<TcpListener>,
    /// The socket that control inherits.
    pub admin: Option<OwnedFd>,
}

/// The main thread's state.
pub struct MainLoop {
    poll: Poll,
    signals: OwnedFd,
    scans: Receiver<u64>,
    shared: Arc<Shared>,
    workers: Vec<Handle>,
    policy: proto::Policy,
    policy_error: String,
    supervisor: Supervisor,
    seam: Option<Seam>,
    stderr: Option<Pipe>,
    pull: Option<PendingPull>,
    kept: Kept,
    scan_number: u64,
    probes: Probes,
    drain: Drain,
    /// Processor time that went into compiling the policy, in the process this one then became.
    cpu_before: u64,
    departure: Departure,
    /// Control can be asked for /metrics.
    serves_pages: bool,
    first_scrape: FirstScrape,
    last_scrape: LastScrape,
}

impl MainLoop {
    /// Puts the main thread together.
    ///
    /// # Errors
    /// When the kernel refuses to watch the signal or probe descriptors.
    pub fn new(reports: Reports, charge: Charge) -> io::Result<MainLoop> {
        let Reports { poll, scans } = reports;
        let Charge { signals, shared, workers, policy, health, admin } = charge;
        poll.registry().register(&mut SourceFd(&signals.as_raw_fd()), SIGNALS, Interest::READABLE)?;
        let probes = Probes::new(health, FIRST_PROBE, poll.registry())?;
        let control = policy.control.clone().unwrap_or_default();
        let serves_pages = admin.is_some() && !control.argv.is_empty();
        let supervisor = Supervisor::new(control.argv, control.memory_bytes, admin, shared.log.clone());
        Ok(MainLoop {
            poll,
            signals,
            scans,
            shared,
            workers,
            policy,
            policy_error: String::new(),
            supervisor,
            seam: None,
            stderr: None,
            pull: None,
            kept: Kept::default(),
            scan_number: 0,
            probes,
            drain: Drain::new(nanos(limits::FLUSH_WAIT)),
            cpu_before: sys::cpu_nanos(),
            departure: Departure::default(),
            serves_pages,
            first_scrape: FirstScrape::default(),
            last_scrape: LastScrape::default(),
        })
    }

    /// Runs until the process is to end.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(128);
        while !self.drain.is_finished() {
            if let Err(error) = self.poll.poll(&mut events, Some(self.timeout())) {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.shared.log.warn(&format!("epoll: {error}"));
                }
                continue;
            }
            if events.iter().any(|event| event.token() == SIGNALS) {
                self.heed_signals();
            }
            self.tick(self.shared.clock.now());
        }
        // Whoever still waits for the end of the drain is told of it.
        self.serve_probes();
        self.supervisor.stop();
        self.shared.log.info("drained; goodbye");
    }

    fn timeout(&self) -> Duration {
        let pull = self.pull.as_ref().map(|pull| pull.deadline);
        let due = [self.supervisor.next_look(), pull].into_iter().flatten();
        sleep::longest(self.shared.clock.now(), due, self.drain.is_draining())
    }

    fn tick(&mut self, now: Nanos) {
        // On each tick and not on their events alone: both take only a part of a flood, and the kernel announces a thing
        // once.
        self.talk();
        self.copy_stderr();
        while let Ok(id) = self.scans.try_recv() {
            if let Some(pull) = &mut self.pull {
                pull.scanned(id);
            }
        }
        if self.pull.as_ref().is_some_and(|pull| pull.is_complete(now)) {
            self.answer_pull(now);
        }
        self.supervisor.look(now);
        if let Some(started) = self.supervisor.start_if_due(now) {
            self.greet(started);
        }
        self.serve_probes();
        self.go_on_draining(now);
    }

    fn serve_probes(&mut self) {
        let health = Health {
            not_ready: self.not_ready(),
            drained: self.drain.is_over(),
            drain_token_file: &self.policy.drain_token_file,
        };
        let asked = self.probes.serve(self.poll.registry(), &health);
        if let Some((peer, why)) = asked.forbidden {
            self.shared.log.warn(&format!("{peer} asked for /drain and may not: {why}"));
        }
        if asked.drain {
            self.begin_drain("asked to by /drain");
        }
    }

    fn not_ready(&mut self) -> Option<String> {
        let scrape_awaited = self.first_scrape.is_awaited(self.shared.clock.now(), self.first_scrape_wait());
        let upstreams = self.shared.upstreams.iter().map(|upstream| (&*upstream.text, upstream.is_up()));
        readiness::not_ready(self.drain.is_draining(), scrape_awaited, upstreams)
    }

    fn heed_signals(&mut self) {
        while let Some(signal) = sys::next_signal(self.signals.as_fd()) {
            match self.departure.signal(signal) {
                Demand::Reap => {
                    while let Some((pid, how)) = sys::reap() {
                        self.supervisor.reaped(pid, &how, self.shared.clock.now());
                    }
                }
                Demand::Drain(why) => self.begin_drain(why),
                Demand::Hurry => {
                    self.drain.hurry(self.shared.clock.now());
                    self.last_scrape.skip();
                }
            }
        }
    }

    fn tell_all(&self, command: impl Fn() -> Command) {
        for worker in &self.workers {
            worker.tell(command());
        }
    }

    fn greet(&mut self, started: crate::supervisor::Started) {
        let mut seam = Seam::new(started.seam);
        let mut stderr = started.stderr;
        let registry = self.poll.registry();
        let both = Interest::READABLE | Interest::WRITABLE;
        let registered = registry
            .register(seam.source(), SEAM, both)
            .and_then(|()| registry.register(&mut stderr, STDERR, Interest::READABLE));
        if let Err(error) = registered {
            self.shared.log.warn(&format!("control cannot be watched: {error}"));
            return self.supervisor.seam_lost();
        }
        self.seam = Some(seam);
        self.stderr = Some(stderr);
        self.pull = None;
        self.send(Body::Hello(proto::Hello {
            epoch_unix_nanos: self.shared.clock.epoch_unix_nanos(),
            tap_version: env!("CARGO_PKG_VERSION").to_string(),
            policy: Some(self.policy.clone()),
            kept: self.kept.to_proto(),
        }));
    }

    fn send(&mut self, body: Body) {
        if let Some(seam) = &mut self.seam {
            if seam.send(body).is_err() {
                self.lose_seam();
            }
        }
    }

    fn lose_seam(&mut self) {
        self.seam = None;
        self.pull = None;
        self.supervisor.seam_lost();
    }

    fn talk(&mut self) {
        let Some(seam) = &mut self.seam else { return };
        // Received whether or not the rest can be sent: the last that a dying control says may be what it wants kept.
        let (flushed, received) = (seam.flush(), seam.receive());
        let lost = match received {
            Ok(bodies) => {
                bodies.into_iter().for_each(|body| self.hear(body));
                flushed.err()
            }
            Err(error) => Some(error),
        };
        let Some(error) = lost else { return };
        if error.kind() == io::ErrorKind::InvalidData {
            self.shared.log.warn(&format!("control does not speak the seam's protocol: {error}"));
        }
        self.lose_seam();
    }

    fn hear(&mut self, body: Body) {
        match body {
            Body::Pull(_) if self.seam.as_ref().is_some_and(Seam::is_behind) => {}
            Body::Pull(pull) => self.begin_pull(pull.since),
            Body::Policy(policy) => self.adopt(policy),
            Body::Keep(keep) => self.keep(keep),
            Body::Scraped(scraped) => {
                self.first_scrape.scraped();
                self.last_scrape.scraped(scraped.sequence);
            }
            Body::Names(names) => lock(&self.shared.ledger).set_server_names(&names),
            _ => {}
        }
    }

    /// Adopts a newer generation, or says why not.
    fn adopt(&mut self, offered: proto::Policy) {
        let generation = offered.generation;
        match adoption::of(offered, &self.policy) {
            Ok(adopted) => {
                *lock(&self.shared.catalogue) = adopted.catalogue;
                lock(&self.shared.ledger).adopt(&adopted.policy);
                self.supervisor.set_memory(adopted.policy.control.as_ref().map_or(0, |control| control.memory_bytes));
                self.shared.log.info(&format!("policy generation {generation} is in force"));
                self.policy = adopted.policy;
                self.policy_error.clear();
            }
            Err(refusal) => {
                self.shared.log.warn(&format!("policy generation {generation} is refused: {refusal}"));
                self.policy_error = refusal;
            }
        }
    }

    fn keep(&mut self, keep: proto::Keep) {
        if let Some(line) = self.kept.keep(keep, self.shared.clock.now()) {
            self.shared.log.warn(&line);
        }
    }

    fn copy_stderr(&mut self) {
        let Some(stderr) = &mut self.stderr else { return };
        if !self.supervisor.copy_stderr(stderr) {
            self.stderr = None;
        }
    }

    fn upstreams(&self) -> Vec<proto::Upstream> {
        let upstream = |it: &Arc<crate::upstream::Upstream>| proto::Upstream {
            listener: it.listener.clone(),
            address: it.text.clone(),
            up: it.is_up(),
            refused: it.refused.load(Relaxed),
            connections: it.connections.load(Relaxed),
            connections_open: it.connections_open.load(Relaxed),
        };
        self.shared.upstreams.iter().map(upstream).collect()
    }
}
