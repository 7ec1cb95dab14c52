//! `wayside-tap read-message`: the reader of messages behind a pipe. `wayside servers check` shows by it what a sample
//! would say, and tests hold the catalogue to recorded bytes: there is one reader, and this is it.
//!
//! Each line is a question, and its answer is one line. Bytes are hex, with a comma wherever a message is to be cut:
//!
//! - `policy BYTES`: a `Policy` of tap.proto to read by from now on. Answer: `ok`, and each reason why a method was left
//!   out after a tab.
//! - `message PATH request|response BYTES`: one message. Answer: `SLOT=VALUE` of what it says, with spaces between; a value
//!   is `text:HEX`, `number:N`, `tally:N` (adds up over messages), `sum:N` (a part) or `dimensions:N,N..`.
//! - `call PATH +NAME:VALUE.. >BYTES.. <BYTES.. -NAME:VALUE..`: a whole gRPC call, metadata, requests and then responses
//!   and trailing metadata, on a connection of its own. Answer: what a sink is told, the call first, then each request
//!   after a tab.
//! - `http >BYTES <BYTES..`: a connection of HTTP/1.1 that holds one call, each piece a millisecond after the one before,
//!   closed by the server. Answer: as of a call.
//!
//! What is not understood ends it, with a sentence on stderr and exit status 1.

mod call;

use crate::policy;
use crate::proto;
use prost::Message;
use std::io::{BufRead, Write};
use std::sync::Arc;
use wire::catalogue::{Catalogue, Slot};
use wire::field::{Found, Plan, Walk};

/// In the order in which an answer has them.
const SLOTS: [Slot; 15] = [
    Slot::Model,
    Slot::Version,
    Slot::RequestId,
    Slot::BatchSize,
    Slot::Error,
    Slot::Final,
    Slot::TokensIn,
    Slot::TokensOut,
    Slot::TokensCached,
    Slot::Shape,
    Slot::BatchShape,
    Slot::Datatype,
    Slot::MaxBatchSize,
    Slot::ErrorText,
    Slot::Stream,
];

/// Answers until there are no more questions.
///
/// # Errors
/// With a sentence for a person, when a question is not understood or nobody reads the answer.
pub fn run(questions: impl BufRead, mut answers: impl Write) -> Result<(), String> {
    let mut catalogue = Arc::new(Catalogue::default());
    for line in questions.lines() {
        let line = line.map_err(|error| format!("no line of text: {error}"))?;
        let answer = answer(&mut catalogue, &line)?;
        let told = writeln!(answers, "{answer}").and_then(|()| answers.flush());
        told.map_err(|error| format!("nobody takes the answer: {error}"))?;
    }
    Ok(())
}

fn answer(catalogue: &mut Arc<Catalogue>, line: &str) -> Result<String, String> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["policy", bytes] => adopt(catalogue, bytes),
        ["message", path, side @ ("request" | "response"), bytes] => message(catalogue, path, side, bytes),
        ["call", path, ref parts @ ..] => call::grpc(catalogue, path, parts),
        ["http", ref pieces @ ..] => call::http1(catalogue, pieces),
        _ => Err(format!("not understood: {line:?}; there are policy, message, call and http")),
    }
}

fn adopt(catalogue: &mut Arc<Catalogue>, bytes: &str) -> Result<String, String> {
    let wanted = proto::Policy::decode(&*unhex(bytes)?).map_err(|error| format!("not a policy: {error}"))?;
    let (made, refusals) = policy::catalogue(&wanted);
    *catalogue = made.ok_or("the policy does not observe")?;
    Ok([vec!["ok".into()], refusals].concat().join("\t"))
}

/// Reads one message as the tap does: until all that is to be looked at has been.
fn message(catalogue: &Catalogue, path: &str, side: &str, bytes: &str) -> Result<String, String> {
    let method = catalogue.methods.get(path).ok_or_else(|| format!("the policy has no method {path}"))?;
    let plan = Plan::compile(if side == "request" { &method.request } else { &method.response });
    let pieces = bytes.split(',').map(unhex).collect::<Result<Vec<_>, _>>()?;
    let mut walk = Walk::default();
    walk.begin(pieces.concat().len() as u32, method.head_bytes);
    let last = pieces.iter().find(|piece| {
        walk.feed(&plan, piece);
        walk.done()
    });
    let said = walk.extracted(&plan, last.ok_or("the message is not whole")?);
    let shown = |slot| match said.dimensions(slot) {
        Some(dimensions) => Some(format!("dimensions:{}", joined(dimensions.sizes()))),
        None => said.get(slot).map(value),
    };
    let values = SLOTS.iter().filter_map(|&slot| Some(format!("{slot:?}={}", shown(slot)?)));
    Ok(values.collect::<Vec<_>>().join(" "))
}

fn value(found: Found<'_>) -> String {
    match found {
        Found::Text(text) => format!("text:{}", hex(text)),
        Found::Number(number) => format!("number:{number}"),
        Found::Tally(number) => format!("tally:{number}"),
        Found::Sum(number) => format!("sum:{number}"),
    }
}

fn joined(sizes: &[u32]) -> String {
    sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.ok_or_else(|| format!("{text:?} is not hex"))
}

#[cfg(test)]
mod tests;
