//! One stream, as both directions tell its story. The public half is [`Call`]; the rest is how far reading got.

use crate::Nanos;
use crate::answer::Answer;
use crate::call::{Call, Code, End, Name, OpenRequest, Outcome, Request};
use crate::call::{FREE_OPEN_REQUESTS, MAX_OPEN_REQUESTS, MAX_OPEN_REQUESTS_PER_CONNECTION};
use crate::catalogue::Slot;
use crate::conn::Sink;
use crate::field::Walk;
use crate::grpc::{Framer, Piece};
use crate::head::Head;
use crate::names::Cache;
use crate::outcome::{UNREAD, Verdict, grpc};
use crate::plans::MethodPlan;
use crate::said::{Reply, id, number, rename};
use std::rc::Rc;

/// Walks kept for reuse per connection: one per message that is cut across reads at the same time, most often one.
const MAX_SPARE_WALKS: usize = 4;

/// What all exchanges of a connection share.
#[derive(Debug, Default)]
pub struct Kit {
    /// Model names.
    pub models: Cache<()>,
    /// Model versions.
    pub versions: Cache<()>,
    #[expect(clippy::vec_box, reason = "they move in and out of exchanges in one word")]
    walks: Vec<Box<Walk>>,
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
    framer: Framer,
    /// The message under way, until its head has been read.
    walk: Option<Box<Walk>>,
    /// When the message under way began.
    began: Nanos,
}

/// An open stream.
#[derive(Debug, Default)]
pub struct Exchange {
    /// What others see of it.
    pub call: Call,
    plan: Option<Rc<MethodPlan>>,
    /// The request is framed as gRPC.
    grpc: bool,
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

impl Exchange {
    /// Starts over for the stream that `head` opens, and says so.
    pub fn open<S: Sink>(&mut self, head: &mut Head, cx: &mut Context<'_, S>) {
        let nameless = &cx.kit.nameless;
        let (name, plan) = match head.method.take() {
            Some(method) => (method.name, method.plan),
            None => (nameless.clone(), None),
        };
        let mut open = std::mem::take(&mut self.call.open);
        open.clear();
        let known = plan.as_deref();
        let many_requests = known.is_some_and(|p| p.many_requests);
        if !many_requests {
            open.push_back(OpenRequest::begun(head.began));
        }
        self.call = Call {
            start: head.began,
            method: name,
            known_method: known.is_some(),
            kind: known.map_or(crate::catalogue::Kind::Admin, |p| p.kind),
            streaming: known.is_some_and(|p| p.streaming),
            many_requests,
            model: nameless.clone(),
            version: nameless.clone(),
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
            concurrency: 0,
        };
        self.plan = plan;
        self.grpc = head.grpc == Some(true);
        (self.request, self.response) = (Side::default(), Side::default());
        self.answer = Answer::default();
        (self.asked, self.sending) = (None, false);
        self.reply = Reply::silent();
        cx.sink.opened(&mut self.call);
    }

    /// A header block of the server's.
    pub fn answer(&mut self, head: &Head) {
        self.answer.hear(head);
    }

    /// Payload from the client.
    pub fn request_data<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        if !self.grpc {
            self.call.request_bytes += bytes.len() as u64;
            return;
        }
        let mut rest = bytes;
        while let Some(piece) = self.request.framer.next(&mut rest) {
            match piece {
                Piece::Message { opaque, body } => {
                    self.request_begins(cx);
                    self.request_length(opaque, body.len() as u32, cx);
                    self.request_body(body, cx);
                    self.request_ends(cx.now);
                }
                Piece::Begin => self.request_begins(cx),
                Piece::Length { opaque, bytes } => {
                    self.request_length(opaque, bytes, cx);
                    self.read_request(&[], cx);
                }
                Piece::Body(bytes) => self.request_body(bytes, cx),
                Piece::End => self.request_ends(cx.now),
            }
        }
    }

    fn request_length<S>(&mut self, opaque: bool, bytes: u32, cx: &mut Context<'_, S>) {
        let plan = self.plan.as_deref().filter(|plan| !opaque && !plan.request.is_empty());
        if let Some(plan) = plan {
            self.request.walk(bytes, plan.head_bytes, cx.kit);
        }
    }

