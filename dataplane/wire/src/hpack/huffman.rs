//! The Huffman code of RFC 7541 appendix B, four bits at a time.
//!
//! The code is canonical: codes of one length are consecutive in symbol order, and a longer code starts where the
//! shorter ones stopped. So the lengths alone give all 257 codes, the code tree, and from it a machine whose
//! states are the tree's 256 inner nodes. The shortest code has five bits, so half a byte ends at most one symbol.

use super::Error;

/// Code length in bits of each symbol; 256 is EOS (RFC 7541 appendix B).
#[rustfmt::skip]
const BITS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const EOS: usize = 256;
const LONGEST: u8 = 30;
/// Marks a child that is a symbol, not an inner node.
const LEAF: u16 = 0x8000;

/// Where half a byte leads.
#[derive(Clone, Copy)]
struct Step {
    next: u8,
    symbol: u8,
    act: Act,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    None,
    Emit,
    Fail,
}

const TREE: [[u16; 2]; 256] = tree();
static STEPS: [[Step; 16]; 256] = steps();
/// States in which a string may end: at a symbol's end, or after one to seven bits of EOS (all ones).
static MAY_END: [bool; 256] = may_end();

/// The code of each symbol, right-aligned.
pub(crate) const fn codes() -> [u32; 257] {
    let mut codes = [0; 257];
    let mut code = 0;
    let mut bits = 1;
    while bits <= LONGEST {
        let mut symbol = 0;
        while symbol <= EOS {
            if BITS[symbol] == bits {
                codes[symbol] = code;
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        bits += 1;
    }
    codes
}

const fn tree() -> [[u16; 2]; 256] {
    let codes = codes();
    let mut tree = [[0; 2]; 256];
    let mut nodes = 1;
    let mut symbol = 0;
    while symbol <= EOS {
        let mut at = 0;
        let mut left = BITS[symbol];
        while left > 1 {
            left -= 1;
            let bit = (codes[symbol] >> left & 1) as usize;
            if tree[at][bit] == 0 {
                tree[at][bit] = nodes;
                nodes += 1;
            }
            at = tree[at][bit] as usize;
        }
        tree[at][(codes[symbol] & 1) as usize] = LEAF | symbol as u16;
        symbol += 1;
    }
    tree
}

const fn steps() -> [[Step; 16]; 256] {
    let mut steps = [[Step { next: 0, symbol: 0, act: Act::None }; 16]; 256];
    let mut state = 0;
    while state < 256 {
        let mut nibble = 0;
        while nibble < 16 {
            steps[state][nibble] = step(state, nibble);
            nibble += 1;
        }
        state += 1;
    }
    steps
}

const fn step(state: usize, nibble: usize) -> Step {
    let mut step = Step { next: 0, symbol: 0, act: Act::None };
    let mut at = state as u16;
    let mut left = 4;
    while left > 0 {
        left -= 1;
        at = TREE[at as usize][nibble >> left & 1];
        if at == LEAF | EOS as u16 {
            step.act = Act::Fail;
            return step;
        }
        if at & LEAF != 0 {
            step.symbol = (at & 0xff) as u8;
            step.act = Act::Emit;
            at = 0;
        }
    }
    step.next = at as u8;
    step
}

const fn may_end() -> [bool; 256] {
    let mut may_end = [false; 256];
    let mut at = 0u16;
    let mut bits = 0;
    while bits <= 7 {
        may_end[at as usize] = true;
        at = TREE[at as usize][1];
        bits += 1;
    }
    may_end
}

/// A string being decoded; the default is its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Huffman {
    state: u8,
}

impl Huffman {
    /// Decodes a chunk, handing out symbols.
    #[inline]
    pub fn feed(&mut self, bytes: &[u8], mut emit: impl FnMut(u8)) -> Result<(), Error> {
        let mut state = self.state;
        for &byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                let step = STEPS[state as usize][nibble as usize];
                match step.act {
                    Act::None => {}
                    Act::Emit => emit(step.symbol),
                    Act::Fail => return Err(Error::Huffman),
                }
                state = step.next;
            }
        }
        self.state = state;
        Ok(())
    }

    /// The string is over: what is left must be padding.
    pub fn end(self) -> Result<(), Error> {
        MAY_END[self.state as usize].then_some(()).ok_or(Error::Huffman)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let mut huffman = Huffman::default();
        huffman.feed(bytes, |b| out.push(b))?;
        huffman.end().map(|()| out)
    }

    /// `code` of `bits` bits, repeated 8 times: a whole number of bytes without padding.
    fn eight_times(code: u32, bits: u8) -> Vec<u8> {
        let mut out = vec![0; bits as usize];
        for copy in 0..8 {
            for bit in 0..bits as usize {
                let at = copy * bits as usize + bit;
                if code >> (bits as usize - 1 - bit) & 1 == 1 {
                    out[at / 8] |= 0x80 >> (at % 8);
                }
            }
        }
        out
    }

    #[test]
    fn every_symbol() {
        let codes = codes();
        for symbol in 0..=255u8 {
            let bits = BITS[symbol as usize];
            let bytes = eight_times(codes[symbol as usize], bits);
            assert_eq!(decode(&bytes), Ok(vec![symbol; 8]), "symbol {symbol}");
        }
        assert_eq!(decode(&eight_times(codes[EOS], BITS[EOS])), Err(Error::Huffman));
    }

    #[test]
    fn codes_of_appendix_b() {
        let codes = codes();
        let spot = [
            (0, 0x1ff8),
            (1, 0x7fffd8),
            (10, 0x3ffffffc),
            (32, 0x14),
            (48, 0x0),
            (58, 0x5c),
            (97, 0x3),
            (122, 0x7b),
            (127, 0xffffffc),
            (128, 0xfffe6),
            (249, 0xffffffe),
            (255, 0x3ffffee),
            (256, 0x3fffffff),
        ];
        for (symbol, code) in spot {
            assert_eq!(codes[symbol], code, "symbol {symbol}");
        }
    }

    #[test]
    fn padding() {
        assert_eq!(decode(&[0b0001_1111]), Ok(b"a".to_vec()));
        assert_eq!(decode(&[0b0001_1110]), Err(Error::Huffman), "not ones");
        assert_eq!(decode(&[0b0001_1111, 0xff]), Err(Error::Huffman), "more than 7 bits");
        assert_eq!(decode(&[0xff]), Err(Error::Huffman), "8 bits");
        assert_eq!(decode(&[]), Ok(Vec::new()));
    }
}
