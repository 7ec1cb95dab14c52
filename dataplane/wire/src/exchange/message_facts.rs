//! What the values of a message mean: names, ids, items, tokens.

use crate::catalogue::Slot;
use crate::field::{Extracted, Found};
use crate::names::{Cache, Id, Name};
use crate::tensor::Shape;
use crate::tokens::{Count, capped};

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
pub fn input(extracted: &Extracted<'_>) -> (u32, Shape) {
    let stated = items(extracted.get(Slot::BatchSize));
    let batched = extracted.dimensions(Slot::BatchShape);
    let Some(dimensions) = batched.or_else(|| extracted.dimensions(Slot::Shape)) else {
        return (stated, Shape::default());
    };
    let datatype = match extracted.get(Slot::Datatype) {
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
pub fn batch_limit(extracted: &Extracted<'_>, zero_is_silent: bool) -> Option<u32> {
    match extracted.get(Slot::MaxBatchSize) {
        Some(Found::Number(limit)) => u32::try_from(limit).ok(),
        Some(_) => None,
        None => extracted.get(Slot::Model).filter(|_| zero_is_silent).map(|_| 0),
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

/// Tokens of a prompt, and with a total how many of them were in a cache.
#[inline]
pub fn prompt(extracted: &Extracted<'_>) -> Option<Count> {
    match count(extracted.get(Slot::TokensIn)) {
        Some(Count::Total(total)) => Some(prompt_of(total, extracted)),
        told => told,
    }
}

#[cold]
#[inline(never)]
fn prompt_of(total: u64, extracted: &Extracted<'_>) -> Count {
    match extracted.get(Slot::TokensCached) {
        Some(Found::Number(cached) | Found::Sum(cached)) => {
            Count::Prompt { total: capped(total), cached: capped(cached) }
        }
        _ => Count::Total(total),
    }
}

/// The value is there and not zero; text that is there is never empty.
pub fn holds(value: Found<'_>) -> bool {
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
