//! Where a JSON value ends that lies whole in the bytes at hand: many bytes at a time, and no further than a [`super::Scan`]
//! would take it for one value.

/// Length of a string, up to its quotation mark.
#[inline]
pub(super) fn text_length(bytes: &[u8]) -> Option<usize> {
    let mut at = plain_length(bytes)?;
    while bytes[at] == b'\\' {
        at += 2;
        bytes.get(at - 1).filter(|byte| !byte.is_ascii_control())?;
        at += plain_length(bytes.get(at..)?)?;
    }
    (bytes[at] == b'"').then_some(at)
}

/// Length of what precedes the first quotation mark, backslash or control character. Most of what models say at once has
/// fewer than eight bytes, and is not worth a call of memchr.
#[inline(never)] // what it compares with stays in registers
pub(super) fn plain_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    if let Some(eight) = bytes.first_chunk() {
        match odd_byte(eight) {
            Some(odd) => return Some(odd),
            None => at = 8,
        }
    }
    for sixteen in bytes[at..].chunks_exact(16) {
        // Without a way out in the middle compilers see that all can be compared at once. A space is looked at closer.
        if sixteen.iter().fold(false, |any, &byte| any | (byte <= b'"') | (byte == b'\\')) {
            break;
        }
        at += 16;
    }
    while let Some(eight) = bytes[at..].first_chunk() {
        match odd_byte(eight) {
            Some(odd) => return Some(at + odd),
            None => at += 8,
        }
    }
    bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' ')).map(|odd| at + odd)
}

/// The first quotation mark, backslash or control character of eight bytes.
#[inline]
fn odd_byte(eight: &[u8; 8]) -> Option<usize> {
    const EACH: u64 = u64::MAX / 255;
    let eight = u64::from_le_bytes(*eight);
    // The high bit of the lowest byte that is zero, or less, is set; whatever comes after that one is not looked at.
    let quote = (eight ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
    let backslash = (eight ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
    let control = eight.wrapping_sub(EACH * u64::from(b' '));
    let odd = (quote | backslash | control) & !eight & (EACH * 0x80);
    (odd != 0).then_some(odd.trailing_zeros() as usize / 8)
}

/// Length of a number, up to the first byte that is none of its.
#[inline]
pub(super) fn number_length(bytes: &[u8]) -> Option<usize> {
    const EACH: u64 = u64::MAX / 255;
    // Eight digits at a time: only those have this high half, and none of another byte's carries into it.
    let all_digits = |eight: &[u8; 8]| {
        let digits = u64::from_le_bytes(*eight) ^ (EACH * 0x30);
        (digits | digits.wrapping_add(EACH * 6)) & (EACH * 0xf0) == 0
    };
    let mut at = usize::from(bytes.first()? == &b'-');
    while bytes.get(at..)?.first_chunk().is_some_and(all_digits) {
        at += 8;
    }
    let is_in = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    at += bytes[at..].iter().position(|byte| !is_in(byte))?;
    (at > 0 && (bytes[0].is_ascii_digit() || bytes[0] == b'-')).then_some(at)
}

/// Length of what a container holds, up to its closing bracket. Any bracket closes any, as for [`super::Scan::skip`].
pub(super) fn inside_length(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut open) = (0, 0);
    loop {
        match bytes.get(at)? {
            b'"' => at += 1 + text_length(&bytes[at + 1..])?,
            b'{' | b'[' => open += 1,
            b'}' | b']' if open == 0 => return Some(at),
            b'}' | b']' => open -= 1,
            byte if byte.is_ascii_control() => return None,
            _ => {}
        }
        at += 1;
    }
}

/// A number that is whole, not negative and not too large.
pub(super) fn whole_number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// A number without a digit but 0 before its exponent.
pub(super) fn is_zero(number: &[u8]) -> bool {
    let mantissa = number.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    !mantissa.iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

/// The first character of a string is not half of one, nor escaped by what is no hexadecimal number.
pub(super) fn begins_plainly(text: &[u8]) -> bool {
    let [b'\\', b'u', digits @ ..] = text else { return true };
    let Some([first, rest @ ..]) = digits.first_chunk::<4>() else { return false };
    let all_hexadecimal = first.is_ascii_hexdigit() && rest.iter().all(u8::is_ascii_hexdigit);
    all_hexadecimal && !matches!(first, b'd' | b'D')
}
