//! Integers with a prefix (RFC 7541 section 5.1), one byte at a time.

use super::Error;

/// Continuation bytes carry 7 bits each; five hold any 32-bit value.
const MAX_SHIFT: u8 = 28;

/// An integer whose first byte has been seen and whose last has not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Int {
    value: u64,
    shift: u8,
}

/// What the first byte says.
#[derive(Clone, Copy, Debug)]
pub enum First {
    /// The value was in the prefix.
    Whole(u32),
    /// More bytes follow.
    More(Int),
}

impl Int {
    /// Reads the first byte, of which the low `prefix_bits` belong to the integer.
    #[inline]
    pub fn first(byte: u8, prefix_bits: u8) -> First {
        let mask = (1u8 << prefix_bits) - 1;
        let value = byte & mask;
        if value < mask {
            return First::Whole(u32::from(value));
        }
        First::More(Int { value: u64::from(value), shift: 0 })
    }

    /// Reads a continuation byte; the value once it is complete.
    pub fn push(&mut self, byte: u8) -> Result<Option<u32>, Error> {
        if self.shift > MAX_SHIFT {
            return Err(Error::Integer);
        }
        self.value += u64::from(byte & 0x7f) << self.shift;
        self.shift += 7;
        if byte & 0x80 != 0 {
            return Ok(None);
        }
        u32::try_from(self.value).map(Some).map_err(|_| Error::Integer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], prefix_bits: u8) -> Result<Option<u32>, Error> {
        let mut int = match Int::first(bytes[0], prefix_bits) {
            First::Whole(value) => return Ok(Some(value)),
            First::More(int) => int,
        };
        for &byte in &bytes[1..] {
            if let Some(value) = int.push(byte)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    #[test]
    fn rfc_7541_c1_examples() {
        assert_eq!(read(&[0b1010_1010], 5), Ok(Some(10)));
        assert_eq!(read(&[0b0001_1111, 0b1001_1010, 0b0000_1010], 5), Ok(Some(1337)));
        assert_eq!(read(&[0b0010_1010], 8 - 1), Ok(Some(42)));
    }

    #[test]
    fn limits() {
        assert_eq!(read(&[0x7f, 0x80, 0xff, 0xff, 0xff, 0x0f], 7), Ok(Some(u32::MAX)));
        assert_eq!(read(&[0x7f, 0x81, 0xff, 0xff, 0xff, 0x0f], 7), Err(Error::Integer));
        assert_eq!(read(&[0x7f, 0x80, 0x80, 0x80, 0x80, 0x80], 7), Ok(None));
        assert_eq!(read(&[0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0], 7), Err(Error::Integer));
        assert_eq!(read(&[0x7f, 0x80], 7), Ok(None));
    }
}
