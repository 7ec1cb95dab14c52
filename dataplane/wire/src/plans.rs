//! The catalogue made ready for reading: once per thread and policy, not per connection.

use crate::Nanos;
use crate::catalogue::{
    Catalogue, DEFAULT_HEAD_BYTES, DEFAULT_JSON_BYTES, JsonExtract, Kind, Method, Route, Slot, Verbs,
};
use crate::field::Plan;
use crate::headers::{HeaderPlan, Names};
use crate::json;
use crate::outcome::rules::{Rule, in_order};
use routes::Templates;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

mod routes;

/// A method with its programs compiled.
#[derive(Debug)]
pub struct MethodPlan {
    /// See [`Method::kind`].
    pub kind: Kind,
    /// See [`Method::streaming`].
    pub streaming: bool,
    /// See [`Method::many_requests`].
    pub many_requests: bool,
    /// See [`Method::head_bytes`].
    pub head_bytes: u32,
    /// How to read a request message.
    pub request: Plan,
    /// How to read a response message.
    pub response: Plan,
    /// What to read from the request's head.
    pub request_headers: HeaderPlan,
    /// What to read from the response's head and trailers.
    pub response_headers: HeaderPlan,
    /// How to read a request in JSON.
    pub json_request: json::Plan,
    /// How to read a response in JSON.
    pub json_response: json::Plan,
    /// What its codes count as, those with words first.
    pub outcomes: Vec<Rule>,
    /// See [`Route::streams_when_asked`].
    pub streams_when_asked: bool,
}

/// A catalogue, compiled.
#[derive(Debug, Default)]
pub struct Plans {
    /// What the user says of codes, those with words first.
    pub outcomes: Rc<[Rule]>,
    /// See [`Catalogue::give_up`].
    pub give_up: Nanos,
    /// Methods of gRPC by their full path.
    pub methods: HashMap<Box<str>, Rc<MethodPlan>>,
    /// What paths `routes` are for.
    pub templates: Templates,
    /// In order of preference.
    pub routes: Vec<RoutePlan>,
    /// Of the header fields that are wanted.
    pub header_names: Names,
    /// Those of them that some answer may hold, one bit each.
    pub answer_headers: u64,
}

/// A route with its programs compiled.
#[derive(Debug)]
pub struct RoutePlan {
    /// The name of its calls.
    pub name: Rc<str>,
    /// See [`Route::verbs`].
    pub verbs: Verbs,
    /// How to read what is said along it.
    pub plan: Rc<MethodPlan>,
}

thread_local! {
    /// The newest catalogue seen and its plans. The weak reference keeps the address from being used again, and
    /// the catalogue from being changed through `Arc::get_mut`.
    static NEWEST: RefCell<Option<(Weak<Catalogue>, Rc<Plans>)>> = const { RefCell::new(None) };
}

impl MethodPlan {
    fn compile(method: &Method, names: &Names) -> MethodPlan {
        let head_bytes = match method.head_bytes {
            0 => DEFAULT_HEAD_BYTES,
            some => some,
        };
        MethodPlan {
            kind: method.kind,
            streaming: method.streaming,
            many_requests: method.many_requests,
            head_bytes,
            request: Plan::compile(&method.request),
            response: Plan::compile(&method.response),
            request_headers: HeaderPlan::compile(&method.request_headers, names),
            response_headers: HeaderPlan::compile(&method.response_headers, names),
            json_request: json::Plan::default(),
            json_response: json::Plan::default(),
            outcomes: in_order(method.outcomes.clone()),
            streams_when_asked: false,
        }
    }

    fn of_route(route: &Route, names: &Names) -> MethodPlan {
        let head_bytes = match route.head_bytes {
            0 => DEFAULT_JSON_BYTES,
            some => some,
        };
        // The id in a response tells which of many requests it answers; names in one are read by who asks for them.
        let is_read = |one: &&JsonExtract| !matches!(one.slot, Slot::RequestId | Slot::Names);
        let response: Vec<_> = route.response.iter().filter(is_read).cloned().collect();
        MethodPlan {
            kind: route.kind,
            streaming: route.streaming,
            many_requests: false,
            head_bytes,
            request: Plan::default(),
            response: Plan::default(),
            request_headers: HeaderPlan::compile(&route.request_headers, names),
            response_headers: HeaderPlan::compile(&route.response_headers, names),
            json_request: json::Plan::compile(&route.request),
            json_response: json::Plan::compile(&response),
            outcomes: in_order(route.outcomes.clone()),
            streams_when_asked: route.streams_when_asked,
        }
    }
}

impl Plans {
    fn compile(catalogue: &Catalogue) -> Plans {
        let names = Names::of(catalogue);
        let methods = catalogue.methods.iter();
        let methods: HashMap<_, _> =
            methods.map(|(path, method)| (path.clone(), Rc::new(MethodPlan::compile(method, &names)))).collect();
        let routes = catalogue.routes.iter().enumerate().map(|(at, route)| RoutePlan {
            name: name_of(&catalogue.routes[..at], route),
            verbs: route.verbs,
            plan: Rc::new(MethodPlan::of_route(route, &names)),
        });
        let routes: Vec<_> = routes.collect();
        let all = methods.values().chain(routes.iter().map(|route| &route.plan));
        Plans {
            outcomes: in_order(catalogue.outcomes.clone()).into(),
            give_up: catalogue.give_up,
            answer_headers: all.fold(0, |places, plan| places | plan.response_headers.places()),
            methods,
            templates: Templates::compile(&catalogue.routes),
            routes,
            header_names: names,
        }
    }
}

/// The name of calls along a route: its template, and of a later route of the same template its verbs, too.
fn name_of(before: &[Route], route: &Route) -> Rc<str> {
    let is_taken = before.iter().any(|other| other.template == route.template);
    if is_taken { format!("{} {}", route.verbs, route.template).into() } else { Rc::from(&*route.template) }
}

/// The plans of a catalogue.
pub fn of(catalogue: &Arc<Catalogue>) -> Rc<Plans> {
    NEWEST.with_borrow_mut(|newest| match newest {
        Some((known, plans)) if known.as_ptr() == Arc::as_ptr(catalogue) => plans.clone(),
        _ => {
            let plans = Rc::new(Plans::compile(catalogue));
            *newest = Some((Arc::downgrade(catalogue), plans.clone()));
            plans
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_compiled_once_and_the_next_one_anew() {
        let catalogue = Arc::new(Catalogue::default());
        let first = of(&catalogue);
        assert!(Rc::ptr_eq(&first, &of(&catalogue)));
        let mut next = Catalogue::default();
        next.methods.insert("/a/B".into(), Method::default());
        assert_eq!(of(&Arc::new(next)).methods.len(), 1);
    }
}
