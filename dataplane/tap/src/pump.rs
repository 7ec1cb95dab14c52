//! One direction of a connection: read, write the same slice, then show it.
//!
//! The rules that keep bytes bytes:
//! - what was read is written in the same order, whole; what a write does not take is kept and sent first;
//! - nothing more is read while something is kept, so a slow reader slows its writer as if nothing stood between;
//! - a FIN is passed on only after everything before it;
//! - nothing is shown to the sensor before it was handed to the kernel or put in line behind what was.
//!
//! One exception, *edit mode*: while an insertion is wanted, a slice is looked at before it is written, to cut it at
//! a frame boundary. The insertion goes there, once.

use crate::limits::{READ_BYTES, TURN_BYTES};
use crate::stream::Stream;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use wire::Direction;

/// Senses the bytes of a connection, of both directions, as they pass. Insertions are towards the client.
pub trait Sensor {
    /// Bytes have come, those that are seen next. Told before they are sent on: on a busy core their reader may have its
    /// turn, and even answer, before the write returns.
    fn heard(&mut self) {}

    /// These bytes have been sent on.
    fn saw(&mut self, direction: Direction, bytes: &[u8]);

    /// The source of this direction has said FIN.
    fn finished(&mut self, direction: Direction) {
        let _ = direction;
    }

    /// From now on bytes that go this way are held, because their receiver does not read; or they no longer are.
    fn holds(&mut self, direction: Direction, held: bool) {
        let _ = (direction, held);
    }

    /// It has taken so long to look at what passed that others should have their turn.
    fn time_is_up(&self) -> bool {
        false
    }

    /// What is inserted where it fits.
    fn insertion(&self) -> &'static [u8] {
        &[]
    }

    /// An insertion may follow right after the bytes seen so far.
    fn insertion_fits(&self) -> bool {
        false
    }

    /// How many of these coming bytes to send before an insertion fits.
    fn insertion_fits_after(&self, bytes: &[u8]) -> Option<usize> {
        let _ = bytes;
        None
    }
}

/// Bytes held over all connections, against their bound.
#[derive(Debug)]
pub struct Budget {
    held: AtomicUsize,
    bound: usize,
}

impl Budget {
    /// A budget of `bound` bytes.
    pub fn new(bound: usize) -> Budget {
        Budget { held: AtomicUsize::new(0), bound }
    }

    /// Bytes held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// There is no room for even the smallest read. Threads that look at the same moment may each take the last room.
    fn exhausted(&self) -> bool {
        self.room() < *READ_BYTES.start()
    }

    fn room(&self) -> usize {
        self.bound.saturating_sub(self.held())
    }
}

/// One socket of a connection and what is known of its readiness (edge-triggered: a flag stays until the kernel
/// says "would block").
#[derive(Debug)]
pub struct End<S> {
    /// The socket.
    pub socket: S,
    /// A read may return something.
    pub readable: bool,
    /// A write may take something.
    pub writable: bool,
    /// The peer has closed or reset: read on until the kernel says which, even after a short read.
    pub closing: bool,
    /// A write found the peer gone: the end of its bytes is a reset, whatever the last read calls it.
    pub reset: bool,
}

impl<S> End<S> {
    /// A socket nothing is known of.
    pub fn new(socket: S) -> End<S> {
        End { socket, readable: false, writable: false, closing: false, reset: false }
    }
}

/// How a turn ended.
#[derive(Debug)]
pub enum Turn {
    /// Nothing more until an event.
    Wait,
    /// There is more, but others want their turn.
    More,
    /// The source was reset: everything before it has been sent or is kept.
    SourceReset(io::Error),
}

/// What the directions of a connection share with each other, and with all others of their thread.
#[derive(Debug)]
pub struct TurnContext<'a, O> {
    /// Where bytes lie between a read and a write.
    pub scratch: &'a mut [u8],
    /// Of the bytes that may be kept.
    pub budget: &'a Budget,
    /// Who senses what passes.
    pub sensor: &'a mut O,
}

