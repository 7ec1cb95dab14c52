//! What gRPC-Web adds to gRPC's framing: trailers as the last frame of the body, and bodies in base64 (gRPC's
//! PROTOCOL-WEB.md). Browsers can read neither HTTP trailers nor, where they must use XMLHttpRequest, bytes.

use crate::head::{MAX_ENCODED_BYTES, grpc_message, grpc_status, shown};

/// Of a trailers frame so many bytes are read; what stood in them counts. A server allows itself 8 KiB of headers as a
/// rule, and writes the status and its message first.
pub const MAX_TRAILERS_BYTES: usize = 4096;

/// Bytes of a line that is cut across reads: the longest `grpc-message` that is shown, and its name.
const MAX_LINE_BYTES: usize = 32 + MAX_ENCODED_BYTES;

/// The flag of a trailers frame.
const TRAILERS: u8 = 0x80;

/// A frame that begins with this byte holds trailers.
pub fn is_trailers(flag: u8) -> bool {
    flag & TRAILERS != 0
}

/// Reads base64 by groups of four characters (RFC 4648 section 4). Each chunk that a server flushed may end with padding,
/// so padding ends a group and not the body. Line feeds and spaces are skipped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base64 {
    /// Six bits of each character of the group under way.
    bits: u32,
    /// Its characters, padding among them.
    have: u8,
    /// Padding in it.
    padding: u8,
}

/// A character that base64 has not, or padding where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBase64;

impl Base64 {
    /// Decodes `text`, which is advanced, into `plain` as far as that has room. Returns how many bytes it wrote, and an
    /// error with those before the first character that is none; that one is then the first of `text`.
    pub fn decode(&mut self, text: &mut &[u8], plain: &mut [u8]) -> (usize, Result<(), NoBase64>) {
        let mut written = 0;
        while let Some((&character, rest)) = text.split_first() {
            if written + 3 > plain.len() {
                break;
            }
            match sextet(character) {
                _ if character.is_ascii_whitespace() => {}
                Some(bits) if self.padding == 0 => self.push(bits),
                None if character == b'=' && self.have >= 2 => {
                    self.push(0);
                    self.padding += 1;
                }
                _ => return (written, Err(NoBase64)),
            }
            *text = rest;
            if self.have == 4 {
                let [_, bytes @ ..] = self.bits.to_be_bytes();
                plain[written..written + 3].copy_from_slice(&bytes);
                written += 3 - usize::from(self.padding);
                *self = Base64::default();
            }
        }
        (written, Ok(()))
    }

    fn push(&mut self, bits: u8) {
        self.bits = self.bits << 6 | u32::from(bits);
        self.have += 1;
    }
}

fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Reads a trailers frame: a line for each field.
#[derive(Debug, Default)]
pub struct Trailers {
    /// It is compressed, or flagged as nothing known: nothing is read of it.
    unreadable: bool,
    /// Bytes that have been read.
    read: usize,
    /// There was more than is read.
    cut: bool,
    /// The line under way, as far as it came before.
    line: Vec<u8>,
    /// `grpc-status`, said first.
    status: Option<u8>,
    /// `grpc-message`, said first.
    message: Option<Box<str>>,
}

impl Trailers {
    /// A frame begins that has this flag.
    pub fn new(flag: u8) -> Trailers {
        Trailers { unreadable: flag != TRAILERS, ..Trailers::default() }
    }

