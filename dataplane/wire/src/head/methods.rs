//! Paths to methods: each is looked up once per connection.

use crate::names::{Cache, MAX_NAME_BYTES, Name};
use crate::plans::{MethodPlan, Plans};
use std::rc::Rc;

/// A method as one connection knows it: its name, and how to read it if it is in the catalogue.
#[derive(Clone, Debug)]
pub struct KnownMethod {
    /// Path without the leading slash.
    pub name: Name,
    /// From the catalogue.
    pub plan: Option<Rc<MethodPlan>>,
    /// Model in the path.
    pub model: Option<Name>,
    /// Version in the path.
    pub version: Option<Name>,
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

    /// The method of a path, if that is one; its query does not count.
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
            Some(plan) => named(path.strip_prefix('/').unwrap_or(path).into(), Some(plan.clone())),
            None => route(plans, path.as_bytes()).unwrap_or_else(|| named(path.into(), None)),
        };
        self.seen.entry(path, make).map(|(_, method)| method.clone())
    }
}

fn named(text: Rc<str>, plan: Option<Rc<MethodPlan>>) -> KnownMethod {
    KnownMethod { name: Name { text }, plan, model: None, version: None }
}

/// The route of a path without query.
fn route(plans: &Plans, path: &[u8]) -> Option<KnownMethod> {
    let (at, captures) = plans.templates.find(path)?;
    let route = plans.routes.get(at)?;
    Some(KnownMethod {
        model: captures.model.and_then(Name::once),
        version: captures.version.and_then(Name::once),
        ..named(route.name.clone(), Some(route.plan.clone()))
    })
}
