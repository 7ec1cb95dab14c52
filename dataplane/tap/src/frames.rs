//! The few frames of HTTP/2 that the tap writes itself: to a server that it asks, and to its own reader. Each is on the
//! first stream of a connection that holds no other (RFC 9113 sections 4.1, 6.1 and 6.2; RFC 7541 section 6.2.2).

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// SETTINGS that change nothing, as either side begins.
pub const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// The answer to the other side's.
pub const SETTINGS_ACKNOWLEDGED: &[u8] = b"\0\0\0\x04\x01\0\0\0\0";

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// A whole header block; `last`: the sender says nothing more.
pub fn headers(block: &[u8], last: bool) -> Vec<u8> {
    frame(1, END_HEADERS | if last { END_STREAM } else { 0 }, block)
}

/// DATA; `last`: the sender says nothing more.
pub fn data(payload: &[u8], last: bool) -> Vec<u8> {
    frame(0, if last { END_STREAM } else { 0 }, payload)
}

/// A message of gRPC, which is not compressed.
pub fn grpc_message(message: &[u8]) -> Vec<u8> {
    [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

/// A header field that enters no table.
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![0];
    string(&mut out, name);
    string(&mut out, value);
    out
}

/// A string of HPACK without Huffman code: its length in seven bits, or more (RFC 7541 sections 5.1 and 5.2).
pub fn string(into: &mut Vec<u8>, text: &str) {
    let mut rest = text.len();
    if rest >= 127 {
        into.push(127);
        rest -= 127;
        while rest >= 128 {
            into.push(rest as u8 | 128);
            rest >>= 7;
        }
    }
    into.push(rest as u8);
    into.extend(text.as_bytes());
}

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    out.extend([kind, flags, 0, 0, 0, 1]);
    out.extend(payload);
    out
}
