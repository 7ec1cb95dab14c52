//! One stream, as both directions tell its story. The public half is [`Call`]; the rest is how far reading got.

use crate::Nanos;
use crate::answer::Answer;
use crate::call::{Call, End, OpenRequest, Request};
use crate::call::{FREE_OPEN_REQUESTS, MAX_OPEN_REQUESTS, MAX_OPEN_REQUESTS_PER_CONNECTION};
use crate::catalogue::Slot;
use crate::content::Content;
use crate::field::{Said, Walk};
use crate::grpc::Framer;
use crate::head::Head;
use crate::json::Scan;
use crate::name_precedence::NamePrecedence;
use crate::names::{Cache, Name};
use crate::outcome::{Code, Outcome, UNREAD, Verdict, grpc};
use crate::plans::MethodPlan;
use crate::pool::{Pooled, Shelf};
use crate::said::{Reply, count, id, input, rename};
use crate::sink::Sink;
use crate::sse::Events;
use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

mod again;
mod grpc_body;
mod headers;
mod http_body;

/// Messages of one connection that are read at once: each takes two kilobytes while it is cut across reads. Those beyond
/// pass unread, and are counted with those whose head said too little.
const MAX_READING: usize = 1024;

/// What all exchanges of a connection share.
#[derive(Debug, Default)]
pub struct Kit {
    /// Model names.
    pub models: Cache<()>,
    /// Model versions.
    pub versions: Cache<()>,
    /// Messages that are being read.
    reading: usize,
    /// Requests that streams which carry many have open.
    open_requests: usize,
    /// The empty name, shared so that clearing one does not allocate.
    pub nameless: Name,
}

/// Who is told, what is shared, and what time it is.
pub struct Context<'a, S> {
    /// When the bytes came.
    pub now: Nanos,
    /// Who is told.
    pub sink: &'a mut S,
    /// What is shared.
    pub kit: &'a mut Kit,
}

/// One direction of a stream.
#[derive(Debug, Default)]
struct Side {
    /// How the body is read.
    content: Content,
    framer: Framer,
    events: Events,
    /// The message under way, until its head has been read.
    walk: Option<Box<Walk>>,
    /// The JSON document under way.
    scan: Option<Box<Scan>>,
    /// A JSON document is under way, or was the only one.
    document: bool,
    /// A JSON document is under way of which nothing has been read.
    unread: bool,
    /// Of the body, so many more bytes are JSON.
    json_left: Option<u32>,
    /// When the message under way began.
    began: Nanos,
}

/// An open stream.
#[derive(Debug, Default)]
pub struct Exchange {
    /// What others see of it.
    pub call: Call,
    plan: Option<Rc<MethodPlan>>,
    request: Side,
    response: Side,
    answer: Answer,
    /// When the newest complete request message was complete.
    asked: Option<Nanos>,
    /// The last of `call.open` is being sent (for a call that carries many).
    sending: bool,
    /// What the response message under way said.
    reply: Reply,
}

thread_local! {
    static SHELF: Shelf<Exchange> = const { RefCell::new(Vec::new()) };
}

impl Pooled for Exchange {
    const SHELF: &'static LocalKey<Shelf<Exchange>> = &SHELF;
}

impl Exchange {
    /// Starts over for the stream that `head` opens, and says so.
    pub fn open<S: Sink>(&mut self, head: &mut Head, cx: &mut Context<'_, S>) {
        let nameless = &cx.kit.nameless;
        let (name, plan, model, version) = match head.method.take() {
            Some(method) => (method.name, method.plan, method.model, method.version),
            None => (nameless.clone(), None, None, None),
        };
        let has_model = model.is_some();
        let mut open = std::mem::take(&mut self.call.open);
        open.clear();
        open.shrink_to(FREE_OPEN_REQUESTS);
        let known = plan.as_deref();
        let many_requests = known.is_some_and(|p| p.many_requests);
        if !many_requests {
            open.reserve_exact(1); // a growing deque would make room for four
            open.push_back(OpenRequest::begun(head.began));
        }
        self.call = Call {
            start: head.began,
            method: name,
            known_method: known.is_some(),
            kind: known.map_or(crate::catalogue::Kind::Admin, |p| p.kind),
            streaming: known.is_some_and(|p| p.streaming),
            many_requests,
            model: model.unwrap_or_else(|| nameless.clone()),
            version: version.unwrap_or_else(|| nameless.clone()),
            named: NamePrecedence::by_path(has_model),
            timeout: head.timeout,
            traceparent: head.traceparent.take().unwrap_or_else(|| nameless.clone()),
            request_complete: None,
            first_response: None,
            last_response: None,
            request_bytes: 0,
            response_bytes: 0,
            request_messages: 0,
            response_messages: 0,
            open,
            max_batch_size: None,
            concurrency: 0,
        };
        self.plan = plan;
        self.request = Side { content: head.request_content(), json_left: head.json_bytes(), ..Side::default() };
        self.response = Side::default();
        self.answer = Answer::default();
        (self.asked, self.sending) = (None, false);
        self.reply.repeat(&Reply::SILENT, None);
        if !head.fields().is_empty() {
            self.head_asked(head, cx.kit);
        }
        cx.sink.opened(&mut self.call);
    }

