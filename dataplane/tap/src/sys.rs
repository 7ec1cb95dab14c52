//! The few system calls that the libraries in use do not wrap. All unsafe code of the tap is here.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Raises the soft limit of open descriptors to the hard one and returns it.
pub fn raise_descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid rlimit for both calls, which only read and write it.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 {
            return 1024;
        }
        let raised = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &raised) == 0 { limit.rlim_max } else { limit.rlim_cur }
    }
}

/// Bytes written to a socket that its peer has not acknowledged yet: SIOCOUTQ, tcp(7).
pub fn unacknowledged_bytes(fd: RawFd) -> io::Result<usize> {
    let mut queued: libc::c_int = 0;
    // SAFETY: TIOCOUTQ (= SIOCOUTQ) writes one int.
    check(unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &mut queued) })?;
    Ok(usize::try_from(queued).unwrap_or(0))
}

/// `recv(2)` with MSG_PEEK: what the next read would return.
pub fn peek(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: recv writes at most `buffer.len()` bytes.
    let got = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), libc::MSG_PEEK) };
    usize::try_from(got).map_err(|_| io::Error::last_os_error())
}

/// Blocks SIGTERM, SIGINT and SIGCHLD for this thread and those it starts, and returns a descriptor that tells them.
/// Called before any thread exists, so that a signal can never reach a thread that does not expect it.
pub fn signals() -> io::Result<OwnedFd> {
    // SAFETY: an all-zero sigset_t is valid storage for sigemptyset; the descriptor returned is new and ours.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGCHLD] {
            libc::sigaddset(&mut set, signal);
        }
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()))?;
        let fd = check(libc::signalfd(-1, &set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Takes one signal number off the descriptor of [`signals`], or None when there is none.
pub fn next_signal(fd: BorrowedFd<'_>) -> Option<i32> {
    // SAFETY: signalfd_siginfo is plain data; read(2) writes at most its size.
    unsafe {
        let mut info: libc::signalfd_siginfo = std::mem::zeroed();
        let size = std::mem::size_of_val(&info);
        let got = libc::read(fd.as_raw_fd(), (&raw mut info).cast(), size);
        (usize::try_from(got) == Ok(size)).then_some(info.ssi_signo as i32)
    }
}

/// Reaps one dead child of any kind (as PID 1 the tap inherits orphans): its pid and what it died of, in words.
pub fn reap() -> Option<(u32, String)> {
    let mut status = 0;
    // SAFETY: waitpid writes one int.
    let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    let how = if libc::WIFSIGNALED(status) {
        format!("signal {}", libc::WTERMSIG(status))
    } else {
        format!("exit status {}", libc::WEXITSTATUS(status))
    };
    u32::try_from(pid).ok().filter(|pid| *pid > 0).map(|pid| (pid, how))
}

/// Kills a whole process group.
pub fn kill_group(leader: u32) {
    let Ok(leader) = i32::try_from(leader) else { return };
    // SAFETY: kill(2) touches no memory of ours.
    unsafe { libc::kill(-leader, libc::SIGKILL) };
}

/// Prepares a child: own process group, niced, signals as a fresh process has them, dead with its parent, and with
/// `inherited` open across the exec.
pub fn prepare_child(command: &mut Command, nice: i32, inherited: Vec<RawFd>) {
    let parent = std::process::id();
    let setup = move || {
        // SAFETY: only async-signal-safe calls on plain values between fork and exec.
        unsafe {
            let mut empty: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut empty);
            libc::sigprocmask(libc::SIG_SETMASK, &empty, std::ptr::null_mut());
            libc::setpriority(libc::PRIO_PROCESS, 0, nice);
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid() as u32 != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            for fd in &inherited {
                check(libc::fcntl(*fd, libc::F_SETFD, 0))?;
            }
        }
        Ok(())
    };
    command.process_group(0);
    // SAFETY: the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(setup) };
}

/// Resident memory of a process in bytes, from /proc/PID/statm; `self` for this one.
pub fn resident_bytes(pid: &str) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    // SAFETY: sysconf touches no memory of ours.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page).ok()?)
}

/// Processor time of this process, all threads.
pub fn cpu_nanos() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Takes ownership of a descriptor handed over by the parent at exec.
///
/// # Errors
/// When no such descriptor is open.
pub fn inherited_file(fd: RawFd) -> io::Result<fs::File> {
    // SAFETY: the descriptor is open (checked) and was passed for this process to own.
    unsafe {
        check(libc::fcntl(fd, libc::F_GETFD))?;
        Ok(fs::File::from_raw_fd(fd))
    }
}
