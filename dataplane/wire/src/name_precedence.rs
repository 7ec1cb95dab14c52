//! Whose word the model and the version of a call are: a body's, a header's, the path's.
//!
//! A catalogue says for each whether a header counts before the body or after it. Of the model requests tell, and answers
//! where no request does; of the version answers do first.

/// A word of a body.
const BODY: u8 = 2;
/// More than any word of the other side.
const MORE: u8 = 4;

/// How much the word counts for by which something is named; 0 = it is not, or the version is the path's.
///
/// Each of its methods is given what writes the name down, and calls that only if the word counts; it tells whether
/// there was a name to write down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamePrecedence {
    model: u8,
    version: u8,
}

/// What a header counts for: more than the body's word, or less.
const fn header(before_body: bool) -> u8 {
    if before_body { BODY + 1 } else { BODY - 1 }
}

impl NamePrecedence {
    /// As the path has it, which may name the model.
    #[inline]
    pub(crate) fn by_path(has_model: bool) -> NamePrecedence {
        NamePrecedence { model: if has_model { MORE } else { 0 }, version: 0 }
    }

    /// A request's body names the model. False: nobody has.
    #[inline]
    pub(crate) fn asked_model(&mut self, rename: impl FnOnce() -> bool) -> bool {
        let is_closed = self.model > MORE + BODY;
        is_closed || set(&mut self.model, MORE + BODY, rename())
    }

    /// A request's body names the version: of many each speaks for itself, whatever was answered to one before.
    #[inline]
    pub(crate) fn asked_version(&mut self, rename: impl FnOnce() -> bool) {
        if self.version % MORE <= BODY {
            set(&mut self.version, BODY, rename());
        }
    }

    /// An answer's body names the model, if nobody has. False: nobody has.
    #[inline]
    pub(crate) fn answered_model(&mut self, rename: impl FnOnce() -> bool) -> bool {
        let is_closed = self.model >= BODY;
        is_closed || set(&mut self.model, BODY, rename())
    }

    /// An answer's body names the version.
    #[inline]
    pub(crate) fn answered_version(&mut self, rename: impl FnOnce() -> bool) {
        if self.version <= MORE + BODY {
            set(&mut self.version, MORE + BODY, rename());
        }
    }

    /// A header names the model.
    pub(crate) fn header_model(&mut self, of_request: bool, before_body: bool, rename: impl FnOnce() -> bool) {
        let word = header(before_body) + if of_request { MORE } else { 0 };
        if self.model <= word {
            set(&mut self.model, word, rename());
        }
    }

    /// A header names the version.
    pub(crate) fn header_version(&mut self, of_request: bool, before_body: bool, rename: impl FnOnce() -> bool) {
        let word = header(before_body) + if of_request { 0 } else { MORE };
        if self.version <= word {
            set(&mut self.version, word, rename());
        }
    }
}

#[inline]
fn set(word: &mut u8, to: u8, named: bool) -> bool {
    if named {
        *word = to;
    }
    named
}
