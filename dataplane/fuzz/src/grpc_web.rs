//! Bodies of gRPC-Web: whatever the chunking, what a reader of the whole body finds.

use crate::conn::{Burst, told};
use crate::input::Input;
use crate::support::INFER;
use wire::parts::Base64;
use wire::{Code, Direction};

/// As many bytes of a trailers frame, and of a line of it, as are read.
const MAX_TRAILERS_BYTES: usize = 4096;
const MAX_LINE_BYTES: usize = 800;

/// What is found in a body.
#[derive(Debug, Default, PartialEq)]
struct Found {
    messages: u64,
    bytes: u64,
    status: Option<u8>,
    /// Trailers were there, and compressed.
    unreadable: bool,
}

/// Input: whether the body is in base64, a plan of cuts, then the body, which is the request's and the answer's.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let is_text = input.byte() % 2 == 1;
    let cuts = input.cuts();
    let body = input.0;
    let (plain, unread) = if is_text { decoded(body) } else { (body.to_vec(), 0) };
    if is_text {
        for pieces in [&mut { cuts }.apply(body) as &mut dyn Iterator<Item = &[u8]>, &mut [body].into_iter()] {
            assert_eq!(decoded_in_pieces(pieces), (plain.clone(), unread > 0));
        }
    }
    let bursts = call(is_text, body);
    let whole = told(&bursts, None);
    assert_eq!(told(&bursts, Some(cuts)).log, whole.log);
    let [(call, end)] = &whole.ended[..] else { panic!("one call, {:?}", whole.log) };
    let mut expected = read(&plain, true);
    let code = match (expected.status.take(), std::mem::take(&mut expected.unreadable)) {
        (Some(status), _) => Code::Grpc(status),
        (None, true) => Code::Lost,
        (None, false) => Code::Grpc(2),
    };
    assert_eq!(end.code, code);
    expected.bytes += unread;
    let (messages, bytes) = (call.response_messages, call.response_bytes);
    let found = Found { messages, bytes, ..Found::default() };
    assert_eq!(found, expected);
    let mut asked = read(&plain, false);
    asked.bytes += unread;
    assert_eq!((call.request_messages, call.request_bytes), (asked.messages, asked.bytes));
}

/// A call of HTTP/1.1.
fn call(is_text: bool, body: &[u8]) -> Vec<Burst> {
    let kind = if is_text { "application/grpc-web-text" } else { "application/grpc-web+proto" };
    let fields = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    let burst = |direction, line: &str, at| {
        let bytes = [format!("{line}\r\n{fields}").as_bytes(), body].concat();
        Burst { direction, bytes, at }
    };
    vec![
        burst(Direction::ToServer, &format!("POST {INFER} HTTP/1.1"), 0),
        burst(Direction::ToClient, "HTTP/1.1 200 OK", 1),
    ]
}

/// Decodes base64 the plain way; returns how many bytes follow that are none.
fn decoded(text: &[u8]) -> (Vec<u8>, u64) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut plain, mut group) = (Vec::new(), Vec::new());
    for (at, character) in text.iter().enumerate() {
        if b" \t\r\n\x0c".contains(character) {
            continue;
        }
        group.push(*character);
        let end = group.iter().position(|it| *it == b'=').unwrap_or(group.len());
        let fits = group[..end].iter().all(|it| ALPHABET.contains(it)) && group[end..].iter().all(|it| *it == b'=');
        if !fits || (end < 2 && end < group.len()) {
            return (plain, (text.len() - at) as u64);
        }
        if group.len() == 4 {
            let six = |it: &u8| ALPHABET.iter().position(|known| known == it).unwrap_or(0);
            let bits = group.iter().fold(0, |bits, it| bits << 6 | six(it));
            plain.extend([bits >> 16, bits >> 8, bits].iter().take(end - 1).map(|byte| *byte as u8));
            group.clear();
        }
    }
    (plain, 0)
}

/// Decodes it as the parser does, and tells whether it ended before the text.
fn decoded_in_pieces(pieces: &mut dyn Iterator<Item = &[u8]>) -> (Vec<u8>, bool) {
    let (mut base64, mut all, mut plain) = (Base64::default(), Vec::new(), [0; 9]);
    for mut text in pieces {
        while !text.is_empty() {
            let (written, result) = base64.decode(&mut text, &mut plain);
            all.extend_from_slice(&plain[..written]);
            if result.is_err() {
                return (all, true);
            }
        }
    }
    (all, false)
}

/// Reads frames the plain way.
fn read(body: &[u8], with_trailers: bool) -> Found {
    let mut found = Found::default();
    let mut rest = body;
    while let [flag, a, b, c, d, tail @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (frame, after) = tail.split_at(length.min(tail.len()));
        let complete = frame.len() == length;
        if with_trailers && flag & 0x80 != 0 {
            if *flag == 0x80 && complete {
                found.status = status(frame).or(found.status);
            }
            found.unreadable |= *flag != 0x80 && complete;
        } else {
            found.bytes += frame.len() as u64;
            found.messages += u64::from(complete);
        }
        rest = after;
    }
    found
}

/// The first status of a trailers frame.
fn status(frame: &[u8]) -> Option<u8> {
    let read = &frame[..frame.len().min(MAX_TRAILERS_BYTES)];
    let mut lines: Vec<&[u8]> = read.split(|byte| *byte == b'\n').collect();
    if frame.len() > read.len() {
        lines.pop();
    }
    let value = lines.iter().find_map(|line| {
        let line = &line[..line.len().min(MAX_LINE_BYTES)];
        let colon = line.iter().position(|byte| *byte == b':')?;
        line[..colon].trim_ascii().eq_ignore_ascii_case(b"grpc-status").then(|| line[colon + 1..].trim_ascii())
    })?;
    let digits = (1..=10).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let number = digits.then(|| value.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0')));
    Some(number.filter(|code| *code <= 16).map_or(2, |code| code as u8))
}
