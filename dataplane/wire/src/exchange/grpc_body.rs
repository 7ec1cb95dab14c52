//! Bodies framed as gRPC: messages, and what each says.

use super::apply::{JustRead, apply_request, apply_response};
use super::message_facts::batch_limit;
use super::template_cache::{KnownRequest, KnownResponse, Recalled, recall};
use super::{Context, Exchange};
use crate::grpc::Piece;
use crate::sink::Sink;

impl Exchange {
    /// Payload from the client.
    #[inline]
    pub(super) fn grpc_request<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let mut rest = bytes;
        while let Some(piece) = self.request.framer.next(&mut rest) {
            match piece {
                Piece::Message { opaque, body } => {
                    self.request_begins(cx);
                    if opaque || !self.recall_request(body, cx) {
                        self.request_length(opaque, body.len() as u32, cx);
                        self.read_request(body, cx);
                    }
                    self.call.request_bytes += body.len() as u64;
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

    /// A whole request message says what one before it said.
    #[inline]
    fn recall_request<S: Sink>(&mut self, body: &[u8], cx: &mut Context<'_, S>) -> bool {
        let (call, sending) = (&mut self.call, self.sending);
        let tell = |known: &KnownRequest, id: Option<&[u8]>| {
            apply_request(call, sending, &mut Recalled { known, id });
        };
        self.plan.as_ref().is_some_and(|plan| recall(plan, body, cx.connection, tell))
    }

    #[inline]
    fn request_length<S: Sink>(&mut self, opaque: bool, bytes: u32, cx: &mut Context<'_, S>) {
        let plan = self.plan.as_deref().filter(|plan| !opaque && !plan.request.is_empty());
        if let Some(plan) = plan {
            self.request.begin_walk(bytes, plan.head_bytes, cx);
        }
    }

    #[inline]
    fn request_body<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        self.call.request_bytes += bytes.len() as u64;
        self.read_request(bytes, cx);
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
        let extracted = walk.extracted(&plan.request, bytes);
        let mut facts = JustRead { extracted: &extracted, wants_output: false, marks: &[], connection: cx.connection };
        let named = apply_request(&mut self.call, self.sending, &mut facts);
        if !named && plan.request.wants_model() && walk.cut_short() {
            cx.sink.head_truncated();
        }
        self.request.put_back(cx.connection);
    }

    /// Payload from the server.
    #[inline]
    pub(super) fn grpc_response<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let mut rest = bytes;
        while let Some(piece) = self.response.framer.next(&mut rest) {
            match piece {
                Piece::Message { opaque, body } => {
                    let waits = self.waits_for_output();
                    self.response_began(waits, cx);
                    if opaque || !self.recall_response(body, cx) {
                        self.reply.silence();
                        self.response_length(opaque, body.len() as u32, cx);
                        self.read_response(body, cx);
                    }
                    self.call.response_bytes += body.len() as u64;
                    self.response_ends(waits, cx);
                }
                Piece::Begin => self.response_begins(cx),
                Piece::Length { opaque, bytes } => {
                    self.response_length(opaque, bytes, cx);
                    self.read_response(&[], cx);
                }
                Piece::Body(bytes) => self.response_body(bytes, cx),
                Piece::End => {
                    let waits = self.waits_for_output();
                    if !waits {
                        self.end_wait(cx);
                    }
                    self.response_ends(waits, cx);
                }
            }
        }
    }

    /// A whole response message says what one before it said.
    #[inline]
    fn recall_response<S: Sink>(&mut self, body: &[u8], cx: &mut Context<'_, S>) -> bool {
        let (call, reply) = (&mut self.call, &mut self.reply);
        let tell = |known: &KnownResponse, id: Option<&[u8]>| {
            apply_response(call, reply, &mut Recalled { known, id });
        };
        self.plan.as_ref().is_some_and(|plan| recall(plan, body, cx.connection, tell))
    }

    #[inline]
    fn response_length<S: Sink>(&mut self, opaque: bool, bytes: u32, cx: &mut Context<'_, S>) {
        let plan = self.plan.as_deref().filter(|plan| !opaque && !plan.response.is_empty());
        if let Some(plan) = plan {
            self.response.begin_walk(bytes, plan.head_bytes, cx);
        }
    }

    #[inline]
    fn response_body<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        self.call.response_bytes += bytes.len() as u64;
        self.read_response(bytes, cx);
    }

    fn read_response<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let (Some(plan), Some(walk)) = (&self.plan, &mut self.response.walk) else {
            return;
        };
        walk.feed(&plan.response, bytes);
        if !walk.done() {
            return;
        }
        let (extracted, wants_output) = (walk.extracted(&plan.response, bytes), plan.response.wants_output());
        let mut facts = JustRead { extracted: &extracted, wants_output, marks: &[], connection: cx.connection };
        let named = apply_response(&mut self.call, &mut self.reply, &mut facts);
        if plan.response.wants_batch_limit() && !walk.cut_short() {
            self.call.max_batch_size = batch_limit(&extracted, true);
        }
        if !named && plan.response.wants_model() && walk.cut_short() {
            cx.sink.head_truncated();
        }
        self.response.put_back(cx.connection);
    }
}
