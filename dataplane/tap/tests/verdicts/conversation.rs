//! A connection of HTTP/1.1 or HTTP/2, its bytes and their moments, and what was counted of it.

use std::sync::Arc;
use tap::ledger::Ledger;
use tap::observer::Observer;
use tap::proto::{self, condition::Good};
use wire::{Catalogue, Direction, EndedBy, Nanos};

pub const MS: Nanos = 1_000_000;
/// One of each kind that has one threshold.
pub const THRESHOLD: Nanos = 100 * MS;

/// A promise of one condition or more, each known by its name.
pub fn promise(id: &str, goods: &[Good]) -> proto::Objective {
    let conditions = goods.iter().map(|good| proto::Condition { good: Some(*good) }).collect();
    proto::Objective { id: id.into(), conditions, ..proto::Objective::default() }
}

pub fn first_below(base_nanos: Nanos, nanos_per_prompt_token: Nanos, up_to_nanos: Nanos) -> Good {
    Good::FirstTokenBelow(proto::FirstTokenBelow { base_nanos, nanos_per_prompt_token, up_to_nanos })
}

fn json(slot: proto::Slot, path: &str, read: proto::JsonRead) -> proto::JsonExtract {
    let step = |key: &str| {
        let step = match key {
            "*" => proto::json_step::Step::Each(true),
            key => proto::json_step::Step::Key(key.into()),
        };
        proto::JsonStep { step: Some(step) }
    };
    let path = path.split('.').map(step).collect();
    proto::JsonExtract { slot: slot.into(), path, read: read.into(), texts: Vec::new() }
}

fn chat() -> proto::Route {
    use proto::{JsonRead, Slot};
    proto::Route {
        template: "/chat".into(),
        streaming: true,
        streams_when_asked: true,
        request: vec![json(Slot::Model, "model", JsonRead::String), json(Slot::Stream, "stream", JsonRead::Int)],
        response: vec![
            json(Slot::Error, "error", JsonRead::Present),
            json(Slot::Output, "text", JsonRead::Present),
            json(Slot::TokensIn, "usage.prompt", JsonRead::Int),
            json(Slot::TokensCached, "usage.cached", JsonRead::Int),
            json(Slot::TokensOut, "usage.completion", JsonRead::Int),
        ],
        ..proto::Route::default()
    }
}

/// `a.B/Many`: {id = 1} is asked, {id = 1, last = 2} is answered, on a stream that carries many requests.
fn many() -> proto::Method {
    use proto::{Read, Slot};
    let extract = |slot: Slot, field, read: Read| proto::Extract {
        slot: slot.into(),
        path: vec![proto::Step { field, map_key: String::new() }],
        read: read.into(),
        index: 0,
    };
    let id = || extract(Slot::RequestId, 1, Read::String);
    let program =
        |extracts| proto::Program { variants: vec![proto::Variant { any_of: vec![], none_of: vec![], extracts }] };
    proto::Method {
        path: "/a.B/Many".into(),
        streaming: true,
        many_requests: true,
        request: Some(program(vec![id()])),
        response: Some(program(vec![id(), extract(Slot::Final, 2, Read::Int)])),
        ..proto::Method::default()
    }
}

/// What is known of one objective: good, bad, and what was left out, for each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub good: u64,
    pub bad: u64,
    pub left_out: Vec<(String, u64)>,
}

impl Counted {
    /// One word where there is one event.
    pub fn word(&self) -> String {
        match (self.good, self.bad, &self.left_out[..]) {
            (1, 0, []) => "good".into(),
            (0, 1, []) => "bad".into(),
            (0, 0, [(reason, 1)]) => reason.clone(),
            (0, 0, []) => "none".into(),
            _ => format!("{self:?}"),
        }
    }
}

/// A connection under observation.
pub struct Conversation {
    pub ledger: Ledger,
    observer: Observer,
    pub now: Nanos,
}

impl Conversation {
    pub fn new(objectives: &[proto::Objective]) -> Conversation {
        let mut ledger = Ledger::new(7);
        ledger.adopt(&proto::Policy { objectives: objectives.to_vec(), ..proto::Policy::default() });
        Conversation { ledger, observer: Observer::new(Some(catalogue()), 0), now: 0 }
    }

