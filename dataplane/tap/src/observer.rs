//! Between the pump and the parser: shows bytes to [`wire::Conn`], and makes sure that nothing that happens in there
//! can touch them. A parser that panics is dropped; the connection goes on unseen, and says so.

use crate::clock::nanos;
use crate::holds::Holds;
use crate::ledger::{Ledger, Passed, Recorder, RouteCache, Seen};
use crate::limits::TURN_TIME;
use crate::lock::lock;
use crate::pump::Sensor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use wire::{Blind, BlindCause, Catalogue, Conn, Direction, EndedBy, Nanos, Sink};

/// GOAWAY(last stream 2^31-1, NO_ERROR), RFC 9113 6.8: "no new streams, please; all open ones go on".
const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/// RFC 9112 section 9.6: "the last answer here; ask the next time elsewhere".
const CLOSE: &[u8] = b"connection: close\r\n";

/// The observer of one connection. `None` inside: nothing is read any more, or nothing ever was.
pub struct Observer {
    conn: Option<Box<Conn>>,
    route_cache: RouteCache,
    open: u32,
    /// Bytes that were shown to the parser.
    passed: Passed,
    /// Which upstream it leads to, by listener.
    upstream: usize,
    /// The server has ended its half of the connection.
    server_left: bool,
    /// When the client did not read.
    holds: Holds,
}

impl Observer {
    /// Observes from byte 0; with no catalogue, not at all.
    pub fn new(catalogue: Option<Arc<Catalogue>>, upstream: usize) -> Observer {
        let conn = catalogue.map(|catalogue| Box::new(Conn::new(catalogue)));
        Observer {
            conn,
            route_cache: RouteCache::default(),
            open: 0,
            passed: Passed::default(),
            upstream,
            server_left: false,
            holds: Holds::default(),
        }
    }

    /// Bytes that have been sent on.
    pub fn saw(&mut self, direction: Direction, bytes: &[u8], now: Nanos, ledger: &mut Ledger) {
        self.guarded(direction, ledger, |conn, recorder| conn.feed(direction, bytes, now, recorder));
        self.passed.add(direction, bytes.len());
    }

    /// The client has ended its half of the connection.
    pub fn client_left(&mut self, now: Nanos, ledger: &mut Ledger) {
        self.guarded(Direction::ToServer, ledger, |conn, recorder| conn.client_left(now, recorder));
    }

    /// The server has ended its half of the connection, which was first ended `by`.
    pub fn server_left(&mut self, by: EndedBy, now: Nanos, ledger: &mut Ledger) {
        if !std::mem::replace(&mut self.server_left, true) {
            self.guarded(Direction::ToClient, ledger, |conn, recorder| conn.server_left(by, now, recorder));
        }
    }

    /// The client, which had ended its half before, answered what it was sent with a reset.
    pub fn client_refused(&mut self) {
        if let Some(conn) = &mut self.conn {
            conn.client_refused();
        }
    }

    /// The client, which had ended its half before, has acknowledged all that it was sent.
    pub fn client_read_on(&mut self, now: Nanos, ledger: &mut Ledger) {
        self.guarded(Direction::ToClient, ledger, |conn, recorder| conn.client_read_on(now, recorder));
    }

    /// From now on bytes for the client are held, because it does not read; or they no longer are.
    pub fn client_holds(&mut self, held: bool, now: Nanos) {
        match held {
            true => {
                if self.open == 0 {
                    self.holds.forget();
                }
                self.holds.begin(now);
            }
            false => self.holds.end(now),
        }
    }

    /// See [`Conn::holds_calls`].
    pub fn holds_calls(&self) -> bool {
        self.conn.as_ref().is_some_and(|conn| conn.holds_calls())
    }

    /// Bytes of a client that cannot be sent on, because there is nobody to send them to. Returns whether more of them
    /// could tell more of what it wants: it may be HTTP/1.1, and no request is complete.
    pub fn saw_in_vain(&mut self, bytes: &[u8], now: Nanos, ledger: &mut Ledger) -> bool {
        self.saw(Direction::ToServer, bytes, now, ledger);
        let (mut complete, mut may_be_http1) = (false, false);
        self.guarded(Direction::ToServer, ledger, |conn, _| {
            may_be_http1 = conn.may_be_http1();
            conn.scan(|call, _| complete |= call.request_complete.is_some());
        });
        may_be_http1 && !complete
    }

