//! What the server's head and trailers said, and what that makes of the call (R11).

use crate::content::Content;
use crate::head::Head;
use crate::outcome::{Code, UNREAD, Verdict, grpc};

/// 101 (Switching Protocols): what follows is not HTTP.
const SWITCHING: u16 = 101;

/// Gathered from all header blocks of the server on one stream.
#[derive(Debug, Default)]
pub struct Answer {
    status: Option<u16>,
    content: Option<Content>,
    grpc_status: Option<u8>,
    /// What `grpc-message` said, in plain text.
    pub message: Box<str>,
    /// A response message held an error.
    pub in_band_error: bool,
}

impl Answer {
    /// A header block: head, or trailers, or both in one. 1xx heads are not the response, but for the one that is the
    /// last of HTTP; false for them.
    pub fn hear(&mut self, head: &Head) -> bool {
        if head.status.is_some_and(|status| status != SWITCHING && (100..200).contains(&status)) {
            return false;
        }
        self.status = self.status.or(head.status);
        self.content = self.content.or(head.content());
        if head.grpc_status.is_some() {
            self.grpc_status = head.grpc_status;
            self.message = head.message();
        }
        true
    }

    /// How the body is read; where the server did not say, as gRPC if the request was (R13).
    pub fn content(&self, request: Content) -> Content {
        match (self.content, request) {
            (Some(content), _) => content,
            (None, Content::Grpc | Content::GrpcWeb | Content::GrpcWebText) => request,
            (None, _) => Content::Opaque,
        }
    }

    /// A trailers frame of gRPC-Web, which stands for trailers and may have none.
    pub fn hear_trailers(&mut self, status: Option<u8>, message: Box<str>) {
        if status.is_some() {
            (self.grpc_status, self.message) = (status, message);
        }
    }

    /// What a complete response says. `request`: the request was gRPC. `blind`: the server's header blocks can no
    /// longer be read, so that a missing status means nothing.
    pub fn verdict(&self, request: bool, blind: bool) -> Verdict {
        // What is JSON to both sides may have been gRPC behind a transcoder, which tells of that.
        match self.grpc_status {
            Some(code) if request || self.content.is_none_or(Content::is_grpc) => Verdict::server(Code::Grpc(code)),
            _ => self.without_grpc_status(request, blind),
        }
    }

    /// It said no status of gRPC's, or none that counts.
    #[inline(never)]
    fn without_grpc_status(&self, request: bool, blind: bool) -> Verdict {
        let is_grpc = request || self.content.is_some_and(Content::is_grpc);
        match self.status {
            Some(status) if !is_grpc => Verdict::server(Code::Http(status)),
            _ if blind => UNREAD,
            Some(status) if status != 200 => Verdict::server(Code::Http(status)),
            _ if self.content == Some(Content::GrpcWebUnread) => UNREAD,
            _ => Verdict::server(Code::Grpc(grpc::UNKNOWN)),
        }
    }
}
