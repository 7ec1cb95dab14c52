//! The catalogue made ready for reading: once per thread and policy, not per connection.

use crate::catalogue::{Catalogue, DEFAULT_HEAD_BYTES, DEFAULT_JSON_BYTES, Kind, Method, Route, Slot};
use crate::field::Plan;
use crate::json;
use crate::routes::Templates;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

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
    /// How to read a request in JSON.
    pub json_request: json::Plan,
    /// How to read a response in JSON.
    pub json_response: json::Plan,
}

impl MethodPlan {
    fn compile(method: &Method) -> MethodPlan {
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
            json_request: json::Plan::default(),
            json_response: json::Plan::default(),
        }
    }

    fn of_route(route: &Route) -> MethodPlan {
        let head_bytes = match route.head_bytes {
            0 => DEFAULT_JSON_BYTES,
            some => some,
        };
        // The id in a response tells which of many requests it answers.
        let response: Vec<_> = route.response.iter().filter(|one| one.slot != Slot::RequestId).cloned().collect();
        MethodPlan {
            kind: route.kind,
            streaming: route.streaming,
            many_requests: false,
            head_bytes,
            request: Plan::default(),
            response: Plan::default(),
            json_request: json::Plan::compile(&route.request),
            json_response: json::Plan::compile(&response),
        }
    }
}

/// A catalogue, compiled.
#[derive(Debug, Default)]
pub struct Plans {
    /// By full path.
    pub methods: HashMap<Box<str>, Rc<MethodPlan>>,
    /// What paths `routes` are for.
    pub templates: Templates,
    /// In order of preference.
    pub routes: Vec<RoutePlan>,
}

/// A route with its programs compiled.
#[derive(Debug)]
pub struct RoutePlan {
    /// As it is shown.
    pub name: Rc<str>,
    /// How to read.
    pub plan: Rc<MethodPlan>,
}

thread_local! {
    /// The newest catalogue seen and its plans. The weak reference keeps the address from being used again, and
    /// the catalogue from being changed through `Arc::get_mut`.
    static NEWEST: RefCell<Option<(Weak<Catalogue>, Rc<Plans>)>> = const { RefCell::new(None) };
}

/// The plans of a catalogue.
pub fn of(catalogue: &Arc<Catalogue>) -> Rc<Plans> {
    NEWEST.with_borrow_mut(|newest| match newest {
        Some((known, plans)) if known.as_ptr() == Arc::as_ptr(catalogue) => plans.clone(),
        _ => {
            let methods = catalogue.methods.iter();
            let compiled = methods.map(|(path, method)| {
                let plan = Rc::new(MethodPlan::compile(method));
                (path.clone(), plan)
            });
            let routes = catalogue.routes.iter().map(|route| RoutePlan {
                name: Rc::from(&*route.template),
                plan: Rc::new(MethodPlan::of_route(route)),
            });
            let plans = Rc::new(Plans {
                methods: compiled.collect(),
                templates: Templates::compile(&catalogue.routes),
                routes: routes.collect(),
            });
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
