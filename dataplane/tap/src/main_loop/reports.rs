//! How workers say that a scan is complete, and how the main loop comes to know.

use super::WAKER;
use crate::command::Scanned;
use mio::{Poll, Waker};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A worker's end.
#[derive(Clone, Debug)]
pub struct Report {
    done: Sender<u64>,
    waker: Arc<Waker>,
}

impl Scanned for Report {
    fn scanned(&self, id: u64) {
        if self.done.send(id).is_ok() {
            self.waker.wake().ok();
        }
    }
}

/// The main loop's end: its poll, which a report wakes, and the numbers of the scans that are complete.
#[derive(Debug)]
pub struct Reports {
    pub(super) poll: Poll,
    pub(super) scans: Receiver<u64>,
}

impl Reports {
    /// Both ends.
    ///
    /// # Errors
    /// When the kernel gives no epoll instance.
    pub fn new() -> io::Result<(Report, Reports)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (done, scans) = channel();
        Ok((Report { done, waker }, Reports { poll, scans }))
    }
}
