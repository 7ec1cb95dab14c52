//! Paths to methods: each is looked up once per connection.

use super::values::percent_decode;
use crate::catalogue::Verbs;
use crate::names::{Cache, MAX_NAME_BYTES, Name};
use crate::plans::{MethodPlan, Plans};
use std::rc::Rc;

/// A method as one connection knows it: its name, and how to read it if it is in the catalogue.
#[derive(Clone, Debug)]
pub struct KnownMethod {
    /// Path without the leading slash, or the template of a route.
    pub name: Name,
    /// From the catalogue.
    pub plan: Option<Rc<MethodPlan>>,
    /// Model in the path.
    pub model: Option<Name>,
    /// Version in the path.
    pub version: Option<Name>,
    /// It is this one if it was asked with one of these.
    verbs: Verbs,
    /// What the path is with other verbs, in order.
    otherwise: Option<Rc<KnownMethod>>,
}

/// Paths seen on one connection.
#[derive(Debug)]
pub struct Methods {
    pub(super) plans: Rc<Plans>,
    seen: Cache<KnownMethod>,
}

impl Methods {
    /// No path seen yet.
    pub fn new(plans: Rc<Plans>) -> Methods {
        Methods { plans, seen: Cache::default() }
    }

    /// The method of a path, if that is one, before it is known with which verb it was asked; its query does not count.
    pub fn find(&mut self, path: &[u8]) -> Option<KnownMethod> {
        if path.first() != Some(&b'/') {
            return None;
        }
        let end = path.iter().position(|&byte| byte == b'?').unwrap_or(path.len());
        let (path, plans) = (&path[..end], &self.plans);
        if path.len() > MAX_NAME_BYTES + 1 {
            return route(plans, path); // too long to be kept
        }
        let make = |path: &str| match plans.methods.get(path) {
            Some(plan) => KnownMethod {
                plan: Some(plan.clone()),
                verbs: Verbs::POST, // a browser asks with OPTIONS first whether it may call a method of gRPC-Web
                ..KnownMethod::named(path.strip_prefix('/').unwrap_or(path).into())
            },
            None => route(plans, path.as_bytes()).unwrap_or_else(|| KnownMethod::named(path.into())),
        };
        self.seen.entry(path, make).map(|(_, method)| method.clone())
    }
}

impl KnownMethod {
    /// Of a name, and of nothing else.
    fn named(text: Rc<str>) -> KnownMethod {
        let name = Name { text };
        KnownMethod { name, plan: None, model: None, version: None, verbs: Verbs::ANY, otherwise: None }
    }

    /// What the path is with this verb: a method that is not in the catalogue, if that says nothing of it.
    #[inline]
    pub fn asked_with(self, verb: Verbs) -> KnownMethod {
        if self.verbs.meet(verb) { self } else { self.otherwise(verb) }
    }

    #[cold]
    fn otherwise(self, verb: Verbs) -> KnownMethod {
        let mut rest = &self.otherwise;
        while let Some(next) = rest {
            if next.verbs.meet(verb) {
                return KnownMethod::clone(next);
            }
            rest = &next.otherwise;
        }
        // A name of its own: calls are told apart by where their names are kept.
        KnownMethod::named(Rc::from(&*self.name.text))
    }
}

/// A name in a path, where what is no letter may be encoded. Segments were split before, so a slash is part of a name.
fn name(captured: &[u8]) -> Option<Name> {
    match captured.contains(&b'%') {
        true => Name::once(&percent_decode(captured, MAX_NAME_BYTES + 1)),
        false => Name::once(captured),
    }
}

