//! An exchange begins: what is known of a call by the head of its request.

use super::Exchange;
use super::answer::Answer;
use super::connection_state::Context;
use super::side::Side;
use crate::call::{Call, FREE_OPEN_REQUESTS, OpenRequest};
use crate::catalogue::Kind;
use crate::head::Head;
use crate::name_precedence::NamePrecedence;
use crate::output::Gaps;
use crate::sink::Sink;

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
            whole: None,
            rests: false,
            served: 0,
            client_left: None,
        };
        self.plan = plan;
        self.request = Side { content: head.request_content(), json_left: head.json_bytes(), ..Side::default() };
        self.response = Side::default();
        self.answer = Answer::default();
        self.web = None;
        (self.asked, self.sending) = (None, false);
        (self.served, self.news, self.gaps) = (0, 0, Gaps::default());
        self.reply.silence();
        self.reply.words = None;
        if head.has_fields() {
            self.head_asked(head, cx.connection);
        }
        cx.sink.opened(&mut self.call);
    }
}
