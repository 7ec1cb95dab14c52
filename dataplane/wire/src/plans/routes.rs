//! HTTP paths to routes: templates compiled once per policy.

use crate::catalogue::Route;
use std::collections::HashMap;

/// Templates in order of preference, found by the first segment of a path: a scan for paths must not try them all.
#[derive(Debug, Default)]
pub struct Templates {
    all: Vec<Template>,
    /// Places in `all`, by first segment: those that begin with just this, and those that begin with any.
    by_first: HashMap<Box<[u8]>, Vec<usize>>,
    /// Those that begin with any.
    any_first: Vec<usize>,
}

/// A compiled template.
#[derive(Debug)]
struct Template {
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(Box<[u8]>),
    /// What it is a name of, and what follows the name in its segment.
    Capture(Captured, Box<[u8]>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Captured {
    Model,
    Version,
    Nothing,
}

/// What a path said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Captures<'p> {
    /// `{model}`.
    pub model: Option<&'p [u8]>,
    /// `{version}`.
    pub version: Option<&'p [u8]>,
}

impl Templates {
    /// Compiles those of some routes.
    pub fn compile(routes: &[Route]) -> Templates {
        let all: Vec<_> = routes.iter().map(Template::compile).collect();
        let beginning = |first: Option<&[u8]>| {
            let fits = |template: &Template| match template.segments.get(1) {
                Some(Segment::Literal(text)) => Some(&**text) == first,
                Some(Segment::Capture(..)) | None => true,
            };
            all.iter().enumerate().filter(|(_, template)| fits(template)).map(|(at, _)| at).collect::<Vec<_>>()
        };
        let literals = all.iter().filter_map(|template| match template.segments.get(1) {
            Some(Segment::Literal(text)) => Some(text.clone()),
            Some(Segment::Capture(..)) | None => None,
        });
        let by_first = literals.map(|text| (text.clone(), beginning(Some(&text)))).collect();
        Templates { by_first, any_first: beginning(None), all }
    }

    /// Those that a path without query fits, in order, and what each captures.
    pub fn find<'p>(&self, path: &'p [u8]) -> impl Iterator<Item = (usize, Captures<'p>)> {
        let first = path.split(|&byte| byte == b'/').nth(1);
        let places = first.map(|first| self.by_first.get(first).unwrap_or(&self.any_first));
        let places = places.into_iter().flatten();
        places.filter_map(move |&at| Some((at, self.all.get(at)?.find(path)?)))
    }
}

impl Template {
    /// Compiles [`Route::template`].
    fn compile(route: &Route) -> Template {
        let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.split_once('}')) {
            None => Segment::Literal(text.as_bytes().into()),
            Some((name, rest)) => {
                let captured = match name {
                    "model" => Captured::Model,
                    "version" => Captured::Version,
                    _ => Captured::Nothing,
                };
                Segment::Capture(captured, rest.as_bytes().into())
            }
        };
        Template { segments: route.template.split('/').map(segment).collect() }
    }

    /// What it captures of a path without query; None when the path is not of this shape.
    fn find<'p>(&self, path: &'p [u8]) -> Option<Captures<'p>> {
        let mut captures = Captures::default();
        let mut parts = path.split(|&byte| byte == b'/');
        for segment in &self.segments {
            let part = parts.next()?;
            match segment {
                Segment::Literal(text) if **text == *part => {}
                Segment::Literal(_) => return None,
                Segment::Capture(captured, rest) => {
                    let name = part.strip_suffix(&**rest).filter(|name| !name.is_empty())?;
                    if rest.is_empty() && name.contains(&b':') {
                        return None; // a verb of another route, as `:predict`
                    }
                    match captured {
                        Captured::Model => captures.model = Some(name),
                        Captured::Version => captures.version = Some(name),
                        Captured::Nothing => {}
                    }
                }
            }
        }
        parts.next().is_none().then_some(captures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(template: &str, path: &str) -> Option<(String, String)> {
        let route = Route { template: template.into(), ..Route::default() };
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"-")).into_owned();
        let captures = Template::compile(&route).find(path.as_bytes())?;
        Some((text(captures.model), text(captures.version)))
    }

    #[test]
    fn captures_by_segment() {
        let both = |model: &str, version: &str| Some((model.to_string(), version.to_string()));
        let infer = "/v2/models/{model}/versions/{version}/infer";
        assert_eq!(find(infer, "/v2/models/resnet/versions/3/infer"), both("resnet", "3"));
        assert_eq!(find(infer, "/v2/models/resnet/infer"), None);
        assert_eq!(find(infer, "/v2/models//versions/3/infer"), None, "an empty name");
        assert_eq!(find("/v1/models/{model}:predict", "/v1/models/half:predict"), both("half", "-"));
        assert_eq!(find("/v1/models/{model}:predict", "/v1/models/half:classify"), None);
        assert_eq!(find("/v1/models/{model}", "/v1/models/half:predict"), None);
        assert_eq!(find("/v1/models/{model}", "/v1/models/half"), both("half", "-"));
        assert_eq!(find("/predictions/{model}/{any}", "/predictions/m/x"), both("m", "-"));
        assert_eq!(find("/ping", "/ping"), both("-", "-"));
        assert_eq!(find("/ping", "/ping/"), None);
    }

    #[test]
    fn those_that_fit_are_found_as_if_all_were_tried() {
        let templates =
            ["/v1/models/{model}:predict", "/{model}/run", "/v1/models/{model}", "/v1/{any}", "/", "/{any}"];
        let routes = templates.map(|template| Route { template: template.into(), ..Route::default() });
        let found = Templates::compile(&routes);
        for path in
            ["/v1/models/m:predict", "/v1/models/m", "/v1/run", "/m/run", "/v1/x", "/", "/v1", "/x", "/a/b/c", ""]
        {
            let fits = |at: &usize| Template::compile(&routes[*at]).find(path.as_bytes()).is_some();
            let tried: Vec<usize> = (0..routes.len()).filter(fits).collect();
            assert_eq!(found.find(path.as_bytes()).map(|(at, _)| at).collect::<Vec<_>>(), tried, "{path}");
        }
    }
}
