//! The reader of messages behind a pipe, for holding the server catalogue to recorded bytes: `tests/fakes/reader.py`.
//!
//! A line is one of these; bytes are hex, with a comma wherever a message is to be cut:
//! `policy BYTES`: a `Policy` of tap.proto to read by from now on. Answer: `ok`, and each reason why a method was left out
//! after a tab.
//! `message PATH request|response BYTES`: one message. Answer: SLOT=VALUE of what it says.
//! `call PATH +NAME:VALUE.. >BYTES.. <BYTES.. -NAME:VALUE..`: a whole gRPC call, metadata, requests and then responses and
//! trailing metadata, on a connection of its own. Answer: what a sink is told, the call first, then each request after a
//! tab.
//! `http >BYTES <BYTES..`: a connection of HTTP/1.1 that holds one call, each piece a millisecond after the one before,
//! closed by the server. Answer: as of a call.

#[path = "../../wire/tests/support/mod.rs"]
mod support;

use prost::Message;
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use support::{MS, PREFACE, Rig, data, headers, message, plain_block, request_fields, response_head, settings};
use tap::{policy, proto};
use wire::EndedBy;
use wire::catalogue::{Catalogue, Slot};
use wire::field::{Found, Plan, Walk};

const SLOTS: [Slot; 12] = [
    Slot::Model,
    Slot::Version,
    Slot::RequestId,
    Slot::BatchSize,
    Slot::Error,
    Slot::Final,
    Slot::TokensIn,
    Slot::TokensOut,
    Slot::Shape,
    Slot::BatchShape,
    Slot::Datatype,
    Slot::MaxBatchSize,
];

fn main() {
    let mut stdout = stdout().lock();
    let mut catalogue = Arc::new(Catalogue::default());
    for line in stdin().lock().lines() {
        let line = line.expect("text");
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["policy", bytes] => {
                let wanted = proto::Policy::decode(&*unhex(bytes)).expect("a policy");
                let (made, refusals) = policy::catalogue(&wanted);
                catalogue = made.expect("a policy that observes");
                [vec!["ok".into()], refusals].concat().join("\t")
            }
            ["message", path, side, bytes] => read(&catalogue, path, side == "request", bytes),
            ["call", path, ref messages @ ..] => call(&catalogue, path, messages),
            ["http", ref pieces @ ..] => http(&catalogue, pieces),
            _ => panic!("not understood: {line}"),
        };
        writeln!(stdout, "{answer}").expect("a reader");
        stdout.flush().expect("a reader");
    }
}

/// Reads one message as the tap does: until all that is to be looked at has been.
fn read(catalogue: &Catalogue, path: &str, request: bool, bytes: &str) -> String {
    let method = &catalogue.methods[path];
    let plan = Plan::compile(if request { &method.request } else { &method.response });
    let pieces: Vec<Vec<u8>> = bytes.split(',').map(unhex).collect();
    let mut walk = Walk::default();
    walk.begin(pieces.concat().len() as u32, method.head_bytes);
    let last = pieces.iter().find(|piece| {
        walk.feed(&plan, piece);
        walk.done()
    });
    let said = walk.extracted(&plan, last.expect("pieces of a whole message"));
    let shown = |slot| match said.dimensions(slot) {
        Some(dimensions) => Some(format!("dimensions:{}", joined(dimensions.sizes()))),
        None => said.get(slot).map(shown),
    };
    let values = SLOTS.iter().filter_map(|&slot| Some(format!("{slot:?}={}", shown(slot)?)));
    values.collect::<Vec<_>>().join(" ")
}

fn shown(found: Found<'_>) -> String {
    match found {
        Found::Text(text) => format!("text:{}", hex(text)),
        Found::Number(number) => format!("number:{number}"),
        Found::Tally(number) => format!("tally:{number}"),
        Found::Sum(number) => format!("sum:{number}"),
    }
}

