//! When the output of a request came, and how long its client waited for more of it.
//!
//! A client that does not read holds up its answer: what cannot be sent on is held, and meanwhile nothing more is read of
//! the server. How much of a wait that was, whoever listens knows ([`crate::Sink::held_up`]): a wait is known with it and
//! without it.

use crate::Nanos;

/// When the output of one request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Last byte of the newest; 0 = none has come.
    pub newest: Nanos,
    /// How long its client waited for more.
    pub(crate) gaps: Gaps,
}

/// The longest wait for more output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    /// A wait for more of this length would be the longest: one more than the longest so far, without what its client held
    /// up; 0 = there was none.
    pub(crate) longer: Nanos,
    /// The longest, with what its client held up.
    longest: Nanos,
}

/// How long something took: in all, and without what the client held up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Without what the client held up.
    pub net: Nanos,
    /// In all.
    pub gross: Nanos,
}

impl Wait {
    /// So long in all, and so much of it held up.
    pub fn new(gross: Nanos, held_up: Nanos) -> Wait {
        Wait { net: gross.saturating_sub(held_up), gross }
    }
}

impl Output {
    /// Output of which the newest came then, after waits of which the longest was that.
    pub fn new(newest: Nanos, longest: Wait) -> Output {
        let mut output = Output { newest, ..Output::default() };
        output.gaps.end(longest);
        output
    }

    /// The longest wait for more that is over.
    pub fn longest_gap(&self) -> Wait {
        let net = self.gaps.longer.saturating_sub(1);
        Wait { net, gross: net.max(self.gaps.longest) }
    }
}

impl Gaps {
    /// A wait for more is over.
    pub(crate) fn end(&mut self, gap: Wait) {
        self.longer = self.longer.max(gap.net.saturating_add(1));
        self.longest = self.longest.max(gap.gross);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_is_known_with_what_was_held_up_and_without() {
        let mut output = Output::default();
        assert_eq!(output.longest_gap(), Wait::default());
        output.gaps.end(Wait::new(0, 0));
        assert_eq!((output.longest_gap(), output.gaps.longer), (Wait::default(), 1), "there was one");
        output.gaps.end(Wait::new(15, 10));
        output.gaps.end(Wait::new(7, 0));
        assert_eq!(output.longest_gap(), Wait { net: 7, gross: 15 });
    }
}
