//! Bodies of HTTP: a JSON document, one in each server-sent event, one on each line, or bytes.

use super::apply::{JustRead, apply_request, apply_response};
use super::connection_state::ConnectionState;
use super::message_facts::{batch_limit, holds};
use super::reply::Reply;
use super::{Context, Exchange};
use crate::call::Call;
use crate::catalogue::Slot;
use crate::content::Content;
use crate::field::Extracted;
use crate::json::Plan;
use crate::sink::Sink;
use crate::sse::Piece;

impl Exchange {
    /// Payload from the client: one document, or bytes, or what the file beside this one reads.
    pub(super) fn http_request<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        if matches!(self.request.content, Content::GrpcWeb | Content::GrpcWebText) {
            return self.web_request(bytes, cx);
        }
        self.call.request_bytes += bytes.len() as u64;
        if self.request.content != Content::Json {
            return;
        }
        let fresh = !std::mem::replace(&mut self.request.document, true);
        let Some(plan) = self.plan.as_deref().filter(|plan| !plan.json_request.is_empty()) else {
            return;
        };
        if fresh {
            self.request.begin_scan(&plan.json_request, plan.head_bytes, cx);
        }
        self.request.feed_scan(&plan.json_request, bytes);
    }

    /// The client's document is complete.
    pub(super) fn http_request_ends<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        self.call.request_messages += 1;
        if let (Some(plan), Some(scan), false) = (&self.plan, &mut self.request.scan, self.answer.has_begun()) {
            if plan.streaming {
                // What was not read to its end may have said so there.
                let by_default = plan.streams_when_asked && !scan.cut_short();
                let asked = scan.extracted(&plan.json_request).get(Slot::Stream);
                let whole = asked.map_or(by_default, |stream| !holds(stream));
                self.call.whole = whole.then_some(cx.now);
            }
        }
        self.http_request_so_far(cx);
    }

    /// What the client's document has said, whether it is complete or broke off.
    pub(super) fn http_request_so_far<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let (Some(plan), Some(scan)) = (&self.plan, &mut self.request.scan) else {
            return;
        };
        let cut_short = scan.cut_short();
        let extracted = scan.extracted(&plan.json_request);
        let mut facts = JustRead { extracted: &extracted, wants_output: false, marks: &[], connection: cx.connection };
        let named = apply_request(&mut self.call, false, &mut facts);
        if cut_short && !named && self.call.model.text.is_empty() {
            cx.sink.head_truncated();
        }
        self.request.put_back(cx.connection);
    }

    /// Payload from the server.
    pub(super) fn http_response<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        // Bytes are counted as far as they have been read, so that what is told on the way knows of none after it.
        match self.response.content {
            Content::Json => {
                self.call.response_bytes += bytes.len() as u64;
                if !self.response.document {
                    self.document_begins(cx);
                }
                self.news = cx.now;
                self.read_document(bytes, cx);
            }
            Content::Lines => self.lines(bytes, cx),
            Content::Events => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let left = rest.len();
                    let piece = self.response.events.next(&mut rest);
                    if piece == Some(Piece::Begin) {
                        self.event_begins(&mut rest, cx);
                    }
                    self.call.response_bytes += (left - rest.len()) as u64;
                    piece.into_iter().for_each(|piece| self.event(piece, cx));
                }
            }
            Content::GrpcWeb | Content::GrpcWebText => self.web_response(bytes, cx),
            Content::Grpc | Content::GrpcWebUnread | Content::Opaque => {
                self.call.response_bytes += bytes.len() as u64;
                self.response_bytes_came(cx);
            }
        }
    }

    /// The server's last document is complete.
    pub(super) fn http_response_ends<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        match self.response.events.finish() {
            Some(piece) => self.event(piece, cx),
            None => self.document_ends(false, cx),
        }
    }

    /// Data of an event begins, which is perhaps at hand and like that of others.
    #[inline]
    fn event_begins<S: Sink>(&mut self, rest: &mut &[u8], cx: &mut Context<'_, S>) {
        self.document_begins(cx);
        let ahead = self.response.events.ahead(rest);
        if let Some(length) = ahead.and_then(|ahead| self.recall_document(ahead, cx)) {
            self.response.events.pass(rest, length);
        }
    }

    #[inline]
    fn event<S: Sink>(&mut self, piece: Piece<'_>, cx: &mut Context<'_, S>) {
        match piece {
            Piece::Begin => {}
            Piece::Data(data) => self.read_document(data, cx),
            Piece::End { done } => self.document_ends(done, cx),
        }
    }

    fn lines<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.call.response_bytes += part.len() as u64;
            let line = part.trim_ascii_end();
            if !line.is_empty() && !self.response.document {
                self.document_begins(cx);
                self.recall_document(part, cx);
            }
            self.read_document(part, cx);
            if part.ends_with(b"\n") && self.response.document {
                self.document_ends(false, cx);
            }
        }
    }

    fn document_begins<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        self.response.document = true;
        self.response.unread = self.plan.as_ref().is_some_and(|plan| !plan.json_response.is_empty());
        self.response_begins(cx);
    }

    /// Reads the server's document, if all of it is at hand and the stream's other documents were like it. Returns its
    /// length.
    fn recall_document<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) -> Option<usize> {
        let Exchange { plan: Some(plan), response, call, reply, .. } = self else { return None };
        let json = &plan.json_response;
        if !response.unread || response.json_left.is_some() {
            return None;
        }
        let head = &bytes[..bytes.len().min(plan.head_bytes as usize)];
        let length = json.recall(head, |extracted| {
            let (wants_output, marks) = (json.wants(Slot::Output), json.marks());
            apply_response(call, reply, &mut JustRead { extracted, wants_output, marks, connection: cx.connection });
        })?;
        response.unread = false;
        Some(length)
    }

    /// More of the server's document. What it says is put down when the last byte of it is there.
    fn read_document<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let Exchange { plan: Some(plan), response, call, reply, answer, .. } = self else { return };
        let json = &plan.json_response;
        let first = std::mem::take(&mut response.unread);
        if first {
            response.begin_scan(json, plan.head_bytes, cx);
        }
        response.feed_scan(json, bytes);
        let Some(scan) = response.scan.as_mut().filter(|scan| scan.is_over()) else { return };
        let extracted = scan.extracted(json);
        apply_document(call, reply, &extracted, json, cx.connection);
        answer.explains(&extracted);
        response.put_back(cx.connection);
        // The documents of a stream are like each other; one that is all of an answer is not learnt from.
        if first && response.content != Content::Json {
            json.learn(bytes);
        }
    }

    /// `done`: it was the mark by which a stream ends, and no message.
    fn document_ends<S: Sink>(&mut self, done: bool, cx: &mut Context<'_, S>) {
        self.response.document = false;
        if self.response.unread {
            self.read_document(&[], cx); // it is empty
        }
        if let (Some(plan), Some(scan)) = (&self.plan, &mut self.response.scan) {
            let json = &plan.json_response;
            let extracted = scan.extracted(json);
            apply_document(&mut self.call, &mut self.reply, &extracted, json, cx.connection);
            self.answer.explains(&extracted);
            self.response.put_back(cx.connection);
        }
        if done {
            self.end_mark(false, cx);
        } else {
            self.response_ends(self.response.content != Content::Json, cx);
        }
    }
}

/// Puts down what a document of an answer says that was read.
fn apply_document(
    call: &mut Call,
    reply: &mut Reply,
    extracted: &Extracted<'_>,
    json: &Plan,
    connection: &mut ConnectionState,
) {
    let (wants_output, marks) = (json.wants(Slot::Output), json.marks());
    apply_response(call, reply, &mut JustRead { extracted, wants_output, marks, connection });
    if json.wants(Slot::MaxBatchSize) {
        call.max_batch_size = batch_limit(extracted, false);
    }
}
