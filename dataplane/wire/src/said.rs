//! What one message said about its request.

use crate::call::{Name, OpenRequest};
use crate::catalogue::Slot;
use crate::field::Found;
use crate::names::{Cache, once};
use std::collections::VecDeque;

/// The values of one message, by meaning. Of several for one slot the first that is there counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'w> {
    /// [`Slot::Model`].
    pub model: Option<Found<'w>>,
    /// [`Slot::Version`].
    pub version: Option<Found<'w>>,
    /// [`Slot::RequestId`].
    pub id: Option<Found<'w>>,
    /// [`Slot::BatchSize`].
    pub batch_size: Option<Found<'w>>,
    /// [`Slot::Error`].
    pub error: Option<Found<'w>>,
    /// [`Slot::Final`].
    pub last: Option<Found<'w>>,
    /// [`Slot::TokensIn`].
    pub tokens_in: Option<Found<'w>>,
    /// [`Slot::TokensOut`].
    pub tokens_out: Option<Found<'w>>,
}

impl<'w> Said<'w> {
    /// Gathers what was found.
    #[inline]
    pub fn read(found: impl Iterator<Item = (Slot, Found<'w>)>) -> Said<'w> {
        let mut said = Said::default();
        for (slot, value) in found {
            let place = match slot {
                Slot::Model => &mut said.model,
                Slot::Version => &mut said.version,
                Slot::RequestId => &mut said.id,
                Slot::BatchSize => &mut said.batch_size,
                Slot::Error => &mut said.error,
                Slot::Final => &mut said.last,
                Slot::TokensIn => &mut said.tokens_in,
                Slot::TokensOut => &mut said.tokens_out,
            };
            if !matches!(value, Found::Text([])) {
                place.get_or_insert(value);
            }
        }
        said
    }
}

/// The value as a name, from a cache.
pub fn cached_name(value: Option<Found<'_>>, cache: &mut Cache<()>) -> Option<Name> {
    match value? {
        Found::Text(text) => cache.name(text),
        Found::Number(number) | Found::Tally(number) => {
            let mut digits = [0; 20];
            cache.name(decimal(number, &mut digits))
        }
    }
}

/// The value as a name that is not expected again.
pub fn fresh_name(value: Option<Found<'_>>) -> Option<Name> {
    match value? {
        Found::Text(text) => once(text),
        Found::Number(number) | Found::Tally(number) => once(decimal(number, &mut [0; 20])),
    }
}

/// The value as a number; text is none.
pub fn number(value: Option<Found<'_>>) -> u64 {
    match value {
        Some(Found::Number(number) | Found::Tally(number)) => number,
        Some(Found::Text(_)) | None => 0,
    }
}

/// The value is there and not zero; text that is there is never empty.
fn holds(value: Found<'_>) -> bool {
    !matches!(value, Found::Number(0) | Found::Tally(0))
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
    id: Option<Name>,
    /// It holds an error.
    pub error: bool,
    /// It is the last response, or says nothing about that.
    pub last: bool,
    tokens_in: u64,
    /// How many in this message, and how many altogether so far.
    tokens_more: u64,
    tokens_out: u64,
}

impl Reply {
    /// Of a response that says nothing.
    pub fn silent() -> Reply {
        Reply { last: true, ..Reply::default() }
    }

    /// Of a response to one of `open`.
    pub fn of(said: &Said<'_>, open: &VecDeque<OpenRequest>) -> Reply {
        let id = match said.id {
            Some(Found::Text(id)) if open.len() > 1 => {
                let same = |o: &&OpenRequest| o.id.text.as_bytes() == id;
                open.iter().find(same).map(|o| o.id.clone())
            }
            _ => None, // none, or the one there is
        };
        let (tokens_more, tokens_out) = match said.tokens_out {
            Some(Found::Tally(more)) => (more, 0),
            total => (0, number(total)),
        };
        Reply {
            id,
            error: said.error.is_some_and(holds),
            last: said.last.is_none_or(holds),
            tokens_in: number(said.tokens_in),
            tokens_more,
            tokens_out,
        }
    }

    /// Which of the open requests it answers: the one with its id, else the oldest.
    pub fn answers(&self, open: &VecDeque<OpenRequest>) -> usize {
        let by_id = |id: &Name| open.iter().position(|o| o.id == *id);
        self.id.as_ref().and_then(by_id).unwrap_or(0)
    }

    /// Adds its tokens. Counted ones add up over messages, stated ones are totals.
    pub fn count_tokens(&self, open: &mut OpenRequest) {
        open.tokens_in = open.tokens_in.max(self.tokens_in);
        open.tokens_out = open.tokens_out.saturating_add(self.tokens_more).max(self.tokens_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_names() {
        let name = |n| fresh_name(Some(Found::Number(n))).unwrap().text.to_string();
        for n in [0, 7, 10, 1234567890, u64::MAX] {
            assert_eq!(name(n), n.to_string());
        }
    }

    #[test]
    fn the_first_value_that_is_there_counts() {
        let found = [
            (Slot::Version, Found::Text(b"")),
            (Slot::Version, Found::Number(3)),
            (Slot::Version, Found::Text(b"label")),
        ];
        assert_eq!(Said::read(found.into_iter()).version, Some(Found::Number(3)));
    }

    #[test]
    fn counted_tokens_add_up_and_stated_ones_do_not() {
        let mut open = OpenRequest::default();
        for (value, total) in [(Found::Tally(2), 2), (Found::Tally(3), 5), (Found::Number(9), 9), (Found::Number(8), 9)]
        {
            let said = Said { tokens_out: Some(value), ..Said::default() };
            Reply::of(&said, &VecDeque::new()).count_tokens(&mut open);
            assert_eq!(open.tokens_out, total);
        }
    }
}
