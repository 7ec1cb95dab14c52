//! A data thread: accepts, dials, pumps. It never waits for anything but its sockets.

mod accept;
mod connection;
mod dial;
mod half_close;
mod next_accept;
mod refusal;
mod timer;

use crate::clock::nanos;
use crate::command::{Command, Handle, Scanned};
use crate::limits::READ_BYTES;
use crate::lock::lock;
use crate::observer::ObservedTurn;
use crate::pair::{Fate, Ready, Side};
use crate::shared::Shared;
use connection::{Connection, Dialling, FIRST_CONNECTION};
use half_close::LastWord;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use next_accept::NextAccept;
use refusal::Next;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::Receiver;
use std::time::Duration;
use wire::{EndedBy, Nanos};

const WAKER: Token = Token(usize::MAX);

/// What a worker needs before its thread exists. A worker itself never leaves its thread.
#[derive(Debug)]
pub struct Seat {
    number: usize,
    poll: Poll,
    commands: Receiver<Command>,
    listeners: Vec<(TcpListener, usize)>,
    peers: Vec<Handle>,
}

impl Seat {
    /// A seat and where to reach the worker that will take it.
    ///
    /// # Errors
    /// When the kernel gives no epoll instance.
    pub fn new(number: usize) -> io::Result<(Seat, Handle)> {
        let poll = Poll::new()?;
        let (handle, commands) = Handle::new(Waker::new(poll.registry(), WAKER)?);
        Ok((Seat { number, poll, commands, listeners: Vec::new(), peers: Vec::new() }, handle))
    }

    /// Makes this the seat of the worker that accepts, for itself and its peers.
    ///
    /// # Errors
    /// When the kernel refuses to watch a listener.
    pub fn accept_for(&mut self, listeners: Vec<TcpListener>, peers: Vec<Handle>) -> io::Result<()> {
        self.peers = peers;
        self.listeners = listeners.into_iter().enumerate().map(|(number, listener)| (listener, number)).collect();
        for (listener, number) in &mut self.listeners {
            self.poll.registry().register(listener, Token(*number), Interest::READABLE)?;
        }
        Ok(())
    }
}

/// A data thread's state.
pub struct Worker<R> {
    number: usize,
    poll: Poll,
    shared: Arc<Shared>,
    listeners: Vec<(TcpListener, usize)>,
    peers: Vec<Handle>,
    commands: Receiver<Command>,
    report: R,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// Closed during this round: their tokens may still be among its events.
    freed: Vec<usize>,
    ready: VecDeque<usize>,
    timers: BinaryHeap<Reverse<(Nanos, usize, u64)>>,
    serial: u64,
    next_accept: NextAccept,
    /// Clients that will be reset and are being heard.
    refused: usize,
    draining: bool,
    scratch: Vec<u8>,
}

impl<R: Scanned> Worker<R> {
    /// Takes a seat.
    pub fn new(seat: Seat, shared: Arc<Shared>, report: R) -> Worker<R> {
        Worker {
            number: seat.number,
            poll: seat.poll,
            shared,
            listeners: seat.listeners,
            peers: seat.peers,
            commands: seat.commands,
            report,
            connections: Vec::new(),
            free: Vec::new(),
            freed: Vec::new(),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            serial: 0,
            next_accept: NextAccept::default(),
            refused: 0,
            draining: false,
            scratch: vec![0; *READ_BYTES.end()],
        }
    }

