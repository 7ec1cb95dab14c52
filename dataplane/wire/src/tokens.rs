//! Tokens of a request: what messages tell of them, and what that comes to.

/// Tokens of one request, as far as the wire tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Ids that were counted, message by message.
    pub ids: u32,
    /// The largest total that was stated, or the sum of what was stated of parts.
    pub usage: Option<u32>,
    /// Of a prompt's total that was stated: how many of them the server had in its cache.
    pub cached: u32,
}

/// A number of tokens, as the wire tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many in this message, counted.
    More(u64),
    /// So many altogether, stated.
    Total(u64),
    /// So many in a part of the answer, stated: the parts add up.
    Part(u64),
    /// So many of a prompt altogether, of which so many were in the server's cache, both stated.
    Prompt {
        /// All of them.
        total: u32,
        /// Those in the cache.
        cached: u32,
    },
}

impl Tokens {
    /// As far as the wire tells: stated, else counted; None where it tells of none.
    pub fn known(&self) -> Option<u32> {
        self.usage.or((self.ids > 0).then_some(self.ids))
    }

    /// Of a prompt: those that had to be computed, because they were in no cache.
    pub fn computed(&self) -> Option<u32> {
        self.known().map(|tokens| tokens.saturating_sub(self.cached))
    }

    /// Adds what a message tells. Counted ones add up over messages, stated ones are totals, and those stated of parts of
    /// an answer add up where none were counted: what was counted would be told twice.
    #[inline]
    pub(crate) fn add(&mut self, count: Option<Count>) {
        match count {
            Some(Count::More(more)) => self.ids = self.ids.saturating_add(capped(more)),
            Some(Count::Total(total)) => self.usage = self.usage.max(Some(capped(total))),
            Some(Count::Part(part)) if self.ids == 0 => {
                self.usage = Some(self.usage.unwrap_or(0).saturating_add(capped(part)));
            }
            Some(Count::Part(_)) => {}
            Some(Count::Prompt { total, cached }) => {
                self.usage = self.usage.max(Some(total));
                self.cached = self.cached.max(cached);
            }
            None => {}
        }
    }
}

/// No model has a context of four thousand million tokens.
pub(crate) fn capped(tokens: u64) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_tokens_add_up_and_stated_ones_do_not() {
        let mut tokens = Tokens::default();
        for (count, ids, usage) in [
            (Count::More(2), 2, None),
            (Count::More(3), 5, None),
            (Count::Total(9), 5, Some(9)),
            (Count::Total(8), 5, Some(9)),
        ] {
            tokens.add(Some(count));
            assert_eq!(tokens, Tokens { ids, usage, cached: 0 });
        }
    }

    #[test]
    fn parts_add_up_where_nothing_was_counted() {
        let told = |counts: &[Count]| {
            let mut tokens = Tokens::default();
            counts.iter().for_each(|count| tokens.add(Some(*count)));
            (tokens.ids, tokens.usage)
        };
        assert_eq!(told(&[Count::Part(6), Count::Part(2), Count::Part(0)]), (0, Some(8)));
        assert_eq!(told(&[Count::More(4), Count::Part(3), Count::More(1), Count::Part(1)]), (5, None));
        assert_eq!(told(&[Count::Part(u64::MAX), Count::Part(1)]), (0, Some(u32::MAX)));
    }

    #[test]
    fn tokens_of_a_cache_are_part_of_a_total_and_need_no_computing() {
        let mut tokens = Tokens::default();
        assert_eq!((tokens.known(), tokens.computed()), (None, None));
        tokens.add(Some(Count::More(7)));
        assert_eq!((tokens.known(), tokens.computed()), (Some(7), Some(7)));
        tokens.add(Some(Count::Prompt { total: 100, cached: 64 }));
        assert_eq!((tokens.known(), tokens.computed()), (Some(100), Some(36)));
        tokens.add(Some(Count::Prompt { total: 90, cached: 200 }));
        assert_eq!((tokens.known(), tokens.computed()), (Some(100), Some(0)), "a server that says nonsense");
    }
}
