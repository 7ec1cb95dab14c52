//! Bytes: frames, header blocks, gRPC messages, protobuf fields.

#[path = "../../src/field/encode.rs"]
mod encode;
pub use encode::{bytes as bytes_field, int, varint};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const END_STREAM: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
pub const PRIORITY: u8 = 0x20;

/// Any frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

pub fn data(stream: u32, end: bool, payload: &[u8]) -> Vec<u8> {
    frame(0, u8::from(end), stream, payload)
}

pub fn padded_data(stream: u32, end: bool, payload: &[u8], pad: u8) -> Vec<u8> {
    let mut body = vec![pad];
    body.extend(payload);
    body.extend(vec![0; usize::from(pad)]);
    frame(0, PADDED | u8::from(end), stream, &body)
}

pub fn headers(stream: u32, end: bool, block: &[u8]) -> Vec<u8> {
    frame(1, END_HEADERS | u8::from(end), stream, block)
}

/// HEADERS with padding and priority, the block cut into CONTINUATION frames of `cut` bytes.
pub fn split_headers(stream: u32, end: bool, block: &[u8], cut: usize) -> Vec<u8> {
    let (first, rest) = block.split_at(cut.min(block.len()));
    let mut body = vec![3, 0, 0, 0, 0, 16];
    body.extend(first);
    body.extend([0; 3]);
    let mut out = frame(1, PADDED | PRIORITY | u8::from(end), stream, &body);
    let parts: Vec<&[u8]> = rest.chunks(cut.max(1)).collect();
    for part in &parts {
        out.extend(frame(9, 0, stream, part));
    }
    out.extend(frame(9, END_HEADERS, stream, &[]));
    out
}

pub fn rst(stream: u32, code: u32) -> Vec<u8> {
    frame(3, 0, stream, &code.to_be_bytes())
}

pub fn settings() -> Vec<u8> {
    frame(4, 0, 0, &[0, 3, 0, 0, 0, 100])
}

pub fn goaway(last: u32, code: u32, debug: &[u8]) -> Vec<u8> {
    let mut body = last.to_be_bytes().to_vec();
    body.extend(code.to_be_bytes());
    body.extend(debug);
    frame(7, 0, 0, &body)
}

/// An HPACK integer.
pub fn hpack_int(value: usize, prefix_bits: u8, pattern: u8) -> Vec<u8> {
    let mask = (1usize << prefix_bits) - 1;
    if value < mask {
        return vec![pattern | value as u8];
    }
    let mut out = vec![pattern | mask as u8];
    let mut rest = value - mask;
    while rest >= 128 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}

fn hpack_string(text: &str) -> Vec<u8> {
    let mut out = hpack_int(text.len(), 7, 0);
    out.extend(text.as_bytes());
    out
}

/// An encoder that indexes every field it sees for the first time and refers to it afterwards. Its table never
/// evicts, so keep what goes through one below 4,096 bytes.
#[derive(Debug, Default)]
pub struct Encoder {
    table: Vec<(String, String)>,
}

impl Encoder {
    pub fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        fields.iter().flat_map(|(name, value)| self.field(name, value)).collect()
    }

    fn field(&mut self, name: &str, value: &str) -> Vec<u8> {
        let newest_first = || self.table.iter().rev().enumerate();
        if let Some((at, _)) = newest_first().find(|(_, f)| f.0 == name && f.1 == value) {
            return hpack_int(62 + at, 7, 0x80);
        }
        let same_name = newest_first().find(|(_, f)| f.0 == name).map(|(at, _)| 62 + at);
        let mut out = match same_name {
            Some(index) => hpack_int(index, 6, 0x40),
            None => [vec![0x40], hpack_string(name)].concat(),
        };
        out.extend(hpack_string(value));
        self.table.push((name.into(), value.into()));
        out
    }
}

/// Fields as literals that are not indexed.
pub fn plain_block(fields: &[(&str, &str)]) -> Vec<u8> {
    let literal = |(name, value): &(&str, &str)| [vec![0], hpack_string(name), hpack_string(value)].concat();
    fields.iter().flat_map(literal).collect()
}

pub fn request_fields(path: &str) -> [(&str, &str); 6] {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "server:9001"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
}

pub fn request_head(path: &str) -> Vec<u8> {
    plain_block(&request_fields(path))
}

pub fn response_head() -> Vec<u8> {
    plain_block(&[(":status", "200"), ("content-type", "application/grpc")])
}

pub fn trailers(code: &str) -> Vec<u8> {
    plain_block(&[("grpc-status", code)])
}

/// A gRPC message.
pub fn message(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out
}

/// A frame of gRPC-Web that holds trailers.
pub fn trailers_frame(flag: u8, text: &str) -> Vec<u8> {
    let mut frame = message(text.as_bytes());
    frame[0] = flag;
    frame
}

/// RFC 4648 section 4.
pub fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().chain(&[0; 3]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        (0..4)
            .map(move |at| if at <= three.len() { ALPHABET[bits >> (18 - 6 * at) & 63] } else { b'=' })
            .collect::<Vec<_>>()
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// In base64, each so many bytes by themselves.
pub fn flushed(bytes: &[u8], each: usize) -> Vec<u8> {
    bytes.chunks(each).flat_map(base64).collect()
}

pub fn text(field: u32, text: &str) -> Vec<u8> {
    bytes_field(field, text.as_bytes())
}

/// A ModelInferRequest: name, version, id, one tensor of `shape`, raw contents of `raw` bytes.
pub fn infer_request(model: &str, version: &str, id: &str, shape: &[u64], raw: usize) -> Vec<u8> {
    let packed: Vec<u8> = shape.iter().flat_map(|&n| varint(n)).collect();
    let tensor = [text(1, "INPUT0"), text(2, "FP32"), bytes_field(3, &packed)].concat();
    [text(1, model), text(2, version), text(3, id), bytes_field(5, &tensor), bytes_field(7, &vec![7; raw])].concat()
}

/// A ModelConfigResponse; proto3 does not write a number that is 0.
pub fn config_response(model: &str, max_batch_size: u64) -> Vec<u8> {
    let limit = if max_batch_size > 0 { int(4, max_batch_size) } else { Vec::new() };
    bytes_field(1, &[text(1, model), text(2, "onnxruntime_onnx"), limit, text(5, "input")].concat())
}

/// A ModelInferResponse.
pub fn infer_response(model: &str, version: &str, id: &str) -> Vec<u8> {
    [text(1, model), text(2, version), text(3, id), bytes_field(6, &[1, 2, 3])].concat()
}

/// A Triton ModelStreamInferResponse; `last` is the parameter `triton_final_response`.
pub fn stream_response(id: &str, last: Option<bool>) -> Vec<u8> {
    let mut inner = infer_response("m", "1", id);
    if let Some(last) = last {
        let value = int(1, u64::from(last));
        let entry = [text(1, "triton_final_response"), bytes_field(2, &value)].concat();
        inner.extend(bytes_field(4, &entry));
    }
    bytes_field(2, &inner)
}
