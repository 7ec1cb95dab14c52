//! What the model server is asked: on a thread of its own, because it may take its time to answer.

use super::Ledger;
use std::sync::mpsc::SyncSender;

/// One model as it was called.
#[derive(Debug, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub model: Box<str>,
    /// How it was called, as [`wire::Call::method`].
    pub method: Box<str>,
    /// Which upstream it was asked of, by listener.
    pub upstream: usize,
}

/// What a server is to be asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Question {
    /// How large a batch a model takes.
    Batches(About),
    /// Whether there is such a model: it is no label, and its requests fail or hang.
    Name(About),
    /// Which of these there are: its list of models.
    List {
        /// By listener.
        upstream: usize,
        /// How one of them was called.
        method: Box<str>,
        /// Names that are no labels.
        models: Vec<Box<str>>,
    },
}

impl Ledger {
    /// Questions go there.
    pub fn send_questions_to(&mut self, questions: SyncSender<Question>) {
        self.questions = Some(questions);
    }

    /// Has the server asked. False: there is no room for the question now.
    pub(super) fn ask(&self, question: Question) -> bool {
        self.questions.as_ref().is_some_and(|questions| questions.try_send(question).is_ok())
    }
}