    fn request_body<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        self.call.request_bytes += bytes.len() as u64;
        self.read_request(bytes, cx);
    }

    fn request_ends(&mut self, now: Nanos) {
        self.call.request_messages += 1;
        self.asked = Some(now);
        if std::mem::take(&mut self.sending) {
            if let Some(open) = self.call.open.back_mut() {
                open.complete = Some(now);
            }
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

    /// Reads on in the request message under way, which belongs to the newest request unless that has ended.
    fn read_request<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let (Some(plan), Some(walk)) = (&self.plan, &mut self.request.walk) else {
            return;
        };
        walk.feed(&plan.request, bytes);
        if !walk.done() {
            return;
        }
        let said = walk.said(&plan.request, bytes);
        let model = said.get(Slot::Model);
        if model.is_none() && plan.request.wants_model() && walk.cut_short() {
            cx.sink.head_truncated();
        }
        rename(&mut self.call.model, model, &mut cx.kit.models);
        rename(&mut self.call.version, said.get(Slot::Version), &mut cx.kit.versions);
        let there = self.sending || !self.call.many_requests;
        if let Some(open) = self.call.open.back_mut().filter(|_| there) {
            if let Some(id) = id(said.get(Slot::RequestId)) {
                open.id = id;
            }
            open.batch_size = u32::try_from(number(said.get(Slot::BatchSize))).unwrap_or(0);
            open.tokens_in = number(said.get(Slot::TokensIn));
        }
        self.request.put_back(cx.kit);
    }

    /// END_STREAM from the client.
    pub fn request_complete(&mut self, now: Nanos) {
        self.call.request_complete = Some(now);
        if let Some(open) = self.only() {
            open.complete = Some(now);
        }
    }

    /// Payload from the server.
    pub fn response_data<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        if !self.answer.framed_as_grpc(self.grpc) {
            self.call.response_bytes += bytes.len() as u64;
            self.call.first_response.get_or_insert(cx.now);
            self.call.last_response = Some(cx.now);
            return;
        }
        let mut rest = bytes;
        while let Some(piece) = self.response.framer.next(&mut rest) {
            match piece {
                Piece::Message { opaque, body } => {
                    self.response_begins(cx);
                    self.response_length(opaque, body.len() as u32, cx);
                    self.response_body(body, cx);
                    self.response_ends(cx);
                }
                Piece::Begin => self.response_begins(cx),
                Piece::Length { opaque, bytes } => {
                    self.response_length(opaque, bytes, cx);
                    self.read_response(&[], cx);
                }
                Piece::Body(bytes) => self.response_body(bytes, cx),
                Piece::End => self.response_ends(cx),
            }
        }
    }

    fn response_length<S>(&mut self, opaque: bool, bytes: u32, cx: &mut Context<'_, S>) {
        let plan = self.plan.as_deref().filter(|plan| !opaque && !plan.response.is_empty());
        if let Some(plan) = plan {
            self.response.walk(bytes, plan.head_bytes, cx.kit);
        }
    }

    fn response_body<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        self.call.response_bytes += bytes.len() as u64;
        self.read_response(bytes, cx);
    }

    fn response_begins<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        self.response.began = cx.now;
        self.reply = Reply::silent();
        let previous = self.call.last_response.filter(|_| self.call.response_messages > 0);
        if let Some(previous) = previous {
            self.call.streaming = true;
            cx.sink.gap(&self.call, cx.now.saturating_sub(previous));
            return;
        }
        self.call.first_response.get_or_insert(cx.now);
        let now = cx.now;
        if let Some(open) = self.only() {
            open.first_response.get_or_insert(now);
        }
    }

    fn read_response<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let (Some(plan), Some(walk)) = (&self.plan, &mut self.response.walk) else {
            return;
        };
        walk.feed(&plan.response, bytes);
        if !walk.done() {
            return;
        }
        let said = walk.said(&plan.response, bytes);
        self.reply = Reply::of(&said, &self.call.open);
        if self.call.model.text.is_empty() {
            let named = rename(&mut self.call.model, said.get(Slot::Model), &mut cx.kit.models);
            if !named && plan.response.wants_model() && walk.cut_short() {
                cx.sink.head_truncated();
            }
        }
        rename(&mut self.call.version, said.get(Slot::Version), &mut cx.kit.versions);
        self.response.put_back(cx.kit);
    }

    fn response_ends<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        self.call.response_messages += 1;
        self.call.last_response = Some(cx.now);
        let at = match self.call.many_requests {
            true => self.reply.answers(&self.call.open),
            false => 0,
        };
        let Some(open) = self.call.open.get_mut(at) else {
            return;
        };
        open.first_response.get_or_insert(self.response.began);
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
        }
        let request = Request {
            end: cx.now,
            code: verdict.code,
            ended_by: verdict.ended_by,
            outcome: verdict.outcome,
            latency: answered.zip(open.complete).map(|(answered, complete)| answered.saturating_sub(complete)),
            open,
        };
        cx.sink.request(&self.call, &request);
    }

    /// END_STREAM from the server. `blind`: its header blocks can no longer be read.
    pub fn answered<S: Sink>(&mut self, blind: bool, cx: &mut Context<'_, S>) {
        let verdict = self.answer.verdict(self.grpc, blind);
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
        let end = End {
            at: cx.now,
            code: verdict.code,
            ended_by: verdict.ended_by,
            outcome,
            message: std::mem::take(&mut self.answer.message),
        };
        cx.sink.ended(&self.call, &end);
    }

    /// The client reset the stream.
    pub fn client_reset<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let elapsed = cx.now.saturating_sub(self.call.start);
        self.end(Verdict::client_reset(elapsed, self.call.timeout), false, cx);
    }
}

impl Side {
    /// Begins reading a message of `len` bytes.
    fn walk(&mut self, len: u32, head_bytes: u32, kit: &mut Kit) {
        let mut walk = kit.walks.pop().unwrap_or_default();
        walk.begin(len, head_bytes);
        self.walk = Some(walk);
    }

    /// Done reading the message under way.
    fn put_back(&mut self, kit: &mut Kit) {
        if let Some(walk) = self.walk.take().filter(|_| kit.walks.len() < MAX_SPARE_WALKS) {
            kit.walks.push(walk);
        }
    }
}
