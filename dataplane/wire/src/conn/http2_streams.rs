//! One direction of an HTTP/2 connection: frames to header blocks and payload, and what becomes of them.

use super::Shared;
use super::block_cache::BlockCache;
use crate::head::{Head, Wanted};
use crate::hpack::{self, Decoder};
use crate::http2::{BadFrame, Counts, Cursor, Frames, Walker};
use crate::plans::Plans;
use crate::sink::{Blind, BlindCause, Listener, Sink};
use crate::{Direction, Nanos};
use std::rc::Rc;

/// How far one direction has been read.
#[derive(Debug)]
pub struct Streams {
    direction: Direction,
    walker: Walker,
    hpack: Decoder<Wanted>,
    head: Head,
    /// Nothing of the header block under way has been read.
    fresh: bool,
    blocks: BlockCache,
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

/// One direction at work on one read.
struct Reader<'a, S> {
    direction: Direction,
    hpack: &'a mut Decoder<Wanted>,
    head: &'a mut Head,
    fresh: &'a mut bool,
    blocks: &'a mut BlockCache,
    blocks_lost: &'a mut bool,
    shared: &'a mut Shared,
    listener: Listener<'a, S>,
}

impl Streams {
    /// Nothing read yet.
    pub fn new(direction: Direction, plans: &Rc<Plans>) -> Streams {
        Streams {
            direction,
            walker: Walker::default(),
            hpack: Decoder::new(Wanted(plans.clone())),
            head: Head::default(),
            fresh: false,
            blocks: BlockCache::default(),
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

    /// Reads bytes that have just come.
    pub fn feed<S: Sink>(&mut self, bytes: &[u8], shared: &mut Shared, mut listener: Listener<'_, S>) {
        if self.lost.frames {
            return;
        }
        let mut reader = Reader {
            direction: self.direction,
            hpack: &mut self.hpack,
            head: &mut self.head,
            fresh: &mut self.fresh,
            blocks: &mut self.blocks,
            blocks_lost: &mut self.lost.blocks,
            shared,
            listener: listener.reborrow(),
        };
        let Err(BadFrame(text)) = self.walker.feed(bytes, reader.listener.now, &mut reader) else {
            return;
        };
        self.lost.frames = true;
        let cause = BlindCause { reason: Blind::Frame, direction: self.direction, text };
        shared.blindness.report(&cause, listener.sink);
        if self.direction == Direction::ToClient {
            shared.calls.unreadable(listener);
        }
    }
}

impl<S: Sink> Reader<'_, S> {
    #[cold]
    fn lose_blocks(&mut self, error: hpack::Error) {
        *self.blocks_lost = true;
        self.report(Blind::Hpack, error.text());
    }

    #[cold]
    fn report(&mut self, reason: Blind, text: &'static str) {
        let cause = BlindCause { reason, direction: self.direction, text };
        self.shared.blindness.report(&cause, self.listener.sink);
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
        if let Some(told) = self.blocks.find(bytes, revision).filter(|_| fresh) {
            self.head.recall(told);
            return;
        }
        let (head, methods) = (&mut *self.head, &mut self.shared.methods);
        let mut out = |tag, value: crate::hpack::Value<'_>| head.field(tag, value, methods);
        if let Err(error) = self.hpack.feed(bytes, &mut out) {
            self.lose_blocks(error);
        } else if fresh && self.hpack.revision() == revision && self.hpack.between_fields() {
            self.blocks.keep(bytes, revision, self.head);
        }
    }

    fn block_end(&mut self, stream: u32, end_stream: bool) {
        if !*self.blocks_lost {
            if let Err(error) = self.hpack.end_block() {
                self.lose_blocks(error);
            }
        }
        if !self.head.own {
            return;
        }
        let calls = &mut self.shared.calls;
        if self.direction == Direction::ToServer {
            let opened = calls.request_head(self.head, end_stream, self.listener.reborrow());
            if opened.is_err() {
                self.report(Blind::Streams, "more streams are open at once than are followed");
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
        calls.data(self.direction, stream, bytes, self.listener.reborrow());
    }

    #[inline]
    fn end_stream(&mut self, stream: u32) {
        let blind = *self.blocks_lost;
        let calls = &mut self.shared.calls;
        calls.end_stream(self.direction, stream, blind, self.listener.reborrow());
    }

    fn reset(&mut self, stream: u32, code: u32) {
        let calls = &mut self.shared.calls;
        calls.reset(self.direction, stream, code, self.listener.reborrow());
    }

    fn goaway(&mut self, last_stream: u32, error: u32) {
        if self.direction == Direction::ToClient {
            self.shared.calls.goaway(last_stream, error, self.listener.reborrow());
        }
    }
}
