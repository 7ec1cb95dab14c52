//! Asks a model server what it would tell anyone; never if the policy says so.
//!
//! How large a batch a model takes: once for each model and policy, after its first good answer and only where nothing that
//! passed has told. Whether it has a model whose calls fail or hang and which is no label yet, and its list of models: as
//! often as the ledger allows.
//!
//! Each is a call of its own on a connection of its own. What describes a model is read as any other call that passes: the
//! catalogue knows how such an answer is read, and thereby what to ask. It is in no count, because no client made it.

mod ask;
mod list;

use crate::ledger::{About, Question};
use crate::limits::MODEL_PROBE_TIMEOUT;
use crate::lock::lock;
use crate::shared::Shared;
use crate::upstream::Upstream;
use ask::{Ask, Wanted, ask};
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;
use wire::catalogue::Catalogue;
use wire::{Blind, Call, Code, Conn, Direction, End, EndedBy, Nanos, Outcome, Protocol, Request, Sink};

/// Asks for ever. Runs on a thread of its own.
pub fn run(questions: &Receiver<Question>, shared: &Shared) {
    while let Ok(question) = questions.recv() {
        match &question {
            Question::Batches(about) => ask_for_batches(about, shared),
            Question::Name(about) => ask_for_name(about, shared),
            Question::List { upstream, method, models } => {
                let found = guarded(|| {
                    let Some(catalogue) = lock(&shared.catalogue).clone() else { return Ok(Vec::new()) };
                    Ok(list::find(&shared.upstreams[*upstream], &catalogue, method, models))
                });
                found.unwrap_or_default().iter().for_each(|model| name(model, "lists it", shared));
            }
        }
    }
}

fn ask_for_batches(about: &About, shared: &Shared) {
    let what = match guarded(|| probe(Wanted::BatchLimit, about, shared)) {
        Ok(Some(Heard { limit: Some(limit), .. })) => return lock(&shared.ledger).learn(&about.model, limit),
        Ok(_) => "the server does not say".to_string(),
        Err(error) => error.to_string(),
    };
    let model = &about.model;
    let text = format!("whether model {model:?} batches is not known: {what}; server.max_batch_size may say it");
    shared.log.info(&text);
}

fn ask_for_name(about: &About, shared: &Shared) {
    // It may have answered well meanwhile, or been in a list.
    if !lock(&shared.ledger).may_become_label(&about.model) {
        return;
    }
    if let Ok(Some(Heard { good: true, .. })) = guarded(|| probe(Wanted::Description, about, shared)) {
        name(&about.model, "describes it", shared);
    }
}

/// The server has such a model.
fn name(model: &str, how: &str, shared: &Shared) {
    lock(&shared.ledger).named_by_server(model);
    shared.log.info(&format!("model {model:?}, whose calls fail, is counted under its name: the server {how}"));
}

/// An answer that cannot be read must not end the asking.
fn guarded<T>(ask: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let unreadable = || io::Error::other("the answer could not be read");
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| Err(unreadable()))
}

fn probe(wanted: Wanted, about: &About, shared: &Shared) -> io::Result<Option<Heard>> {
    let Some(catalogue) = lock(&shared.catalogue).clone() else { return Ok(None) };
    let upstream = &shared.upstreams[about.upstream];
    match ask(&catalogue, wanted, about, upstream.host()) {
        Some(ask) => converse(upstream, &ask, catalogue).map(Some),
        None => Ok(None),
    }
}

/// Asks, and listens until it is answered, the server closes, or time is up.
fn converse(upstream: &Upstream, ask: &Ask, catalogue: Arc<Catalogue>) -> io::Result<Heard> {
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
    Ok(heard)
}

/// What was heard of the one call.
#[derive(Debug, Default)]
struct Heard {
    ended: bool,
    /// It was answered well.
    good: bool,
    limit: Option<u32>,
}

impl Sink for Heard {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, _: &Request) {}
    fn gap(&mut self, _: &Call, _: Nanos) {}
    fn ended(&mut self, call: &Call, end: &End) {
        // A redirection, to a login for one, describes nothing.
        (self.ended, self.good) =
            (true, matches!(end.code, Code::Grpc(0) | Code::Http(200)) && end.outcome == Outcome::Ok);
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
