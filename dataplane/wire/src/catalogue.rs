//! What the user's policy says about methods: which exist, what they are for, and where in a message the few
//! interesting fields lie. Pure data: a new message type is a new value of these types, never new code.

use crate::outcome::rules::Rule;
use crate::{Nanos, outcome};
use std::collections::HashMap;
use std::fmt;

/// What a method is for. Objectives, batches and scaling see inference only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Runs a model.
    #[default]
    Inference,
    /// Asks whether a server or model is alive or ready.
    Probe,
    /// Everything else: metadata, repository, statistics.
    Admin,
}

/// Everything known about methods, shared by all connections of one policy generation.
#[derive(Debug)]
pub struct Catalogue {
    /// By full path, `/package.Service/Method`.
    pub methods: HashMap<Box<str>, Method>,
    /// In order of preference.
    pub routes: Vec<Route>,
    /// What the user says of codes, whatever the method.
    pub outcomes: Vec<Rule>,
    /// A client of HTTP that leaves after so long without anything new has run out of time.
    pub give_up: Nanos,
}

impl Default for Catalogue {
    fn default() -> Catalogue {
        Catalogue { methods: HashMap::new(), routes: Vec::new(), outcomes: Vec::new(), give_up: outcome::GIVE_UP }
    }
}

/// Methods of HTTP (RFC 9110 section 9), which are called verbs here: a method is what gRPC calls so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verbs(pub u32);

impl Verbs {
    /// Whichever it is.
    pub const ANY: Verbs = Verbs(u32::MAX);
    /// What looks at something and changes nothing.
    pub const GET: Verbs = Verbs(1);
    /// What gRPC asks with, and whoever sends a document.
    pub const POST: Verbs = Verbs(1 << 2);
    const KNOWN: [&'static [u8]; 7] = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"];

    /// The one verb of this name. All that are not known are one.
    #[inline]
    pub fn named(name: &[u8]) -> Verbs {
        if name == b"POST" {
            return Verbs::POST;
        }
        Verbs(1 << Verbs::KNOWN.iter().position(|known| *known == name).unwrap_or(Verbs::KNOWN.len()))
    }

    /// Those of these names; of no name, any.
    pub fn of<T: AsRef<[u8]>>(names: &[T]) -> Verbs {
        if names.is_empty() {
            return Verbs::ANY;
        }
        Verbs(names.iter().fold(0, |all, name| all | Verbs::named(name.as_ref()).0))
    }

    /// Some verb is in both.
    #[inline]
    pub fn meet(self, others: Verbs) -> bool {
        self.0 & others.0 != 0
    }
}

impl fmt::Display for Verbs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Verbs::KNOWN.iter().filter(|name| self.meet(Verbs::named(name)));
        f.write_str(&known.map(|name| String::from_utf8_lossy(name)).collect::<Vec<_>>().join("|"))
    }
}

impl Default for Verbs {
    fn default() -> Verbs {
        Verbs::ANY
    }
}

/// HTTP requests of one shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Path with captures, as `/v2/models/{model}/infer`. A capture takes one segment, or what precedes its rest, as
    /// in `/v1/models/{model}:predict`. `{model}` and `{version}` are values, other names are not looked at.
    pub template: Box<str>,
    /// With which verbs; with another one the path is of another route, or of none.
    pub verbs: Verbs,
    /// What it is for.
    pub kind: Kind,
    /// The server may answer with many messages.
    pub streaming: bool,
    /// How to read the request's JSON.
    pub request: Vec<JsonExtract>,
    /// How to read the response's JSON: the body, each server-sent event, or each line.
    pub response: Vec<JsonExtract>,
    /// What to read from the request's head.
    pub request_headers: Vec<HeaderExtract>,
    /// What to read from the response's head, and over HTTP/2 from its trailers.
    pub response_headers: Vec<HeaderExtract>,
    /// How far into a document to look; 0 = [`DEFAULT_JSON_BYTES`].
    pub head_bytes: u32,
    /// What its codes count as, where that is not what they always do.
    pub outcomes: Vec<Rule>,
    /// A request that says nothing of [`Slot::Stream`] gets its answer in one piece.
    pub streams_when_asked: bool,
}

/// How far into a JSON document to look where a route does not say: its keys come in any order, so what is wanted may
/// be last. Reading takes a few instructions a byte.
pub const DEFAULT_JSON_BYTES: u32 = 1024 * 1024;

/// One value to read from a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonExtract {
    /// What the value means.
    pub slot: Slot,
    /// Where it lies; at most [`MAX_DEPTH`] steps.
    pub path: Vec<JsonStep>,
    /// How to read it.
    pub read: JsonRead,
    /// Of [`Slot::Final`] read as a string: it holds if it is one of these.
    pub texts: Vec<Box<str>>,
}

/// One value to read from a header field (gRPC calls them metadata). Of several fields for one slot the first that is
/// there counts.
#[derive(Clone, Debug, PartialEq)]
pub struct HeaderExtract {
    /// What the value means: the model, its version, or the request's id; of a response also the tokens, stated.
    pub slot: Slot,
    /// The field's name in lower case; at most [`crate::hpack::MAX_NAME_BYTES`].
    pub name: Box<str>,
    /// It counts before what the body says of the slot; else after.
    pub before_body: bool,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonStep {
    /// The value of this key.
    Key(Box<str>),
    /// This element, from 0.
    Item(u32),
    /// Each element for which there is no other path.
    Each,
}

/// How to read the value a path ends at. A value of another type reads as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonRead {
    /// A string of at most [`crate::names::MAX_NAME_BYTES`].
    String,
    /// A string, and of one that is longer as much of its beginning: words of which some will do.
    Beginning,
    /// A whole number that is not negative, or a boolean.
    Int,
    /// 1 when the value is there and not null, false, 0 or empty.
    Present,
    /// Number of elements; anything but an array is one.
    Items,
    /// Number of prompts as OpenAI counts them: an array of numbers is one prompt in tokens.
    Prompts,
    /// An array of numbers as dimensions of a tensor: absent where it is too long or holds what is no size.
    Dimensions,
}

