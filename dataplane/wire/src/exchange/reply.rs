//! What one response message says of the request it answers.

use super::message_facts::{count, holds, id, prompt};
use crate::call::OpenRequest;
use crate::catalogue::Slot;
use crate::field::{Extracted, Found};
use crate::names::Id;
use crate::tokens::Count;
use std::collections::VecDeque;

/// What a response message is; in one word, since it is copied for each message of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Kind {
    /// It holds an error.
    pub error: bool,
    /// It is the last response, or says nothing about that.
    pub last: bool,
    /// It says that it is the last response.
    pub ends: bool,
    /// It carries output, or is not looked at for that and holds no error.
    pub output: bool,
    /// It carries output that was looked for.
    pub chunk: bool,
}

/// What a response message said about the request it answers, kept until the message is complete.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Id of the open request that has the response's id. None: the oldest is meant.
    id: Option<Id>,
    /// What it is.
    pub is: Kind,
    tokens_in: Option<Count>,
    tokens_out: Option<Count>,
    /// The server's own words about an error, where the catalogue wants them.
    pub words: Option<Box<str>>,
}

impl Reply {
    /// The response says nothing.
    #[inline]
    pub fn silence(&mut self) {
        self.name(None);
        self.is = Kind { error: false, last: true, ends: false, output: true, chunk: false };
        (self.tokens_in, self.tokens_out) = (None, None);
    }

    /// Hears what a response to one of `open` says. `marks`: what the last one says, where that is a string.
    pub fn hear(
        &mut self,
        extracted: &Extracted<'_>,
        open: &VecDeque<OpenRequest>,
        wants_output: bool,
        marks: &[Box<[u8]>],
    ) {
        // Of one request, or none, an id tells nothing.
        self.name(if open.len() > 1 { id(extracted.get(Slot::RequestId)) } else { None });
        self.is.error = extracted.get(Slot::Error).is_some_and(holds);
        let last = extracted.get(Slot::Final);
        self.is.last = last.is_none_or(holds);
        self.is.ends = last.is_some_and(|last| match last {
            Found::Text(text) => marks.iter().any(|mark| **mark == *text),
            number => holds(number),
        });
        self.is.chunk = wants_output && extracted.get(Slot::Output).is_some_and(holds);
        self.is.output = (self.is.chunk || !wants_output) && !self.is.error;
        self.tokens_in = prompt(extracted);
        self.tokens_out = count(extracted.get(Slot::TokensOut));
        if self.is.error {
            self.words = words(extracted);
        }
    }

    /// It states the tokens that were generated.
    #[inline]
    pub fn states_usage(&self) -> bool {
        matches!(self.tokens_out, Some(Count::Total(_)))
    }

    /// Of the request with this id. It is long, and most have none: it is not written each time.
    #[inline]
    fn name(&mut self, id: Option<Id>) {
        if id.is_some() || self.id.is_some() {
            self.id = id;
        }
    }

    /// Says the same as another, which is no error, of a request of its own.
    #[inline]
    pub fn repeat(&mut self, other: &Reply, id: Option<Id>) {
        self.name(id);
        self.is = other.is;
        (self.tokens_in, self.tokens_out) = (other.tokens_in, other.tokens_out);
    }

    /// Which of the open requests it answers: the one with its id, else the oldest.
    pub fn answers(&self, open: &VecDeque<OpenRequest>) -> usize {
        let by_id = |id: &Id| open.iter().position(|o| o.id == *id);
        self.id.as_ref().and_then(by_id).unwrap_or(0)
    }

    /// Adds the tokens it tells of to those of the request that it answers.
    #[inline]
    pub fn count_tokens(&self, open: &mut OpenRequest) {
        open.tokens_in.add(self.tokens_in);
        open.tokens_out.add(self.tokens_out);
    }
}

/// The server's own words about an error.
#[cold]
pub fn words(extracted: &Extracted<'_>) -> Option<Box<str>> {
    match extracted.get(Slot::ErrorText)? {
        Found::Text(text) => Some(String::from_utf8_lossy(text).into()),
        _ => None,
    }
}
