//! One direction, message by message, in any chunking: heads and bodies (RFC 9112 sections 6 and 7).

use super::Unreadable;
use super::head::{Framing, Reader};
use crate::Nanos;
use crate::head::{Head, Methods};

/// Digits of a chunk's size: 2^60 bytes are more than anybody means, and less than overflows.
const MAX_SIZE_DIGITS: u8 = 15;

/// How the body at hand ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// After so many more bytes.
    Length(u64),
    /// With the last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// Receives what the messages carry.
pub trait Messages {
    /// A head is complete. Returns how its body ends; None when it has none.
    fn head(&mut self, head: &mut Head, framing: Framing) -> Result<Option<Body>, Unreadable>;
    /// More of the body, without chunk heads; never empty.
    fn body(&mut self, bytes: &[u8]);
    /// The message is complete.
    fn end(&mut self);
    /// Paths and their methods.
    fn methods(&mut self) -> &mut Methods;
}

/// Where in a chunked body the next byte is (RFC 9112 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Chunk {
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    /// At the beginning of a line after the last chunk.
    Trailer,
    TrailerLine,
    LastEnd,
}

#[derive(Debug)]
enum State {
    Head,
    Body(Body),
    Chunked(Chunk),
}

/// The reader of one direction.
#[derive(Debug)]
pub struct Walker {
    state: State,
    reader: Reader,
    head: Head,
    /// Bytes of the chunk still to come, or its size so far.
    left: u64,
    /// Digits of the size so far.
    size_digits: u8,
}

impl Walker {
    /// Before the first message.
    pub fn new(is_request: bool) -> Walker {
        Walker { state: State::Head, reader: Reader::new(is_request), head: Head::default(), left: 0, size_digits: 0 }
    }

    /// The connection's end is the body's.
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::Body(Body::UntilClose))
    }

    /// Between two lines of the head of a final answer: a field may be inserted.
    pub fn field_fits(&self) -> bool {
        let final_answer = self.head.status.is_some_and(|status| status >= 200);
        matches!(self.state, State::Head) && final_answer && self.reader.is_between_lines()
    }

    /// Length of the shortest prefix of these bytes after which [`Walker::field_fits`], if a line that ends among them
    /// is a status line or a field.
    pub fn field_fits_after(&self, bytes: &[u8]) -> Option<usize> {
        let end = memchr::memchr(b'\n', bytes).filter(|_| matches!(self.state, State::Head))?;
        let line = [self.reader.line_so_far(), &bytes[..end]].concat();
        let is_final = match self.reader.has_started() {
            true => self.head.status.is_some_and(|status| status >= 200) && line != b"\r",
            false => line.starts_with(b"HTTP/1.") && matches!(line.get(9), Some(b'2'..=b'5')),
        };
        (is_final && line.ends_with(b"\r")).then_some(end + 1)
    }

    /// Reads bytes that came at `now`.
    pub fn feed(&mut self, bytes: &[u8], now: Nanos, messages: &mut impl Messages) -> Result<(), Unreadable> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match &mut self.state {
                State::Head => {
                    let methods = messages.methods();
                    let (tail, framing) = self.reader.feed(rest, now, &mut self.head, methods)?;
                    if let Some(framing) = framing {
                        self.begin(framing, messages)?;
                    }
                    tail
                }
                State::Body(body) => {
                    let n = match body {
                        Body::Length(left) => rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX)),
                        Body::Chunked | Body::UntilClose => rest.len(),
                    };
                    messages.body(&rest[..n]);
                    if let Body::Length(left) = body {
                        *left -= n as u64;
                        if *left == 0 {
                            self.end(messages);
                        }
                    }
                    &rest[n..]
                }
                State::Chunked(Chunk::Data) => {
                    let n = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                    messages.body(&rest[..n]);
                    self.left -= n as u64;
                    match &rest[n..] {
                        tail if self.left > 0 => tail,
                        [b'\r', b'\n', tail @ ..] => {
                            self.expect_size();
                            tail
                        }
                        tail => {
                            self.state = State::Chunked(Chunk::DataReturn);
                            tail
                        }
                    }
                }
                State::Chunked(Chunk::Size) if self.size_digits == 0 => match size_line(rest) {
                    Some((size, tail)) => {
                        (self.left, self.state) = (size, State::Chunked(Chunk::Data));
                        tail
                    }
                    None => {
                        self.chunk_byte(Chunk::Size, rest[0], messages)?;
                        &rest[1..]
                    }
                },
                State::Chunked(chunk) => {
                    let chunk = *chunk;
                    self.chunk_byte(chunk, rest[0], messages)?;
                    &rest[1..]
                }
            };
        }
        Ok(())
    }

    fn begin(&mut self, framing: Framing, messages: &mut impl Messages) -> Result<(), Unreadable> {
        match messages.head(&mut self.head, framing)? {
            None | Some(Body::Length(0)) => self.end(messages),
            Some(Body::Chunked) => self.expect_size(),
            Some(body) => self.state = State::Body(body),
        }
        Ok(())
    }

    fn end(&mut self, messages: &mut impl Messages) {
        self.state = State::Head;
        messages.end();
    }

    fn expect_size(&mut self) {
        (self.left, self.size_digits) = (0, 0);
        self.state = State::Chunked(Chunk::Size);
    }

    fn chunk_byte(&mut self, chunk: Chunk, byte: u8, messages: &mut impl Messages) -> Result<(), Unreadable> {
        let next = match (chunk, byte) {
            (Chunk::Size, _) if byte.is_ascii_hexdigit() => {
                if self.size_digits == MAX_SIZE_DIGITS {
                    return Err(Unreadable::Ambiguous("the size of a chunk has more digits than anybody means"));
                }
                let digit = (byte as char).to_digit(16).unwrap_or(0);
                self.left = self.left << 4 | u64::from(digit);
                self.size_digits += 1;
                Chunk::Size
            }
            (Chunk::Size, _) if self.size_digits == 0 => {
                return Err(Unreadable::Ambiguous("a chunk without a size"));
            }
            (Chunk::Size | Chunk::Extension, b'\r') => Chunk::SizeEnd,
            (Chunk::Size, b';' | b' ' | b'\t') => Chunk::Extension,
            (Chunk::Extension, _) if byte != b'\n' => Chunk::Extension,
            (Chunk::SizeEnd, b'\n') if self.left == 0 => Chunk::Trailer,
            (Chunk::SizeEnd, b'\n') => Chunk::Data,
            (Chunk::DataReturn, b'\r') => Chunk::DataEnd,
            (Chunk::DataEnd, b'\n') => {
                self.expect_size();
                return Ok(());
            }
            (Chunk::Trailer, b'\r') => Chunk::LastEnd,
            (Chunk::Trailer | Chunk::TrailerLine, b'\n') => Chunk::Trailer,
            (Chunk::Trailer | Chunk::TrailerLine, _) => Chunk::TrailerLine,
            (Chunk::LastEnd, b'\n') => {
                self.end(messages);
                return Ok(());
            }
            _ => return Err(Unreadable::Ambiguous("a chunk does not end its line or its data as it should")),
        };
        self.state = State::Chunked(next);
        Ok(())
    }
}

/// The size of a chunk and what follows its line, where the whole line is at hand and says nothing else; of the last chunk
/// none.
#[inline]
fn size_line(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut size = 0;
    for (at, &byte) in bytes.iter().enumerate().take(usize::from(MAX_SIZE_DIGITS) + 1) {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if size > 0 => return bytes[at + 1..].strip_prefix(b"\n").map(|tail| (size, tail)),
            _ => return None,
        };
        size = size << 4 | u64::from(digit);
    }
    None
}