    /// Another connection to the same.
    pub fn reconnect(&mut self) -> &mut Conversation {
        self.observer = Observer::new(Some(catalogue()), 0);
        self
    }

    pub fn at(&mut self, now: Nanos) -> &mut Conversation {
        self.now = now;
        self
    }

    pub fn bytes(&mut self, direction: Direction, bytes: &[u8]) -> &mut Conversation {
        self.observer.saw(direction, bytes, self.now, &mut self.ledger);
        self
    }

    /// Asks over HTTP/1.1 with these further fields, which end with a line's end each.
    pub fn ask(&mut self, body: &str, fields: &str) -> &mut Conversation {
        let head = format!("POST /chat HTTP/1.1\r\nhost: x\r\n{fields}content-length: {}\r\n\r\n", body.len());
        self.bytes(Direction::ToServer, head.as_bytes()).bytes(Direction::ToServer, body.as_bytes())
    }

    /// Asks for a stream.
    pub fn ask_stream(&mut self) -> &mut Conversation {
        self.ask(r#"{"model":"llama","stream":true}"#, "")
    }

    pub fn head(&mut self) -> &mut Conversation {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        self.bytes(Direction::ToClient, head.as_bytes())
    }

    pub fn event(&mut self, data: &str) -> &mut Conversation {
        let event = format!("data: {data}\n\n");
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        self.bytes(Direction::ToClient, chunk.as_bytes())
    }

    pub fn token(&mut self) -> &mut Conversation {
        self.event(r#"{"text":"a"}"#)
    }

    pub fn done(&mut self) -> &mut Conversation {
        self.event("[DONE]")
    }

    /// The end of a body in chunks.
    pub fn end(&mut self) -> &mut Conversation {
        self.bytes(Direction::ToClient, b"0\r\n\r\n")
    }

    /// The answer to a request of HTTP/1.1, in one piece.
    pub fn answer(&mut self, status: u16, body: &str) -> &mut Conversation {
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.bytes(Direction::ToClient, head.as_bytes()).bytes(Direction::ToClient, body.as_bytes())
    }

    pub fn over(&mut self, by: EndedBy) -> &mut Conversation {
        self.observer.over(by, self.now, &mut self.ledger);
        self
    }

    /// Bytes for the client are held from now on, or no longer.
    pub fn holds(&mut self, held: bool) -> &mut Conversation {
        self.observer.client_holds(held, self.now);
        self
    }

    pub fn client_leaves_its_half(&mut self) -> &mut Conversation {
        self.observer.client_left(self.now, &mut self.ledger);
        self
    }

    /// Looks at what is open, at another moment than the last bytes came.
    pub fn scan(&mut self, now: Nanos) -> &mut Conversation {
        self.ledger.begin_scan(now);
        self.observer.scan(now, &mut self.ledger);
        self
    }

    /// What was counted, in the order of the objectives.
    pub fn counted(&mut self) -> Vec<Counted> {
        let events = self.ledger.snapshot(0, self.now).events;
        let left_out = |counts: Vec<proto::Count>| {
            counts.into_iter().filter(|count| count.value > 0).map(|count| (count.label, count.value)).collect()
        };
        let counted =
            |each: proto::EventSeries| Counted { good: each.good, bad: each.bad, left_out: left_out(each.excluded_by) };
        events.into_iter().map(counted).collect()
    }

    /// A word for each objective that has had one event, or none.
    pub fn words(&mut self) -> Vec<String> {
        self.counted().iter().map(Counted::word).collect()
    }

    /// The same of the only objective.
    pub fn word(&mut self) -> String {
        self.words().remove(0)
    }
}

pub fn catalogue() -> Arc<Catalogue> {
    let policy =
        proto::Policy { observe: true, routes: vec![chat()], methods: vec![many()], ..proto::Policy::default() };
    let (catalogue, refusals) = tap::policy::catalogue(&policy);
    assert!(refusals.is_empty(), "{refusals:?}");
    catalogue.expect("a catalogue")
}
