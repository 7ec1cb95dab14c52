//! What a body is, by its `content-type` (RFC 9110 section 8.3).

/// How a body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Length-prefixed messages (gRPC over HTTP/2).
    Grpc,
    /// The same, and the trailers in a frame of their own behind them (gRPC-Web).
    GrpcWeb,
    /// That in base64.
    GrpcWebText,
    /// gRPC-Web under a `content-encoding`, or whose base64 is none: only its bytes are counted.
    GrpcWebUnread,
    /// One JSON document.
    Json,
    /// Server-sent events, each with a JSON document.
    Events,
    /// A JSON document on each line.
    Lines,
    /// Only its bytes are counted.
    #[default]
    Opaque,
}

impl Content {
    /// By media type (R13).
    pub fn of(content_type: &[u8]) -> Content {
        if let Some(suffix) = content_type.strip_prefix(GRPC) {
            return of_grpc(suffix);
        }
        let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
        let media_type = content_type[..end].trim_ascii();
        let is = |wanted: &str| media_type.eq_ignore_ascii_case(wanted.as_bytes());
        if media_type.get(..GRPC.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(GRPC)) {
            of_grpc(&media_type[GRPC.len()..])
        } else if is("text/event-stream") {
            Content::Events
        } else if ["application/x-ndjson", "application/jsonl", "application/jsonlines"].into_iter().any(is) {
            Content::Lines
        } else if is("application/json") || media_type.to_ascii_lowercase().ends_with(b"+json") {
            Content::Json
        } else {
            Content::Opaque
        }
    }

    /// The call has a status of gRPC's, wherever it stands.
    #[inline]
    pub fn is_grpc(self) -> bool {
        matches!(self, Content::Grpc | Content::GrpcWeb | Content::GrpcWebText | Content::GrpcWebUnread)
    }
}

/// What all media types of gRPC begin with.
const GRPC: &[u8] = b"application/grpc";

/// By what follows: nothing or `+proto` of gRPC, `-web` or `-web-text` before that of gRPC-Web.
fn of_grpc(suffix: &[u8]) -> Content {
    let end = suffix.iter().position(|byte| matches!(byte, b'+' | b';' | b' ' | b'\t')).unwrap_or(suffix.len());
    let variant = &suffix[..end];
    if variant.is_empty() || !variant.starts_with(b"-") {
        Content::Grpc
    } else if variant.eq_ignore_ascii_case(b"-web") {
        Content::GrpcWeb
    } else if variant.eq_ignore_ascii_case(b"-web-text") {
        Content::GrpcWebText
    } else {
        Content::Opaque
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_media_type() {
        for (content_type, content) in [
            (&b"application/grpc"[..], Content::Grpc),
            (b"application/grpc+proto", Content::Grpc),
            (b"application/grpc;charset=utf-8", Content::Grpc),
            (b"Application/gRPC", Content::Grpc),
            (b"application/grpc-web", Content::GrpcWeb),
            (b"application/grpc-web+proto", Content::GrpcWeb),
            (b"Application/GRPC-Web; charset=utf-8", Content::GrpcWeb),
            (b"application/grpc-web-text", Content::GrpcWebText),
            (b"application/grpc-web-text+proto;x=y", Content::GrpcWebText),
            (b"application/grpc-web-texture", Content::Opaque),
            (b"application/grpc-websockets", Content::Opaque),
            (b"application/json", Content::Json),
            (b"Application/JSON; charset=utf-8", Content::Json),
            (b"application/problem+json", Content::Json),
            (b"text/event-stream;charset=utf-8", Content::Events),
            (b"application/x-ndjson", Content::Lines),
            (b"text/plain", Content::Opaque),
            (b"", Content::Opaque),
        ] {
            assert_eq!(Content::of(content_type), content);
        }
    }
}
