//! The few header fields that matter, gathered while a block is decoded.

use crate::Nanos;
use crate::catalogue::{Slot, Verbs};
use crate::content::Content;
use crate::headers::HeaderPlan;
use crate::hpack::{Interest, Value};
use crate::names::Name;
use crate::plans::Plans;
use fields::Fields;
use std::rc::Rc;
use values::{json_length, leaves_http, timeout};

mod fields;
mod methods;
mod values;

pub use methods::{KnownMethod, Methods};
pub use values::{MAX_ENCODED_BYTES, digits, grpc_message, grpc_status, shown};

const PATH: u8 = 1;
const STATUS: u8 = 2;
const CONTENT_TYPE: u8 = 3;
const GRPC_STATUS: u8 = 4;
const GRPC_MESSAGE: u8 = 5;
const GRPC_TIMEOUT: u8 = 6;
const TRACEPARENT: u8 = 7;
const CONTENT_ENCODING: u8 = 8;
const JSON_LENGTH: u8 = 9;
const RETRY_AFTER: u8 = 10;
const METHOD: u8 = 11;
/// Those of the catalogue begin here.
const HEADERS: u8 = 12;
/// Not a field's: `upgrade` named a protocol in which nobody calls a model as over HTTP.
const LEAVES_HTTP: u8 = 63;

/// The one field of which a beginning will do.
pub const MESSAGE_FIELD: &str = "grpc-message";

/// The header names that are wanted.
#[derive(Clone, Debug)]
pub struct Wanted(pub Rc<Plans>);

/// What one header block said.
#[derive(Debug, Default)]
pub struct Head {
    /// Its stream.
    pub stream: u32,
    /// False for a pushed request.
    pub own: bool,
    /// When its first byte came.
    pub began: Nanos,
    /// `:method`.
    verb: Option<Verbs>,
    /// `:path`.
    pub method: Option<KnownMethod>,
    /// `:status`.
    pub status: Option<u16>,
    /// By `content-type`, where there is one.
    content: Option<Content>,
    /// `content-encoding` is there and not `identity`.
    encoded: bool,
    /// `inference-header-content-length`: so many bytes of JSON precede tensors (KServe's binary extension).
    json_bytes: Option<u32>,
    /// `grpc-status`; what cannot be read is UNKNOWN.
    pub grpc_status: Option<u8>,
    /// `grpc-timeout`.
    pub timeout: Option<Nanos>,
    /// `traceparent`.
    pub traceparent: Option<Name>,
    /// `grpc-message`, and what the catalogue asks for.
    fields: Fields,
    /// Fields that have been said, one bit each, and [`LEAVES_HTTP`].
    said: u64,
}

impl Interest for Wanted {
    fn tag(&self, name: &[u8]) -> Option<u8> {
        Some(match name {
            b":path" => PATH,
            b":method" => METHOD,
            b":status" => STATUS,
            b"content-type" => CONTENT_TYPE,
            b"grpc-status" => GRPC_STATUS,
            b"grpc-message" => GRPC_MESSAGE,
            b"grpc-timeout" => GRPC_TIMEOUT,
            b"traceparent" => TRACEPARENT,
            b"content-encoding" => CONTENT_ENCODING,
            b"inference-header-content-length" => JSON_LENGTH,
            b"retry-after" => RETRY_AFTER,
            _ => return self.0.header_names.find(name).map(|place| HEADERS + place),
        })
    }
}

impl Head {
    /// A new block begins.
    pub fn begin(&mut self, stream: u32, own: bool, began: Nanos) {
        (self.stream, self.own, self.began) = (stream, own, began);
        // One by one: the room for what is kept stays, and little is written.
        (self.verb, self.method, self.status, self.content, self.encoded) = (None, None, None, None, false);
        (self.json_bytes, self.grpc_status, self.timeout, self.traceparent) = (None, None, None, None);
        self.fields.clear();
        self.said = 0;
    }

    /// Says what `other` said.
    #[inline]
    pub fn recall(&mut self, other: &Head) {
        self.verb = other.verb;
        self.method.clone_from(&other.method);
        (self.status, self.grpc_status, self.timeout) = (other.status, other.grpc_status, other.timeout);
        (self.content, self.encoded, self.json_bytes) = (other.content, other.encoded, other.json_bytes);
        self.traceparent.clone_from(&other.traceparent);
        self.fields.recall(&other.fields);
        self.said = other.said;
    }