/// Shows a connection one call and returns what was told about it.
fn call(catalogue: &Arc<Catalogue>, path: &str, messages: &[&str]) -> String {
    let mut rig = Rig::fresh(Arc::clone(catalogue));
    rig.client(PREFACE).client(&settings()).server(&settings());
    let of = |side: char| messages.iter().filter_map(move |message| message.strip_prefix(side));
    let fields = |side| of(side).filter_map(|field| field.split_once(':'));
    let head: Vec<_> = request_fields(path).into_iter().chain(fields('+')).collect();
    rig.client(&headers(1, false, &plain_block(&head)));
    for request in of('>') {
        rig.client(&data(1, false, &message(&unhex(request))));
    }
    rig.client(&data(1, true, &[])).server(&headers(1, false, &response_head()));
    for response in of('<') {
        rig.server(&data(1, false, &message(&unhex(response))));
    }
    let trailers: Vec<_> = [("grpc-status", "0")].into_iter().chain(fields('-')).collect();
    rig.server(&headers(1, true, &plain_block(&trailers)));
    let told = rig.only().0;
    let mut lines = vec![format!(
        "kind={:?} streaming={} model={} version={}{}",
        told.kind,
        told.streaming,
        hex(told.model.text.as_bytes()),
        hex(told.version.text.as_bytes()),
        known("max_batch_size", told.max_batch_size)
    )];
    lines.extend(rig.told.requests.iter().map(|request| {
        let open = &request.open;
        let (id, outcome) = (hex(open.id.text().as_bytes()), request.outcome);
        let batch_size = open.batch_size;
        let best = |tokens: wire::call::Tokens| tokens.usage.unwrap_or(tokens.ids); // as the ledger has it
        let (tokens_in, tokens_out) = (best(open.tokens_in), best(open.tokens_out));
        format!(
            "request_id={id} batch_size={batch_size} tokens_in={tokens_in} tokens_out={tokens_out} \
             outcome={outcome:?}{}",
            shape(open)
        )
    }));
    lines.join("\t")
}

/// Shows a connection of HTTP/1.1 and returns what was told about its call.
fn http(catalogue: &Arc<Catalogue>, pieces: &[&str]) -> String {
    let mut rig = Rig::fresh(Arc::clone(catalogue));
    for piece in pieces {
        rig.wait(1);
        match piece.split_at(1) {
            (">", bytes) => rig.client(&unhex(bytes)),
            (_, bytes) => rig.server(&unhex(bytes)),
        };
    }
    rig.end(EndedBy::Server);
    assert_eq!(rig.told.blinded, []);
    let (told, end) = rig.only();
    let [model, version] = [&told.model, &told.version].map(|name| hex(name.text.as_bytes()));
    let mut lines = vec![format!(
        "kind={:?} streaming={} model={model} version={version} method={} code={:?}{}",
        told.kind,
        told.streaming,
        hex(told.method.text.as_bytes()),
        end.code,
        known("max_batch_size", told.max_batch_size)
    )];
    lines.extend(rig.told.requests.iter().map(|request| {
        let open = &request.open;
        let (id, batch_size, outcome) = (hex(open.id.text().as_bytes()), open.batch_size, request.outcome);
        let [tokens_in, tokens_out] =
            [open.tokens_in, open.tokens_out].map(|tokens| match (tokens.usage, tokens.ids) {
                (Some(stated), _) => stated.to_string(),
                (None, 0) => "-".into(),
                (None, counted) => format!("+{counted}"),
            });
        let (chunks, gaps) = (open.chunks, rig.told.gaps.len());
        let first = open.first_response.map_or("-".into(), |at| ((at - open.start) / MS).to_string());
        format!(
            "request_id={id} batch_size={batch_size} tokens_in={tokens_in} tokens_out={tokens_out} chunks={chunks} \
             gaps={gaps} first_ms={first} code={:?} outcome={outcome:?}{}",
            request.code,
            shape(open)
        )
    }));
    lines.join("\t")
}

fn joined(sizes: &[u32]) -> String {
    sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

fn shape(open: &wire::OpenRequest) -> String {
    known("shape", Some(open.shape).filter(wire::Shape::is_known))
}

/// A word for what is there, to be put after others.
fn known(name: &str, value: Option<impl std::fmt::Display>) -> String {
    value.map_or(String::new(), |value| format!(" {name}={value}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("hex") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
