//! A server's list of its models, where the catalogue knows of one: which of some names it holds.
//!
//! Unlike what describes one model it has any number of them, so its body is gone through here, once for each place at
//! which names may lie.

use super::ask::get;
use crate::limits::{LIST_BYTES, LIST_PATHS, MODEL_PROBE_TIMEOUT};
use crate::upstream::Upstream;
use std::cmp::Reverse;
use std::io::{self, Read, Write};
use std::time::Instant;
use wire::catalogue::{Catalogue, JsonExtract, Kind, Route, Slot, Verbs};
use wire::field::Found;
use wire::json::{Plan, Scan};

/// Head and framing of an answer, beside its body.
const HEAD_BYTES: usize = 64 * 1024;

/// Which of these names the server lists. It is asked at one path after the other until all are found: where one cannot be
/// had, or has others, the next may have them.
pub fn find(upstream: &Upstream, catalogue: &Catalogue, method: &str, wanted: &[Box<str>]) -> Vec<Box<str>> {
    let mut found: Vec<Box<str>> = Vec::new();
    for route in routes(catalogue, method) {
        let Ok(Some(body)) = fetch(upstream, &route.template) else { continue };
        let here = held(route, &body, wanted);
        let new: Vec<_> = here.into_iter().filter(|name| !found.contains(name)).collect();
        found.extend(new);
        if found.len() == wanted.len() {
            break;
        }
    }
    found
}

/// Lists that the catalogue knows, the likeliest first: of the API in which a model was called.
fn routes<'c>(catalogue: &'c Catalogue, method: &str) -> Vec<&'c Route> {
    let is_list = |route: &&Route| {
        let names = route.response.iter().any(|extract| extract.slot == Slot::Names);
        names && route.verbs.meet(Verbs::GET) && route.kind == Kind::Admin && !route.template.contains('{')
    };
    let shared = |route: &&Route| route.template.split('/').zip(method.split('/')).take_while(|(a, b)| a == b).count();
    let mut routes: Vec<_> = catalogue.routes.iter().filter(is_list).collect();
    routes.sort_by_key(|route| Reverse(shared(route)));
    routes.truncate(LIST_PATHS);
    routes
}

/// Those of the names that stand where the route says that names stand.
fn held(route: &Route, body: &[u8], wanted: &[Box<str>]) -> Vec<Box<str>> {
    let mut is_held = vec![false; wanted.len()];
    for place in route.response.iter().filter(|extract| extract.slot == Slot::Names) {
        each_name(place, body, |name| {
            for (held, _) in is_held.iter_mut().zip(wanted).filter(|(_, wanted)| wanted.as_bytes() == name) {
                *held = true;
            }
        });
    }
    wanted.iter().zip(is_held).filter(|(_, held)| *held).map(|(name, _)| name.clone()).collect()
}

/// Calls with each string at one place of a document. Strings end with a quotation mark, so that after each of them the last
/// one is looked at, some more than once.
fn each_name(place: &JsonExtract, body: &[u8], mut hear: impl FnMut(&[u8])) {
    let plan = Plan::compile(std::slice::from_ref(place));
    let mut scan = Scan::default();
    scan.begin(&plan, LIST_BYTES as u32);
    for piece in body.split_inclusive(|&byte| byte == b'"') {
        scan.feed(&plan, piece);
        if let Some(Found::Text(name)) = scan.extracted(&plan).get(Slot::Names) {
            hear(name);
        }
    }
}

/// The body of a good answer; None: it was another.
fn fetch(upstream: &Upstream, path: &str) -> io::Result<Option<Vec<u8>>> {
    let Some(ask) = get(path, upstream.host()) else { return Ok(None) };
    let began = Instant::now();
    let mut server = upstream.connect(MODEL_PROBE_TIMEOUT)?;
    server.write_all(&ask.bytes)?;
    let (mut answer, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    // It was asked to close then. One that does not is waited for as long as for any answer.
    while answer.len() < LIST_BYTES + HEAD_BYTES && began.elapsed() < MODEL_PROBE_TIMEOUT {
        match server.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => answer.extend_from_slice(&buffer[..n]),
        }
    }
    Ok(body(&answer))
}

/// The body of a whole answer of HTTP/1.1, if its status is 200 (RFC 9112 sections 4 and 6).
fn body(answer: &[u8]) -> Option<Vec<u8>> {
    let end = answer.windows(4).take(HEAD_BYTES).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&answer[..end]).ok()?.to_ascii_lowercase(), &answer[end + 4..]);
    let mut lines = head.split("\r\n");
    let is_good = lines.next()?.strip_prefix("http/1.")?.get(1..5)? == " 200";
    let is_chunked = lines
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| name == "transfer-encoding" && value.trim() == "chunked");
    is_good.then(|| if is_chunked { unchunked(body) } else { body.to_vec() })
}

/// A chunked body without its framing, as far as it is whole (RFC 9112 section 7.1).
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        let Some(chunk) = rest.get(end + 2..).and_then(|data| data.get(..size)).filter(|chunk| !chunk.is_empty())
        else {
            break;
        };
        body.extend_from_slice(chunk);
        rest = rest.get(end + 2 + size + 2..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
