//! Where in the sequence of frames a direction stands. Looks at frame heads only, so it can also run ahead over
//! bytes that have not been sent yet.

use super::{BadFrame, flag, kind};

/// Bytes of a frame head (RFC 9113 section 4.1).
pub const HEAD_BYTES: usize = 9;

/// A frame head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Payload bytes, at most 2^24-1.
    pub length: u32,
    /// Frame type.
    pub kind: u8,
    /// Frame flags.
    pub flags: u8,
    /// Stream id; the reserved bit is dropped.
    pub stream: u32,
}

/// A place in the sequence of frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    partial: [u8; HEAD_BYTES],
    have: u8,
    /// The frame under way, when `inside`.
    head: Head,
    inside: bool,
    /// Payload bytes of it still to come.
    left: u32,
    /// Stream whose header block is under way; 0 = none, as a block on stream 0 is refused.
    block: u32,
    settings_seen: bool,
    goaway_seen: bool,
}

impl Head {
    #[inline]
    fn parse(b: &[u8; HEAD_BYTES]) -> Head {
        Head {
            length: u32::from_be_bytes([0, b[0], b[1], b[2]]),
            kind: b[3],
            flags: b[4],
            stream: u32::from_be_bytes([b[5] & 0x7f, b[6], b[7], b[8]]),
        }
    }

    /// The flag is set.
    #[inline]
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Cursor {
    /// No byte of the next frame has been seen.
    #[inline]
    pub fn between_frames(&self) -> bool {
        self.have == 0 && !self.inside
    }

    /// The frame under way.
    #[inline]
    pub fn inside(&self) -> Option<Head> {
        self.inside.then_some(self.head)
    }

    /// Between frames, outside a header block, after the first SETTINGS and before any GOAWAY.
    pub fn goaway_fits(&self) -> bool {
        self.between_frames() && self.block == 0 && self.settings_seen && !self.goaway_seen
    }

    /// Takes a whole DATA frame, or HEADERS with a whole block, without padding and priority; None for all else.
    /// Returns its head, its payload and the rest.
    #[inline]
    pub fn take_plain<'b>(&self, bytes: &'b [u8]) -> Option<(Head, &'b [u8], &'b [u8])> {
        if !self.between_frames() || self.block != 0 {
            return None;
        }
        let (head, rest) = bytes.split_first_chunk()?;
        let head = Head::parse(head);
        let mixed = flag::PADDED | flag::PRIORITY | flag::END_HEADERS;
        let plain = match head.kind {
            kind::DATA => !head.has(flag::PADDED),
            kind::HEADERS => head.flags & mixed == flag::END_HEADERS && head.stream != 0,
            _ => false,
        };
        if !plain {
            return None;
        }
        let (payload, rest) = rest.split_at_checked(head.length as usize)?;
        Some((head, payload, rest))
    }

    /// Takes bytes of a frame head. Returns the rest, and the head once it is complete.
    #[inline]
    pub fn take_head<'b>(&mut self, bytes: &'b [u8]) -> Result<(&'b [u8], Option<Head>), BadFrame> {
        let (head, rest) = match bytes.split_first_chunk() {
            Some((whole, rest)) if self.have == 0 => (Head::parse(whole), rest),
            _ => {
                let have = usize::from(self.have);
                let n = bytes.len().min(HEAD_BYTES - have);
                self.partial[have..have + n].copy_from_slice(&bytes[..n]);
                self.have += n as u8;
                if usize::from(self.have) < HEAD_BYTES {
                    return Ok((&[], None));
                }
                (Head::parse(&self.partial), &bytes[n..])
            }
        };
        self.enter(head)?;
        Ok((rest, Some(head)))
    }

    fn enter(&mut self, head: Head) -> Result<(), BadFrame> {
        let continues = head.kind == kind::CONTINUATION;
        if continues != (self.block != 0) || (continues && head.stream != self.block) {
            let outside = continues && self.block == 0;
            return Err(BadFrame(match outside {
                true => "CONTINUATION outside of a header block",
                false => "a header block is interrupted by another frame",
            }));
        }
        if matches!(head.kind, kind::HEADERS | kind::PUSH_PROMISE) {
            if head.stream == 0 {
                return Err(BadFrame("a header block on stream 0"));
            }
            self.block = head.stream;
        }
        self.have = 0;
        self.inside = true;
        self.left = head.length;
        self.head = head;
        Ok(())
    }

    /// Takes payload bytes of the frame under way. Returns them and the rest.
    #[inline]
    pub fn take_payload<'b>(&mut self, bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
        let n = bytes.len().min(self.left as usize);
        self.left -= n as u32;
        bytes.split_at(n)
    }

    /// Leaves the frame under way if all of it has been taken.
    #[inline]
    pub fn leave(&mut self) -> bool {
        if !self.inside || self.left > 0 {
            return false;
        }
        self.inside = false;
        match self.head.kind {
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION if self.head.has(flag::END_HEADERS) => {
                self.block = 0;
            }
            kind::SETTINGS => self.settings_seen = true,
            kind::GOAWAY => self.goaway_seen = true,
            _ => {}
        }
        true
    }

    /// Length of the shortest non-empty prefix of `bytes` after which [`Cursor::goaway_fits`].
    pub fn goaway_fits_after(mut self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.inside {
                rest = self.take_payload(rest).1;
            } else {
                rest = self.take_head(rest).ok()?.0;
            }
            self.leave();
            if self.goaway_fits() {
                return Some(bytes.len() - rest.len());
            }
        }
        None
    }
}