/// One gRPC method.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Method {
    /// What it is for.
    pub kind: Kind,
    /// The server may answer with many messages.
    pub streaming: bool,
    /// Each request message is a request of its own (`ModelStreamInfer`).
    pub many_requests: bool,
    /// How to read a request message.
    pub request: Program,
    /// How to read a response message.
    pub response: Program,
    /// What to read from the request's head.
    pub request_headers: Vec<HeaderExtract>,
    /// What to read from the response's head and trailers.
    pub response_headers: Vec<HeaderExtract>,
    /// How far into a message to look.
    pub head_bytes: u32,
    /// What its codes count as, where that is not what they always do.
    pub outcomes: Vec<Rule>,
}

/// How far into a message to look where a method does not say: encoders write fields in number order, so names
/// and shapes precede tensors, and 16 KiB hold the metadata of hundreds of them.
pub const DEFAULT_HEAD_BYTES: u32 = 16 * 1024;

/// How to read one message: the first variant whose condition holds gives the values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// In order of preference. Together they may read [`crate::field::MAX_LEAVES`] different values, of them
    /// [`crate::field::MAX_TEXTS`] strings; what exceeds that is not read.
    pub variants: Vec<Variant>,
}

/// One form a message may have. Two servers share a method path and answer in different forms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variant {
    /// Bit n set: field number n (1..=63) at top level. At least one must have been present; 0 always holds.
    pub any_of: u64,
    /// None of these may have been present.
    pub none_of: u64,
    /// What to read. Of several for one slot the first that is present, and not an empty string, counts.
    pub extracts: Vec<Extract>,
}

/// One value to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Extract {
    /// What the value means.
    pub slot: Slot,
    /// Where it lies, outermost field first; at most [`MAX_DEPTH`] steps.
    pub path: Vec<Step>,
    /// How to read it.
    pub read: Read,
}

/// Deepest path an [`Extract`] may have, and how deep the walker ever descends.
pub const MAX_DEPTH: usize = 8;

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Field number.
    pub field: u32,
    /// For a `map<string, V>`: go to the value of the entry with this key. The key must precede the value, as every
    /// encoder writes it. Counts as two steps of [`MAX_DEPTH`].
    pub map_key: Option<Box<str>>,
}

/// How to read the field a path ends at. A wire type that does not fit reads as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The bytes, at most [`crate::names::MAX_NAME_BYTES`]; the last occurrence wins (proto3).
    String,
    /// The same, and of more bytes as many of the first: words of which some will do.
    Beginning,
    /// A varint; the last occurrence wins.
    Int,
    /// 1 when the field occurs and is not empty; of a varint, not 0.
    Present,
    /// Number of occurrences.
    Count,
    /// Element n of a repeated varint, packed or not, of the first occurrence of its parents.
    VarintAt(u32),
    /// Number of elements of a repeated varint.
    Varints,
    /// Bytes of a length-delimited field; the last occurrence wins.
    Length,
    /// The varints of all occurrences, added up.
    Sum,
    /// As [`Read::String`], of the first occurrence of its parents.
    FirstString,
    /// The elements of a repeated varint, packed or not, of the first occurrence of its parents, as dimensions of a
    /// tensor: absent where they are more than [`crate::tensor::MAX_DIMENSIONS`], where one is no size, where the message
    /// is malformed, and where the head that is looked at may end within them.
    Dimensions,
    /// The same where each is a varint in a message of its own, the last but one step of the path; one without it is 0.
    DimensionOfEach,
}

/// What an extracted value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Name of the model.
    Model,
    /// Version of the model.
    Version,
    /// Identity of the request, for matching responses on a stream and for records.
    RequestId,
    /// Number of items in this request.
    BatchSize,
    /// Present and not empty (or not 0): an error inside an OK response.
    Error,
    /// Not 0: the last response of its request. Over HTTP a client that leaves after it was served.
    Final,
    /// Present or not 0: the response carries output. Where it is read, messages without it are not responses for the
    /// purpose of time to first response and gaps: the role chunk of a chat is not a token.
    Output,
    /// Tokens of the prompt.
    TokensIn,
    /// Of the tokens of the prompt, those that the server had in its cache; beside them in the same message.
    TokensCached,
    /// Tokens generated. Read as [`Read::Count`] or [`Read::Varints`] they add up over the messages of a stream; read as
    /// [`Read::Sum`] they do so too, where none were counted; stated in any other way they are totals, of which the
    /// largest counts.
    TokensOut,
    /// Dimensions of the request's first input. The first of them is the number of items in it, if the model batches.
    Shape,
    /// The same of an input whose first dimension is the number of items whatever the model does.
    BatchShape,
    /// Type of the elements of that input, e.g. `FP32`.
    Datatype,
    /// Of an answer that describes its model: the largest batch that it takes, 0 for one that takes none.
    MaxBatchSize,
    /// The server's own words in an error, for a [`Rule`].
    ErrorText,
    /// Of a request: 0 = it wants its answer in one piece.
    Stream,
    /// Of an answer that lists models: their names. Nobody reads it of a call that passes.
    Names,
}

impl Slot {
    /// How many there are.
    pub(crate) const COUNT: usize = Slot::Names as usize + 1;
}
