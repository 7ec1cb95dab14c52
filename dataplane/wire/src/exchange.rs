//! One stream, as both directions tell its story. The public half is [`Call`]; the rest is how far reading got.
//!
//! Two rules. Whatever opens, completes or ends a request or the call is in this file, `opening` and `ending`: the files
//! beside them know how bodies are framed and what messages say, and call what is here. And this file knows neither.
//!
//! # Theory of operation
//!
//! A call is open from its request's head until [`Exchange::end`], which happens once, because [`crate::calls::Calls`]
//! takes an exchange out of the open ones before it ends it. Meanwhile each of its requests is in one of three states,
//! and leaves `call.open` when it ends, which is in `end_request` alone:
//!
//! ```text
//!            sending ───────────► waiting ───────────► unfinished
//!      complete: None      complete: Some        unfinished: Some
//!               └─────────────────────┴──────────────────────┴────────► ended
//! ```
//!
//! A call has one request, which is there from beginning to end; or it *carries many*, and then each request message
//! is one. Only one of many is ever `unfinished`: an answer came, and said that it was not the last.
//!
//! ```text
//! event                      | the one request               | each of many
//! ---------------------------+-------------------------------+--------------------------------------------------
//! request's head             | is sending; gets an id that   | (there is none yet)
//!   open                     | a header says                 |
//! request message begins     |                               | one more is sending; where there are too many, the
//!   request_begins           |                               | oldest ends as unread
//! request message says       | gets it                       | gets it if it is sending
//!   apply_request            |                               |
//! request message ends       | (when, is noted in `asked`)   | is waiting
//!   request_ends             |                               |
//! client's END_STREAM        | is waiting                    |
//!   request_complete         |                               |
//! server's head or trailers  | gets an id and tokens that    |
//!   answer                   | headers say                   |
//! response message says      | (`reply` has it until the message ends)
//!   apply_response           |                               |
//! response message ends      | gets its tokens; an error in  | the one with its id, else the oldest, gets its tokens,
//!   response_ends            | it is kept for the end        | and ends if it is an error or the last; otherwise it
//!                            |                               | is unfinished
//! server's END_STREAM        | was complete when `asked`, if | ends by what the server said; it was answered when
//!   answered                 | it is sending; ends by what   | its newest response came, if one did
//!                            | the server said, or by an     |
//!                            | error inside an OK answer     |
//! reset, GOAWAY, lost, blind | ends by whoever did that; it  | ends so too
//!   server_reset, left, end  | was not answered              |
//! GOAWAY: never looked at    | is forgotten: it will be sent | is forgotten too
//!   end                      | again                         |
//! ```
//!
//! What ends a call is first *judged* ([`Ended`]) and then told by [`Exchange::end`]: of a client that has ended its half of
//! the connection it is known only later whether it was still there ([`crate::calls`]).
//!
//! Over HTTP a client may leave when it has everything, which is before the body ends. So a stream is *served* from an
//! end mark on until more output comes.
//!
//! The response direction is silent until `call.last_response` is set. A message *speaks* when clients would call it a
//! response: at its first byte, or, where that depends on what it says, when it is complete.
//!
//! ```text
//! event                      | silent                        | has spoken
//! ---------------------------+-------------------------------+--------------------------------------------------
//! a message speaks           | it is the first response of   | the gap since the newest response is told; the call
//!   speaks                   | the call and its one request  | is streaming
//! a message that spoke ends  | has spoken                    | it is the newest response
//!   response_ends            | in both: it is the first response of the request that it answers, if that has none
//! bytes without messages     | has spoken: they are the      | they are the newest response
//!   response_bytes_came      | first response                |
//! ```

use crate::Nanos;
use crate::call::{Call, OpenRequest};
use crate::call::{FREE_OPEN_REQUESTS, MAX_OPEN_REQUESTS, MAX_OPEN_REQUESTS_PER_CONNECTION};
use crate::content::Content;
use crate::head::Head;
use crate::outcome::{UNREAD, Verdict};
use crate::output::Gaps;
use crate::plans::MethodPlan;
use crate::pool::{Pooled, Shelf};
use crate::sink::Sink;
use answer::Answer;
use grpc_web_body::WebState;
use reply::Reply;
use side::Side;
use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;
use waits::note_output;

mod answer;
mod apply;
mod connection_state;
mod ending;
mod grpc_body;
mod grpc_web_body;
mod headers;
mod http_body;
mod message_facts;
mod opening;
mod reply;
mod side;
mod template_cache;
mod waits;

pub use connection_state::{ConnectionState, Context};
pub use ending::{Ended, LeftBy};

/// An open stream: its call, and how far both of its directions have been read.
#[derive(Debug, Default)]
pub struct Exchange {
    /// What others see of it.
    pub call: Call,
    plan: Option<Rc<MethodPlan>>,
    request: Side,
    response: Side,
    answer: Answer,
    /// Of a call of gRPC-Web, from where it is needed.
    web: Option<Box<WebState>>,
    /// When the newest complete request message was complete, where messages are told apart.
    asked: Option<Nanos>,
    /// The last of `call.open` is being sent (for a call that carries many).
    sending: bool,
    /// What the response message under way said.
    reply: Reply,
    /// When the newest end mark came, if nothing has come after it; else 0.
    served: Nanos,
    /// When the newest bytes of an answer in one piece came.
    news: Nanos,
    /// The waits for more output of the one request: here they are at hand.
    gaps: Gaps,
}

