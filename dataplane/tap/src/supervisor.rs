//! Keeps control alive, and keeps it from harming anyone: starts it, restarts it with a pause, ends it when it hangs
//! or grows. What is to happen and when is for `lifecycle` to say; here it is done.

mod lifecycle;

use crate::limits;
use crate::log::Log;
use crate::sys;
use lifecycle::Lifecycle;
use mio::net::UnixStream;
use mio::unix::pipe::Receiver;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use wire::Nanos;

/// Reads of control's stderr in one go; the rest comes with the next tick, so that a flood delays nobody.
const STDERR_READS: usize = 16;

/// The supervisor of the one child.
#[derive(Debug)]
pub struct Supervisor {
    argv: Vec<String>,
    admin: Option<OwnedFd>,
    log: Log,
    lifecycle: Lifecycle,
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
        let mut lifecycle = Lifecycle::new(!argv.is_empty());
        lifecycle.set_memory_bound(memory_bytes);
        Supervisor { argv, admin, log, lifecycle, stderr_line: Vec::new() }
    }

    /// Adopts a new bound of memory; 0 is the default.
    pub fn set_memory(&mut self, bytes: u64) {
        self.lifecycle.set_memory_bound(bytes);
    }

    /// Deaths by reason.
    pub fn restarts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.lifecycle.restarts().iter().map(|(reason, count)| (reason.label(), *count))
    }

    /// When it next needs a look.
    pub fn next_look(&self) -> Option<Nanos> {
        self.lifecycle.next_look()
    }

    /// Starts control if it is time to.
    pub fn start_if_due(&mut self, now: Nanos) -> Option<Started> {
        if !self.lifecycle.start_is_due(now) {
            return None;
        }
        match self.spawn() {
            Ok((pid, started)) => {
                self.lifecycle.started(pid, now);
                Some(started)
            }
            Err(error) => {
                self.log.warn(&format!("control cannot be started ({}): {error}", self.argv[0]));
                self.lifecycle.failed_to_start(now);
                None
            }
        }
    }

    /// Control has asked for a snapshot.
    pub fn pulled(&mut self, now: Nanos) {
        self.lifecycle.pulled(now);
    }

    /// Ends control if it hangs or has grown too large.
    pub fn look(&mut self, now: Nanos) {
        let Some(pid) = self.lifecycle.look_is_due(now) else { return };
        let resident_bytes = sys::resident_bytes(&pid.to_string());
        if let Some(fault) = self.lifecycle.fault(now, resident_bytes) {
            self.log.warn(&format!("ending control: {fault}"));
            sys::kill_group(pid);
        }
    }

    /// The seam broke: whatever control is doing, it is of no use any more.
    pub fn seam_lost(&mut self) {
        if let Some(pid) = self.lifecycle.seam_lost() {
            sys::kill_group(pid);
        }
    }

    /// Ends control for good.
    pub fn stop(&mut self) {
        if let Some(pid) = self.lifecycle.stop() {
            sys::kill_group(pid);
        }
    }

    /// A child was reaped; if it was control, it is to be started again.
    pub fn reaped(&mut self, pid: u32, how: &str, now: Nanos) {
        let Some(death) = self.lifecycle.reaped(pid, now) else { return };
        // Whatever it had started goes with it.
        sys::kill_group(pid);
        let (reason, millis) = (death.reason.label(), death.pause / 1_000_000);
        self.log.warn(&format!("control ended ({how}, {reason}); traffic goes on; starting it again in {millis} ms"));
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
