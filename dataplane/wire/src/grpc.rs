//! gRPC message framing: a flag byte, a big-endian length, then the message, cut anywhere across DATA frames
//! (gRPC over HTTP/2, "Length-Prefixed-Message").

/// Bytes before each message.
const PREFIX_BYTES: usize = 5;

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The first byte of a message's prefix.
    Begin,
    /// The prefix is complete.
    Length {
        /// The message is not plain: only its size can be told (R14).
        opaque: bool,
        /// Its size as claimed; nothing is ever allocated by it.
        bytes: u32,
    },
    /// More of the message; never empty.
    Body(&'a [u8]),
    /// The message is complete.
    End,
    /// All of the above at once: a whole message is at hand, as most are.
    Message {
        /// See [`Piece::Length`].
        opaque: bool,
        /// The message.
        body: &'a [u8],
    },
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Between,
    Prefix,
    Body,
}

/// The framing of one direction of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Framer {
    state: State,
    prefix: [u8; PREFIX_BYTES],
    have: u8,
    left: u32,
}

impl Framer {
    /// Nothing of a message has been read that has not ended.
    pub fn is_between(&self) -> bool {
        matches!(self.state, State::Between)
    }

    /// How many of these bytes belong to the message under way, or to the one that they begin.
    pub fn bytes_of_one(&self, bytes: &[u8]) -> usize {
        let have = match self.state {
            State::Between => 0,
            State::Prefix => usize::from(self.have),
            State::Body => return bytes.len().min(self.left as usize),
        };
        let (mut prefix, n) = (self.prefix, bytes.len().min(PREFIX_BYTES - have));
        prefix[have..have + n].copy_from_slice(&bytes[..n]);
        if have + n < PREFIX_BYTES {
            return n;
        }
        let [_, length @ ..] = prefix;
        n + (bytes.len() - n).min(u32::from_be_bytes(length) as usize)
    }

    /// The next piece of `bytes`, which is advanced; None when they are used up.
    #[inline]
    pub fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Option<Piece<'b>> {
        match self.state {
            State::Between if bytes.is_empty() => None,
            State::Between => {
                if let Some((opaque, body, rest)) = whole(bytes) {
                    *bytes = rest;
                    return Some(Piece::Message { opaque, body });
                }
                self.state = State::Prefix;
                self.have = 0;
                Some(Piece::Begin)
            }
            State::Prefix => {
                let have = usize::from(self.have);
                let n = bytes.len().min(PREFIX_BYTES - have);
                self.prefix[have..have + n].copy_from_slice(&bytes[..n]);
                *bytes = &bytes[n..];
                self.have += n as u8;
                if usize::from(self.have) < PREFIX_BYTES {
                    return None;
                }
                let [flag, length @ ..] = self.prefix;
                self.left = u32::from_be_bytes(length);
                self.state = State::Body;
                Some(Piece::Length { opaque: flag != 0, bytes: self.left })
            }
            State::Body if self.left == 0 => {
                self.state = State::Between;
                Some(Piece::End)
            }
            State::Body if bytes.is_empty() => None,
            State::Body => {
                let n = bytes.len().min(self.left as usize);
                let (body, rest) = bytes.split_at(n);
                *bytes = rest;
                self.left -= n as u32;
                Some(Piece::Body(body))
            }
        }
    }
}

/// The whole message that these bytes begin with, and the bytes after it.
#[inline]
fn whole(bytes: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (&[flag, length @ ..], rest) = bytes.split_first_chunk::<PREFIX_BYTES>()?;
    let (body, rest) = rest.split_at_checked(u32::from_be_bytes(length) as usize)?;
    Some((flag != 0, body, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(chunks: &[&[u8]]) -> Vec<String> {
        let mut framer = Framer::default();
        let mut out: Vec<String> = Vec::new();
        for mut bytes in chunks.iter().copied() {
            while let Some(piece) = framer.next(&mut bytes) {
                if let Piece::Message { opaque, body } = piece {
                    let bytes = body.len() as u32;
                    out.push("Begin".into());
                    out.push(format!("{:?}", Piece::Length { opaque, bytes }));
                    if bytes > 0 {
                        out.push(format!("Body {}", String::from_utf8_lossy(body)));
                    }
                    out.push("End".into());
                    continue;
                }
                match (piece, out.last_mut()) {
                    (Piece::Body(body), Some(last)) if last.starts_with("Body") => {
                        last.push_str(&String::from_utf8_lossy(body));
                    }
                    (Piece::Body(body), _) => out.push(format!("Body {}", String::from_utf8_lossy(body))),
                    (piece, _) => out.push(format!("{piece:?}")),
                }
            }
        }
        out
    }

    #[test]
    fn messages_are_cut_anywhere() {
        let bytes = b"\0\0\0\0\x03abc\0\0\0\0\0\x01\0\0\0\x01z\0\0";
        let whole = pieces(&[bytes]);
        let split: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(whole, pieces(&split));
        assert_eq!(
            whole,
            [
                "Begin",
                "Length { opaque: false, bytes: 3 }",
                "Body abc",
                "End",
                "Begin",
                "Length { opaque: false, bytes: 0 }",
                "End",
                "Begin",
                "Length { opaque: true, bytes: 1 }",
                "Body z",
                "End",
                "Begin",
            ]
        );
    }

    #[test]
    fn four_gigabytes_are_claimed_and_none_allocated() {
        assert_eq!(
            pieces(&[b"\0\xff\xff\xff\xffx"]),
            ["Begin", "Length { opaque: false, bytes: 4294967295 }", "Body x"]
        );
    }
}
