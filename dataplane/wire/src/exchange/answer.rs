//! What the server's head and trailers said, and what that makes of the call (R11).

use super::reply::words;
use crate::content::Content;
use crate::field::Extracted;
use crate::head::Head;
use crate::outcome::rules::{Rule, overruled};
use crate::outcome::{Code, Outcome, UNREAD, Verdict, Way, grpc};

/// 101 (Switching Protocols): what follows is not HTTP.
const SWITCHING: u16 = 101;

/// Gathered from all header blocks of the server on one stream.
#[derive(Debug, Default)]
pub struct Answer {
    status: Option<u16>,
    content: Option<Content>,
    grpc_status: Option<u8>,
    retry_after: bool,
    /// The server's own words: what `grpc-message` said, in plain text, or an error in the body.
    pub message: Box<str>,
    /// A response message held an error.
    pub in_band_error: bool,
}

/// What is known of a request when its answer is judged.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// It was gRPC.
    pub is_grpc: bool,
    /// The server had all of it.
    pub complete: bool,
    /// Its deadline has passed.
    pub late: bool,
    /// What the user says of codes, and then what the catalogue says of its method.
    pub rules: [&'a [Rule]; 2],
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
        self.retry_after |= head.retry_after();
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

    /// The trailers are there, compressed: what they say is not known.
    pub fn cannot_be_read(&mut self) {
        self.content = Some(Content::GrpcWebUnread);
    }

    /// The status of gRPC, where it counts: what is JSON to both sides may have been gRPC behind a transcoder, which tells
    /// of that. `asked`: the request was gRPC.
    #[inline]
    fn status_of_grpc(&self, asked: bool) -> Option<u8> {
        self.grpc_status.filter(|_| asked || self.content.is_none_or(Content::is_grpc))
    }

    /// It says OK as gRPC does, of which there is nothing more to judge.
    #[inline]
    pub fn says_ok(&self, asked: bool) -> bool {
        self.status_of_grpc(asked) == Some(grpc::OK)
    }

    /// The body has been read: where the status tells of an error, its words are there, whatever their form.
    #[inline]
    pub fn explains(&mut self, extracted: &Extracted<'_>) {
        if !self.is_good() && self.message.is_empty() {
            self.message = words(extracted).unwrap_or_default();
        }
    }

    /// Its head has come.
    pub fn has_begun(&self) -> bool {
        self.status.is_some()
    }

    /// It has told of a failure: by its status, or in what it said since.
    pub fn tells_of_a_failure(&self) -> bool {
        self.in_band_error || self.status.is_some_and(|status| status >= 400)
    }

    /// It says that it is good.
    pub fn is_good(&self) -> bool {
        matches!(self.status, Some(200..=299))
    }

    /// What a complete response says. `blind`: the server's header blocks can no longer be read, so that a missing status
    /// means nothing.
    #[inline(never)]
    pub fn verdict(&self, asked: &Asked<'_>, blind: bool) -> Verdict {
        let is_grpc = asked.is_grpc || self.content.is_some_and(Content::is_grpc);
        let by_grpc = self.status_of_grpc(asked.is_grpc);
        let verdict = match (by_grpc, self.status) {
            (Some(code), _) => Verdict::of_grpc(code, asked.late, &self.message),
            (None, Some(status)) if !is_grpc => Verdict::of_http(status, asked.complete, self.retry_after),
            (None, _) if blind => return UNREAD,
            (None, Some(status)) if status != 200 => Verdict::of_http_for_grpc(status, self.retry_after),
            (None, _) if self.content == Some(Content::GrpcWebUnread) => return UNREAD,
            (None, _) => Verdict::of_grpc(grpc::UNKNOWN, false, ""),
        };
        if verdict.outcome == Outcome::Ok {
            return verdict;
        }
        let by_http = self.status.filter(|_| by_grpc.is_none()).map(Code::Http);
        overruled(verdict, asked.rules, by_http, &self.message)
    }

    /// What an error inside a good answer says, in these words.
    #[cold]
    pub fn in_band(asked: &Asked<'_>, words: &str) -> Verdict {
        overruled(Verdict::of(Way::InBandError, Code::InBandError), asked.rules, None, words)
    }
}
