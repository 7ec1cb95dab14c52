//! What a body is, by its `content-type` (RFC 9110 section 8.3).

/// How a body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Length-prefixed messages (gRPC over HTTP/2).
    Grpc,
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
    /// By media type. gRPC-Web frames its trailers inside the body (and may encode it in base64), so it is opaque (R13).
    pub fn of(content_type: &[u8]) -> Content {
        if let Some(suffix) = content_type.strip_prefix(b"application/grpc") {
            return if suffix.starts_with(b"-web") { Content::Opaque } else { Content::Grpc };
        }
        let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
        let media_type = content_type[..end].trim_ascii();
        let is = |wanted: &str| media_type.eq_ignore_ascii_case(wanted.as_bytes());
        if is("text/event-stream") {
            Content::Events
        } else if ["application/x-ndjson", "application/jsonl", "application/jsonlines"].into_iter().any(is) {
            Content::Lines
        } else if is("application/json") || media_type.to_ascii_lowercase().ends_with(b"+json") {
            Content::Json
        } else {
            Content::Opaque
        }
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
            (b"application/grpc-web+proto", Content::Opaque),
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
