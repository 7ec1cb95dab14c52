//! Header blocks to wanted fields, in any chunking (RFC 7541 section 6).

use super::huffman::Huffman;
use super::int::{First, Int};
use super::statics::STATIC;
use super::table::{Found, Table};
use super::{Error, MAX_NAME_BYTES, MAX_VALUE_BYTES};

/// Says which header names are wanted.
pub trait Interest {
    /// A number of the caller's for a wanted name, never 0; None for the others.
    fn tag(&self, name: &[u8]) -> Option<u8>;
}

/// A wanted value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// At most [`MAX_VALUE_BYTES`].
    pub bytes: &'a [u8],
    /// Its true length.
    pub len: u32,
}

/// What is expected next.
#[derive(Clone, Copy, Debug)]
enum State {
    Field,
    Number(Number, Int),
    NameHead,
    Name,
    ValueHead,
    Value,
}

/// What an integer stands for.
#[derive(Clone, Copy, Debug)]
enum Number {
    Indexed,
    NameIndex,
    Resize,
    NameLength,
    ValueLength,
}

/// The literal field under way.
#[derive(Clone, Copy, Debug, Default)]
struct Literal {
    indexing: bool,
    tag: u8,
    name_len: u32,
    /// Of the string under way: encoded bytes to come, decoded length so far, coding.
    left: u32,
    len: u32,
    huffman: Option<Huffman>,
}

/// The decoder of one direction.
#[derive(Debug)]
pub struct Decoder<I> {
    interest: I,
    static_tags: [u8; STATIC.len()],
    table: Table,
    state: State,
    literal: Literal,
    name: [u8; MAX_NAME_BYTES],
    value: Vec<u8>,
}

impl<F: Fn(&[u8]) -> Option<u8>> Interest for F {
    fn tag(&self, name: &[u8]) -> Option<u8> {
        self(name)
    }
}

impl Value<'_> {
    /// Not all of the value was kept.
    pub fn truncated(&self) -> bool {
        self.len as usize > self.bytes.len()
    }
}

impl<I: Interest> Decoder<I> {
    /// A decoder with an empty table of 4,096 bytes.
    pub fn new(interest: I) -> Decoder<I> {
        let static_tags = std::array::from_fn(|n| interest.tag(STATIC[n].0.as_bytes()).unwrap_or(0));
        Decoder {
            interest,
            static_tags,
            table: Table::default(),
            state: State::Field,
            literal: Literal::default(),
            name: [0; MAX_NAME_BYTES],
            value: Vec::new(),
        }
    }

