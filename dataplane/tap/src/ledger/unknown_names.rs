//! Names that nobody has vouched for and whose requests fail or hang: what the server is to be asked about.

use super::asking_allowance::Allowance;
use super::question::{About, Question};
use crate::clock::nanos;
use crate::limits::{ASKING_PERIOD, UNKNOWN_NAME_LIFE, UNKNOWN_NAMES};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::Nanos;

/// How one of them was met.
#[derive(Debug)]
struct Met {
    method: Box<str>,
    upstream: usize,
    times: u64,
    last: Nanos,
}

/// All of them, at most [`UNKNOWN_NAMES`].
#[derive(Debug, Default)]
pub struct UnknownNames {
    names: FxHashMap<Box<str>, Met>,
    allowance: Allowance,
    /// When an upstream was asked for its list last.
    listed: FxHashMap<usize, Nanos>,
}

impl UnknownNames {
    /// A request of this model failed, or hangs. Where there is no room, what was met least often makes some: a client that
    /// depends on a model comes back, and one that tries names does not.
    pub fn meet(&mut self, model: &str, method: &str, upstream: usize, now: Nanos) {
        if let Some(met) = self.names.get_mut(model) {
            met.times += 1;
            met.last = now;
            return;
        }
        if self.names.len() >= UNKNOWN_NAMES {
            let rarest = self.names.iter().min_by_key(|(_, met)| (met.times, met.last));
            if let Some(rarest) = rarest.map(|(name, _)| name.clone()) {
                self.names.remove(&rarest);
            }
        }
        self.names.insert(model.into(), Met { method: method.into(), upstream, times: 1, last: now });
    }

    /// It is a label by now.
    pub fn forget(&mut self, model: &str) {
        self.names.remove(model);
    }

    /// Nobody is to be asked any more.
    pub fn forget_all(&mut self) {
        self.names.clear();
    }

    /// What to ask now. Lists come first: what they hold need not be asked about.
    pub fn questions(&mut self, now: Nanos) -> Vec<Question> {
        self.names.retain(|_, met| now.saturating_sub(met.last) < nanos(UNKNOWN_NAME_LIFE));
        if self.names.is_empty() {
            return Vec::new();
        }
        let mut questions = self.lists(now);
        // Those first that were never asked about, and of them those that were met most often.
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(name, met)| (self.allowance.has_asked(name), Reverse(met.times), met.last));
        for (name, met) in names {
            if self.allowance.take(name, now) {
                let about = About { model: name.clone(), method: met.method.clone(), upstream: met.upstream };
                questions.push(Question::Name(about));
            }
        }
        questions
    }

    /// Over HTTP a server may have a list. A gRPC server would take the question for a client that has lost its way.
    fn lists(&mut self, now: Nanos) -> Vec<Question> {
        let mut wanted = BTreeMap::<usize, (Box<str>, Vec<Box<str>>)>::new();
        for (name, met) in self.names.iter().filter(|(_, met)| met.method.starts_with('/')) {
            let is_due = |last: &Nanos| now.saturating_sub(*last) >= nanos(ASKING_PERIOD);
            if self.listed.get(&met.upstream).is_none_or(is_due) {
                let (_, models) = wanted.entry(met.upstream).or_insert_with(|| (met.method.clone(), Vec::new()));
                models.push(name.clone());
            }
        }
        self.listed.extend(wanted.keys().map(|upstream| (*upstream, now)));
        wanted.into_iter().map(|(upstream, (method, models))| Question::List { upstream, method, models }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;
    const CHAT: &str = "/v1/chat/completions";
    const INFER: &str = "a.B/Infer";

    fn asked(questions: &[Question]) -> Vec<&str> {
        questions
            .iter()
            .filter_map(|one| if let Question::Name(about) = one { Some(&*about.model) } else { None })
            .collect()
    }

    fn listed(questions: &[Question]) -> Vec<(usize, usize)> {
        let lists = questions.iter().filter_map(|one| match one {
            Question::List { upstream, models, .. } => Some((*upstream, models.len())),
            _ => None,
        });
        lists.collect()
    }

    #[test]
    fn a_scan_fills_no_more_than_its_room_and_whoever_comes_back_is_asked_about_first() {
        let mut unknown = UnknownNames::default();
        for number in 0..10_000 {
            unknown.meet(&format!("scan-{number}"), INFER, 0, SECOND);
            unknown.meet("broken", INFER, 0, SECOND);
        }
        assert_eq!(unknown.names.len(), UNKNOWN_NAMES);
        let questions = unknown.questions(2 * SECOND);
        assert_eq!((asked(&questions).len(), asked(&questions)[0]), (10, "broken"));
        assert_eq!(asked(&unknown.questions(3 * SECOND)).len(), 0);
    }

    #[test]
    fn a_list_is_asked_for_once_a_minute_and_upstream_where_calls_came_over_http() {
        let mut unknown = UnknownNames::default();
        for (model, method, upstream) in [("a", CHAT, 0), ("b", CHAT, 0), ("c", CHAT, 1), ("d", INFER, 2)] {
            unknown.meet(model, method, upstream, SECOND);
        }
        assert_eq!(listed(&unknown.questions(2 * SECOND)), [(0, 2), (1, 1)]);
        unknown.meet("e", CHAT, 0, 3 * SECOND);
        assert_eq!(listed(&unknown.questions(61 * SECOND)), []);
        assert_eq!(listed(&unknown.questions(62 * SECOND)), [(0, 3), (1, 1)]);
    }

    #[test]
    fn what_has_not_failed_for_two_minutes_or_has_a_name_is_asked_about_no_more() {
        let mut unknown = UnknownNames::default();
        unknown.meet("gone", CHAT, 0, SECOND);
        unknown.meet("named", CHAT, 0, 100 * SECOND);
        unknown.forget("named");
        assert_eq!(unknown.questions(121 * SECOND), []);
        unknown.meet("back", CHAT, 0, 130 * SECOND);
        assert_eq!(asked(&unknown.questions(130 * SECOND)), ["back"]);
    }
}
