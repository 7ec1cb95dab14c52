//! Keeps control alive, and keeps it from harming anyone: starts it, restarts it with a pause, ends it when it hangs
//! or grows.

use crate::clock::nanos;
use crate::limits;
use crate::log::Log;
use crate::sys;
use mio::net::UnixStream;
use mio::unix::pipe::Receiver;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use wire::Nanos;

/// Reads of control's stderr in one go; the rest comes with the next tick, so that a flood delays nobody.
const STDERR_READS: usize = 16;

/// A running control.
#[derive(Debug)]
struct Life {
    pid: u32,
    started: Nanos,
    last_pull: Nanos,
    /// Why it was killed, if it was.
    killed_for: Option<&'static str>,
}

/// The supervisor of the one child.
#[derive(Debug)]
pub struct Supervisor {
    argv: Vec<String>,
    memory_bytes: u64,
    admin: Option<OwnedFd>,
    log: Log,
    life: Option<Life>,
    start_at: Option<Nanos>,
    pause: Nanos,
    next_memory_look: Nanos,
    /// Deaths by reason.
    pub restarts: BTreeMap<&'static str, u64>,
    stderr_line: Vec<u8>,
}

/// What the tap keeps of a child it has started.
#[derive(Debug)]
pub struct Started {
    /// This end of the seam.
    pub seam: UnixStream,
    /// What control writes.
    pub stderr: Receiver,
}

impl Supervisor {
    /// A supervisor of `argv`; with an empty one there is no control, ever.
    pub fn new(argv: Vec<String>, memory_bytes: u64, admin: Option<OwnedFd>, log: Log) -> Supervisor {
        let mut supervisor = Supervisor {
            start_at: (!argv.is_empty()).then_some(0),
            argv,
            memory_bytes: 0,
            admin,
            log,
            life: None,
            pause: nanos(limits::CONTROL_BACKOFF.0),
            next_memory_look: 0,
            restarts: BTreeMap::new(),
            stderr_line: Vec::new(),
        };
        supervisor.set_memory(memory_bytes);
        supervisor
    }

    /// Control is running.
    pub fn is_alive(&self) -> bool {
        self.life.is_some()
    }

    /// Adopts a new bound of memory; 0 is the default.
    pub fn set_memory(&mut self, bytes: u64) {
        self.memory_bytes = if bytes == 0 { limits::CONTROL_MEMORY_BYTES } else { bytes };
    }

    /// When it next needs a look.
    pub fn next_look(&self) -> Option<Nanos> {
        if self.life.is_some() { Some(self.next_memory_look) } else { self.start_at }
    }

    /// Starts control if it is time to.
    pub fn start_if_due(&mut self, now: Nanos) -> Option<Started> {
        if self.life.is_some() || self.start_at.is_none_or(|at| at > now) {
            return None;
        }
        self.start_at = None;
        match self.spawn() {
            Ok((pid, started)) => {
                self.life = Some(Life { pid, started: now, last_pull: now, killed_for: None });
                Some(started)
            }
            Err(error) => {
                self.log.warn(&format!("control cannot be started ({}): {error}", self.argv[0]));
                self.schedule(now);
                None
            }
        }
    }

    /// Control has asked for a snapshot.
    pub fn pulled(&mut self, now: Nanos) {
        if let Some(life) = &mut self.life {
            life.last_pull = now;
        }
    }

    /// Ends control if it hangs or has grown too large.
    pub fn look(&mut self, now: Nanos) {
        if now < self.next_memory_look {
            return;
        }
        self.next_memory_look = now + nanos(limits::CONTROL_MEMORY_POLL);
        let Some(life) = &self.life else { return };
        let resident = sys::resident_bytes(&life.pid.to_string()).unwrap_or(0);
        if resident > self.memory_bytes {
            let (resident, bound) = (resident >> 20, self.memory_bytes >> 20);
            self.kill("memory", &format!("its {resident} MiB are over the bound of {bound} MiB"));
        } else if now.saturating_sub(life.last_pull) > nanos(limits::CONTROL_HUNG) {
            self.kill("hung", "it has not asked for a snapshot for 15 s");
        }
    }

    /// The seam broke: whatever control is doing, it is of no use any more.
    pub fn seam_lost(&mut self) {
        self.kill("exited", "");
    }

    /// Ends control for good.
    pub fn stop(&mut self) {
        self.start_at = None;
        self.argv.clear();
        self.kill("stopped", "");
    }

    /// A child was reaped; if it was control, it is to be started again.
    pub fn reaped(&mut self, pid: u32, how: &str, now: Nanos) {
        let Some(life) = self.life.take_if(|life| life.pid == pid) else { return };
        // Whatever it had started goes with it.
        sys::kill_group(pid);
        if self.argv.is_empty() {
            return;
        }
        let reason = life.killed_for.unwrap_or("exited");
        *self.restarts.entry(reason).or_default() += 1;
        if now.saturating_sub(life.started) >= nanos(limits::CONTROL_HEALTHY) {
            self.pause = nanos(limits::CONTROL_BACKOFF.0);
        }
        let millis = self.pause / 1_000_000;
        self.log.warn(&format!("control ended ({how}, {reason}); traffic goes on; starting it again in {millis} ms"));
        self.schedule(now);
    }

    /// Copies what control wrote into the log, line by line. Returns false when there will be no more.
    pub fn copy_stderr(&mut self, stderr: &mut Receiver) -> bool {
        let mut buffer = [0; 4096];
        for _ in 0..STDERR_READS {
            match stderr.read(&mut buffer) {
                Ok(0) => return false,
                Ok(got) => self.log_lines(&buffer[..got]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
        true
    }

    fn log_lines(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte != b'\n' {
                self.stderr_line.push(*byte);
            }
            if *byte == b'\n' || self.stderr_line.len() >= limits::LOG_LINE_BYTES {
                self.log.control(&String::from_utf8_lossy(&self.stderr_line));
                self.stderr_line.clear();
            }
        }
    }

    fn schedule(&mut self, now: Nanos) {
        self.start_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(nanos(limits::CONTROL_BACKOFF.1));
    }

    fn kill(&mut self, reason: &'static str, why: &str) {
        let Some(life) = &mut self.life else { return };
        if life.killed_for.is_none() {
            life.killed_for = Some(reason);
            if !why.is_empty() {
                self.log.warn(&format!("ending control: {why}"));
            }
            sys::kill_group(life.pid);
        }
    }

    fn spawn(&self) -> io::Result<(u32, Started)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut inherited = vec![theirs.as_raw_fd()];
        let mut command = Command::new(&self.argv[0]);
        command.args(&self.argv[1..]).env("WAYSIDE_SEAM_FD", theirs.as_raw_fd().to_string());
        if let Some(admin) = &self.admin {
            inherited.push(admin.as_raw_fd());
            command.env("WAYSIDE_ADMIN_FD", admin.as_raw_fd().to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        sys::prepare_child(&mut command, limits::CONTROL_NICE, inherited);
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().ok_or_else(|| io::Error::other("no stderr"))?;
        let stderr = Receiver::from(stderr);
        stderr.set_nonblocking(true)?;
        Ok((child.id(), Started { seam: UnixStream::from_std(ours), stderr }))
    }
}
