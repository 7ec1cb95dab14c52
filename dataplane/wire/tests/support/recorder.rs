//! What a sink was told, and a connection to tell it.

use super::{PREFACE, catalogue, settings};
use std::sync::Arc;
use wire::outcome::FAREWELL;
use wire::{Blind, BlindCause, Call, Catalogue, Conn, Direction, End, EndedBy, Nanos, Protocol, Request, Sink};

/// Everything that was told, in order.
#[derive(Debug, Default)]
pub struct Recorder {
    /// All of it, for comparing runs.
    pub log: Vec<String>,
    pub opened: Vec<Call>,
    pub requests: Vec<Request>,
    pub gaps: Vec<Nanos>,
    pub ended: Vec<(Call, End)>,
    pub blinded: Vec<Blind>,
    pub causes: Vec<&'static str>,
    pub recognised: Vec<Protocol>,
    pub truncated: usize,
    /// When the server said goodbye last.
    pub farewell: Option<Nanos>,
    /// To send again what the server leaves out does not help.
    pub in_vain: bool,
}

impl Sink for Recorder {
    fn opened(&mut self, call: &mut Call) {
        call.concurrency = self.opened.len() as u32;
        self.log.push(format!("opened {call:?}"));
        self.opened.push(call.clone());
    }

    fn request(&mut self, call: &Call, request: &Request) {
        self.log.push(format!("request {call:?} {request:?}"));
        self.requests.push(request.clone());
    }

    fn gap(&mut self, call: &Call, gap: Nanos) {
        self.log.push(format!("gap {call:?} {gap}"));
        self.gaps.push(gap);
    }

    fn ended(&mut self, call: &Call, end: &End) {
        assert!(call.open.is_empty(), "requests outlive their call");
        self.log.push(format!("ended {call:?} {end:?}"));
        self.ended.push((call.clone(), end.clone()));
    }

    fn blinded(&mut self, reason: Blind) {
        self.blinded.push(reason);
    }

    fn blinded_by(&mut self, cause: &BlindCause) {
        self.log.push(format!("blinded {cause:?}"));
        self.causes.push(cause.text);
        self.blinded(cause.reason);
    }

    fn recognised(&mut self, protocol: Protocol) {
        self.log.push(format!("recognised {protocol:?}"));
        self.recognised.push(protocol);
    }

    fn head_truncated(&mut self) {
        self.log.push("head_truncated".into());
        self.truncated += 1;
    }

    fn farewell(&mut self, now: Nanos) {
        self.log.push(format!("farewell {now}"));
        self.farewell = Some(now);
    }

    fn will_be_sent_again(&mut self, _: Nanos) -> bool {
        !self.in_vain
    }

    fn is_leaving(&self, now: Nanos) -> bool {
        self.farewell.is_some_and(|said| now - said < FAREWELL)
    }
}

/// A connection and what was told about it.
pub struct Rig {
    pub conn: Conn,
    pub told: Recorder,
    pub now: Nanos,
}

impl Rig {
    /// Before the first byte.
    pub fn fresh(catalogue: Arc<Catalogue>) -> Rig {
        Rig { conn: Conn::new(catalogue), told: Recorder::default(), now: 0 }
    }

    /// After preface and SETTINGS of both.
    pub fn http2() -> Rig {
        let mut rig = Rig::fresh(catalogue());
        rig.client(PREFACE).client(&settings()).server(&settings());
        rig
    }

    /// The clock goes on by so many milliseconds.
    pub fn wait(&mut self, ms: u64) -> &mut Rig {
        self.now += ms * super::MS;
        self
    }

    pub fn client(&mut self, bytes: &[u8]) -> &mut Rig {
        self.conn.feed(Direction::ToServer, bytes, self.now, &mut self.told);
        self
    }

    pub fn server(&mut self, bytes: &[u8]) -> &mut Rig {
        self.conn.feed(Direction::ToClient, bytes, self.now, &mut self.told);
        self
    }

    pub fn end(&mut self, by: EndedBy) -> &mut Rig {
        self.conn.end(by, self.now, &mut self.told);
        self
    }

    /// The one call that ended.
    pub fn only(&self) -> (&Call, &End) {
        assert_eq!(self.told.ended.len(), 1, "{:#?}", self.told.log);
        let (call, end) = &self.told.ended[0];
        (call, end)
    }
}
