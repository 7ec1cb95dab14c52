//! An exchange ends: who ended it, how that is judged, and the one place where it is told.

use super::Exchange;
use super::answer::{Answer, Asked};
use super::connection_state::{ConnectionState, Context};
use crate::Nanos;
use crate::call::{End, FREE_OPEN_REQUESTS, Request};
use crate::outcome::rules::{Rule, overruled};
use crate::outcome::{Code, Outcome, Verdict, Way, grpc, http2, reached};
use crate::sink::Sink;

/// How a call is judged to have ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// What was said, by whom, and what it counts as.
    pub verdict: Verdict,
    /// When the response was complete.
    pub answered: Option<Nanos>,
    /// See [`Request::gave_up_after`].
    pub gave_up_after: Option<Nanos>,
}

impl From<Verdict> for Ended {
    /// Without an answer.
    fn from(verdict: Verdict) -> Ended {
        Ended { verdict, answered: None, gave_up_after: None }
    }
}

/// By what a client leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftBy {
    /// RST_STREAM.
    Reset,
    /// The end of its connection.
    Connection,
}

impl Exchange {
    /// END_STREAM from the server. `blind`: its header blocks can no longer be read.
    pub fn answered<S: Sink>(&mut self, blind: bool, cx: &mut Context<'_, S>) -> Ended {
        if self.response.document {
            self.http_response_ends(cx);
        }
        let asked = self.asked;
        if let Some(open) = self.only() {
            open.complete = open.complete.or(asked);
        }
        let verdict = match self.answer.says_ok(self.request.content.is_grpc()) {
            true => Verdict::OK,
            false => self.answer.verdict(&self.asked_for(cx.now, &cx.connection.outcomes), blind),
        };
        Ended { verdict, answered: Some(cx.now), gave_up_after: None }
    }

    /// The server reset the stream.
    pub fn server_reset<S: Sink>(&mut self, error: u32, cx: &mut Context<'_, S>) -> Ended {
        let refused = error == http2::REFUSED_STREAM;
        let farewell = refused && cx.sink.is_leaving(cx.now) && cx.sink.will_be_sent_again(cx.now);
        let asked = self.asked_for(cx.now, &cx.connection.outcomes);
        let verdict = Verdict::server_reset(error, asked.late, farewell);
        overruled(verdict, asked.rules, None, "").into()
    }

    /// The connection ended without an answer, and its client ended it first: it left then, unless it was told since how it ended.
    pub fn lost_by_client(&self, departure: Option<Ended>, now: Nanos, connection: &ConnectionState) -> Ended {
        let told = self.served().is_some() || (!self.response.content.is_grpc() && self.answer.tells_of_a_failure());
        let departure = departure.filter(|_| !told);
        departure.unwrap_or_else(|| self.left(LeftBy::Connection, now, connection))
    }

    /// When the client had everything. gRPC says how it ended in its trailers, and a client that does not wait for them
    /// leaves before the end.
    pub fn served(&self) -> Option<Nanos> {
        (self.served > 0 && !self.response.content.is_grpc()).then_some(self.served)
    }

    /// The client left. One that had been told how it ended, to the last or that it failed, had no more to wait for.
    pub fn left(&self, by: LeftBy, now: Nanos, connection: &ConnectionState) -> Ended {
        if let Some(served) = self.served() {
            let mut verdict = self.answer.verdict(&self.asked_for(served, &connection.outcomes), false);
            if verdict.outcome == Outcome::Ok {
                verdict = Verdict::of(Way::Served, verdict.code);
            }
            return Ended { verdict, answered: Some(served), gave_up_after: None };
        }
        // gRPC tells of a failure in its trailers, with which the call has ended.
        if !self.response.content.is_grpc() && self.answer.tells_of_a_failure() {
            return self.answer.verdict(&self.asked_for(now, &connection.outcomes), false).into();
        }
        let deadline = self.call.timeout.is_some_and(|timeout| reached(now.saturating_sub(self.call.start), timeout));
        let gave_up_after = self.silence(now).filter(|_| !deadline);
        let way = match gave_up_after {
            _ if deadline => Way::ClientDeadline,
            Some(silence) if silence >= connection.give_up => Way::ClientGaveUp,
            _ => Way::ClientLeft,
        };
        let code = match by {
            LeftBy::Connection => Code::Lost,
            LeftBy::Reset if deadline => Code::Grpc(grpc::DEADLINE_EXCEEDED),
            LeftBy::Reset => Code::Grpc(grpc::CANCELLED),
        };
        Ended { gave_up_after, ..Verdict::of(way, code).into() }
    }