    /// Decodes the next bytes of the block. After an error the decoder is of no further use.
    pub fn feed(&mut self, bytes: &[u8], out: &mut impl FnMut(u8, Value<'_>)) -> Result<(), Error> {
        let mut rest = bytes;
        while let Some((&byte, tail)) = rest.split_first() {
            match self.state {
                State::Field if byte > 0x80 && byte < 0xff => {
                    rest = tail; // most fields of most calls: indexed, the index in one byte
                    self.indexed(u32::from(byte & 0x7f), out)?;
                }
                State::Field => {
                    rest = tail;
                    self.field(byte, out)?;
                }
                State::Number(number, mut int) => {
                    rest = tail;
                    match int.push(byte)? {
                        Some(value) => self.number(number, value, out)?,
                        None => self.state = State::Number(number, int),
                    }
                }
                State::NameHead => {
                    rest = tail;
                    self.string(byte, Number::NameLength, out)?;
                }
                State::ValueHead => {
                    rest = tail;
                    self.string(byte, Number::ValueLength, out)?;
                }
                State::Name => rest = self.name_bytes(rest)?,
                State::Value => rest = self.value_bytes(rest, out)?,
            }
        }
        Ok(())
    }

    /// The block is over.
    pub fn end_block(&mut self) -> Result<(), Error> {
        self.between_fields().then_some(()).ok_or(Error::Truncated)
    }

    /// No field is under way.
    #[inline]
    pub fn between_fields(&self) -> bool {
        matches!(self.state, State::Field)
    }

    /// Changes whenever the dynamic table does.
    #[inline]
    pub fn revision(&self) -> u64 {
        self.table.revision()
    }

    /// The first byte of a field tells its representation (RFC 7541 section 6).
    #[inline]
    fn field(&mut self, byte: u8, out: &mut impl FnMut(u8, Value<'_>)) -> Result<(), Error> {
        let (number, prefix_bits) = match byte.leading_zeros() {
            0 => (Number::Indexed, 7),
            1 => (Number::NameIndex, 6),
            2 => (Number::Resize, 5),
            _ => (Number::NameIndex, 4),
        };
        self.literal.indexing = byte & 0xc0 == 0x40;
        self.integer(byte, prefix_bits, number, out)
    }

    fn string(&mut self, byte: u8, length: Number, out: &mut impl FnMut(u8, Value<'_>)) -> Result<(), Error> {
        self.literal.huffman = (byte & 0x80 != 0).then(Huffman::default);
        self.literal.len = 0;
        self.integer(byte, 7, length, out)
    }

    fn integer(
        &mut self,
        byte: u8,
        prefix_bits: u8,
        number: Number,
        out: &mut impl FnMut(u8, Value<'_>),
    ) -> Result<(), Error> {
        match Int::first(byte, prefix_bits) {
            First::Whole(value) => self.number(number, value, out),
            First::More(int) => {
                self.state = State::Number(number, int);
                Ok(())
            }
        }
    }

    /// An integer is complete.
    fn number(&mut self, number: Number, value: u32, out: &mut impl FnMut(u8, Value<'_>)) -> Result<(), Error> {
        self.state = match number {
            Number::Indexed => {
                self.indexed(value, out)?;
                State::Field
            }
            Number::Resize => {
                self.table.resize(value);
                State::Field
            }
            Number::NameIndex if value == 0 => State::NameHead,
            Number::NameIndex => {
                let found = self.find(value)?;
                (self.literal.tag, self.literal.name_len) = (found.tag, found.name_len);
                State::ValueHead
            }
            Number::NameLength => {
                self.literal.left = value;
                if value == 0 {
                    return self.name_done();
                }
                State::Name
            }
            Number::ValueLength => {
                self.literal.left = value;
                self.value.clear();
                if value == 0 {
                    return self.value_done(&[], out);
                }
                State::Value
            }
        };
        Ok(())
    }

    /// A field that is wholly in the table.
    #[inline]
    fn indexed(&self, index: u32, out: &mut impl FnMut(u8, Value<'_>)) -> Result<(), Error> {
        let place = (index as usize).wrapping_sub(1);
        let tag = match self.static_tags.get(place) {
            Some(&tag) => Some(tag),
            None => self.table.tag(place.wrapping_sub(STATIC.len())),
        };
        if tag == Some(0) {
            return Ok(());
        }
        let found = self.find(index)?;
        if found.tag != 0 {
            let value = Value { bytes: found.value, len: found.value_len };
            out(found.tag, value);
        }
        Ok(())
    }

    fn find(&self, index: u32) -> Result<Found<'_>, Error> {
        let index = (index as usize).checked_sub(1).ok_or(Error::Index)?;
        match STATIC.get(index) {
            Some((name, value)) => Ok(Found {
                tag: self.static_tags[index],
                name_len: name.len() as u32,
                value_len: value.len() as u32,
                value: value.as_bytes(),
            }),
            None => self.table.get(index - STATIC.len()).ok_or(Error::Index),
        }
    }

    fn name_bytes<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Error> {
        let (bytes, rest) = self.literal.take(bytes);
        let (name, len) = (&mut self.name, &mut self.literal.len);
        let mut keep = |byte| {
            if let Some(place) = name.get_mut(*len as usize) {
                *place = byte;
            }
            *len = len.saturating_add(1);
        };
        match &mut self.literal.huffman {
            Some(huffman) => huffman.feed(bytes, keep)?,
            None => bytes.iter().for_each(|&byte| keep(byte)),
        }
        if self.literal.left == 0 {
            self.name_done()?;
        }
        Ok(rest)
    }

    fn name_done(&mut self) -> Result<(), Error> {
        if let Some(huffman) = self.literal.huffman {
            huffman.end()?;
        }
        self.literal.name_len = self.literal.len;
        let name = self.name.get(..self.literal.len as usize);
        self.literal.tag = name.and_then(|name| self.interest.tag(name)).unwrap_or(0);
        self.state = State::ValueHead;
        Ok(())
    }

    /// A value nobody wants is counted when the table needs its length, else skipped.
    fn value_bytes<'b>(&mut self, bytes: &'b [u8], out: &mut impl FnMut(u8, Value<'_>)) -> Result<&'b [u8], Error> {
        let fresh = self.literal.len == 0 && self.value.is_empty();
        let (bytes, rest) = self.literal.take(bytes);
        let wanted = self.literal.tag != 0;
        let whole = self.literal.left == 0;
        let len = &mut self.literal.len;
        match &mut self.literal.huffman {
            None => {
                *len = len.saturating_add(bytes.len() as u32);
                if wanted && fresh && whole {
                    self.value_done(&bytes[..bytes.len().min(MAX_VALUE_BYTES)], out)?;
                    return Ok(rest);
                }
                if wanted {
                    let room = MAX_VALUE_BYTES - self.value.len();
                    self.value.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
            }
            Some(huffman) if wanted => {
                let value = &mut self.value;
                huffman.feed(bytes, |byte| {
                    *len = len.saturating_add(1);
                    if value.len() < MAX_VALUE_BYTES {
                        value.push(byte);
                    }
                })?;
            }
            Some(huffman) if self.literal.indexing => {
                huffman.feed(bytes, |_| *len = len.saturating_add(1))?;
            }
            Some(_) => {}
        }
        if whole {
            let value = std::mem::take(&mut self.value);
            let done = self.value_done(&value, out);
            self.value = value;
            done?;
        }
        Ok(rest)
    }

    fn value_done(&mut self, bytes: &[u8], out: &mut impl FnMut(u8, Value<'_>)) -> Result<(), Error> {
        let Literal { indexing, tag, name_len, len, huffman, .. } = self.literal;
        self.state = State::Field;
        if let Some(huffman) = huffman.filter(|_| tag != 0 || indexing) {
            huffman.end()?;
        }
        if indexing {
            self.table.insert(tag, name_len, len, bytes);
        }
        if tag != 0 {
            out(tag, Value { bytes, len });
        }
        Ok(())
    }
}

impl Literal {
    /// Splits off what belongs to the string under way.
    fn take<'b>(&mut self, bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
        let n = bytes.len().min(self.left as usize);
        self.left -= n as u32;
        bytes.split_at(n)
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
