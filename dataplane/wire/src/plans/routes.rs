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
    Capture(Captured, Box<[u8]>, Siblings),
}

/// What follows the name in routes that are alike up to it, as `:predict`: a name that ends so is one of theirs. Any other
/// colon is part of a name, as in `llama3:8b`.
type Siblings = Vec<Box<[u8]>>;

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
        let mut all: Vec<_> = routes.iter().map(Template::compile).collect();
        for at in 0..all.len() {
            let siblings = all[at].siblings(&all);
            all[at].tell(siblings);
        }
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
    /// Compiles [`Route::template`], before it is known which others there are.
    fn compile(route: &Route) -> Template {
        let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.split_once('}')) {
            None => Segment::Literal(text.as_bytes().into()),
            Some((name, rest)) => {
                let captured = match name {
                    "model" => Captured::Model,
                    "version" => Captured::Version,
                    _ => Captured::Nothing,
                };
                Segment::Capture(captured, rest.as_bytes().into(), Siblings::new())
            }
        };
        Template { segments: route.template.split('/').map(segment).collect() }
    }

    /// For each of its captures with nothing behind it, in order: what others have there.
    fn siblings(&self, all: &[Template]) -> Vec<Siblings> {
        let open = |segment: &Segment| matches!(segment, Segment::Capture(_, rest, _) if rest.is_empty());
        let places = self.segments.iter().enumerate().filter(|(_, segment)| open(segment)).map(|(at, _)| at);
        let rest = |other: &Template, at: usize| match other.segments.get(at) {
            Some(Segment::Capture(_, rest, _)) if !rest.is_empty() && self.is_alike(other, at) => Some(rest.clone()),
            _ => None,
        };
        places.map(|at| all.iter().filter_map(|other| rest(other, at)).collect()).collect()
    }

    /// The first so many segments of both stand for the same.
    fn is_alike(&self, other: &Template, count: usize) -> bool {
        self.segments.iter().zip(&other.segments).take(count).all(|pair| match pair {
            (Segment::Literal(one), Segment::Literal(other)) => one == other,
            (Segment::Capture(_, one, _), Segment::Capture(_, other, _)) => one == other,
            _ => false,
        })
    }

    fn tell(&mut self, siblings: Vec<Siblings>) {
        let mut siblings = siblings.into_iter();
        for segment in &mut self.segments {
            if let Segment::Capture(_, rest, known) = segment {
                if rest.is_empty() {
                    *known = siblings.next().unwrap_or_default();
                }
            }
        }
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
                Segment::Capture(captured, rest, siblings) => {
                    let name = part.strip_suffix(&**rest).filter(|name| !name.is_empty())?;
                    if siblings.iter().any(|rest| name.ends_with(rest)) {
                        return None;
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
        assert_eq!(find("/v1/models/{model}", "/v1/models/half"), both("half", "-"));
        assert_eq!(find("/predictions/{model}/{any}", "/predictions/m/x"), both("m", "-"));
        assert_eq!(find("/ping", "/ping"), both("-", "-"));
        assert_eq!(find("/ping", "/ping/"), None);
    }

    #[test]
    fn a_colon_is_part_of_a_name_unless_a_sibling_has_it_for_a_verb() {
        let templates = [
            "/v1/models/{model}:predict",
            "/v1/models/{model}",
            "/v1/models/{model}/versions/{version}:predict",
            "/v1/models/{model}/versions/{version}",
            "/v2/models/{model}/infer",
            "/{any}/models/{model}:draw",
        ];
        let routes = templates.map(|template| Route { template: template.into(), ..Route::default() });
        let templates = Templates::compile(&routes);
        let first = |path: &str| {
            let (at, captures) = templates.find(path.as_bytes()).next()?;
            Some((at, String::from_utf8_lossy(captures.model.unwrap_or_default()).into_owned()))
        };
        let at = |at: usize, model: &str| Some((at, model.to_string()));
        assert_eq!(first("/v1/models/llama3:8b"), at(1, "llama3:8b"));
        assert_eq!(first("/v1/models/llama3:8b:predict"), at(0, "llama3:8b"));
        assert_eq!(first("/v1/models/half:predict"), at(0, "half"));
        assert_eq!(first("/v1/models/:predict"), None, "a verb of nobody");
        assert_eq!(first("/v1/models/m:8b/versions/2:predict"), at(2, "m:8b"));
        assert_eq!(first("/v1/models/m:predict/versions/2"), None, "no sibling has a name like that");
        assert_eq!(first("/v2/models/bert:v2/infer"), at(4, "bert:v2"));
        assert_eq!(first("/v2/models/a:predict/infer"), at(4, "a:predict"), "no verb here");
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
            let fits = |at: &usize| found.all[*at].find(path.as_bytes()).is_some();
            let tried: Vec<usize> = (0..routes.len()).filter(fits).collect();
            assert_eq!(found.find(path.as_bytes()).map(|(at, _)| at).collect::<Vec<_>>(), tried, "{path}");
        }
    }
}
