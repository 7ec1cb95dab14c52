//! The HPACK decoder behind a pipe, for comparing it with others: `tests/property/hpack_decoders.py`.
//!
//! A line is `new`, or a header block as hex, with a comma wherever it is to be cut. A block is answered with a line:
//! `ok` or the name of the error, then for each field NAME:LENGTH:VALUE, name and value as hex, the value as far as it
//! was kept. After an error every block is answered with it until the next `new`.

use std::cell::RefCell;
use std::io::{BufRead, Write, stdin, stdout};
use std::rc::Rc;
use wire::hpack::{Decoder, Error, Interest, Value};

/// Wants every name, and numbers them in order of first sight.
#[derive(Default)]
struct Everything(Rc<RefCell<Vec<Vec<u8>>>>);

impl Interest for Everything {
    fn tag(&self, name: &[u8]) -> Option<u8> {
        let mut names = self.0.borrow_mut();
        let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_vec());
            names.len() - 1
        });
        Some(u8::try_from(place + 1).expect("no connection has more names than there are tags"))
    }
}

fn main() {
    let mut stdout = stdout().lock();
    let mut connection = Connection::new();
    for line in stdin().lock().lines() {
        let line = line.expect("text");
        if line == "new" {
            connection = Connection::new();
            continue;
        }
        writeln!(stdout, "{}", connection.block(&line)).expect("a reader");
        stdout.flush().expect("a reader");
    }
}

/// One direction of a connection.
struct Connection {
    names: Rc<RefCell<Vec<Vec<u8>>>>,
    decoder: Decoder<Everything>,
    fault: Option<Error>,
}

impl Connection {
    fn new() -> Connection {
        let names = Rc::default();
        let decoder = Decoder::new(Everything(Rc::clone(&names)));
        Connection { names, decoder, fault: None }
    }

    fn block(&mut self, line: &str) -> String {
        let mut fields = String::new();
        if self.fault.is_none() {
            self.fault = self.decode(line, &mut fields).err();
        }
        let verdict = self.fault.map_or("ok".into(), |fault| format!("{fault:?}"));
        verdict + &fields
    }

    fn decode(&mut self, line: &str, fields: &mut String) -> Result<(), Error> {
        let names = &self.names;
        let mut out = |tag: u8, value: Value<'_>| {
            let name = hex(&names.borrow()[usize::from(tag) - 1]);
            *fields += &format!(" {name}:{}:{}", value.len, hex(value.bytes));
        };
        for piece in line.split(',') {
            self.decoder.feed(&unhex(piece), &mut out)?;
        }
        self.decoder.end_block()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("hex") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
