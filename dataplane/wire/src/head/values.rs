//! Values of header fields, read as what they mean.

use crate::Nanos;

/// Bytes of a `grpc-message` shown.
pub const MAX_MESSAGE_BYTES: usize = 256;

/// How many bytes of a body are JSON.
pub fn json_length(value: &[u8]) -> Option<u32> {
    digits(value, 10).and_then(|length| u32::try_from(length).ok())
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

/// Undoes percent-encoding (gRPC over HTTP/2, "Percent-Byte-Encoded"); what is not encoded well stays as it is.
pub fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len().min(MAX_MESSAGE_BYTES));
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first().filter(|_| plain.len() < MAX_MESSAGE_BYTES) {
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
    fn messages_are_decoded_and_capped() {
        assert_eq!(percent_decode(b"a%20b%zz%e2%82%ac%"), "a b%zz€%".as_bytes());
        assert_eq!(percent_decode(&[b'x'; 1024]).len(), MAX_MESSAGE_BYTES);
    }
}