    /// How the body is to be read; None where the head does not say.
    pub fn content(&self) -> Option<Content> {
        match (self.json_bytes, self.content) {
            (_, Some(Content::Grpc)) => Some(Content::Grpc),
            (_, Some(content)) if content.is_grpc() => {
                Some(if self.encoded { Content::GrpcWebUnread } else { content })
            }
            _ if self.encoded => Some(Content::Opaque),
            (Some(0), _) => Some(Content::Opaque),
            (Some(_), _) => Some(Content::Json),
            (None, content) => content,
        }
    }

    /// How a request's body is to be read. Clients say much about JSON (curl calls it a form), so it is tried where
    /// nothing speaks against it.
    pub fn request_content(&self) -> Content {
        match self.content() {
            Some(content) if content.is_grpc() => content,
            _ if self.encoded || self.json_bytes == Some(0) => Content::Opaque,
            _ => Content::Json,
        }
    }

    /// So many bytes of the body are JSON, where it says.
    pub fn json_bytes(&self) -> Option<u32> {
        self.json_bytes
    }

    /// `retry-after` is there.
    pub fn retry_after(&self) -> bool {
        self.said >> RETRY_AFTER & 1 != 0
    }

    /// `upgrade` names a protocol in which nobody calls a model as over HTTP. Of HTTP/1.1 alone (RFC 9113 section 8.6).
    pub fn leaves_http(&self) -> bool {
        self.said >> LEAVES_HTTP & 1 != 0
    }

    /// It holds a field that the catalogue asks for, or `grpc-message`.
    #[inline]
    pub fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// What it says of a slot in the fields that a method asks for, and whether that counts before what the body says.
    pub fn value(&self, plan: &HeaderPlan, slot: Slot) -> Option<(&[u8], bool)> {
        plan.value(slot, |place| self.fields.get(place))
    }

    /// The request's method, as HTTP calls it.
    pub fn verb(&mut self, name: &[u8]) {
        let verb = Verbs::named(name);
        self.verb = Some(verb);
        self.method = self.method.take().map(|method| method.asked_with(verb));
    }

    /// The request target. The verb most often came before it, and may come after (RFC 9113 section 8.3).
    pub fn path(&mut self, path: &[u8], methods: &mut Methods) {
        let method = methods.find(path);
        self.method = match self.verb {
            Some(verb) => method.map(|method| method.asked_with(verb)),
            None => method,
        };
    }

    /// A field of HTTP/1.1; its name in any case.
    pub fn http_field(&mut self, name: &[u8], value: &[u8], methods: &Methods) {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        if is("content-type") {
            self.content = Some(Content::of(value));
        } else if is("content-encoding") {
            self.encoded = !value.eq_ignore_ascii_case(b"identity");
        } else if is("inference-header-content-length") {
            self.json_bytes = json_length(value);
        } else if is("traceparent") {
            self.traceparent = Name::once(value);
        } else if is("grpc-status") {
            self.grpc_status.get_or_insert(grpc_status(value));
        } else if is(MESSAGE_FIELD) {
            if self.fields.message().is_empty() {
                self.fields.keep_message(shown(value));
            }
        } else if is("grpc-timeout") {
            self.timeout = timeout(value);
        } else if is("upgrade") {
            self.said |= u64::from(leaves_http(value)) << LEAVES_HTTP;
        } else if is("retry-after") {
            self.said |= 1 << RETRY_AFTER;
        } else if let Some(place) = methods.plans.header_names.find(name) {
            self.header(place, value, methods);
        }
    }

    /// A field that the catalogue asks for: kept if it does so of this method, or, of an answer, of any.
    fn header(&mut self, place: u8, value: &[u8], methods: &Methods) {
        let wanted = match &self.method {
            Some(method) => method.plan.as_ref().map_or(0, |plan| plan.request_headers.places()),
            None => methods.plans.answer_headers,
        };
        if wanted >> place & 1 != 0 {
            self.fields.keep(place, value);
        }
    }