    /// How long nothing new has come of an answer over HTTP; None where gRPC has deadlines for that, or where it is the
    /// server that waits for the rest of the request.
    fn silence(&self, now: Nanos) -> Option<Nanos> {
        let complete = self.call.request_complete.filter(|_| !self.request.content.is_grpc())?;
        let newest = complete.max(self.news).max(self.call.last_response.unwrap_or(0));
        Some(now.saturating_sub(newest))
    }

    /// The call is over: reports what is still open, then its end.
    pub fn end<S: Sink>(&mut self, ended: &Ended, cx: &mut Context<'_, S>) {
        if self.request.scan.is_some() {
            self.http_request_so_far(cx);
        }
        let verdict = ended.verdict;
        let mut outcome = verdict.outcome;
        if self.call.many_requests {
            self.end_open_requests(ended, cx);
        } else if verdict.code == Code::Unprocessed {
            // The server never looked at it, and the client's library sends it again: it was none.
            self.call.open.clear();
        } else if self.answer.in_band_error && outcome == Outcome::Ok {
            let in_band = Answer::in_band(&self.asked_for(cx.now, &cx.connection.outcomes), &self.answer.message);
            outcome = in_band.outcome;
            self.end_request(0, &Ended { verdict: in_band, ..*ended }, cx);
        } else {
            self.end_request(0, ended, cx);
        }
        self.request.put_back(cx.connection);
        self.response.put_back(cx.connection);
        let end = End { at: cx.now, code: verdict.code, ended_by: verdict.ended_by, outcome };
        cx.sink.ended(&self.call, &end);
    }

    /// Reports those of many requests that are still open.
    fn end_open_requests<S: Sink>(&mut self, ended: &Ended, cx: &mut Context<'_, S>) {
        if ended.verdict.code == Code::Unprocessed {
            self.forget_requests(cx.connection);
        }
        while let Some(open) = self.call.open.front() {
            // It was answered when its newest response came: now it is known that no more follow.
            let answered = open.unfinished.filter(|_| ended.answered.is_some());
            self.end_request(0, &Ended { answered, ..*ended }, cx);
        }
    }

    /// The server never looked at them, and the client's library sends them again: they were none.
    #[cold]
    fn forget_requests(&mut self, connection: &mut ConnectionState) {
        connection.open_requests = connection.open_requests.saturating_sub(self.call.open.len());
        self.call.open.clear();
    }

    /// Takes a request out of the open ones and reports it, which ends it.
    pub(super) fn end_request<S: Sink>(&mut self, at: usize, ended: &Ended, cx: &mut Context<'_, S>) {
        if at + 1 == self.call.open.len() {
            self.sending = false;
        }
        if self.call.streaming {
            self.end_wait(cx);
            self.note_output();
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
        let answered = ended.answered.zip(open.complete);
        let request = Request {
            end: cx.now,
            code: ended.verdict.code,
            ended_by: ended.verdict.ended_by,
            outcome: ended.verdict.outcome,
            latency: answered.map(|(answered, complete)| answered.saturating_sub(complete)),
            gave_up_after: ended.gave_up_after,
            open,
            message: self.answer.message.clone(),
        };
        cx.sink.request(&self.call, &request);
    }

    /// The answer to the one request holds an error.
    #[cold]
    pub(super) fn answer_fails(&mut self) {
        self.answer.in_band_error = true;
        if let Some(words) = self.reply.words.take().filter(|_| self.answer.message.is_empty()) {
            self.answer.message = words;
        }
    }

    /// What is known of the request when its answer is judged.
    #[inline]
    pub(super) fn asked_for<'a>(&'a self, now: Nanos, user: &'a [Rule]) -> Asked<'a> {
        let late = self.call.timeout.is_some_and(|timeout| now.saturating_sub(self.call.start) >= timeout);
        Asked {
            is_grpc: self.request.content.is_grpc(),
            complete: self.call.request_complete.is_some(),
            late,
            rules: [user, self.plan.as_ref().map_or(&[], |plan| &plan.outcomes)],
        }
    }
}