/// The state of one direction.
#[derive(Debug)]
pub struct Flow {
    direction: Direction,
    unsent: Vec<u8>,
    sent_of_unsent: usize,
    read_bytes: usize,
    /// The source said FIN.
    pub source_finished: bool,
    /// The FIN was passed on.
    pub finished: bool,
    /// The destination takes nothing any more.
    pub broken: bool,
    /// The destination had no room, and what it should get was left in the source's socket.
    pub wants_room: bool,
    insertion: bool,
    /// The sensor knows that bytes are held.
    holds: bool,
    /// Bytes moved, insertions excluded.
    pub bytes: u64,
}

impl Flow {
    /// A direction in which nothing has passed.
    pub fn new(direction: Direction) -> Flow {
        Flow {
            direction,
            unsent: Vec::new(),
            sent_of_unsent: 0,
            read_bytes: *READ_BYTES.start(),
            source_finished: false,
            finished: false,
            broken: false,
            wants_room: false,
            insertion: false,
            holds: false,
            bytes: 0,
        }
    }

    /// Nothing is kept.
    pub fn is_flushed(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Wants the sensor's insertion at the next place where it fits.
    pub fn insert(&mut self) {
        self.insertion = true;
    }

    /// The insertion asked for has not been made.
    pub fn insertion_pending(&self) -> bool {
        self.insertion
    }

    /// Forgets what is kept, giving it back to the budget.
    pub fn abandon(&mut self, budget: &Budget) {
        budget.held.fetch_sub(self.unsent.len() - self.sent_of_unsent, Ordering::Relaxed);
        self.unsent = Vec::new();
        self.sent_of_unsent = 0;
        self.broken = true;
    }

    /// Moves what can be moved from `from` to `to`.
    pub fn turn<S: Stream>(
        &mut self,
        from: &mut End<S>,
        to: &mut End<S>,
        with: &mut TurnContext<'_, impl Sensor>,
    ) -> Turn {
        let mut moved = 0;
        loop {
            self.flush(to, with.budget);
            self.tell_holds(with.sensor);
            if self.broken || !self.unsent.is_empty() {
                return Turn::Wait;
            }
            if self.insertion && with.sensor.insertion_fits() {
                self.send_insertion(to, with.budget, with.sensor);
                continue;
            }
            if self.source_finished {
                self.pass_finish(to);
                return Turn::Wait;
            }
            if !from.readable {
                return Turn::Wait;
            }
            if moved >= TURN_BYTES || (moved > 0 && with.sensor.time_is_up()) {
                return Turn::More;
            }
            match self.carry(from, to, with) {
                Ok(0) => {}
                Ok(n) => moved += n,
                Err(error) => return Turn::SourceReset(error),
            }
        }
    }

    /// Tells the sensor when bytes begin to be held, here or in the source's socket, and when they no longer are.
    fn tell_holds(&mut self, sensor: &mut impl Sensor) {
        let holds = !self.unsent.is_empty() || self.wants_room;
        if holds != self.holds {
            self.holds = holds;
            sensor.holds(self.direction, holds);
        }
    }

    /// One read and what follows from it. Returns the bytes moved.
    fn carry<S: Stream>(
        &mut self,
        from: &mut End<S>,
        to: &mut End<S>,
        with: &mut TurnContext<'_, impl Sensor>,
    ) -> io::Result<usize> {
        if with.budget.exhausted() {
            return self.carry_without_holding(from, to, with);
        }
        // All of it may have to be kept.
        let wanted = self.read_bytes.min(with.scratch.len()).min(with.budget.room());
        let Some(got) = read(from, |socket| socket.read(&mut with.scratch[..wanted]))? else { return Ok(0) };
        if got == 0 {
            self.source_finished = true;
            with.sensor.finished(self.direction);
            return Ok(0);
        }
        with.sensor.heard();
        self.adapt(got);
        if got < wanted && !from.closing {
            from.readable = false;
        }
        let bytes = &with.scratch[..got];
        let cut = if self.insertion { with.sensor.insertion_fits_after(bytes) } else { None };
        let (head, tail) = bytes.split_at(cut.unwrap_or(got));
        self.send(to, head, with.budget);
        with.sensor.saw(self.direction, head);
        if cut.is_some() {
            self.send_insertion(to, with.budget, with.sensor);
        }
        if !tail.is_empty() {
            self.send(to, tail, with.budget);
            with.sensor.saw(self.direction, tail);
        }
        self.bytes += got as u64;
        Ok(got)
    }

    /// The budget is spent: hand over what the destination takes at once and leave the rest in the kernel. Costs a
    /// second copy, but a connection that does not read can never stop the others.
    fn carry_without_holding<S: Stream>(
        &mut self,
        from: &mut End<S>,
        to: &mut End<S>,
        with: &mut TurnContext<'_, impl Sensor>,
    ) -> io::Result<usize> {
        if !to.writable {
            return self.wait_for_room(from);
        }
        let window = *READ_BYTES.start();
        let Some(got) = read(from, |socket| socket.peek(&mut with.scratch[..window]))? else { return Ok(0) };
        if got == 0 {
            self.source_finished = true;
            with.sensor.finished(self.direction);
            return Ok(0);
        }
        with.sensor.heard();
        let taken = write(to, &with.scratch[..got], &mut self.broken);
        if taken == 0 {
            return self.wait_for_room(from);
        }
        let consumed = from.socket.read(&mut with.scratch[..taken])?;
        debug_assert_eq!(consumed, taken);
        with.sensor.saw(self.direction, &with.scratch[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn wait_for_room<S>(&mut self, from: &mut End<S>) -> io::Result<usize> {
        from.readable = false;
        self.wants_room = true;
        Ok(0)
    }

    /// A read that fills its buffer earns a larger one; two sizes smaller, and it shrinks.
    fn adapt(&mut self, got: usize) {
        if got == self.read_bytes {
            self.read_bytes = (self.read_bytes * 2).min(*READ_BYTES.end());
        } else if got < self.read_bytes / 4 {
            self.read_bytes = (self.read_bytes / 2).max(*READ_BYTES.start());
        }
    }

    fn send<S: Stream>(&mut self, to: &mut End<S>, bytes: &[u8], budget: &Budget) {
        let taken = if self.unsent.is_empty() && to.writable { write(to, bytes, &mut self.broken) } else { 0 };
        if taken < bytes.len() && !self.broken {
            self.unsent.extend_from_slice(&bytes[taken..]);
            budget.held.fetch_add(bytes.len() - taken, Ordering::Relaxed);
        }
    }

    /// Sends what is kept, as far as the destination takes it.
    pub fn flush<S: Stream>(&mut self, to: &mut End<S>, budget: &Budget) {
        while to.writable && !self.broken && !self.unsent.is_empty() {
            let taken = write(to, &self.unsent[self.sent_of_unsent..], &mut self.broken);
            self.sent_of_unsent += taken;
            budget.held.fetch_sub(taken, Ordering::Relaxed);
            if self.sent_of_unsent == self.unsent.len() {
                self.unsent = Vec::new();
                self.sent_of_unsent = 0;
            }
        }
        if self.broken {
            self.abandon(budget);
        }
    }

    fn send_insertion<S: Stream>(&mut self, to: &mut End<S>, budget: &Budget, sensor: &impl Sensor) {
        self.insertion = false;
        self.send(to, sensor.insertion(), budget);
    }

    fn pass_finish<S: Stream>(&mut self, to: &mut End<S>) {
        if !self.finished {
            self.finished = true;
            to.socket.finish().ok();
        }
    }
}

/// Reads, keeping `readable` true to the kernel. None: would block, or interrupted.
fn read<S>(from: &mut End<S>, call: impl FnOnce(&mut S) -> io::Result<usize>) -> io::Result<Option<usize>> {
    match call(&mut from.socket) {
        Ok(got) => Ok(Some(got)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            from.readable = false;
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes once, keeping `writable` true to the kernel. A destination that is gone breaks the flow; its last bytes
/// and its verdict are still to be read.
fn write<S: Stream>(to: &mut End<S>, bytes: &[u8], broken: &mut bool) -> usize {
    match to.socket.write(bytes) {
        Ok(taken) => {
            to.writable = taken == bytes.len();
            taken
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            to.writable = false;
            0
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => 0,
        Err(_) => {
            *broken = true;
            to.reset = true;
            to.closing = true;
            to.readable = true;
            0
        }
    }
}
