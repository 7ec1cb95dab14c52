//! Asks a model server what it would tell anyone: how large a batch a model takes. Once for each model and policy, after
//! its first good answer and only where nothing that passed has told; never if the policy says so.
//!
//! A call of its own on a connection of its own, read as any other that passes: the catalogue knows how such an answer is
//! read, and thereby what to ask. It is in no count, because no client made it.

use crate::frames;
use crate::ledger::ProbeRequest;
use crate::limits::MODEL_PROBE_TIMEOUT;
use crate::lock::lock;
use crate::shared::Shared;
use crate::upstream::Upstream;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;
use wire::catalogue::{Catalogue, Extract, JsonExtract, Method, Program, Read as How, Slot};
use wire::{Blind, Call, Conn, Direction, End, EndedBy, Nanos, Outcome, Protocol, Request, Sink};

/// A request for the description of a model, as its server understands it.
#[derive(Debug, PartialEq)]
struct Ask {
    bytes: Vec<u8>,
    /// To be sent once the server has spoken.
    then: &'static [u8],
}

/// Asks for ever. Runs on a thread of its own.
pub fn run(requests: &Receiver<ProbeRequest>, shared: &Shared) {
    while let Ok(request) = requests.recv() {
        let answered = catch_unwind(AssertUnwindSafe(|| probe(&request, shared)));
        let what = match answered {
            Ok(Ok(Some(limit))) => {
                lock(&shared.ledger).learn(&request.model, limit);
                continue;
            }
            Ok(Ok(None)) => "the server does not say".to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the answer could not be read".to_string(),
        };
        let model = &request.model;
        let text = format!("whether model {model:?} batches is not known: {what}; server.max_batch_size may say it");
        shared.log.info(&text);
    }
}

fn probe(request: &ProbeRequest, shared: &Shared) -> io::Result<Option<u32>> {
    let Some(catalogue) = lock(&shared.catalogue).clone() else { return Ok(None) };
    let upstream = &shared.upstreams[request.upstream];
    let host = if upstream.text.starts_with("unix:") { "localhost" } else { &upstream.text };
    match ask(&catalogue, request, host) {
        Some(ask) => converse(upstream, &ask, catalogue),
        None => Ok(None),
    }
}

/// Asks, and listens until it is answered, the server closes, or time is up.
fn converse(upstream: &Upstream, ask: &Ask, catalogue: Arc<Catalogue>) -> io::Result<Option<u32>> {
    let began = Instant::now();
    let mut server = upstream.connect(MODEL_PROBE_TIMEOUT)?;
    server.write_all(&ask.bytes)?;
    let (mut conn, mut heard) = (Conn::new(catalogue), Heard::default());
    conn.feed(Direction::ToServer, &ask.bytes, 0, &mut heard);
    let (mut buffer, mut then) = (vec![0; 16 * 1024], ask.then);
    while !heard.ended {
        if began.elapsed() > MODEL_PROBE_TIMEOUT {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let n = server.read(&mut buffer)?;
        if n == 0 {
            conn.end(EndedBy::Server, 0, &mut heard);
            break;
        }
        server.write_all(std::mem::take(&mut then))?;
        conn.feed(Direction::ToClient, &buffer[..n], 0, &mut heard);
    }
    Ok(heard.limit)
}

/// What a catalogue knows to ask a server at which a model was called in this way; None = nothing.
fn ask(catalogue: &Catalogue, request: &ProbeRequest, host: &str) -> Option<Ask> {
    let (method, model) = (&*request.method, &*request.model);
    if !method.starts_with('/') {
        let service = format!("/{}/", method.rsplit_once('/')?.0);
        let mut methods = catalogue.methods.iter().filter(|(path, _)| path.starts_with(&service));
        return methods.find_map(|(path, method)| Some(call(path, host, &message(method, model)?)));
    }
    let (before, _) = method.split_once("{model}")?;
    let prefix = format!("{before}{{model}}");
    // What is put into a head must not be able to end a line of it.
    let is_plain = model.bytes().all(|byte| byte.is_ascii_graphic());
    let describes = |extract: &JsonExtract| extract.slot == Slot::MaxBatchSize;
    let mut routes = catalogue.routes.iter().filter(|route| route.response.iter().any(describes));
    let route = routes.find(|route| route.template.starts_with(&prefix) && !route.template.contains("{version}"))?;
    let path = route.template.replace("{model}", model);
    let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\nconnection: close\r\n\r\n");
    is_plain.then(|| Ask { bytes: head.into_bytes(), then: &[] })
}

/// A request for the description of a model, if that is what a method gives.
fn message(method: &Method, model: &str) -> Option<Vec<u8>> {
    let has = |program: &Program, suits: &dyn Fn(&Extract) -> Option<u32>| {
        program.variants.iter().flat_map(|variant| &variant.extracts).find_map(suits)
    };
    has(&method.response, &|extract| (extract.slot == Slot::MaxBatchSize).then_some(0))?;
    let field = has(&method.request, &|extract| match &extract.path[..] {
        [step] if extract.slot == Slot::Model && extract.read == How::String => Some(step.field),
        _ => None,
    })?;
    let mut message = Vec::new();
    prost::encoding::string::encode(field, &model.to_string(), &mut message);
    Some(message)
}

/// The preface, and 16 MiB that the server may send on the stream (SETTINGS_INITIAL_WINDOW_SIZE) and on the connection
/// (WINDOW_UPDATE): more than its answer has, where 64 KiB could be less (RFC 9113 sections 3.4, 6.5 and 6.9).
const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \0\0\x06\x04\0\0\0\0\0\0\x04\x01\0\0\0\
    \0\0\x04\x08\0\0\0\0\0\x01\0\0\0";

/// A unary gRPC call, on a connection that holds no other.
fn call(path: &str, host: &str, message: &[u8]) -> Ask {
    // Indices of the static table (RFC 7541 appendix A): POST, http, and the names :path, :authority, content-type.
    let mut head = vec![0x83, 0x86];
    for (name, value) in [(&[0x04][..], path), (&[0x01], host), (&[0x0f, 0x10], "application/grpc")] {
        head.extend(name);
        frames::string(&mut head, value);
    }
    head.extend(frames::field("te", "trailers"));
    let asked = frames::data(&frames::grpc_message(message), true);
    Ask { bytes: [OPENING, &frames::headers(&head, false), &asked].concat(), then: frames::SETTINGS_ACKNOWLEDGED }
}

/// What was heard of the one call.
#[derive(Debug, Default)]
struct Heard {
    ended: bool,
    limit: Option<u32>,
}

impl Sink for Heard {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, _: &Request) {}
    fn gap(&mut self, _: &Call, _: Nanos) {}
    fn ended(&mut self, call: &Call, end: &End) {
        self.ended = true;
        self.limit = call.max_batch_size.filter(|_| end.outcome == Outcome::Ok);
    }
    fn blinded(&mut self, _: Blind) {
        self.ended = true;
    }
    fn recognised(&mut self, _: Protocol) {}
    fn head_truncated(&mut self) {}
}

#[cfg(test)]
mod tests;
