//! What the server's head and trailers said, and what that makes of the call (R11).

use crate::call::Code;
use crate::head::Head;
use crate::outcome::{UNREAD, Verdict, grpc};

/// Gathered from all header blocks of the server on one stream.
#[derive(Debug, Default)]
pub struct Answer {
    status: Option<u16>,
    grpc: Option<bool>,
    grpc_status: Option<u8>,
    /// `grpc-message`.
    pub message: Box<str>,
    /// A response message held an error.
    pub in_band_error: bool,
}

impl Answer {
    /// A header block: head, or trailers, or both in one. 1xx heads are not the response.
    pub fn hear(&mut self, head: &Head) {
        if head.status.is_some_and(|status| (100..200).contains(&status)) {
            return;
        }
        self.status = self.status.or(head.status);
        self.grpc = self.grpc.or(head.grpc);
        if head.grpc_status.is_some() {
            self.grpc_status = head.grpc_status;
            self.message = head.message();
        }
    }

    /// The body is framed as gRPC; where the server did not say, as the request was (R13).
    pub fn framed_as_grpc(&self, request: bool) -> bool {
        self.grpc.unwrap_or(request)
    }

    /// What a complete response says. `request`: the request was gRPC. `blind`: the server's header blocks can no
    /// longer be read, so that a missing status means nothing.
    pub fn verdict(&self, request: bool, blind: bool) -> Verdict {
        let is_grpc = request || self.grpc == Some(true);
        match (self.grpc_status, self.status) {
            (Some(code), _) => Verdict::server(Code::Grpc(code)),
            (None, Some(status)) if !is_grpc => Verdict::server(Code::Http(status)),
            (None, _) if blind => UNREAD,
            (None, Some(status)) if status != 200 => Verdict::server(Code::Http(status)),
            (None, _) => Verdict::server(Code::Grpc(grpc::UNKNOWN)),
        }
    }
}
