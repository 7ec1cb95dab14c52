//! Bodies of gRPC-Web: messages framed as gRPC's, then a frame of trailers; all of it perhaps in base64.
//!
//! What reads gRPC is compiled for each kind of sink. Here it is given another kind, behind a pointer, and so is a copy of its
//! own: were it one with that of gRPC, the compiler would lay that out for two callers, and each message of gRPC would cost
//! five percent more.

use super::{Context, Exchange};
use crate::content::Content;
use crate::grpc::Piece;
use crate::grpc_web::{Base64, Trailers, is_trailers};
use crate::sink::Sink;

/// Bytes that are decoded at once: most messages of a browser are whole in it.
const PLAIN_BYTES: usize = 768;

/// What only a call of gRPC-Web keeps.
#[derive(Debug, Default)]
pub(super) struct WebState {
    request: Base64,
    response: Base64,
    /// The frame under way, where it is one.
    trailers: Option<Trailers>,
}

impl Exchange {
    /// Payload from the client.
    #[inline(never)]
    pub(super) fn web_request<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let mut sink: &mut dyn Sink = cx.sink;
        let mut cx = Context { now: cx.now, sink: &mut sink, connection: cx.connection };
        match self.request.content {
            Content::GrpcWebText => self.web_request_text(bytes, &mut cx),
            _ => self.grpc_request(bytes, &mut cx),
        }
    }

    /// Payload from the server.
    #[inline(never)]
    pub(super) fn web_response<S: Sink>(&mut self, bytes: &[u8], cx: &mut Context<'_, S>) {
        let mut sink: &mut dyn Sink = cx.sink;
        let mut cx = Context { now: cx.now, sink: &mut sink, connection: cx.connection };
        match self.response.content {
            Content::GrpcWebText => self.web_response_text(bytes, &mut cx),
            _ => self.web_response_frames(bytes, &mut cx),
        }
    }

    fn web_request_text(&mut self, text: &[u8], cx: &mut Context<'_, &mut dyn Sink>) {
        let (mut rest, mut plain) = (text, [0; PLAIN_BYTES]);
        while !rest.is_empty() {
            let base64 = &mut self.web.get_or_insert_default().request;
            let (written, result) = base64.decode(&mut rest, &mut plain);
            self.grpc_request(&plain[..written], cx);
            if result.is_err() {
                self.request.content = Content::GrpcWebUnread;
                return self.http_request(rest, cx);
            }
        }
    }

    fn web_response_text(&mut self, text: &[u8], cx: &mut Context<'_, &mut dyn Sink>) {
        let (mut rest, mut plain) = (text, [0; PLAIN_BYTES]);
        while !rest.is_empty() {
            let base64 = &mut self.web.get_or_insert_default().response;
            let (written, result) = base64.decode(&mut rest, &mut plain);
            self.web_response_frames(&plain[..written], cx);
            if result.is_err() {
                self.response.content = Content::GrpcWebUnread;
                return self.http_response(rest, cx);
            }
        }
    }

    /// Frame by frame, since one of trailers is no message.
    fn web_response_frames(&mut self, bytes: &[u8], cx: &mut Context<'_, &mut dyn Sink>) {
        let mut rest = bytes;
        while let Some(&flag) = rest.first() {
            if self.response.framer.is_between() && is_trailers(flag) {
                self.web.get_or_insert_default().trailers = Some(Trailers::new(flag));
            }
            let frame;
            (frame, rest) = rest.split_at(self.response.framer.bytes_of_one(rest));
            match self.web.as_mut().and_then(|web| web.trailers.take()) {
                Some(trailers) => self.web_trailers(trailers, frame),
                None => self.grpc_response(frame, cx),
            }
        }
    }

    /// More of a trailers frame, and of nothing else.
    fn web_trailers(&mut self, mut trailers: Trailers, frame: &[u8]) {
        let mut rest = frame;
        while let Some(piece) = self.response.framer.next(&mut rest) {
            if let Piece::Body(body) | Piece::Message { body, .. } = piece {
                trailers.feed(body);
            }
            if matches!(piece, Piece::End | Piece::Message { .. }) {
                if trailers.is_unreadable() {
                    return self.answer.cannot_be_read();
                }
                let (status, message) = trailers.end();
                return self.answer.hear_trailers(status, message);
            }
        }
        self.web.get_or_insert_default().trailers = Some(trailers);
    }
}
