//! One direction of a stream: how far its body has been read.

use super::connection_state::{ConnectionState, Context, MAX_READING};
use crate::Nanos;
use crate::content::Content;
use crate::field::Walk;
use crate::grpc::Framer;
use crate::json::{Plan, Scan};
use crate::pool;
use crate::sink::Sink;
use crate::sse::Events;

/// One direction of a stream.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// How the body is read.
    pub(super) content: Content,
    pub(super) framer: Framer,
    pub(super) events: Events,
    /// The message under way, until its head has been read.
    pub(super) walk: Option<Box<Walk>>,
    /// The JSON document under way.
    pub(super) scan: Option<Box<Scan>>,
    /// A JSON document is under way, or was the only one.
    pub(super) document: bool,
    /// A JSON document is under way of which nothing has been read.
    pub(super) unread: bool,
    /// Of the body, so many more bytes are JSON.
    pub(super) json_left: Option<u32>,
    /// When the message under way began.
    pub(super) began: Nanos,
}

impl Side {
    /// Begins reading a message of `len` bytes.
    #[inline]
    pub(super) fn begin_walk<S: Sink>(&mut self, len: u32, head_bytes: u32, cx: &mut Context<'_, S>) {
        if self.may_read(cx) {
            let walk = self.walk.insert(pool::take());
            walk.begin(len, head_bytes);
        }
    }

    /// Begins reading a document.
    pub(super) fn begin_scan<S: Sink>(&mut self, plan: &Plan, head_bytes: u32, cx: &mut Context<'_, S>) {
        if self.may_read(cx) {
            let scan = self.scan.insert(pool::take());
            scan.begin(plan, head_bytes);
        }
    }

    /// Reads on in the document under way.
    pub(super) fn feed_scan(&mut self, plan: &Plan, bytes: &[u8]) {
        let Some(scan) = &mut self.scan else { return };
        let bytes = match &mut self.json_left {
            None => bytes,
            Some(left) => {
                let n = bytes.len().min(*left as usize);
                *left -= n as u32;
                &bytes[..n]
            }
        };
        scan.feed(plan, bytes);
    }

    /// One more message may be read.
    #[inline]
    fn may_read<S: Sink>(&mut self, cx: &mut Context<'_, S>) -> bool {
        self.put_back(cx.connection);
        if cx.connection.reading >= MAX_READING {
            cx.sink.head_truncated();
            return false;
        }
        cx.connection.reading += 1;
        true
    }

    /// Done reading the message under way.
    #[inline]
    pub(super) fn put_back(&mut self, connection: &mut ConnectionState) {
        if let Some(walk) = self.walk.take() {
            connection.reading -= 1;
            pool::keep(walk);
        }
        if let Some(scan) = self.scan.take() {
            connection.reading -= 1;
            pool::keep(scan);
        }
    }
}