    /// What is shown to it is read.
    pub fn is_reading(&self) -> bool {
        self.conn.is_some()
    }

    /// The connection is over.
    pub fn over(&mut self, by: EndedBy, now: Nanos, ledger: &mut Ledger) {
        self.guarded(Direction::ToClient, ledger, |conn, recorder| {
            conn.end(by, now, recorder);
            recorder.ledger.tallies.add_frames(conn);
        });
        ledger.forget_open(std::mem::take(&mut self.open));
        self.conn = None;
    }

    /// Shows the open calls to the ledger, and what frames there were.
    pub fn scan(&mut self, now: Nanos, ledger: &mut Ledger) {
        self.guarded(Direction::ToClient, ledger, |conn, recorder| {
            let (upstream, holds) = (recorder.upstream, recorder.holds);
            conn.scan(|call, coming| recorder.ledger.scan(call, Seen { upstream, now, coming, holds }));
            recorder.ledger.tallies.add_frames(conn);
        });
    }

    /// See [`Conn::reads_http1`].
    pub fn reads_http1(&self) -> bool {
        self.conn.as_ref().is_some_and(|conn| conn.reads_http1())
    }

    /// What tells the client, where [`Observer::farewell_fits`], to open no more calls here.
    pub fn farewell(&self) -> &'static [u8] {
        if self.reads_http1() { CLOSE } else { GOAWAY }
    }

    /// See [`Conn::farewell_fits`].
    pub fn farewell_fits(&self) -> bool {
        self.conn.as_ref().is_some_and(|conn| conn.farewell_fits())
    }

    /// See [`Conn::farewell_fits_after`]. A panic in here means that it does not fit.
    pub fn farewell_fits_after(&self, bytes: &[u8]) -> Option<usize> {
        let conn = self.conn.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| conn.farewell_fits_after(bytes)))
            .ok()
            .flatten()
            .filter(|cut| *cut <= bytes.len())
    }

    /// Acts on the parser, in a direction should it panic; what concerns neither is put down to the one that answers.
    fn guarded(&mut self, direction: Direction, ledger: &mut Ledger, act: impl FnOnce(&mut Conn, &mut Recorder<'_>)) {
        let Some(conn) = &mut self.conn else { return };
        let mut opaque = false;
        let mut recorder = Recorder {
            ledger,
            route_cache: &mut self.route_cache,
            open: &mut self.open,
            opaque: &mut opaque,
            upstream: self.upstream,
            passed: self.passed,
            holds: &self.holds,
        };
        if catch_unwind(AssertUnwindSafe(|| act(conn, &mut recorder))).is_err() {
            recorder.blinded_by(&BlindCause { reason: Blind::Panic, direction, text: "the parser panicked" });
        }
        if opaque {
            // The parser's destructor is trusted: it only frees.
            self.conn = None;
            ledger.forget_open(std::mem::take(&mut self.open));
        }
    }
}

/// The observer of a connection for the length of a turn.
pub struct ObservedTurn<'a> {
    /// The connection's.
    pub observer: &'a mut Observer,
    /// Everyone's.
    pub ledger: &'a Mutex<Ledger>,
    /// Time of now.
    pub clock: &'a crate::clock::Clock,
    /// When the events of this turn became known.
    pub woken: Nanos,
    /// When the bytes that are seen next had come.
    pub heard: Nanos,
    /// When the first of this turn had.
    pub began: Option<Nanos>,
}