/// The routes of a path without query: the first, and for verbs that it is not for, those after it.
fn route(plans: &Plans, path: &[u8]) -> Option<KnownMethod> {
    let mut open = Verbs::ANY;
    let mut fitting = Vec::new();
    for (at, captures) in plans.templates.find(path) {
        let Some(route) = plans.routes.get(at).filter(|route| route.verbs.meet(open)) else { continue };
        fitting.push((route, captures));
        open = Verbs(open.0 & !route.verbs.0);
        if open == Verbs(0) {
            break;
        }
    }
    fitting.into_iter().rev().fold(None, |otherwise, (route, captures)| {
        Some(KnownMethod {
            plan: Some(route.plan.clone()),
            model: captures.model.and_then(name),
            version: captures.version.and_then(name),
            verbs: route.verbs,
            otherwise: otherwise.map(Rc::new),
            ..KnownMethod::named(route.name.clone())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, Kind, Method, Route};
    use crate::plans;
    use std::sync::Arc;

    fn methods(routes: &[(&str, &[u8], Kind)]) -> Methods {
        let route = |&(template, verb, kind): &(&str, &[u8], Kind)| Route {
            template: template.into(),
            verbs: if verb.is_empty() { Verbs::ANY } else { Verbs::named(verb) },
            kind,
            ..Route::default()
        };
        let routes = routes.iter().map(route).collect();
        let mut catalogue = Catalogue { routes, ..Catalogue::default() };
        catalogue.methods.insert("/a.B/C".into(), Method::default());
        Methods::new(plans::of(&Arc::new(catalogue)))
    }

    fn asked(methods: &mut Methods, verb: &str, path: &str) -> (String, Option<Kind>, Option<String>) {
        let method = methods.find(path.as_bytes()).unwrap().asked_with(Verbs::named(verb.as_bytes()));
        let model = method.model.map(|model| model.text.to_string());
        (method.name.text.to_string(), method.plan.map(|plan| plan.kind), model)
    }

    #[test]
    fn a_verb_that_no_route_is_for_makes_a_path_unknown() {
        let mut methods = methods(&[("/run/{model}", b"POST", Kind::Inference)]);
        let run = |kind, model: Option<&str>| ("/run/{model}".to_string(), kind, model.map(str::to_string));
        assert_eq!(asked(&mut methods, "POST", "/run/m?x"), run(Some(Kind::Inference), Some("m")));
        for verb in ["OPTIONS", "HEAD", "GET", "PUT", "post", "BREW", ""] {
            assert_eq!(asked(&mut methods, verb, "/run/m"), run(None, None), "{verb}");
            assert_eq!(asked(&mut methods, verb, "/a.B/C"), ("a.B/C".to_string(), None, None), "{verb}");
        }
        assert_eq!(asked(&mut methods, "POST", "/a.B/C").1, Some(Kind::Inference));
        let (known, other) = (methods.find(b"/run/m").unwrap(), methods.find(b"/run/m").unwrap());
        let other = other.asked_with(Verbs::named(b"GET"));
        assert!(!Rc::ptr_eq(&known.name.text, &other.name.text), "the ledger tells calls apart by it");
    }

    #[test]
    fn names_in_paths_are_decoded_once_and_split_before() {
        let mut methods = methods(&[("/m/{model}/infer", b"", Kind::Inference)]);
        let mut model = |path: &str| asked(&mut methods, "POST", path).2;
        assert_eq!(model("/m/org%2Fbert/infer").as_deref(), Some("org/bert"));
        assert_eq!(model("/m/a%20b%3Ac/infer?x=%41").as_deref(), Some("a b:c"));
        assert_eq!(model("/m/a%252F/infer").as_deref(), Some("a%2F"), "once");
        assert_eq!(model("/m/100%/infer").as_deref(), Some("100%"), "what is not encoded well");
        assert_eq!(model("/m/%1b[2J/infer"), None, "an escape");
        assert_eq!(model("/m/%ff/infer"), None, "no UTF-8");
        assert_eq!(
            model(&format!("/m/{}/infer", "%41".repeat(MAX_NAME_BYTES))).map(|name| name.len()),
            Some(MAX_NAME_BYTES)
        );
        assert_eq!(model(&format!("/m/{}/infer", "%41".repeat(MAX_NAME_BYTES + 1))), None, "too long");
    }

    #[test]
    fn of_the_routes_that_fit_the_first_for_the_verb_counts() {
        let mut methods = methods(&[
            ("/jobs/{model}", b"POST", Kind::Inference),
            ("/jobs/{any}", b"POST", Kind::Probe),
            ("/jobs/{any}", b"GET", Kind::Probe),
            ("/{any}/{version}", b"", Kind::Admin),
        ]);
        let kind = |methods: &mut Methods, verb| asked(methods, verb, "/jobs/7").1;
        assert_eq!(kind(&mut methods, "POST"), Some(Kind::Inference));
        assert_eq!(kind(&mut methods, "GET"), Some(Kind::Probe));
        assert_eq!(asked(&mut methods, "GET", "/jobs/7").0, "GET /jobs/{any}", "calls of two kinds have two names");
        assert_eq!(kind(&mut methods, "DELETE"), Some(Kind::Admin));
        let long = format!("/jobs/{}", "x".repeat(MAX_NAME_BYTES));
        assert_eq!(asked(&mut methods, "GET", &long).1, Some(Kind::Probe), "one that is not kept, too");
    }
}