thread_local! {
    static SHELF: Shelf<Exchange> = const { RefCell::new(Vec::new()) };
}

impl Pooled for Exchange {
    const SHELF: &'static LocalKey<Shelf<Exchange>> = &SHELF;
}

impl Exchange {
    /// A header block of the server's.
    #[inline]
    pub fn answer(&mut self, head: &Head, connection: &mut ConnectionState) {
        let is_final = self.answer.hear(head);
        if is_final && head.has_fields() {
            self.head_answered(head, connection);
        }
        self.response.content = self.answer.content(self.request.content);
        self.response.json_left = self.response.json_left.or(head.json_bytes());
        if let Content::Json | Content::Events | Content::Lines = self.response.content {
            self.learn_whether_whole(head.began);
        }
    }

    /// A good answer's head tells whether it comes in one piece.
    #[inline(never)]
    fn learn_whether_whole(&mut self, now: Nanos) {
        if self.answer.is_good() {
            let streaming = self.plan.as_ref().is_some_and(|plan| plan.streaming);
            let whole = streaming && self.response.content == Content::Json;
            self.call.whole = whole.then(|| self.call.whole.unwrap_or(now));
        }
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

    /// A request message begins.
    fn request_begins<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        if !self.call.many_requests {
            return;
        }
        let open = self.call.open.len();
        let crowded = cx.connection.open_requests >= MAX_OPEN_REQUESTS_PER_CONNECTION && open >= FREE_OPEN_REQUESTS;
        if open >= MAX_OPEN_REQUESTS || crowded {
            self.end_request(0, &UNREAD.into(), cx);
        }
        cx.connection.open_requests += 1;
        self.call.open.push_back(OpenRequest::begun(cx.now));
        self.sending = true;
    }

    /// A request message is complete.
    #[inline]
    fn request_ends(&mut self, now: Nanos) {
        self.call.request_messages += 1;
        self.asked = Some(now);
        if std::mem::take(&mut self.sending) {
            if let Some(open) = self.call.open.back_mut() {
                open.complete = Some(now);
            }
        }
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

    /// A response message begins that will be read.
    #[inline]
    fn response_begins<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        self.reply.silence();
        self.response_began(self.waits_for_output(), cx);
    }

    /// A response message began. `waits`: whether it speaks is known when it is complete.
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
            Content::Grpc | Content::GrpcWeb | Content::GrpcWebText => {
                self.plan.as_ref().is_some_and(|plan| plan.response.wants_output())
            }
            Content::Events | Content::Lines => true,
            Content::Json | Content::GrpcWebUnread | Content::Opaque => false,
        }
    }

    /// Bytes came of a response in which nobody can tell one message from the next.
    fn response_bytes_came<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let now = cx.now;
        self.call.first_response.get_or_insert(now);
        if let Some(previous) = self.call.last_response.replace(now) {
            self.end_gap(previous, cx);
        }
        if let Some(open) = self.only() {
            open.first_response.get_or_insert(now);
        }
    }

    /// The response message under way is one that clients wait for.
    #[inline]
    fn speaks<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let began = self.response.began;
        if let Some(previous) = self.call.last_response {
            if cx.now.saturating_sub(previous) >= self.gaps.longer {
                self.end_gap(previous, cx);
                self.call.streaming = true;
            }
            cx.sink.gap(&self.call, began.saturating_sub(previous));
            return;
        }
        self.call.first_response.get_or_insert(began);
        if let Some(open) = self.only() {
            open.first_response.get_or_insert(began);
        }
    }

    /// A response message is complete, and `reply` has what it said. `waited`: whether it speaks is known only now.
    #[inline]
    fn response_ends<S: Sink>(&mut self, waited: bool, cx: &mut Context<'_, S>) {
        self.call.response_messages += 1;
        let spoke = !waited || self.reply.is.output;
        if waited && spoke {
            self.speaks(cx);
        }
        if waited {
            self.note_mark(spoke, cx);
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
            open.chunks = open.chunks.saturating_add(u32::from(waited && self.reply.is.chunk));
        }
        self.reply.count_tokens(open);
        if !self.call.many_requests {
            if self.reply.is.error {
                self.answer_fails();
            }
            return;
        }
        if spoke || self.reply.is.last {
            note_output(open, spoke, cx);
        }
        if self.reply.is.error {
            let words = self.reply.words.take().unwrap_or_default();
            let verdict = Answer::in_band(&self.asked_for(cx.now, &cx.connection.outcomes), &words);
            self.end_request(at, &Ended { answered: Some(cx.now), ..verdict.into() }, cx);
        } else if self.reply.is.last {
            self.end_request(at, &Ended { answered: Some(cx.now), ..Verdict::OK.into() }, cx);
        } else {
            open.unfinished = Some(cx.now);
        }
    }

    /// A document of a stream, or a message that was looked at for output, is complete: it may be an end mark, or go on
    /// after one. What states the usage and holds no output, after output, is the last of a stream.
    #[inline]
    fn note_mark<S: Sink>(&mut self, spoke: bool, cx: &mut Context<'_, S>) {
        let is_last = !spoke && self.call.last_response.is_some() && self.reply.states_usage();
        if self.reply.is.ends || is_last {
            self.end_mark(spoke, cx);
        } else if spoke {
            self.served = 0;
        }
    }
}