impl Sensor for ObservedTurn<'_> {
    fn heard(&mut self) {
        if self.observer.conn.is_some() {
            self.heard = self.clock.now();
            self.began.get_or_insert(self.heard);
        }
    }

    fn time_is_up(&self) -> bool {
        let began = self.began.filter(|_| self.observer.conn.is_some());
        began.is_some_and(|began| self.clock.now().saturating_sub(began) > nanos(TURN_TIME))
    }

    fn saw(&mut self, direction: Direction, bytes: &[u8]) {
        if self.observer.conn.is_none() {
            return;
        }
        let added = self.clock.now().saturating_sub(self.woken);
        let mut ledger = lock(self.ledger);
        ledger.tallies.added_latency.record(added);
        self.observer.saw(direction, bytes, self.heard, &mut ledger);
    }

    fn finished(&mut self, direction: Direction) {
        if direction == Direction::ToServer {
            self.observer.client_left(self.clock.now(), &mut lock(self.ledger));
        }
    }

    fn holds(&mut self, direction: Direction, held: bool) {
        if direction == Direction::ToClient && self.observer.conn.is_some() {
            self.observer.client_holds(held, self.clock.now());
        }
    }

    fn insertion(&self) -> &'static [u8] {
        self.observer.farewell()
    }

    fn insertion_fits(&self) -> bool {
        self.observer.farewell_fits()
    }

    fn insertion_fits_after(&self, bytes: &[u8]) -> Option<usize> {
        self.observer.farewell_fits_after(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames;
    use crate::log::{Format, Log};

    #[test]
    fn of_a_client_that_cannot_be_served_a_request_of_http1_is_heard_to_its_end_and_nothing_else() {
        let whole: &[u8] = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
        for kept in 1..=whole.len() {
            let (mut ledger, mut observer) = (Ledger::new(7), Observer::new(Some(Arc::default()), 0));
            let more_wanted = observer.saw_in_vain(&whole[..kept], 1, &mut ledger);
            assert_eq!(more_wanted, kept < whole.len(), "after {kept} bytes");
        }
        let both = [frames::PREFACE, frames::SETTINGS].concat();
        for (bytes, wanted) in [
            (&both[..], false),
            (b"PRI * HTTP/2.0\r\n", true),
            (b"\x16\x03\x01\x02\0", false),
            (b"\0\0\0", false),
            (b"GET / HTTP/1.1\r\nhost: x\r\n : y\r\n\r\n", false),
        ] {
            let (mut ledger, mut observer) = (Ledger::new(7), Observer::new(Some(Arc::default()), 0));
            assert_eq!(observer.saw_in_vain(bytes, 1, &mut ledger), wanted, "{}", bytes.escape_ascii());
        }
        assert!(!Observer::new(None, 0).is_reading());
    }

    /// RST_STREAM of five bytes.
    const BAD: &[u8] = b"\0\0\x05\x03\0\0\0\0\x01\0\0\0\0\0";

    #[test]
    fn what_ends_the_reading_is_told_with_what_was_wrong_and_where() {
        let (log, lines) = Log::new(Format::Human);
        let mut ledger = Ledger::new(7);
        ledger.log_to(log);
        let mut observer = Observer::new(Some(Arc::default()), 0);
        observer.saw(Direction::ToServer, frames::PREFACE, 1, &mut ledger);
        observer.saw(Direction::ToServer, frames::SETTINGS, 2, &mut ledger);
        observer.saw(Direction::ToClient, frames::SETTINGS, 3, &mut ledger);
        observer.saw(Direction::ToServer, BAD, 4, &mut ledger);
        observer.saw(Direction::ToServer, BAD, 5, &mut ledger);
        let snapshot = ledger.snapshot(0, 6);
        let [cause] = &snapshot.blind_causes[..] else { panic!("{:?}", snapshot.blind_causes) };
        let told = (&*cause.reason, &*cause.cause, &*cause.direction, cause.offset, cause.count);
        assert_eq!(told, ("frame", "RST_STREAM is not of four bytes", "to_server", 33, 1));
        let blind: Vec<_> = snapshot.tap.into_iter().flat_map(|tap| tap.blind).collect();
        assert_eq!(blind.iter().map(|count| (&*count.label, count.value)).collect::<Vec<_>>(), [("frame", 1)]);
        drop(ledger);
        let mut written = Vec::new();
        lines.write_all(&mut written);
        let written = String::from_utf8(written).expect("text");
        assert!(
            written.ends_with("(frame): RST_STREAM is not of four bytes, in what came after byte 33 of the client\n"),
            "{written}"
        );
    }
}
