//! Choices taken from the fuzzer's bytes. There is always one more: zeros follow the end.

/// Most cuts a plan has; it begins anew after them.
const MAX_CUTS: u8 = 8;
/// Longest piece that one byte can count.
pub const MAX_PIECE_BYTES: usize = 255;

/// What is left of the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// One byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// So many bytes, or those that are left.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A length and so many bytes.
    pub fn piece(&mut self) -> &'a [u8] {
        let length = self.byte();
        self.take(usize::from(length))
    }

    /// A plan of cuts.
    pub fn cuts(&mut self) -> Cuts<'a> {
        let count = self.byte() % (MAX_CUTS + 1);
        Cuts { lengths: self.take(usize::from(count)), at: 0 }
    }
}

/// Where to cut: lengths that are used over and over; without any, after every byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cuts<'a> {
    lengths: &'a [u8],
    at: usize,
}

impl<'a> Cuts<'a> {
    /// Cuts bytes into pieces, none of them empty.
    pub fn apply<'b>(&mut self, bytes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let mut rest = bytes;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let length = match self.lengths {
                [] => 1,
                lengths => usize::from(lengths[self.at % lengths.len()]).max(1),
            };
            self.at += 1;
            let piece;
            (piece, rest) = rest.split_at(length.min(rest.len()));
            Some(piece)
        })
    }
}
