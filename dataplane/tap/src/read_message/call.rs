//! A whole call, shown to a connection of its own, and what its sink was told.

use super::{hex, unhex};
use crate::frames::{PREFACE, SETTINGS, data, field, grpc_message, headers};
use std::fmt::Display;
use std::sync::Arc;
use wire::call::Tokens;
use wire::{Blind, Call, Catalogue, Conn, Direction, End, EndedBy, Nanos, OpenRequest, Protocol, Request, Shape, Sink};

/// Between two pieces of a connection of HTTP/1.1.
const MS: Nanos = 1_000_000;

/// A gRPC call, its parts marked by `+`, `>`, `<` and `-`.
pub fn grpc(catalogue: &Arc<Catalogue>, path: &str, parts: &[&str]) -> Result<String, String> {
    let of = |side: char| parts.iter().filter_map(move |part| part.strip_prefix(side));
    let fields = |side| of(side).filter_map(|field| field.split_once(':'));
    let asked = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "server:9001")];
    let head = asked.into_iter().chain([("content-type", "application/grpc"), ("te", "trailers")]).chain(fields('+'));
    let mut shown = Shown::new(catalogue);
    shown.client(PREFACE);
    shown.client(SETTINGS);
    shown.server(SETTINGS);
    shown.client(&headers(&block(head), false));
    for request in of('>') {
        shown.client(&data(&grpc_message(&unhex(request)?), false));
    }
    shown.client(&data(&[], true));
    shown.server(&headers(&block([(":status", "200"), ("content-type", "application/grpc")]), false));
    for response in of('<') {
        shown.server(&data(&grpc_message(&unhex(response)?), false));
    }
    shown.server(&headers(&block([("grpc-status", "0")].into_iter().chain(fields('-'))), true));
    let (told, _) = shown.told.only()?;
    let mut lines = vec![format!(
        "kind={:?} streaming={} model={} version={}{}",
        told.kind,
        told.streaming,
        hex(told.model.text.as_bytes()),
        hex(told.version.text.as_bytes()),
        known("max_batch_size", told.max_batch_size)
    )];
    lines.extend(shown.told.requests.iter().map(|request| {
        let open = &request.open;
        format!(
            "request_id={} batch_size={} tokens_in={} tokens_out={} outcome={:?}{}{}",
            hex(open.id.text().as_bytes()),
            open.batch_size,
            best(open.tokens_in),
            best(open.tokens_out),
            request.outcome,
            shape(open),
            cached(open)
        )
    }));
    Ok(lines.join("\t"))
}

/// A connection of HTTP/1.1, its pieces marked by `>` and `<`.
pub fn http1(catalogue: &Arc<Catalogue>, pieces: &[&str]) -> Result<String, String> {
    let mut shown = Shown::new(catalogue);
    for piece in pieces {
        shown.now += MS;
        match (piece.strip_prefix('>'), piece.strip_prefix('<')) {
            (Some(bytes), _) => shown.client(&unhex(bytes)?),
            (_, Some(bytes)) => shown.server(&unhex(bytes)?),
            _ => return Err(format!("{piece:?} is of neither side")),
        }
    }
    shown.conn.end(EndedBy::Server, shown.now, &mut shown.told);
    if let Some(reason) = shown.told.blinded {
        return Err(format!("the connection cannot be read: {reason:?}"));
    }
    let (told, end) = shown.told.only()?;
    let [model, version, method] = [&told.model, &told.version, &told.method].map(|name| hex(name.text.as_bytes()));
    let mut lines = vec![format!(
        "kind={:?} streaming={} model={model} version={version} method={method} code={:?}{}",
        told.kind,
        told.streaming,
        end.code,
        known("max_batch_size", told.max_batch_size)
    )];
    let gaps = shown.told.gaps;
    lines.extend(shown.told.requests.iter().map(|request| {
        let open = &request.open;
        let first = open.first_response.map_or("-".into(), |at| ((at - open.start) / MS).to_string());
        format!(
            "request_id={} batch_size={} tokens_in={} tokens_out={} chunks={} gaps={gaps} first_ms={first} code={:?} \
             outcome={:?}{}{}",
            hex(open.id.text().as_bytes()),
            open.batch_size,
            stated_or_counted(open.tokens_in),
            stated_or_counted(open.tokens_out),
            open.chunks,
            request.code,
            request.outcome,
            shape(open),
            cached(open)
        )
    }));
    Ok(lines.join("\t"))
}

fn block<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    fields.into_iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// As the ledger has it.
fn best(tokens: Tokens) -> u32 {
    tokens.usage.unwrap_or(tokens.ids)
}

/// What the server stated, `+` what was counted, or `-`.
fn stated_or_counted(tokens: Tokens) -> String {
    match (tokens.usage, tokens.ids) {
        (Some(stated), _) => stated.to_string(),
        (None, 0) => "-".into(),
        (None, counted) => format!("+{counted}"),
    }
}

fn cached(open: &OpenRequest) -> String {
    known("tokens_cached", Some(open.tokens_in.cached).filter(|cached| *cached > 0))
}

fn shape(open: &OpenRequest) -> String {
    known("shape", Some(open.shape).filter(Shape::is_known))
}

/// A word for what is there, to be put after others.
fn known(name: &str, value: Option<impl Display>) -> String {
    value.map_or(String::new(), |value| format!(" {name}={value}"))
}

/// A connection, and what was told of it.
struct Shown {
    conn: Conn,
    told: Told,
    now: Nanos,
}

impl Shown {
    fn new(catalogue: &Arc<Catalogue>) -> Shown {
        Shown { conn: Conn::new(Arc::clone(catalogue)), told: Told::default(), now: 0 }
    }

    fn client(&mut self, bytes: &[u8]) {
        self.conn.feed(Direction::ToServer, bytes, self.now, &mut self.told);
    }

    fn server(&mut self, bytes: &[u8]) {
        self.conn.feed(Direction::ToClient, bytes, self.now, &mut self.told);
    }
}

#[derive(Default)]
struct Told {
    requests: Vec<Request>,
    ended: Vec<(Call, End)>,
    gaps: usize,
    blinded: Option<Blind>,
}

impl Told {
    fn only(&self) -> Result<&(Call, End), String> {
        match &self.ended[..] {
            [only] => Ok(only),
            ended => Err(format!("{} calls ended, not one", ended.len())),
        }
    }
}

impl Sink for Told {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, request: &Request) {
        self.requests.push(request.clone());
    }
    fn gap(&mut self, _: &Call, _: Nanos) {
        self.gaps += 1;
    }
    fn ended(&mut self, call: &Call, end: &End) {
        self.ended.push((call.clone(), end.clone()));
    }
    fn blinded(&mut self, reason: Blind) {
        self.blinded.get_or_insert(reason);
    }
    fn recognised(&mut self, _: Protocol) {}
    fn head_truncated(&mut self) {}
}
