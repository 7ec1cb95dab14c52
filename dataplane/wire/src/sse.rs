//! Server-sent events (WHATWG HTML, section 9.2), in any chunking: which bytes are whose data, and where an event ends.
//! Names, ids and comments are passed over.

const DONE: &[u8] = b"[DONE]";
const DATA: &[u8] = b"data";

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Data of an event begins.
    Begin,
    /// More of it.
    Data(&'a [u8]),
    /// The event is complete. `done`: its data is `[DONE]`, by which OpenAI's servers end a stream.
    End {
        /// It is no message.
        done: bool,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    LineStart,
    /// Inside the name of a field, of which so many bytes are those of `data`.
    Name(u8),
    /// After the colon: one space does not belong to the value.
    Value,
    Data,
    /// A line nobody wants.
    Pass,
}

/// The events of one body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Events {
    state: State,
    /// The last byte was a carriage return: a line feed belongs to it.
    returned: bool,
    /// The event has data.
    has_data: bool,
    /// How much of its data is the beginning of `[DONE]`; None when it is not.
    done: Option<u8>,
}

impl Events {
    /// The next piece of `bytes`, which is advanced; None when they are used up.
    pub fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Option<Piece<'b>> {
        loop {
            match self.state {
                // What nearly every line is, and nearly every end of an event, whole at hand.
                State::LineStart if bytes.starts_with(b"data:") => {
                    *bytes = &bytes[DATA.len() + 1..];
                    (self.state, self.returned) = (State::Value, false);
                    return Some(self.value());
                }
                State::Data if bytes.starts_with(b"\n\n") => {
                    *bytes = &bytes[2..];
                    (self.state, self.has_data) = (State::LineStart, false);
                    return Some(self.end());
                }
                _ => {}
            }
            let (&byte, rest) = bytes.split_first()?;
            let ends_line = matches!(byte, b'\r' | b'\n');
            match self.state {
                State::Value => {
                    self.state = State::Data;
                    if byte == b' ' {
                        *bytes = rest;
                    }
                    continue;
                }
                State::Data if !ends_line => return Some(self.data(bytes)),
                _ => {}
            }
            *bytes = rest;
            if std::mem::take(&mut self.returned) && byte == b'\n' {
                continue; // of CR LF
            }
            if ends_line {
                self.returned = byte == b'\r';
                match std::mem::take(&mut self.state) {
                    State::LineStart if std::mem::take(&mut self.has_data) => return Some(self.end()),
                    // A field without a colon has an empty value.
                    State::Name(have) if usize::from(have) == DATA.len() => return Some(self.value()),
                    _ => continue,
                }
            }
            let have = match self.state {
                State::LineStart => 0,
                State::Name(have) => usize::from(have),
                State::Value | State::Data | State::Pass => continue,
            };
            self.state = match DATA.get(have) {
                Some(&next) if next == byte => State::Name(have as u8 + 1),
                None if byte == b':' => {
                    self.state = State::Value;
                    return Some(self.value());
                }
                _ => State::Pass,
            };
        }
    }

    /// What the data begins with that comes next, if nothing of it has come.
    #[inline]
    pub fn ahead<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        (self.state == State::Value).then(|| bytes.strip_prefix(b" ").unwrap_or(bytes))
    }

    /// So many bytes [`Events::ahead`] have been read and are passed over. There is no line end among them, and they do
    /// not begin as `[DONE]` does.
    #[inline]
    pub fn pass(&mut self, bytes: &mut &[u8], count: usize) {
        *bytes = &self.ahead(bytes).unwrap_or_default()[count..];
        (self.state, self.done) = (State::Data, None);
    }

    /// The body is over: the event that was not closed by an empty line.
    pub fn finish(&mut self) -> Option<Piece<'static>> {
        std::mem::take(&mut self.has_data).then(|| self.end())
    }

    fn end(&mut self) -> Piece<'static> {
        let done = self.done.take() == Some(DONE.len() as u8);
        Piece::End { done }
    }

    /// A line of data: the first of its event begins it, a further one goes on after a line feed.
    fn value(&mut self) -> Piece<'static> {
        if self.has_data {
            self.done = None;
            return Piece::Data(b"\n");
        }
        (self.has_data, self.done) = (true, Some(0));
        Piece::Begin
    }

    /// Data up to the end of the line.
    fn data<'b>(&mut self, bytes: &mut &'b [u8]) -> Piece<'b> {
        let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        let (data, rest) = bytes.split_at(end);
        *bytes = rest;
        self.done = self.done.and_then(|have| {
            let (from, to) = (usize::from(have), usize::from(have) + data.len());
            DONE.get(from..to).filter(|more| *more == data).map(|_| to as u8)
        });
        Piece::Data(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let (mut events, mut told, mut data) = (Events::default(), Vec::new(), Vec::new());
        let mut hear = |piece: Piece<'_>| match piece {
            Piece::Begin => data.clear(),
            Piece::Data(more) => data.extend_from_slice(more),
            Piece::End { done } => {
                told.push(format!("{}{}", String::from_utf8_lossy(&data), if done { " (done)" } else { "" }))
            }
        };
        for mut bytes in chunks.iter().copied() {
            while let Some(piece) = events.next(&mut bytes) {
                hear(piece);
            }
        }
        events.finish().into_iter().for_each(hear);
        told
    }

    fn told(bytes: &[u8]) -> Vec<String> {
        let whole = events(&[bytes]);
        for size in 1..7 {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(events(&chunks), whole, "chunks of {size}");
        }
        whole
    }

    #[test]
    fn data_of_each_event() {
        assert_eq!(told(b"data: {\"a\":1}\n\ndata: [DONE]\n\n"), ["{\"a\":1}", "[DONE] (done)"]);
        assert_eq!(told(b": ping\n\nevent: x\r\ndata:no space\r\nid: 7\r\n\r\n"), ["no space"]);
        assert_eq!(told(b"data: one\ndata:  two\n\n"), ["one\n two"]);
        assert_eq!(told(b"data: old mac\r\rdata: b\r\r"), ["old mac", "b"]);
        assert_eq!(told(b"database: x\n\ndat: y\n\nretry: 5\n\n"), Vec::<String>::new());
        assert_eq!(told(b"data\n\ndata\r\ndata\r\n\r\ndata"), ["", "\n"], "a field without a colon");
        assert_eq!(told(b"data: never closed"), ["never closed"]);
        assert_eq!(told(b"data: [DONE]x\n\ndata: [DON\n\n"), ["[DONE]x", "[DON"]);
        assert_eq!(told(b"\n\n\r\n\n"), Vec::<String>::new());
    }
}
