//! What one message said about its request.

use crate::call::OpenRequest;
use crate::catalogue::Slot;
use crate::field::{Found, Said};
use crate::names::{Cache, Id, Name};
use crate::tensor::Shape;
use crate::tokens::Count;
use std::collections::VecDeque;

/// Puts the value there as a name, from a cache. False when it is not a readable name.
#[inline]
pub fn rename(name: &mut Name, value: Option<Found<'_>>, cache: &mut Cache<()>) -> bool {
    let mut digits = [0; 20];
    let text = match value {
        Some(Found::Text(text)) => text,
        Some(Found::Number(number) | Found::Tally(number) | Found::Sum(number)) => decimal(number, &mut digits),
        None => return false,
    };
    if name.text.as_bytes() == text {
        return true;
    }
    match cache.name(text) {
        Some(known) => {
            *name = known;
            true
        }
        None => false,
    }
}

/// The value as an id.
#[inline]
pub fn id(value: Option<Found<'_>>) -> Option<Id> {
    match value? {
        Found::Text(text) => Id::new(text),
        Found::Number(number) | Found::Tally(number) | Found::Sum(number) => Id::new(decimal(number, &mut [0; 20])),
    }
}

/// How many items a request says it holds, 0 where it does not, and the shape of its first input.
#[inline]
pub fn input(said: &Said<'_>) -> (u32, Shape) {
    let stated = items(said.get(Slot::BatchSize));
    let batched = said.dimensions(Slot::BatchShape);
    let Some(dimensions) = batched.or_else(|| said.dimensions(Slot::Shape)) else {
        return (stated, Shape::default());
    };
    let datatype = match said.get(Slot::Datatype) {
        Some(Found::Text(name)) => Some(name),
        _ => None,
    };
    let shape = Shape::new(dimensions, datatype);
    match (batched, stated) {
        (None, _) => (stated, shape),
        (Some(_), 0) => (shape.first(), shape.of_any_batch()),
        (Some(_), _) => (stated, shape.of_any_batch()),
    }
}

/// The value as a number of items; text is none.
#[inline]
fn items(value: Option<Found<'_>>) -> u32 {
    match value {
        Some(Found::Number(number) | Found::Tally(number) | Found::Sum(number)) => u32::try_from(number).unwrap_or(0),
        Some(Found::Text(_)) | None => 0,
    }
}

/// What an answer that describes its model says of the largest batch. `zero_is_silent`: as in proto3, which does not
/// write a number that is 0, so that a description without it says 0.
pub fn batch_limit(said: &Said<'_>, zero_is_silent: bool) -> Option<u32> {
    match said.get(Slot::MaxBatchSize) {
        Some(Found::Number(limit)) => u32::try_from(limit).ok(),
        Some(_) => None,
        None => said.get(Slot::Model).filter(|_| zero_is_silent).map(|_| 0),
    }
}

/// The value as a number of tokens.
#[inline]
pub fn count(value: Option<Found<'_>>) -> Option<Count> {
    match value? {
        Found::Tally(more) => Some(Count::More(more)),
        Found::Number(total) => Some(Count::Total(total)),
        Found::Sum(part) => Some(Count::Part(part)),
        Found::Text(_) => None,
    }
}

/// The value is there and not zero; text that is there is never empty.
fn holds(value: Found<'_>) -> bool {
    !matches!(value, Found::Number(0) | Found::Tally(0) | Found::Sum(0))
}

fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

/// What a response message said about the request it answers, kept until the message is complete.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Id of the open request that has the response's id. None: the oldest is meant.
    id: Option<Id>,
    /// It holds an error.
    pub error: bool,
    /// It is the last response, or says nothing about that.
    pub last: bool,
    /// It carries output, or is not looked at for that and holds no error.
    pub output: bool,
    /// It carries output that was looked for.
    pub chunk: bool,
    tokens_in: Option<Count>,
    tokens_out: Option<Count>,
}

impl Reply {
    /// Of a response that says nothing.
    pub const SILENT: Reply =
        Reply { id: None, error: false, last: true, output: true, chunk: false, tokens_in: None, tokens_out: None };

    /// Hears what a response to one of `open` says.
    pub fn hear(&mut self, said: &Said<'_>, open: &VecDeque<OpenRequest>, wants_output: bool) {
        // Of one request, or none, an id tells nothing.
        self.name(if open.len() > 1 { id(said.get(Slot::RequestId)) } else { None });
        self.error = said.get(Slot::Error).is_some_and(holds);
        self.last = said.get(Slot::Final).is_none_or(holds);
        self.chunk = wants_output && said.get(Slot::Output).is_some_and(holds);
        self.output = (self.chunk || !wants_output) && !self.error;
        self.tokens_in = count(said.get(Slot::TokensIn));
        self.tokens_out = count(said.get(Slot::TokensOut));
    }

    /// Of the request with this id. It is long, and most have none: it is not written each time.
    #[inline]
    fn name(&mut self, id: Option<Id>) {
        if id.is_some() || self.id.is_some() {
            self.id = id;
        }
    }

    /// Says the same as another, of a request of its own.
    #[inline]
    pub fn repeat(&mut self, other: &Reply, id: Option<Id>) {
        self.name(id);
        (self.error, self.last, self.output, self.chunk) = (other.error, other.last, other.output, other.chunk);
        (self.tokens_in, self.tokens_out) = (other.tokens_in, other.tokens_out);
    }

    /// Which of the open requests it answers: the one with its id, else the oldest.
    pub fn answers(&self, open: &VecDeque<OpenRequest>) -> usize {
        let by_id = |id: &Id| open.iter().position(|o| o.id == *id);
        self.id.as_ref().and_then(by_id).unwrap_or(0)
    }

    /// Adds its tokens.
    #[inline]
    pub fn count_tokens(&self, open: &mut OpenRequest) {
        open.tokens_in.add(self.tokens_in);
        open.tokens_out.add(self.tokens_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_names() {
        let (mut name, mut cache) = (Name::default(), Cache::default());
        for n in [0, 7, 10, 1234567890, u64::MAX] {
            assert!(rename(&mut name, Some(Found::Number(n)), &mut cache));
            assert_eq!(&*name.text, n.to_string());
        }
        assert!(!rename(&mut name, Some(Found::Text(b"\xff")), &mut cache) && !rename(&mut name, None, &mut cache));
    }
}
