//! What an event is, and why one is left out.

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// It is as promised.
    Good,
    /// It is not.
    Bad,
    /// It tells nothing of the promise.
    Excluded(Reason),
}

impl Event {
    /// What a request is that is this by one condition and that by the next, and has to meet both.
    pub fn and(self, next: Event) -> Event {
        match (self, next) {
            (Event::Bad, _) | (_, Event::Bad) => Event::Bad,
            (Event::Excluded(reason), _) | (Event::Good, Event::Excluded(reason)) => Event::Excluded(reason),
            (Event::Good, Event::Good) => Event::Good,
        }
    }
}

/// Why an event tells nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The client was wrong.
    ClientError,
    /// The client left.
    Cancelled,
    /// Wayside could not read how it ended.
    Unread,
    /// The client allowed less time than the threshold.
    Deadline,
    /// When the answer was complete is not known.
    Untimed,
    /// An answer in one piece has no first token, nor a next.
    OnePiece,
    /// The client did not read.
    ClientSlow,
    /// How many tokens there were is not known.
    NoTokens,
    /// How long the prompt was is not known.
    NoLength,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Reason; 9] = [
        Reason::ClientError,
        Reason::Cancelled,
        Reason::Unread,
        Reason::Deadline,
        Reason::Untimed,
        Reason::OnePiece,
        Reason::ClientSlow,
        Reason::NoTokens,
        Reason::NoLength,
    ];

    /// As on /metrics.
    pub fn word(self) -> &'static str {
        match self {
            Reason::ClientError => "client_error",
            Reason::Cancelled => "cancelled",
            Reason::Unread => "unread",
            Reason::Deadline => "deadline",
            Reason::Untimed => "untimed",
            Reason::OnePiece => "one_piece",
            Reason::ClientSlow => "client_slow",
            Reason::NoTokens => "no_tokens",
            Reason::NoLength => "no_length",
        }
    }

    /// For people.
    pub fn meaning(self) -> &'static str {
        match self {
            Reason::ClientError => "the request was the client's mistake, and says nothing of the server",
            Reason::Cancelled => "the client left before any threshold was crossed",
            Reason::Unread => "Wayside could not read how it ended",
            Reason::Deadline => "the client allowed less time than the threshold, so it cannot be judged by it",
            Reason::Untimed => "it was answered well, and when the answer was complete cannot be told",
            Reason::OnePiece => "an answer in one piece has no first token, and no gaps between tokens",
            Reason::ClientSlow => "the threshold was crossed only because the client did not read what it was sent",
            Reason::NoTokens => "how many tokens it was is not told, and by the messages alone it may be good or bad",
            Reason::NoLength => {
                "how long the prompt was is not told, and by the first token alone it may be good or bad"
            }
        }
    }
}