    /// A wanted field was decoded. A value that is not whole reads as absent, except where its beginning will do. None of
    /// them may be said twice; of one that is, the first counts, and a block of thousands costs no more than of one.
    pub fn field(&mut self, tag: u8, value: Value<'_>, methods: &mut Methods) {
        if self.said >> tag & 1 != 0 {
            return;
        }
        self.said |= 1 << tag;
        let bytes = value.bytes;
        match tag {
            GRPC_MESSAGE => self.fields.keep_message(bytes),
            CONTENT_TYPE => self.content = Some(Content::of(bytes)),
            // Of a path the query does not count, and may be what was cut off.
            PATH if value.truncated() && !bytes.contains(&b'?') => {}
            _ if value.truncated() && tag != PATH => {}
            METHOD => self.verb(bytes),
            PATH => self.path(bytes, methods),
            CONTENT_ENCODING => self.encoded = bytes != b"identity",
            JSON_LENGTH => self.json_bytes = json_length(bytes),
            STATUS => self.status = digits(bytes, 3).map(|status| status as u16),
            GRPC_STATUS => self.grpc_status = Some(grpc_status(bytes)),
            GRPC_TIMEOUT => self.timeout = timeout(bytes),
            TRACEPARENT => self.traceparent = Name::once(bytes),
            RETRY_AFTER => {} // that it was said is all there is to it
            _ => self.header(tag - HEADERS, bytes, methods),
        }
    }

    /// `grpc-message` in plain text, capped.
    pub fn message(&self) -> Box<str> {
        match self.fields.message() {
            [] => Box::default(),
            encoded => grpc_message(encoded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, HeaderExtract, Method};
    use crate::plans;
    use std::sync::Arc;

    #[test]
    fn a_head_recalled_says_all_that_was_said() {
        let mut catalogue = Catalogue::default();
        let header = HeaderExtract { slot: Slot::Model, name: "x-model".into(), before_body: true };
        let method = Method { request_headers: vec![header], ..Method::default() };
        catalogue.methods.insert("/a/B".into(), method);
        let (mut told, mut methods) = (Head::default(), Methods::new(plans::of(&Arc::new(catalogue))));
        let fields: [(u8, &[u8]); 12] = [
            (METHOD, b"POST"),
            (PATH, b"/a/B"),
            (STATUS, b"200"),
            (CONTENT_TYPE, b"application/json"),
            (CONTENT_ENCODING, b"gzip"),
            (JSON_LENGTH, b"7"),
            (GRPC_STATUS, b"5"),
            (GRPC_MESSAGE, b"no"),
            (GRPC_TIMEOUT, b"1S"),
            (TRACEPARENT, b"00-1-2-3"),
            (RETRY_AFTER, b"1"),
            (HEADERS, b"iris"),
        ];
        for (tag, bytes) in fields {
            let before = format!("{told:?}");
            told.field(tag, Value { bytes, len: bytes.len() as u32 }, &mut methods);
            assert_ne!(format!("{told:?}"), before, "{tag} says something");
        }
        let mut head = Head::default();
        head.recall(&told);
        assert_eq!(format!("{head:?}"), format!("{told:?}"));
        head.begin(0, false, 0);
        assert_eq!(format!("{head:?}"), format!("{:?}", Head::default()), "and forgotten with the next one");
    }

    #[test]
    fn of_a_path_that_was_cut_off_in_its_query_the_path_counts() {
        let path = |bytes: &[u8]| {
            let (mut head, mut methods) = (Head::default(), Methods::new(Rc::default()));
            head.field(PATH, Value { bytes, len: 5000 }, &mut methods);
            head.method.map(|method| method.name.text.to_string())
        };
        assert_eq!(path(b"/v1/models?x=").as_deref(), Some("/v1/models"));
        assert_eq!(path(b"/v1/models"), None);
    }

    #[test]
    fn of_a_field_that_is_said_twice_over_http1_no_more_is_kept() {
        let (mut head, methods) = (Head::default(), Methods::new(Rc::default()));
        let mut hear = |value: &[u8]| {
            head.http_field(b"grpc-message", value, &methods);
            format!("{head:?}")
        };
        let once = hear(&b"m".repeat(2000));
        assert_eq!((once.contains("109, 109"), hear(b"again")), (true, once));
    }

    #[test]
    fn unreadable_statuses_are_unknown() {
        let mut methods = Methods::new(Rc::default());
        for (bytes, code) in [(&b"0"[..], 0), (b"16", 16), (b"17", 2), (b"", 2), (b"x", 2), (b"00", 0)] {
            let (mut head, len) = (Head::default(), bytes.len() as u32);
            head.field(GRPC_STATUS, Value { bytes, len }, &mut methods);
            assert_eq!(head.grpc_status, Some(code));
        }
    }
}
