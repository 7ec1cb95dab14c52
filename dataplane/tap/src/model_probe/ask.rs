//! How a server is asked to describe a model: what the catalogue knows of, in the way the model was called.

use crate::frames;
use crate::ledger::About;
use wire::catalogue::{Catalogue, Extract, Kind, Method, Program, Read as How, Route, Slot, Verbs};

/// A request for the description of a model, as its server understands it.
#[derive(Debug, PartialEq)]
pub struct Ask {
    pub bytes: Vec<u8>,
    /// To be sent once the server has spoken.
    pub then: &'static [u8],
}

/// What the answer is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It says how large a batch the model takes.
    BatchLimit,
    /// It comes: there is such a model.
    Description,
}

/// What a catalogue knows to ask a server at which a model was called in this way; None = nothing.
pub fn ask(catalogue: &Catalogue, wanted: Wanted, about: &About, host: &str) -> Option<Ask> {
    if !about.method.starts_with('/') {
        let service = format!("/{}/", about.method.rsplit_once('/')?.0);
        let methods = catalogue.methods.iter().filter(|(path, _)| path.starts_with(&service));
        let known =
            methods.filter_map(|(path, method)| Some((rank(method, wanted)?, path, message(method, &about.model)?)));
        return known.min().map(|(_, path, message)| call(path, host, &message));
    }
    let (before, _) = about.method.split_once("{model}")?;
    // It is put into a path, and must not lead to another one.
    if about.model.contains(['/', '?', '#', '%']) {
        return None;
    }
    let prefix = format!("{before}{{model}}");
    let routes = catalogue.routes.iter().filter(|route| route.template.starts_with(&prefix));
    let routes = routes.filter(|route| route.verbs.meet(Verbs::GET) && !route.template.contains("{version}"));
    let (_, route) =
        routes.filter_map(|route| Some((route_rank(route, &prefix, wanted)?, route))).min_by_key(|it| it.0)?;
    get(&route.template.replace("{model}", &about.model), host)
}

/// A request for what lies at a path; None: what is put into a head must not be able to end a line of it.
pub fn get(path: &str, host: &str) -> Option<Ask> {
    let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\nconnection: close\r\n\r\n");
    path.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Ask { bytes: head.into_bytes(), then: &[] })
}

/// The place of a method among those that might be asked, the first first; None: it does not answer what is wanted.
fn rank(method: &Method, wanted: Wanted) -> Option<u8> {
    let tells = |slot| find(&method.response, &|extract| (extract.slot == slot).then_some(())).is_some();
    match wanted {
        // Not every server that describes its models says how they are configured.
        Wanted::Description if method.kind == Kind::Admin && !tells(Slot::MaxBatchSize) => {
            tells(Slot::Model).then_some(0)
        }
        _ => tells(Slot::MaxBatchSize).then_some(1),
    }
}

/// The same of a route. What is got from the model's own path describes it, or there is no such model.
fn route_rank(route: &Route, prefix: &str, wanted: Wanted) -> Option<u8> {
    match wanted {
        Wanted::Description if route.kind == Kind::Admin && *route.template == *prefix => Some(0),
        _ => route.response.iter().any(|extract| extract.slot == Slot::MaxBatchSize).then_some(1),
    }
}

/// A request that names a model, and nothing else, where a method takes that.
fn message(method: &Method, model: &str) -> Option<Vec<u8>> {
    let field = find(&method.request, &|extract| match &extract.path[..] {
        [step] if extract.slot == Slot::Model && extract.read == How::String => Some(step.field),
        _ => None,
    })?;
    let mut message = Vec::new();
    prost::encoding::string::encode(field, &model.to_string(), &mut message);
    Some(message)
}

fn find<T>(program: &Program, suits: &dyn Fn(&Extract) -> Option<T>) -> Option<T> {
    program.variants.iter().flat_map(|variant| &variant.extracts).find_map(suits)
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
