//! One direction, frame by frame, in any chunking: heads, padding, the fixed fields that precede a payload.

use super::cursor::{Cursor, Head};
use super::{BadFrame, Counts, flag, kind};
use crate::Nanos;

/// Fixed fields before a payload: at most pad length and priority, or GOAWAY's two words.
const MAX_LEAD_BYTES: usize = 8;

/// Receives what the frames carry, in wire order.
pub trait Frames {
    /// A header block begins; `at` is when the first byte of its first frame came. `own` is false for a pushed
    /// request: its block must be decoded like any other and means nothing else here.
    fn block_begin(&mut self, stream: u32, own: bool, at: Nanos);
    /// More of the block.
    fn block_bytes(&mut self, bytes: &[u8]);
    /// The block is complete; the stream may be, too.
    fn block_end(&mut self, stream: u32, end_stream: bool);
    /// Payload without padding; never empty.
    fn data(&mut self, stream: u32, bytes: &[u8]);
    /// The last DATA frame of the stream is complete.
    fn end_stream(&mut self, stream: u32);
    /// RST_STREAM.
    fn reset(&mut self, stream: u32, code: u32);
    /// GOAWAY.
    fn goaway(&mut self, last_stream: u32, error: u32);
}

/// The reader of one direction.
#[derive(Debug, Default)]
pub struct Walker {
    cursor: Cursor,
    /// When the first byte of the frame under way came.
    began: Nanos,
    lead: [u8; MAX_LEAD_BYTES],
    lead_have: u8,
    lead_need: u8,
    /// Bytes between the fixed fields and the padding still to come.
    body_left: u32,
    /// The header block under way ends its stream.
    block_ends_stream: bool,
    /// Frames whose head has been read.
    counts: Counts,
}

impl Walker {
    /// The place among the frames.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Frames read since this was last asked.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    #[inline]
    fn count(&mut self, head: Head) {
        let other = self.counts.len() - 1;
        self.counts[usize::from(head.kind).min(other)] += 1;
    }

    /// Reads bytes that came at `now`.
    pub fn feed(&mut self, bytes: &[u8], now: Nanos, frames: &mut impl Frames) -> Result<(), BadFrame> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some((head, payload, tail)) = self.cursor.take_plain(rest) {
                rest = tail;
                self.began = now;
                self.count(head);
                self.plain(head, payload, frames);
                continue;
            }
            if self.cursor.inside().is_some() {
                let (payload, tail) = self.cursor.take_payload(rest);
                rest = tail;
                self.payload(payload, frames)?;
            } else {
                if self.cursor.between_frames() {
                    self.began = now;
                }
                let (tail, head) = self.cursor.take_head(rest)?;
                rest = tail;
                if let Some(head) = head {
                    self.begin(head, frames)?;
                }
            }
            let Some(head) = self.cursor.inside() else { continue };
            if self.cursor.leave() {
                self.finish(head, frames);
            }
        }
        Ok(())
    }

    /// A frame that is whole and needs no more than its payload, as nearly all are.
    #[inline]
    fn plain(&self, head: Head, payload: &[u8], frames: &mut impl Frames) {
        let end_stream = head.has(flag::END_STREAM);
        if head.kind == kind::HEADERS {
            frames.block_begin(head.stream, true, self.began);
            frames.block_bytes(payload);
            frames.block_end(head.stream, end_stream);
            return;
        }
        if !payload.is_empty() {
            frames.data(head.stream, payload);
        }
        if end_stream {
            frames.end_stream(head.stream);
        }
    }

    #[inline]
    fn begin(&mut self, head: Head, frames: &mut impl Frames) -> Result<(), BadFrame> {
        self.count(head);
        let pad = u8::from(head.has(flag::PADDED));
        self.lead_need = match head.kind {
            kind::DATA => pad,
            kind::HEADERS => pad + if head.has(flag::PRIORITY) { 5 } else { 0 },
            kind::PUSH_PROMISE => pad + 4,
            kind::RST_STREAM if head.length != 4 => return Err(BadFrame("RST_STREAM is not of four bytes")),
            kind::RST_STREAM => 4,
            kind::GOAWAY => 8,
            _ => 0,
        };
        self.lead_have = 0;
        const SHORT: BadFrame = BadFrame("a frame is shorter than its fixed fields");
        self.body_left = head.length.checked_sub(u32::from(self.lead_need)).ok_or(SHORT)?;
        if head.kind == kind::HEADERS || head.kind == kind::PUSH_PROMISE {
            let own = head.kind == kind::HEADERS;
            self.block_ends_stream = own && head.has(flag::END_STREAM);
            frames.block_begin(head.stream, own, self.began);
        }
        Ok(())
    }

    #[inline]
    fn payload(&mut self, bytes: &[u8], frames: &mut impl Frames) -> Result<(), BadFrame> {
        let Some(head) = self.cursor.inside() else {
            return Ok(());
        };
        let mut bytes = bytes;
        if self.lead_have < self.lead_need {
            let have = usize::from(self.lead_have);
            let n = bytes.len().min(usize::from(self.lead_need) - have);
            self.lead[have..have + n].copy_from_slice(&bytes[..n]);
            self.lead_have += n as u8;
            bytes = &bytes[n..];
            let padded = head.has(flag::PADDED) && matches!(head.kind, kind::DATA | kind::HEADERS | kind::PUSH_PROMISE);
            if self.lead_have == self.lead_need && padded {
                let pad = u32::from(self.lead[0]);
                const PADDING: BadFrame = BadFrame("padding is longer than its frame");
                self.body_left = self.body_left.checked_sub(pad).ok_or(PADDING)?;
            }
        }
        let n = bytes.len().min(self.body_left as usize);
        if n > 0 {
            self.body_left -= n as u32;
            match head.kind {
                kind::DATA => frames.data(head.stream, &bytes[..n]),
                kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => {
                    frames.block_bytes(&bytes[..n]);
                }
                _ => {}
            }
        }
        Ok(())
    }

    #[inline]
    fn finish(&mut self, head: Head, frames: &mut impl Frames) {
        match head.kind {
            kind::DATA if head.has(flag::END_STREAM) => frames.end_stream(head.stream),
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION if head.has(flag::END_HEADERS) => {
                frames.block_end(head.stream, self.block_ends_stream);
            }
            kind::RST_STREAM => frames.reset(head.stream, self.lead_word(0)),
            kind::GOAWAY => frames.goaway(self.lead_word(0) & 0x7fff_ffff, self.lead_word(4)),
            _ => {}
        }
    }

    fn lead_word(&self, at: usize) -> u32 {
        let b = &self.lead[at..at + 4];
        u32::from_be_bytes([b[0], b[1], b[2], b[3]])
    }
}
