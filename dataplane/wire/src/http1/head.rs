//! Start line and fields of one message, line by line (RFC 9112 sections 3 to 5).

use super::Unreadable;
use crate::Nanos;
use crate::head::{Head, MESSAGE_FIELD, Methods, digits};

/// Bytes of a line that are kept: paths and the few fields of interest are far shorter.
const MAX_LINE_BYTES: usize = 1024;

/// How the body of a message is framed, as far as its head tells (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    /// `Transfer-Encoding: chunked`.
    pub chunked: bool,
    /// `Content-Length`.
    pub length: Option<u64>,
    /// The request's method is HEAD: its answer has no body.
    pub is_head: bool,
    /// The request's method is CONNECT.
    pub is_connect: bool,
}

/// Reads the head of one message after the other.
#[derive(Debug)]
pub struct Reader {
    /// Of requests, else of answers.
    is_request: bool,
    /// The line under way, as far as it came before.
    line: Vec<u8>,
    /// Not all of it is there.
    too_long: bool,
    /// The start line has been read.
    started: bool,
    old_version: bool,
    framing: Framing,
}

impl Reader {
    /// Before the first head.
    pub fn new(is_request: bool) -> Reader {
        Reader {
            is_request,
            line: Vec::new(),
            too_long: false,
            started: false,
            old_version: false,
            framing: Framing::default(),
        }
    }

    /// The start line has been read.
    pub fn has_started(&self) -> bool {
        self.started
    }

    /// The start line has been read, and nothing of the next line.
    pub fn is_between_lines(&self) -> bool {
        self.started && self.line.is_empty()
    }

    /// Of the line under way what came before.
    pub fn line_so_far(&self) -> &[u8] {
        &self.line
    }

    /// Takes bytes of a head into `head`. Returns the rest, and the framing once the head is complete.
    pub fn feed<'b>(
        &mut self,
        bytes: &'b [u8],
        now: Nanos,
        head: &mut Head,
        methods: &mut Methods,
    ) -> Result<(&'b [u8], Option<Framing>), Unreadable> {
        let mut rest = bytes;
        if self.line.is_empty() && !self.started && !rest.is_empty() {
            head.begin(0, true, now);
        }
        while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, tail) = (&rest[..at], &rest[at + 1..]);
            rest = tail;
            let over = if self.line.is_empty() {
                // A field that is longer than is kept counts as if it had been cut.
                self.too_long = self.started && line.len() > MAX_LINE_BYTES;
                let kept = if self.too_long { &line[..MAX_LINE_BYTES] } else { line };
                self.line(kept, head, methods)?
            } else {
                self.keep(line);
                let mut whole = std::mem::take(&mut self.line);
                let over = self.line(&whole, head, methods)?;
                whole.clear();
                self.line = whole; // its room is for the next line that is cut
                over
            };
            self.too_long = false;
            if over {
                self.started = false;
                return Ok((rest, Some(std::mem::take(&mut self.framing))));
            }
        }
        self.keep(rest);
        Ok((&[], None))
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES - self.line.len();
        self.too_long |= bytes.len() > room;
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// One line without its line feed. True when it was the empty one that ends the head.
    fn line(&mut self, line: &[u8], head: &mut Head, methods: &mut Methods) -> Result<bool, Unreadable> {
        let line = match line {
            // Of a line that was not kept whole the end is not known.
            _ if self.too_long => line,
            [line @ .., b'\r'] => line,
            // Some take it for the end of a line, some do not (RFC 9112 section 2.2).
            _ => return Err(Unreadable::Ambiguous("a line ends with a bare line feed")),
        };
        if !self.started {
            if line.is_empty() && self.is_request {
                return Ok(false); // RFC 9112 section 2.2: to be ignored before a request
            }
            self.started = true;
            self.old_version = false;
            match self.is_request {
                true => self.request_line(line, head, methods)?,
                false => self.status_line(line, head)?,
            }
            return Ok(false);
        }
        if line.is_empty() {
            let both = self.framing.chunked && (self.framing.length.is_some() || self.old_version);
            const TWO_LENGTHS: Unreadable =
                Unreadable::Ambiguous("transfer-encoding with content-length, or in HTTP/1.0");
            return if both { Err(TWO_LENGTHS) } else { Ok(true) };
        }
        self.field(line, head, methods)?;
        Ok(false)
    }

    fn request_line(&mut self, line: &[u8], head: &mut Head, methods: &mut Methods) -> Result<(), Unreadable> {
        let mut words = line.split(|&byte| byte == b' ');
        let (verb, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !self.too_long {
            self.version(words.next().unwrap_or_default())?;
        }
        if words.next().is_some() || verb.is_empty() || target.is_empty() {
            return Err(Unreadable::Ambiguous("a request line is not of a method, a target and a version"));
        }
        self.framing.is_head = verb == b"HEAD";
        self.framing.is_connect = verb == b"CONNECT";
        head.verb(verb);
        // Of a path the query does not count, and may be what was cut off.
        if !self.too_long || target.contains(&b'?') {
            head.path(path_of(target), methods);
        }
        Ok(())
    }

    fn status_line(&mut self, line: &[u8], head: &mut Head) -> Result<(), Unreadable> {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        self.version(words.next().unwrap_or_default())?;
        let status = words.next().unwrap_or_default();
        match digits(status, 3).filter(|status| *status >= 100) {
            Some(status) if line.len() >= 12 => head.status = Some(status as u16),
            _ => return Err(Unreadable::Ambiguous("a status line without a status of three digits")),
        }
        Ok(())
    }

    fn version(&mut self, version: &[u8]) -> Result<(), Unreadable> {
        self.old_version = version == b"HTTP/1.0";
        match version {
            b"HTTP/1.1" | b"HTTP/1.0" => Ok(()),
            _ => Err(Unreadable::Ambiguous("a version other than HTTP/1.1 and HTTP/1.0")),
        }
    }

    fn field(&mut self, line: &[u8], head: &mut Head, methods: &Methods) -> Result<(), Unreadable> {
        // No colon, a folded line, or a space before the colon: RFC 9112 sections 5.1 and 5.2.
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(0);
        let (name, value) = (&line[..colon], &line[(colon + 1).min(line.len())..]);
        if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
            return Err(Unreadable::Ambiguous("a field without a name, or folded"));
        }
        let value = value.trim_ascii();
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        if is("content-length") {
            const NO_NUMBER: Unreadable = Unreadable::Ambiguous("a content-length that is no number");
            let length = digits(value, 18).filter(|_| !self.too_long).ok_or(NO_NUMBER)?;
            if self.framing.length.is_some_and(|before| before != length) {
                return Err(Unreadable::Ambiguous("two lengths of one body"));
            }
            self.framing.length = Some(length);
        } else if is("transfer-encoding") {
            if self.framing.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Unreadable::Ambiguous("a transfer-encoding other than chunked, or twice"));
            }
            self.framing.chunked = true;
        } else if !self.too_long || is(MESSAGE_FIELD) {
            head.http_field(name, value, methods);
        }
        Ok(())
    }
}

/// The path of a request target (RFC 9112 section 3.2), with its query.
fn path_of(target: &[u8]) -> &[u8] {
    let Some(authority) = target.strip_prefix(b"http://") else { return target };
    let slash = authority.iter().position(|&byte| byte == b'/');
    slash.map_or(b"/", |at| &authority[at..])
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
