//! One stream, as both directions tell its story. The public half is [`Call`]; the rest is how far reading got.

use crate::Nanos;
use crate::call::{Call, End, OpenRequest, Request};
use crate::call::{FREE_OPEN_REQUESTS, MAX_OPEN_REQUESTS, MAX_OPEN_REQUESTS_PER_CONNECTION};
use crate::catalogue::Kind;
use crate::content::Content;
use crate::head::Head;
use crate::name_precedence::NamePrecedence;
use crate::outcome::{Code, Outcome, UNREAD, Verdict, grpc};
use crate::plans::MethodPlan;
use crate::pool::{Pooled, Shelf};
use crate::sink::Sink;
use answer::Answer;
use reply::Reply;
use side::Side;
use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

mod answer;
mod apply;
mod connection_state;
mod grpc_body;
mod headers;
mod http_body;
mod message_facts;
mod reply;
mod side;
mod template_cache;

pub use connection_state::{ConnectionState, Context};

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
        let nameless = &cx.connection.nameless;
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
            kind: known.map_or(Kind::Admin, |p| p.kind),
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
        if head.has_fields() {
            self.head_asked(head, cx.connection);
        }
        cx.sink.opened(&mut self.call);
    }

    /// A header block of the server's.
    #[inline]
    pub fn answer(&mut self, head: &Head, connection: &mut ConnectionState) {
        let is_final = self.answer.hear(head);
        if is_final && head.has_fields() {
            self.head_answered(head, connection);
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
        let crowded = cx.connection.open_requests >= MAX_OPEN_REQUESTS_PER_CONNECTION && open >= FREE_OPEN_REQUESTS;
        if open >= MAX_OPEN_REQUESTS || crowded {
            self.end_request(0, UNREAD, None, cx);
        }
        cx.connection.open_requests += 1;
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
            cx.connection.open_requests = cx.connection.open_requests.saturating_sub(1);
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
        self.request.put_back(cx.connection);
        self.response.put_back(cx.connection);
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
