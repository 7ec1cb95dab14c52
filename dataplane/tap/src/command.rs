//! What the other threads say to a worker, and what a worker says to the main one.

use mio::Waker;
use mio::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// What a worker is told.
#[derive(Debug)]
pub enum Command {
    /// A client for the upstream of this listener.
    Serve(TcpStream, usize),
    /// Show all open calls to the ledger and say so.
    Scan(u64),
    /// There is room again below the cap.
    AcceptAgain,
    /// Close the listeners; one farewell on each connection.
    StopAccepting,
    /// Reset what is still open.
    Cut,
}

/// Where to reach a worker.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: Sender<Command>,
    waker: Arc<Waker>,
}

impl Handle {
    /// The handle of a worker that is woken by this, and where it gets its commands.
    pub fn new(waker: Waker) -> (Handle, Receiver<Command>) {
        let (commands, obeyed) = channel();
        (Handle { commands, waker: Arc::new(waker) }, obeyed)
    }

    /// Tells the worker. One that is gone is not there to hear.
    pub fn tell(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            self.waker.wake().ok();
        }
    }
}

/// How a worker answers [`Command::Scan`].
pub trait Scanned: Send {
    /// Scan number `id` is complete here.
    fn scanned(&self, id: u64);
}