    /// They are compressed, as some servers (connect-go) do for a client that offers it.
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// More of the frame.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = if self.unreadable { 0 } else { MAX_TRAILERS_BYTES - self.read };
        let mut rest = &bytes[..bytes.len().min(room)];
        self.read += rest.len();
        self.cut |= bytes.len() > room;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.keep(&rest[..end]);
            self.line_ends(true);
            rest = &rest[end + 1..];
        }
        self.keep(rest);
    }

    /// The frame is complete: its status, if it has one, and its message.
    pub fn end(mut self) -> (Option<u8>, Box<str>) {
        self.line_ends(!self.cut);
        (self.status, self.message.unwrap_or_default())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES - self.line.len();
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// `whole`: it is all there. Of a message the beginning will do, of a status it may be another one.
    fn line_ends(&mut self, whole: bool) {
        let line = std::mem::take(&mut self.line);
        if let Some(colon) = line.iter().position(|&byte| byte == b':') {
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            if whole && name.eq_ignore_ascii_case(b"grpc-status") {
                self.status.get_or_insert_with(|| grpc_status(value));
            } else if name.eq_ignore_ascii_case(b"grpc-message") {
                self.message.get_or_insert_with(|| grpc_message(shown(value)));
            }
        }
        self.line = line; // its room is for the next one
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes pieces of a text; None for what follows no base64.
    fn decoded(pieces: &[&[u8]]) -> (Vec<u8>, Result<(), NoBase64>) {
        let (mut base64, mut all, mut plain) = (Base64::default(), Vec::new(), [0; 7]);
        for mut text in pieces.iter().copied() {
            while !text.is_empty() {
                let (written, result) = base64.decode(&mut text, &mut plain);
                all.extend_from_slice(&plain[..written]);
                if result.is_err() {
                    return (all, result);
                }
            }
        }
        (all, Ok(()))
    }

    #[test]
    fn base64_is_decoded_by_groups_however_it_is_cut() {
        for (text, plain, result) in [
            (&b""[..], &b""[..], Ok(())),
            (b"YQ==", b"a", Ok(())),
            (b"YWI=", b"ab", Ok(())),
            (b"YWJj", b"abc", Ok(())),
            (b"YQ==YWI=YWJjYWJj", b"aababcabc", Ok(())),
            (b" Y\r\nQ =\t= YWJ\njYQ", b"aabc", Ok(())),
            (b"AP+/", b"\0\xff\xbf", Ok(())),
            (b"YWJjYW-j", b"abc", Err(NoBase64)),
            (b"YWJjY===", b"abc", Err(NoBase64)),
            (b"YWJj=", b"abc", Err(NoBase64)),
            (b"YWJjYW=jYWJj", b"abc", Err(NoBase64)),
            (b"YWJj\0", b"abc", Err(NoBase64)),
        ] {
            assert_eq!(decoded(&[text]), (plain.to_vec(), result), "{text:?}");
            assert_eq!(decoded(&text.chunks(1).collect::<Vec<_>>()), (plain.to_vec(), result), "{text:?}");
            assert_eq!(decoded(&text.chunks(3).collect::<Vec<_>>()), (plain.to_vec(), result), "{text:?}");
        }
    }

    fn trailers(flag: u8, text: &[u8], cut: usize) -> (Option<u8>, String) {
        let mut trailers = Trailers::new(flag);
        text.chunks(cut).for_each(|piece| trailers.feed(piece));
        let (status, message) = trailers.end();
        (status, message.into())
    }

    #[test]
    fn trailers_are_lines() {
        // Behind a field that takes all but so many bytes of what is read.
        let behind = |left: usize, text: &str| {
            [&vec![b'y'; MAX_TRAILERS_BYTES - left - 2][..], b"\r\n", text.as_bytes()].concat()
        };
        for (flag, text, status, message) in [
            (0x80, &b"grpc-status: 14\r\ngrpc-message: so%20it ended\r\n"[..], Some(14), "so it ended"),
            (0x80, b"grpc-message:\r\nGRPC-Status:0", Some(0), ""),
            (0x80, b"x: y\n grpc-status :\t 5 \n\ngrpc-status: 6\n", Some(5), ""),
            (0x80, b"grpc-status: x\r\n", Some(2), ""),
            (0x80, b"grpc-status: \r\n", Some(2), ""),
            (0x80, b"grpc-status 14\r\n", None, ""),
            (0x80, b"", None, ""),
            (0x81, b"grpc-status: 14\r\n", None, ""),
            (0xc0, b"grpc-status: 14\r\n", None, ""),
            (0x80, &behind(15, "grpc-status: 14"), Some(14), ""),
            (0x80, &behind(14, "grpc-status: 14"), None, ""),
            (0x80, &behind(17, "grpc-status: 14\r\ngrpc-message: x"), Some(14), ""),
            (0x80, &behind(36, "grpc-status: 14\r\ngrpc-message: so it ended"), Some(14), "so it"),
            (
                0x80,
                &[b"grpc-message: ", &b"m".repeat(3000)[..], b"\ngrpc-status: 7"].concat(),
                Some(7),
                &"m".repeat(256),
            ),
        ] {
            for cut in [text.len().max(1), 1, 7] {
                let told = trailers(flag, text, cut);
                assert_eq!(told, (status, message.to_string()), "{flag:x}, {cut}: {}", String::from_utf8_lossy(text));
            }
        }
    }
}
