//! One direction of an HTTP/2 connection: frames to header blocks and payload, and what becomes of them.

use crate::blindness::Blindness;
use crate::calls::Calls;
use crate::head::{Head, Methods, Wanted};
use crate::hpack::Decoder;
use crate::http2::{Counts, Cursor, Frames, Walker};
use crate::memo::Memo;
use crate::plans::Plans;
use crate::sink::{Blind, Sink};
use crate::{Direction, Nanos};
use std::rc::Rc;

/// The reading state of one direction.
#[derive(Debug)]
pub struct Lane {
    direction: Direction,
    walker: Walker,
    hpack: Decoder<Wanted>,
    head: Head,
    /// Nothing of the header block under way has been read.
    fresh: bool,
    memo: Memo,
    lost: Lost,
}

/// What can no longer be read in one direction, for ever (R3).
#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    /// Header blocks: their compression state is unknown.
    blocks: bool,
    /// Everything: frames cannot be told apart.
    frames: bool,
}

/// What both lanes of a connection share.
#[derive(Debug)]
pub struct Shared {
    /// The calls.
    pub calls: Calls,
    /// Paths and their methods.
    pub methods: Methods,
    /// What has been reported as no longer read.
    pub blindness: Blindness,
}

impl Lane {
    /// Nothing read yet.
    pub fn new(direction: Direction, plans: &Rc<Plans>) -> Lane {
        Lane {
            direction,
            walker: Walker::default(),
            hpack: Decoder::new(Wanted(plans.clone())),
            head: Head::default(),
            fresh: false,
            memo: Memo::default(),
            lost: Lost::default(),
        }
    }

    /// The place among the frames, while they can be told apart and header blocks be read.
    pub fn cursor(&self) -> Option<&Cursor> {
        let blind = self.lost.blocks || self.lost.frames;
        (!blind).then(|| self.walker.cursor())
    }

    /// See [`Walker::take_counts`].
    pub fn take_frames(&mut self) -> Counts {
        self.walker.take_counts()
    }

    /// Reads bytes that came at `now`.
    pub fn feed<S: Sink>(&mut self, bytes: &[u8], now: Nanos, shared: &mut Shared, sink: &mut S) {
        if self.lost.frames {
            return;
        }
        let mut reader = Reader {
            direction: self.direction,
            hpack: &mut self.hpack,
            head: &mut self.head,
            fresh: &mut self.fresh,
            memo: &mut self.memo,
            blocks_lost: &mut self.lost.blocks,
            shared,
            now,
            sink,
        };
        if self.walker.feed(bytes, now, &mut reader).is_ok() {
            return;
        }
        self.lost.frames = true;
        shared.blindness.report(Blind::Frame, sink);
        if self.direction == Direction::ToClient {
            shared.calls.unreadable(now, sink);
        }
    }
}

/// A lane at work on one read.
struct Reader<'a, S> {
    direction: Direction,
    hpack: &'a mut Decoder<Wanted>,
    head: &'a mut Head,
    fresh: &'a mut bool,
    memo: &'a mut Memo,
    blocks_lost: &'a mut bool,
    shared: &'a mut Shared,
    now: Nanos,
    sink: &'a mut S,
}

impl<S: Sink> Reader<'_, S> {
    #[cold]
    fn lose_blocks(&mut self) {
        *self.blocks_lost = true;
        self.shared.blindness.report(Blind::Hpack, self.sink);
    }
}

impl<S: Sink> Frames for Reader<'_, S> {
    fn block_begin(&mut self, stream: u32, own: bool, at: Nanos) {
        self.head.begin(stream, own, at);
        *self.fresh = true;
    }

    fn block_bytes(&mut self, bytes: &[u8]) {
        if *self.blocks_lost {
            return;
        }
        let fresh = std::mem::take(self.fresh);
        let revision = self.hpack.revision();
        if let Some(told) = self.memo.find(bytes, revision).filter(|_| fresh) {
            self.head.recall(told);
            return;
        }
        let (head, methods) = (&mut *self.head, &mut self.shared.methods);
        let mut out = |tag, value: crate::hpack::Value<'_>| head.field(tag, value, methods);
        if self.hpack.feed(bytes, &mut out).is_err() {
            self.lose_blocks();
        } else if fresh && self.hpack.revision() == revision && self.hpack.between_fields() {
            self.memo.keep(bytes, revision, self.head);
        }
    }

    fn block_end(&mut self, stream: u32, end_stream: bool) {
        if !*self.blocks_lost && self.hpack.end_block().is_err() {
            self.lose_blocks();
        }
        if !self.head.own {
            return;
        }
        let calls = &mut self.shared.calls;
        if self.direction == Direction::ToServer {
            let opened = calls.request_head(self.head, end_stream, self.now, self.sink);
            if opened.is_err() {
                self.shared.blindness.report(Blind::Streams, self.sink);
            }
            return;
        }
        calls.response_head(self.head);
        if end_stream {
            self.end_stream(stream);
        }
    }

    #[inline]
    fn data(&mut self, stream: u32, bytes: &[u8]) {
        let calls = &mut self.shared.calls;
        calls.data(self.direction, stream, bytes, self.now, self.sink);
    }

    #[inline]
    fn end_stream(&mut self, stream: u32) {
        let blind = *self.blocks_lost;
        let calls = &mut self.shared.calls;
        calls.end_stream(self.direction, stream, blind, self.now, self.sink);
    }

    fn reset(&mut self, stream: u32, code: u32) {
        let calls = &mut self.shared.calls;
        calls.reset(self.direction, stream, code, self.now, self.sink);
    }

    fn goaway(&mut self, last_stream: u32) {
        if self.direction == Direction::ToClient {
            self.shared.calls.goaway(last_stream, self.now, self.sink);
        }
    }
}