    /// Works for ever.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    self.shared.log.warn(&format!("epoll: {error}"));
                    continue;
                }
                _ => {}
            }
            let woken = self.shared.clock.now();
            let mut accept = false;
            for event in &events {
                match event.token() {
                    WAKER => self.obey(),
                    Token(number) if number < FIRST_CONNECTION => accept = true,
                    Token(number) => self.note(number - FIRST_CONNECTION, event),
                }
            }
            self.serve(woken);
            self.run_timers(woken);
            if accept || self.next_accept.is_due(woken) {
                self.accept();
            }
            self.free.append(&mut self.freed);
        }
    }

    fn timeout(&self) -> Option<Duration> {
        if !self.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        let timer = self.timers.peek().map(|Reverse((at, ..))| *at);
        let next = [timer, self.next_accept.at()].into_iter().flatten().min()?;
        // epoll counts whole milliseconds: round up, or the last one is spent spinning.
        let wait = Duration::from_nanos(next.saturating_sub(self.shared.clock.now()));
        Some(Duration::from_millis(u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)))
    }

    fn note(&mut self, number: usize, event: &mio::event::Event) {
        let (key, side) = (number / 2, if number % 2 == 0 { Side::Client } else { Side::Server });
        let Some(Some(connection)) = self.connections.get_mut(key) else { return };
        let ready = Ready {
            readable: event.is_readable(),
            writable: event.is_writable(),
            closing: event.is_read_closed() || event.is_error(),
            error: event.is_error(),
        };
        connection.event(side, ready);
        self.enqueue(key);
    }

    fn enqueue(&mut self, key: usize) {
        let Some(Some(connection)) = self.connections.get_mut(key) else { return };
        if !std::mem::replace(&mut connection.queued, true) {
            self.ready.push_back(key);
        }
    }

    /// Gives everyone who is ready now one turn; who becomes busy again has the next round's.
    fn serve(&mut self, woken: Nanos) {
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else { return };
            self.turn(key, woken);
        }
    }

    fn run_timers(&mut self, now: Nanos) {
        while let Some(Reverse((_, key, serial))) = self.timers.peek().copied().filter(|Reverse((at, ..))| *at <= now) {
            self.timers.pop();
            let current = self.connections.get(key).and_then(Option::as_ref).is_some_and(|it| it.serial == serial);
            if current {
                self.turn(key, now);
            }
        }
    }

    fn turn(&mut self, key: usize, woken: Nanos) {
        let Some(Some(connection)) = self.connections.get_mut(key) else { return };
        connection.queued = false;
        if connection.is_refused() {
            return self.hear(key);
        }
        if connection.is_dialling() {
            match connection.dial_progress(self.poll.registry(), Connection::tokens(key), self.shared.clock.now()) {
                Dialling::UnderWay => return self.arm(key, 0),
                Dialling::Connected if self.shared.upstreams[connection.upstream].verdict(true, woken) => {
                    lock(&self.shared.ledger).forget_limits();
                }
                Dialling::Connected => {}
                Dialling::Failed => return self.refuse(key),
            }
        }
        let shared = &*self.shared;
        if connection.client_is_gone(woken) {
            connection.observer.over(EndedBy::Client, woken, &mut lock(&shared.ledger));
        }
        let mut observed = ObservedTurn {
            observer: &mut connection.observer,
            ledger: &shared.ledger,
            clock: &shared.clock,
            woken,
            heard: woken,
            began: None,
        };
        let Some(pair) = &mut connection.pair else { return };
        let inserting = pair.down.insertion_pending();
        let fate = pair.turn(woken, &mut self.scratch, &shared.budget, &mut observed);
        if inserting && !pair.down.insertion_pending() {
            lock(&shared.ledger).tallies.goaways_inserted += 1;
        }
        if let Some(by) = pair.server_finished() {
            // No answer can come any more, whenever the client may close.
            connection.observer.server_left(by, shared.clock.now(), &mut lock(&shared.ledger));
        }
        let last_word = connection.last_word(woken);
        if last_word == Some(LastWord::Read) {
            connection.observer.client_read_on(shared.clock.now(), &mut lock(&shared.ledger));
        }
        let gone_at = connection.client_finished(woken);
        match (fate, last_word) {
            (Fate::Waiting, _) | (Fate::Over(_), Some(LastWord::Wait(_))) => {}
            (Fate::Busy, _) => self.enqueue(key),
            (Fate::Later(wait), _) => self.arm(key, woken + nanos(wait)),
            (Fate::Over(by), _) => return self.close(key, by),
        }
        if let Some(LastWord::Wait(at)) = last_word {
            self.arm(key, at);
        }
        if let Some(gone_at) = gone_at {
            self.arm(key, gone_at);
        }
    }

    /// Sets a timer for a turn of this connection (while it dials: for the dial), unless an earlier one is set.
    fn arm(&mut self, key: usize, at: Nanos) {
        let Some(Some(connection)) = self.connections.get_mut(key) else { return };
        let at = if connection.is_dialling() { connection.dial_deadline() } else { at };
        if connection.arm(at, self.shared.clock.now()) {
            self.timers.push(Reverse((at, key, connection.serial)));
        }
    }

    /// The upstream could not be reached: the client is reset, as it would have been without Wayside. First it may say what
    /// it wanted, so that a call that was let down is told from somebody who only knocked.
    fn refuse(&mut self, key: usize) {
        let Some(Some(connection)) = self.connections.get_mut(key) else { return };
        let now = self.shared.clock.now();
        let upstream = &self.shared.upstreams[connection.upstream];
        upstream.refused.fetch_add(1, Relaxed);
        upstream.verdict(false, now);
        if connection.begin_refusal(self.poll.registry(), Connection::tokens(key).0, now, self.refused) {
            self.refused += 1;
            return self.hear(key);
        }
        self.reset(key, EndedBy::Server);
    }

    /// Reads on what a client wants that will be reset.
    fn hear(&mut self, key: usize) {
        let Some(Some(connection)) = self.connections.get_mut(key) else { return };
        match connection.hear(&mut self.scratch, &self.shared.clock, &self.shared.ledger) {
            Next::Read => self.enqueue(key),
            Next::Wait(until) => self.arm(key, until),
            Next::Reset(by) => self.reset(key, by),
        }
    }

    fn reset(&mut self, key: usize, by: EndedBy) {
        if let Some(Some(connection)) = self.connections.get_mut(key) {
            connection.cut(&self.shared.budget);
        }
        self.close(key, by);
    }

    fn close(&mut self, key: usize, by: EndedBy) {
        let Some(mut connection) = self.connections.get_mut(key).and_then(Option::take) else { return };
        let upstream = &self.shared.upstreams[connection.upstream];
        if by != EndedBy::Client {
            upstream.suspect();
        }
        upstream.connections_open.fetch_sub(1, Relaxed);
        connection.tell_refusal();
        self.refused -= usize::from(connection.is_refused());
        connection.observer.over(by, self.shared.clock.now(), &mut lock(&self.shared.ledger));
        self.freed.push(key);
        self.shared.loads[self.number].fetch_sub(1, SeqCst);
        if self.shared.gate.makes_room() {
            if let Some(acceptor) = self.shared.acceptor.get() {
                acceptor.tell(Command::AcceptAgain);
            }
        }
    }

    fn obey(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Serve(client, listener) => self.begin(client, listener),
                Command::Scan(id) => {
                    let now = self.shared.clock.now();
                    let mut ledger = lock(&self.shared.ledger);
                    if ledger.is_scanning(id) {
                        for connection in self.connections.iter_mut().flatten() {
                            connection.observer.scan(now, &mut ledger);
                        }
                    }
                    drop(ledger);
                    self.report.scanned(id);
                }
                Command::AcceptAgain => self.next_accept.ask(),
                Command::StopAccepting => self.stop_accepting(),
                Command::Cut => self.cut(),
            }
        }
    }

    fn cut(&mut self) {
        for key in 0..self.connections.len() {
            if let Some(connection) = &mut self.connections[key] {
                connection.cut(&self.shared.budget);
                lock(&self.shared.ledger).tallies.cut_connections += 1;
                self.close(key, EndedBy::Wayside);
            }
        }
    }
}
