//! The model servers: where they are, and whether they are there.
//!
//! Names are resolved and probes are dialled on a thread of their own: neither ever holds up a byte. The verdict is
//! that of the last dial, a client's or a probe's; what follows from it is for `reachability` to say.

mod addresses;
mod reachability;

use crate::clock::Clock;
use crate::limits::{DIAL_TIMEOUT, PROBE_DOWN};
use crate::lock::lock;
use crate::log::Log;
use crate::stream::Socket;
use addresses::Addresses;
use mio::net::{TcpStream, UnixStream};
use reachability::{News, Reachability};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::net as unix;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::Nanos;

/// A connection of a thread that may wait.
pub trait Wait: Read + Write {}
impl<T: Read + Write> Wait for T {}

/// Where a model server listens.
#[derive(Debug)]
enum Address {
    /// `host:port`, resolved again after each failure.
    Tcp { name: String, resolved: Mutex<Addresses> },
    /// `unix:/path`.
    Unix(PathBuf),
}

/// One model server behind one listener.
#[derive(Debug)]
pub struct Upstream {
    /// Name of the listener it stands behind.
    pub listener: String,
    /// As configured.
    pub text: String,
    address: Address,
    reachability: Reachability,
    /// Client connections reset because it could not be dialled.
    pub refused: AtomicU64,
    /// Client connections accepted for it.
    pub connections: AtomicU64,
    /// Of these, open now.
    pub connections_open: AtomicU64,
    poke: SyncSender<()>,
}

impl Upstream {
    /// The last dial was accepted.
    pub fn is_up(&self) -> bool {
        self.reachability.is_up()
    }

    /// What a request to it calls it.
    pub fn host(&self) -> &str {
        if self.text.starts_with("unix:") { "localhost" } else { &self.text }
    }

    /// Takes note of how a dial went. True when it has come up just now: it may be another one than before.
    pub fn verdict(&self, up: bool, now: Nanos) -> bool {
        let came_up = self.reachability.dialled(up, now);
        if !up {
            self.poke();
        }
        came_up
    }

    /// Something about it went wrong: look soon.
    pub fn suspect(&self) {
        self.reachability.suspect();
        self.poke();
    }

    /// Wakes the prober. A full channel means that it is about to look anyway.
    fn poke(&self) {
        self.poke.try_send(()).ok();
    }

    /// Begins to connect to the `attempt`-th address. None when there are no more.
    pub fn dial(&self, attempt: usize) -> Option<io::Result<Socket>> {
        match &self.address {
            Address::Unix(path) => (attempt == 0).then(|| UnixStream::connect(path).map(Socket::Unix)),
            Address::Tcp { resolved, .. } => {
                let address = lock(resolved).get(attempt)?;
                Some(TcpStream::connect(address).map(Socket::tcp))
            }
        }
    }

    /// How many addresses there are to try.
    pub fn addresses(&self) -> usize {
        match &self.address {
            Address::Unix(_) => 1,
            Address::Tcp { resolved, .. } => lock(resolved).count(),
        }
    }

    /// The address tried at this `attempt` accepted: the next dial begins there.
    pub fn prefer(&self, attempt: usize) {
        if let Address::Tcp { resolved, .. } = &self.address {
            lock(resolved).prefer(attempt);
        }
    }

    fn resolve(&self) -> io::Result<()> {
        let Address::Tcp { name, resolved } = &self.address else { return Ok(()) };
        let found = Addresses::new(name.to_socket_addrs()?);
        *lock(resolved) = found;
        Ok(())
    }

    /// Connects, to the first of its addresses that accepts. For threads that may wait.
    ///
    /// # Errors
    /// As `connect(2)`.
    pub fn connect(&self, patience: Duration) -> io::Result<Box<dyn Wait>> {
        let resolved = match &self.address {
            Address::Unix(path) => {
                let socket = unix::UnixStream::connect(path)?;
                socket.set_read_timeout(Some(patience))?;
                socket.set_write_timeout(Some(patience))?;
                return Ok(Box::new(socket));
            }
            Address::Tcp { resolved, .. } => lock(resolved).clone(),
        };
        let mut last = io::Error::other("the name has no address");
        for address in resolved {
            match std::net::TcpStream::connect_timeout(&address, DIAL_TIMEOUT) {
                Ok(socket) => {
                    socket.set_read_timeout(Some(patience))?;
                    socket.set_write_timeout(Some(patience))?;
                    return Ok(Box::new(socket));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Keeps an eye on all upstreams.
#[derive(Debug)]
pub struct Prober {
    upstreams: Vec<Arc<Upstream>>,
    poked: Receiver<()>,
    clock: Clock,
    log: Log,
}

/// Makes the upstreams of `(listener, address)` pairs, and their prober.
pub fn upstreams(listeners: &[(String, String)], clock: Clock, log: Log) -> (Vec<Arc<Upstream>>, Prober) {
    let (poke, poked) = sync_channel(1);
    let make = |(listener, text): &(String, String)| {
        let address = match text.strip_prefix("unix:") {
            Some(path) => Address::Unix(PathBuf::from(path)),
            // An address written as a number is ready before the first connection.
            None => Address::Tcp {
                name: text.clone(),
                resolved: Mutex::new(Addresses::new(text.parse::<SocketAddr>().ok())),
            },
        };
        Arc::new(Upstream {
            listener: listener.clone(),
            text: text.clone(),
            address,
            reachability: Reachability::default(),
            refused: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            connections_open: AtomicU64::new(0),
            poke: poke.clone(),
        })
    };
    let upstreams: Vec<_> = listeners.iter().map(make).collect();
    let prober = Prober { upstreams: upstreams.clone(), poked, clock, log };
    (upstreams, prober)
}

impl Prober {
    /// Looks for ever, and tells whenever an upstream has come up. Runs on a thread of its own.
    pub fn run(self, came_up: impl Fn()) {
        loop {
            for upstream in &self.upstreams {
                if self.look(upstream) {
                    came_up();
                }
            }
            match self.poked.recv_timeout(PROBE_DOWN) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Dials if it is time to. True when the upstream has come up just now.
    fn look(&self, upstream: &Upstream) -> bool {
        if !upstream.reachability.begin_probe(self.clock.now()) {
            return false;
        }
        let known = if upstream.addresses() == 0 { upstream.resolve() } else { Ok(()) };
        let outcome = known.and_then(|()| upstream.connect(DIAL_TIMEOUT).map(drop));
        if outcome.is_err() {
            // A name may have moved. If it cannot be looked up, the old addresses are the best there is.
            upstream.resolve().ok();
        }
        let probed = upstream.reachability.probed(outcome.is_ok(), self.clock.now());
        match (probed.news, outcome) {
            (Some(News::Up), _) => self.log.info(&format!("upstream {} is up", upstream.text)),
            (Some(News::Down), Err(error)) => {
                self.log.warn(&format!("upstream {} is down: {error}; still listening, retrying", upstream.text));
            }
            _ => {}
        }
        probed.came_up
    }
}
