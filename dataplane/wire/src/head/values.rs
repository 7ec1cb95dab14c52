//! Values of header fields, read as what they mean.

use crate::Nanos;
use crate::outcome::grpc;

/// Bytes of a `grpc-message` shown.
pub const MAX_MESSAGE_BYTES: usize = 256;

/// The same, each of them as `%XX`.
pub const MAX_ENCODED_BYTES: usize = 3 * MAX_MESSAGE_BYTES;

/// How many bytes of a body are JSON.
pub fn json_length(value: &[u8]) -> Option<u32> {
    digits(value, 10).and_then(|length| u32::try_from(length).ok())
}

/// Whether an answer's `upgrade` names only protocols that carry no HTTP (RFC 9110 section 7.8): `websocket` does not,
/// `h2c`, `HTTP/3.0` and `TLS/1.3` do.
pub fn leaves_http(upgrade: &[u8]) -> bool {
    let carries_http = |token: &[u8]| {
        let begins = |with: &str| token.get(..with.len()).is_some_and(|b| b.eq_ignore_ascii_case(with.as_bytes()));
        token.is_empty() || begins("h2") || begins("h3") || begins("http") || begins("tls")
    };
    !upgrade.split(|&byte| byte == b',').any(|token| carries_http(token.trim_ascii()))
}

/// An unsigned decimal number of at most `most` digits.
pub fn digits(bytes: &[u8], most: usize) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > most {
        return None;
    }
    bytes.iter().try_fold(0, |number, &b| b.is_ascii_digit().then(|| number * 10 + u64::from(b - b'0')))
}

/// At most eight digits and a unit (gRPC over HTTP/2, "Timeout").
pub fn timeout(bytes: &[u8]) -> Option<Nanos> {
    let (unit, number) = bytes.split_last()?;
    let unit_nanos: Nanos = match unit {
        b'n' => 1,
        b'u' => 1_000,
        b'm' => 1_000_000,
        b'S' => 1_000_000_000,
        b'M' => 60_000_000_000,
        b'H' => 3_600_000_000_000,
        _ => return None,
    };
    Some(digits(number, 8)?.saturating_mul(unit_nanos))
}

/// `grpc-status`; what cannot be read is UNKNOWN.
pub fn grpc_status(value: &[u8]) -> u8 {
    let code = digits(value, 10).filter(|&code| code <= u64::from(grpc::UNAUTHENTICATED));
    code.map_or(grpc::UNKNOWN, |code| code as u8)
}

/// `grpc-message` in plain text, capped.
pub fn grpc_message(encoded: &[u8]) -> Box<str> {
    String::from_utf8_lossy(&percent_decode(encoded, MAX_MESSAGE_BYTES)).into()
}

/// As much of a `grpc-message` as can be shown: longer ones say the same, wherever they were cut.
pub fn shown(encoded: &[u8]) -> &[u8] {
    encoded[..encoded.len().min(MAX_ENCODED_BYTES)].trim_ascii_end()
}

/// Undoes percent-encoding (gRPC over HTTP/2, "Percent-Byte-Encoded"; RFC 3986 section 2.1), once, up to so many bytes; what is
/// not encoded well stays as it is.
pub fn percent_decode(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len().min(most));
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first().filter(|_| plain.len() < most) {
        let hex = |b: u8| (b as char).to_digit(16).map(|digit| digit as u8);
        match tail {
            [high, low, after @ ..] if byte == b'%' => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    plain.push(high << 4 | low);
                    rest = after;
                    continue;
                }
                plain.push(byte);
            }
            _ => plain.push(byte),
        }
        rest = tail;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        assert_eq!(timeout(b"1S"), Some(1_000_000_000));
        assert_eq!(timeout(b"99999999H"), Some(18_446_744_073_709_551_615));
        assert_eq!(timeout(b"250m"), Some(250_000_000));
        for bad in [&b""[..], b"S", b"1", b"1s", b"123456789n", b"-1S", b"1.5S"] {
            assert_eq!(timeout(bad), None);
        }
    }

    #[test]
    fn protocols_that_carry_http_are_told_from_others() {
        for other in [&b"websocket"[..], b"WebSocket", b"SPDY/3.1", b"websocket, x"] {
            assert!(leaves_http(other), "{other:?}");
        }
        for carries in [&b"h2c"[..], b"H2C", b"TLS/1.0", b"HTTP/2.0", b"h3", b"TLS/1.3, websocket", b"", b","] {
            assert!(!leaves_http(carries), "{carries:?}");
        }
    }

    #[test]
    fn what_is_shown_of_a_message_does_not_depend_on_where_it_was_cut() {
        let long = [&b"ab"[..], &[b' '; 1100], b"x"].concat();
        assert_eq!((shown(&long), shown(&long[..1000])), (&b"ab"[..], &b"ab"[..]));
        assert_eq!(percent_decode(shown(&b"%41".repeat(300)), MAX_MESSAGE_BYTES).len(), MAX_MESSAGE_BYTES);
    }

    #[test]
    fn messages_are_decoded_and_capped() {
        assert_eq!(percent_decode(b"a%20b%zz%e2%82%ac%%2541", 99), "a b%zz€%%41".as_bytes());
        assert_eq!(percent_decode(&[b'x'; 1024], MAX_MESSAGE_BYTES).len(), MAX_MESSAGE_BYTES);
    }
}
