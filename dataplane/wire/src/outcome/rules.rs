//! What a user, or a catalogue, says that a code counts as, where that is not what the table says.

use super::{Code, Outcome, Verdict};

/// A word on a code.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Of this code.
    pub code: Code,
    /// Only where the server's own words hold this, in lower case; empty: whatever they are.
    pub message: Box<str>,
    /// It counts as this.
    pub outcome: Outcome,
}

impl Rule {
    fn fits(&self, code: Code, words: &str) -> bool {
        self.code == code && (self.message.is_empty() || words.to_ascii_lowercase().contains(&*self.message))
    }
}

/// Puts those with words before those without, and leaves the order as it is otherwise.
pub fn in_order(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by_key(|rule| rule.message.is_empty());
    rules
}

/// The verdict with the outcome of the first rule that fits, of the first list that has one. `also`: what the server said,
/// where the code is only what that is mapped to. `words` are the server's own.
#[cold]
pub fn overruled(verdict: Verdict, lists: [&[Rule]; 2], also: Option<Code>, words: &str) -> Verdict {
    let fits = |rule: &&Rule| rule.fits(verdict.code, words) || also.is_some_and(|code| rule.fits(code, words));
    let rule = lists.iter().find_map(|list| list.iter().find(fits));
    Verdict { outcome: rule.map_or(verdict.outcome, |rule| rule.outcome), ..verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(code: Code, message: &str, outcome: Outcome) -> Rule {
        Rule { code, message: message.into(), outcome }
    }

    #[test]
    fn the_user_comes_first_and_words_before_none() {
        let catalogue = in_order(vec![
            rule(Code::Http(503), "", Outcome::ClientError),
            rule(Code::Http(503), "queue", Outcome::Shed),
            rule(Code::Http(424), "", Outcome::ClientError),
        ]);
        let user = vec![rule(Code::Http(424), "", Outcome::Timeout)];
        let outcome =
            |status, words| overruled(Verdict::of_http(status, true, false), [&user, &catalogue], None, words).outcome;
        assert_eq!(outcome(503, "Exceeds maximum QUEUE size"), Outcome::Shed);
        assert_eq!(outcome(503, ""), Outcome::ClientError);
        assert_eq!(outcome(424, ""), Outcome::Timeout);
        assert_eq!(outcome(500, "queue"), Outcome::ServerError);
    }

    #[test]
    fn a_rule_may_name_what_the_server_said_in_http() {
        let rules = [rule(Code::Http(429), "", Outcome::ClientError)];
        let verdict = overruled(Verdict::of_http_for_grpc(429, false), [&rules, &[]], Some(Code::Http(429)), "");
        assert_eq!((verdict.code, verdict.outcome), (Code::Grpc(14), Outcome::ClientError));
    }
}
