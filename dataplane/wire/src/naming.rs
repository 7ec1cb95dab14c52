//! Whose word the model and the version of a call are: a body's, a header's, the path's.
//!
//! A catalogue says for each whether a header counts before the body or after it. Of the model requests tell, and answers
//! where no request does; of the version answers do first.

use crate::call::{Call, Name};

/// A word of a body.
const BODY: u8 = 2;
/// More than any word of the other side.
const MORE: u8 = 4;

/// What a header counts for: more than the body's word, or less.
const fn header(before_body: bool) -> u8 {
    if before_body { BODY + 1 } else { BODY - 1 }
}

/// How much the word counts for by which something is named; 0 = it is not, or the version is the path's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Named {
    model: u8,
    version: u8,
}

impl Named {
    /// As the path has it, which may name the model.
    #[inline]
    pub(crate) fn by_path(has_model: bool) -> Named {
        Named { model: if has_model { MORE } else { 0 }, version: 0 }
    }
}

impl Call {
    /// A request's body names the model. False: nobody has.
    #[inline]
    pub(crate) fn asked_model(&mut self, rename: impl FnOnce(&mut Name) -> bool) -> bool {
        let is_closed = self.named.model > MORE + BODY;
        is_closed || set(&mut self.named.model, MORE + BODY, rename(&mut self.model))
    }

    /// A request's body names the version: of many each speaks for itself, whatever was answered to one before.
    #[inline]
    pub(crate) fn asked_version(&mut self, rename: impl FnOnce(&mut Name) -> bool) {
        if self.named.version % MORE <= BODY {
            set(&mut self.named.version, BODY, rename(&mut self.version));
        }
    }

    /// An answer's body names the model, if nobody has. False: nobody has.
    #[inline]
    pub(crate) fn answered_model(&mut self, rename: impl FnOnce(&mut Name) -> bool) -> bool {
        let is_closed = self.named.model >= BODY;
        is_closed || set(&mut self.named.model, BODY, rename(&mut self.model))
    }

    /// An answer's body names the version.
    #[inline]
    pub(crate) fn answered_version(&mut self, rename: impl FnOnce(&mut Name) -> bool) {
        if self.named.version <= MORE + BODY {
            set(&mut self.named.version, MORE + BODY, rename(&mut self.version));
        }
    }

    /// A header names the model.
    pub(crate) fn header_model(&mut self, of_request: bool, before_body: bool, rename: impl FnOnce(&mut Name) -> bool) {
        let word = header(before_body) + if of_request { MORE } else { 0 };
        if self.named.model <= word {
            set(&mut self.named.model, word, rename(&mut self.model));
        }
    }

    /// A header names the version.
    pub(crate) fn header_version(
        &mut self,
        of_request: bool,
        before_body: bool,
        rename: impl FnOnce(&mut Name) -> bool,
    ) {
        let word = header(before_body) + if of_request { 0 } else { MORE };
        if self.named.version <= word {
            set(&mut self.named.version, word, rename(&mut self.version));
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