    /// A header block of the server's.
    #[inline]
    pub fn answer(&mut self, head: &Head, kit: &mut Kit) {
        let is_final = self.answer.hear(head);
        if is_final && !head.fields().is_empty() {
            self.head_answered(head, kit);
        }
        self.response.content = self.answer.content(self.request.content);
        self.response.json_left = self.response.json_left.or(head.json_bytes());
    }

    /// Payload from the client.
    #[inline]
    pub fn request_data<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        match self.request.content {
            Content::Grpc => self.grpc_request(bytes, cx),
            _ => self.http_request(bytes, cx),
        }
    }

    /// Payload from the server.
    #[inline]
    pub fn response_data<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        match self.response.content {
            Content::Grpc => self.grpc_response(bytes, cx),
            _ => self.http_response(bytes, cx),
        }
    }

    fn request_begins<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        if !self.call.many_requests {
            return;
        }
        let open = self.call.open.len();
        let crowded = cx.kit.open_requests >= MAX_OPEN_REQUESTS_PER_CONNECTION && open >= FREE_OPEN_REQUESTS;
        if open >= MAX_OPEN_REQUESTS || crowded {
            self.end_request(0, UNREAD, None, cx);
        }
        cx.kit.open_requests += 1;
        self.call.open.push_back(OpenRequest::begun(cx.now));
        self.sending = true;
    }

    /// The one request of a call that does not carry many.
    fn only(&mut self) -> Option<&mut OpenRequest> {
        let many = self.call.many_requests;
        self.call.open.back_mut().filter(|_| !many)
    }

    /// END_STREAM from the client.
    pub fn request_complete<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        if self.request.document {
            self.http_request_ends(cx);
        }
        self.call.request_complete = Some(cx.now);
        let now = cx.now;
        if let Some(open) = self.only() {
            open.complete = Some(now);
        }
    }

    #[inline]
    fn response_begins<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        self.reply.repeat(&Reply::SILENT, None);
        self.response_began(self.waits_for_output(), cx);
    }

    #[inline]
    fn response_began<S: Sink>(&mut self, waits: bool, cx: &mut Context<'_, S>) {
        self.response.began = cx.now;
        if !waits {
            self.speaks(cx);
        }
    }

    /// Whether a message is a response is known when it is complete: it may carry no output, or be `[DONE]`.
    #[inline]
    fn waits_for_output(&self) -> bool {
        match self.response.content {
            Content::Grpc => self.plan.as_ref().is_some_and(|plan| plan.response.wants_output()),
            Content::Events | Content::Lines => true,
            Content::Json | Content::Opaque => false,
        }
    }

    /// The response message under way is one that clients wait for.
    #[inline]
    fn speaks<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let began = self.response.began;
        if let Some(previous) = self.call.last_response {
            self.call.streaming = true;
            cx.sink.gap(&self.call, began.saturating_sub(previous));
            return;
        }
        self.call.first_response.get_or_insert(began);
        if let Some(open) = self.only() {
            open.first_response.get_or_insert(began);
        }
    }

    #[inline]
    fn response_ends<S: Sink>(&mut self, waited: bool, cx: &mut Context<'_, S>) {
        self.call.response_messages += 1;
        let spoke = !waited || self.reply.output;
        if waited && spoke {
            self.speaks(cx);
        }
        if spoke {
            self.call.last_response = Some(cx.now);
        }
        let at = match self.call.many_requests {
            true => self.reply.answers(&self.call.open),
            false => 0,
        };
        let Some(open) = self.call.open.get_mut(at) else {
            return;
        };
        if spoke {
            open.first_response.get_or_insert(self.response.began);
            open.chunks = open.chunks.saturating_add(u32::from(waited && self.reply.chunk));
        }
        self.reply.count_tokens(open);
        if !self.call.many_requests {
            self.answer.in_band_error |= self.reply.error;
        } else if self.reply.error {
            self.end_request(at, Verdict::server(Code::InBandError), Some(cx.now), cx);
        } else if self.reply.last {
            self.end_request(at, Verdict::server(Code::Grpc(grpc::OK)), Some(cx.now), cx);
        } else {
            open.unfinished = Some(cx.now);
        }
    }

    /// Takes a request out of the open ones and reports it. `answered`: when its response was complete.
    fn end_request<S: Sink>(&mut self, at: usize, verdict: Verdict, answered: Option<Nanos>, cx: &mut Context<'_, S>) {
        if at + 1 == self.call.open.len() {
            self.sending = false;
        }
        let Some(open) = self.call.open.remove(at) else {
            return;
        };
        if self.call.many_requests {
            cx.kit.open_requests = cx.kit.open_requests.saturating_sub(1);
            // What a burst took is given back when it is over.
            let few = (2 * self.call.open.len()).max(FREE_OPEN_REQUESTS);
            if self.call.open.capacity() > 4 * few {
                self.call.open.shrink_to(few);
            }
        }
        let request = Request {
            end: cx.now,
            code: verdict.code,
            ended_by: verdict.ended_by,
            outcome: verdict.outcome,
            latency: answered.zip(open.complete).map(|(answered, complete)| answered.saturating_sub(complete)),
            open,
            message: self.answer.message.clone(),
        };
        cx.sink.request(&self.call, &request);
    }

    /// END_STREAM from the server. `blind`: its header blocks can no longer be read.
    pub fn answered<S: Sink>(&mut self, blind: bool, cx: &mut Context<'_, S>) {
        if self.response.document {
            self.http_response_ends(cx);
        }
        let verdict = self.answer.verdict(self.request.content == Content::Grpc, blind);
        let asked = self.asked;
        if let Some(open) = self.only() {
            open.complete = open.complete.or(asked);
        }
        self.end(verdict, true, cx);
    }

    /// The call is over: reports what is still open, then its end. `answered`: the response was complete.
    pub fn end<S: Sink>(&mut self, verdict: Verdict, answered: bool, cx: &mut Context<'_, S>) {
        let many = self.call.many_requests;
        let mut outcome = verdict.outcome;
        let mut of_request = verdict;
        if !many && self.answer.in_band_error && verdict.outcome == Outcome::Ok {
            of_request = Verdict::server(Code::InBandError);
            outcome = of_request.outcome;
        }
        while let Some(open) = self.call.open.front() {
            // Of many, one was answered when its newest response came: now it is known that no more follow.
            let at = if many { open.unfinished } else { Some(cx.now) };
            self.end_request(0, of_request, at.filter(|_| answered), cx);
        }
        self.request.put_back(cx.kit);
        self.response.put_back(cx.kit);
        let end = End { at: cx.now, code: verdict.code, ended_by: verdict.ended_by, outcome };
        cx.sink.ended(&self.call, &end);
    }

    /// The server reset the stream.
    pub fn server_reset<S: Sink>(&mut self, error: u32, cx: &mut Context<'_, S>) {
        let elapsed = cx.now.saturating_sub(self.call.start);
        self.end(Verdict::server_reset(error, elapsed, self.call.timeout), false, cx);
    }

    /// The client reset the stream.
    pub fn client_reset<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let elapsed = cx.now.saturating_sub(self.call.start);
        self.end(Verdict::client_reset(elapsed, self.call.timeout), false, cx);
    }
}

