//! How long a client waits for more output.
//!
//! From one output to the next a wait ends when the next is complete. The last one ends with the end mark, or with the call.
//! From an end mark on nothing is waited for until more output comes, and from where the client ended its half of the
//! connection nobody knows whether it waits: what came before is counted. The longest is kept in `gaps` for the one request
//! of a call, and in each of many requests, which knows when its own output came.

use super::{Context, Exchange};
use crate::Nanos;
use crate::call::OpenRequest;
use crate::content::Content;
use crate::output::{Output, Wait};
use crate::sink::Sink;

impl Exchange {
    /// The one request has waited for more output since `previous`, longer perhaps than ever.
    #[cold]
    #[inline(never)]
    pub(super) fn end_gap<S: Sink>(&mut self, previous: Nanos, cx: &mut Context<'_, S>) {
        if self.served == 0 && self.call.client_left.is_none() && !self.call.many_requests {
            self.gaps.end(wait(previous, cx));
        }
    }

    /// An end mark came; `spoke`: with output, for which the wait has ended.
    #[cold]
    pub(super) fn end_mark<S: Sink>(&mut self, spoke: bool, cx: &mut Context<'_, S>) {
        if !spoke {
            self.end_wait(cx);
        }
        self.served = cx.now.max(1);
    }

    /// The one request's wait for more output, if it waits for any, comes to its end.
    pub fn end_wait<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        if let Some(previous) = self.call.last_response {
            self.end_gap(previous, cx);
        }
    }

    /// Puts down where others look for it when the output of the one request came.
    pub fn note_output(&mut self) {
        self.call.rests = self.served > 0 && !self.call.many_requests;
        self.call.served = self.served().unwrap_or(0);
        let (newest, gaps) = (self.call.last_response, self.gaps);
        if let Some(open) = self.only() {
            open.output = Output { newest: newest.map_or(0, |newest| newest.max(1)), gaps };
        }
    }

    /// When the response message under way began, of which nobody knows yet whether it is output.
    pub fn coming(&self) -> Option<Nanos> {
        let is_under_way = match self.response.content {
            Content::Grpc | Content::GrpcWeb | Content::GrpcWebText => !self.response.framer.is_between(),
            Content::Events | Content::Lines => self.response.document,
            Content::Json | Content::GrpcWebUnread | Content::Opaque => false,
        };
        is_under_way.then_some(self.response.began)
    }
}

/// One of many requests got an answer, with output or as its last.
pub(super) fn note_output<S: Sink>(open: &mut OpenRequest, spoke: bool, cx: &mut Context<'_, S>) {
    if open.output.newest > 0 {
        open.output.gaps.end(wait(open.output.newest, cx));
    }
    if spoke {
        open.output.newest = cx.now.max(1);
    }
}

/// From then until now.
fn wait<S: Sink>(since: Nanos, cx: &Context<'_, S>) -> Wait {
    Wait::new(cx.now.saturating_sub(since), cx.sink.held_up(since, cx.now))
}
