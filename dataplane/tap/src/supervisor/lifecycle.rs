//! Control's life, as decisions: when to start it, when to end it, how long to rest after a death.
//!
//! ```text
//! pausing ── due, started ──► alive ── reaped ──► pausing (100 ms, doubling to 2 s; 100 ms again after 10 s of health)
//!    └────── stop ──────► ended ◄── stop ──┘
//! ```

use crate::clock::nanos;
use crate::limits::{CONTROL_BACKOFF, CONTROL_HEALTHY, CONTROL_HUNG, CONTROL_MEMORY_BYTES, CONTROL_MEMORY_POLL};
use std::collections::BTreeMap;
use std::fmt;
use wire::Nanos;

/// What control died of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// By itself, or ended because its seam broke.
    Exited,
    /// Ended because it asked for nothing any more.
    Hung,
    /// Ended because it had grown too large.
    Memory,
}

/// Why control must be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is over its bound.
    Memory {
        /// What it takes.
        resident_bytes: u64,
        /// What it may take.
        bound_bytes: u64,
    },
    /// It has not pulled for too long.
    Hung,
}

/// A death that is followed by a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// What it died of.
    pub reason: Reason,
    /// How long to rest before the next start.
    pub pause: Nanos,
}

/// A running control.
#[derive(Debug)]
struct Life {
    pid: u32,
    started: Nanos,
    last_pull: Nanos,
    /// Why it was killed, if it was. It lives until it is reaped.
    killed_for: Option<Reason>,
}

#[derive(Debug)]
enum Stage {
    Pausing { until: Nanos },
    Alive(Life),
    Ended,
}

/// The state of the one child.
#[derive(Debug)]
pub struct Lifecycle {
    stage: Stage,
    /// The next rest, should control die now.
    pause: Nanos,
    next_look: Nanos,
    memory_bound_bytes: u64,
    restarts: BTreeMap<Reason, u64>,
}

impl Reason {
    /// Its name on /metrics and in the log.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Exited => "exited",
            Reason::Hung => "hung",
            Reason::Memory => "memory",
        }
    }
}

impl Fault {
    fn reason(self) -> Reason {
        match self {
            Fault::Memory { .. } => Reason::Memory,
            Fault::Hung => Reason::Hung,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Memory { resident_bytes, bound_bytes } => {
                let (resident, bound) = (resident_bytes >> 20, bound_bytes >> 20);
                write!(out, "its {resident} MiB are over the bound of {bound} MiB")
            }
            Fault::Hung => write!(out, "it has not asked for a snapshot for {} s", CONTROL_HUNG.as_secs()),
        }
    }
}

impl Lifecycle {
    /// A control that is to be started at once; not `wanted`, and there is none, ever.
    pub fn new(wanted: bool) -> Lifecycle {
        Lifecycle {
            stage: if wanted { Stage::Pausing { until: 0 } } else { Stage::Ended },
            pause: nanos(CONTROL_BACKOFF.0),
            next_look: 0,
            memory_bound_bytes: CONTROL_MEMORY_BYTES,
            restarts: BTreeMap::new(),
        }
    }

    /// Adopts a new bound of memory; 0 is the default.
    pub fn set_memory_bound(&mut self, bytes: u64) {
        self.memory_bound_bytes = if bytes == 0 { CONTROL_MEMORY_BYTES } else { bytes };
    }

    /// Deaths that were followed by a start, by what it died of.
    pub fn restarts(&self) -> &BTreeMap<Reason, u64> {
        &self.restarts
    }

    /// When control next needs attention: a start, or a look.
    pub fn next_look(&self) -> Option<Nanos> {
        match self.stage {
            Stage::Pausing { until } => Some(until),
            Stage::Alive(_) => Some(self.next_look),
            Stage::Ended => None,
        }
    }

    /// It is time to start it.
    pub fn start_is_due(&self, now: Nanos) -> bool {
        matches!(self.stage, Stage::Pausing { until } if until <= now)
    }

    /// It was started.
    pub fn started(&mut self, pid: u32, now: Nanos) {
        self.stage = Stage::Alive(Life { pid, started: now, last_pull: now, killed_for: None });
    }

    /// It could not be started: after a rest it is tried again.
    pub fn failed_to_start(&mut self, now: Nanos) {
        self.rest(now);
    }

    /// It has asked for a snapshot.
    pub fn pulled(&mut self, now: Nanos) {
        if let Stage::Alive(life) = &mut self.stage {
            life.last_pull = now;
        }
    }

    /// Whom to look at, if it is time to. The next look comes a while later.
    pub fn look_is_due(&mut self, now: Nanos) -> Option<u32> {
        if now < self.next_look {
            return None;
        }
        self.next_look = now + nanos(CONTROL_MEMORY_POLL);
        self.pid()
    }

    /// Why it must be killed now, told once. Memory that cannot be read is no reason.
    pub fn fault(&mut self, now: Nanos, resident_bytes: Option<u64>) -> Option<Fault> {
        let Stage::Alive(life) = &self.stage else { return None };
        let bound_bytes = self.memory_bound_bytes;
        let fault = match resident_bytes {
            Some(resident_bytes) if resident_bytes > bound_bytes => Fault::Memory { resident_bytes, bound_bytes },
            _ if now.saturating_sub(life.last_pull) > nanos(CONTROL_HUNG) => Fault::Hung,
            _ => return None,
        };
        self.condemn(fault.reason()).map(|_| fault)
    }

    /// The seam broke: whatever control is doing, it is of no use any more. Whom to kill, unless that is done.
    pub fn seam_lost(&mut self) -> Option<u32> {
        self.condemn(Reason::Exited)
    }

    /// There shall be no control any more, whatever comes. Whom to kill, unless that is done.
    pub fn stop(&mut self) -> Option<u32> {
        let doomed = self.condemn(Reason::Exited);
        self.stage = Stage::Ended;
        doomed
    }

    /// A child was reaped. Unless it was control, nothing follows from it.
    pub fn reaped(&mut self, pid: u32, now: Nanos) -> Option<Death> {
        let Stage::Alive(life) = &self.stage else { return None };
        if life.pid != pid {
            return None;
        }
        let reason = life.killed_for.unwrap_or(Reason::Exited);
        if now.saturating_sub(life.started) >= nanos(CONTROL_HEALTHY) {
            self.pause = nanos(CONTROL_BACKOFF.0);
        }
        *self.restarts.entry(reason).or_default() += 1;
        Some(Death { reason, pause: self.rest(now) })
    }

    fn pid(&self) -> Option<u32> {
        match &self.stage {
            Stage::Alive(life) => Some(life.pid),
            Stage::Pausing { .. } | Stage::Ended => None,
        }
    }

    /// Notes why it is killed. The first reason stands, and only with it is there somebody to kill.
    fn condemn(&mut self, reason: Reason) -> Option<u32> {
        match &mut self.stage {
            Stage::Alive(life) if life.killed_for.is_none() => {
                life.killed_for = Some(reason);
                Some(life.pid)
            }
            _ => None,
        }
    }

    /// Rests before the next start, and the next time twice as long. Returns for how long.
    fn rest(&mut self, now: Nanos) -> Nanos {
        let pause = self.pause;
        self.stage = Stage::Pausing { until: now + pause };
        self.pause = (pause * 2).min(nanos(CONTROL_BACKOFF.1));
        pause
    }
}

#[cfg(test)]
mod tests;