/// Puts down what a request message said. False when it named no model.
#[inline]
fn asked(call: &mut Call, sending: bool, said: &Said<'_>, kit: &mut Kit) -> bool {
    let named = call.named.asked_model(|| rename(&mut call.model, said.get(Slot::Model), &mut kit.models));
    call.named.asked_version(|| rename(&mut call.version, said.get(Slot::Version), &mut kit.versions));
    let there = sending || !call.many_requests;
    if let Some(open) = call.open.back_mut().filter(|_| there) {
        if !open.id_is_settled {
            if let Some(id) = id(said.get(Slot::RequestId)) {
                open.id = id;
            }
        }
        (open.batch_size, open.shape) = input(said);
        open.tokens_in.add(count(said.get(Slot::TokensIn)));
    }
    named
}

/// Puts down what a response message said; the model only where nobody has named it. False when nobody has.
#[inline]
fn replied(call: &mut Call, reply: &mut Reply, said: &Said<'_>, wants_output: bool, kit: &mut Kit) -> bool {
    reply.hear(said, &call.open, wants_output);
    call.named.answered_version(|| rename(&mut call.version, said.get(Slot::Version), &mut kit.versions));
    call.named.answered_model(|| rename(&mut call.model, said.get(Slot::Model), &mut kit.models))
}
