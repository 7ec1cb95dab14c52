//! From the policy as it travels to the types that are worked with.

use crate::log::Format;
use crate::names;
use crate::proto;
use std::sync::Arc;
use wire::catalogue::{Catalogue, Extract, Kind, MAX_DEPTH, Method, Program, Read, Slot, Step, Variant};
use wire::catalogue::{HeaderExtract, JsonExtract, JsonRead, JsonStep, Route, Verbs};
use wire::field::{MAX_LEAVES, MAX_LISTS, MAX_TEXTS, Plan};
use wire::headers::{MAX_HEADER_NAMES, Names};
use wire::hpack::MAX_NAME_BYTES as MAX_HEADER_BYTES;
use wire::json;
use wire::outcome::rules::Rule;

/// Why a policy cannot be adopted.
pub type Refusal = String;

/// The catalogue a policy asks for, None when it asks for relaying only; and why methods had to be left out of it.
pub fn catalogue(policy: &proto::Policy) -> (Option<Arc<Catalogue>>, Vec<Refusal>) {
    if !policy.observe {
        return (None, Vec::new());
    }
    let mut refusals = Vec::new();
    let mut catalogue = Catalogue::default();
    match rules(&policy.outcomes) {
        Ok(rules) => catalogue.outcomes = rules,
        Err(reason) => refusals.push(reason),
    }
    if policy.give_up_nanos > 0 {
        catalogue.give_up = policy.give_up_nanos;
    }
    for wanted in &policy.methods {
        match method(wanted) {
            Ok(made) => drop(catalogue.methods.insert(wanted.path.as_str().into(), made)),
            Err(reason) => refusals.push(format!("method {}: {reason}", wanted.path)),
        }
    }
    for wanted in &policy.routes {
        match route(wanted) {
            Ok(made) => catalogue.routes.push(made),
            Err(reason) => refusals.push(format!("route {}: {reason}", wanted.template)),
        }
    }
    if Names::of(&catalogue).left_out() {
        refusals
            .push(format!("more than {MAX_HEADER_NAMES} different headers are asked for: some of them are not read"));
    }
    (Some(Arc::new(catalogue)), refusals)
}

/// How log lines are to look.
pub fn log_format(policy: &proto::Policy) -> Format {
    if policy.log_format == "json" { Format::Json } else { Format::Human }
}

fn method(wanted: &proto::Method) -> Result<Method, Refusal> {
    let head_bytes = match wanted.head_bytes {
        0 => wire::catalogue::DEFAULT_HEAD_BYTES,
        wanted => wanted,
    };
    Ok(Method {
        kind: kind(wanted.kind()),
        streaming: wanted.streaming,
        many_requests: wanted.many_requests,
        request: program(wanted.request.as_ref())?,
        response: program(wanted.response.as_ref())?,
        request_headers: header_extracts(&wanted.request_headers, &REQUEST_HEADER_SLOTS)?,
        response_headers: header_extracts(&wanted.response_headers, &RESPONSE_HEADER_SLOTS)?,
        head_bytes,
        outcomes: rules(&wanted.outcomes)?,
    })
}

fn route(wanted: &proto::Route) -> Result<Route, Refusal> {
    Ok(Route {
        template: wanted.template.as_str().into(),
        verbs: Verbs::of(&wanted.verbs),
        kind: kind(wanted.kind()),
        streaming: wanted.streaming,
        request: json_extracts(&wanted.request)?,
        response: json_extracts(&wanted.response)?,
        request_headers: header_extracts(&wanted.request_headers, &REQUEST_HEADER_SLOTS)?,
        response_headers: header_extracts(&wanted.response_headers, &RESPONSE_HEADER_SLOTS)?,
        head_bytes: wanted.head_bytes,
        outcomes: rules(&wanted.outcomes)?,
        streams_when_asked: wanted.streams_when_asked,
    })
}

fn rules(wanted: &[proto::OutcomeRule]) -> Result<Vec<Rule>, Refusal> {
    let rule = |wanted: &proto::OutcomeRule| {
        let proto::OutcomeRule { code, message, outcome } = wanted;
        let known = names::code_named(code).zip(names::outcome_named(outcome));
        let (code, outcome) = known.ok_or_else(|| format!("an outcome of {code:?} cannot be {outcome:?}"))?;
        Ok(Rule { code, message: message.to_ascii_lowercase().into(), outcome })
    };
    wanted.iter().map(rule).collect()
}

/// What the head of a request may tell.
const REQUEST_HEADER_SLOTS: [Slot; 3] = [Slot::Model, Slot::Version, Slot::RequestId];
/// What the head or the trailers of a response may.
const RESPONSE_HEADER_SLOTS: [Slot; 5] = [Slot::Model, Slot::Version, Slot::RequestId, Slot::TokensIn, Slot::TokensOut];

fn header_extracts(wanted: &[proto::HeaderExtract], slots: &[Slot]) -> Result<Vec<HeaderExtract>, Refusal> {
    let extract = |wanted: &proto::HeaderExtract| {
        let (name, slot) = (&*wanted.name, slot(wanted.slot()));
        if !slots.contains(&slot) {
            return Err(format!("{slot:?} is not read from the header {name:?}"));
        }
        if name.is_empty() || name.len() > MAX_HEADER_BYTES {
            return Err(format!("the header {name:?} is not of 1 to {MAX_HEADER_BYTES} bytes"));
        }
        Ok(HeaderExtract { slot, name: name.into(), before_body: wanted.before_body })
    };
    wanted.iter().map(extract).collect()
}

fn json_extracts(wanted: &[proto::JsonExtract]) -> Result<Vec<JsonExtract>, Refusal> {
    let extracts: Vec<JsonExtract> = wanted.iter().map(json_extract).collect::<Result<_, _>>()?;
    if !json::Plan::compile(&extracts).is_complete() {
        return Err(format!(
            "a document is read for more than {MAX_LEAVES} values, {MAX_TEXTS} strings or {MAX_LISTS} shapes, deeper than \
             {MAX_DEPTH}, or at a key longer than {} bytes",
            json::MAX_KEY_BYTES
        ));
    }
    Ok(extracts)
}

fn json_extract(wanted: &proto::JsonExtract) -> Result<JsonExtract, Refusal> {
    let read = match wanted.read() {
        proto::JsonRead::String if wanted.slot() == proto::Slot::ErrorText => JsonRead::Beginning,
        proto::JsonRead::String => JsonRead::String,
        proto::JsonRead::Int => JsonRead::Int,
        proto::JsonRead::Present => JsonRead::Present,
        proto::JsonRead::Items => JsonRead::Items,
        proto::JsonRead::Prompts => JsonRead::Prompts,
        proto::JsonRead::Dimensions => JsonRead::Dimensions,
    };
    let step = |step: &proto::JsonStep| match &step.step {
        Some(proto::json_step::Step::Key(key)) => Ok(JsonStep::Key(key.as_str().into())),
        Some(proto::json_step::Step::Item(n)) => Ok(JsonStep::Item(*n)),
        Some(proto::json_step::Step::Each(_)) => Ok(JsonStep::Each),
        None => Err("a step of a path says nothing".to_string()),
    };
    let path = wanted.path.iter().map(step).collect::<Result<_, _>>()?;
    Ok(JsonExtract {
        slot: slot(wanted.slot()),
        path,
        read,
        texts: wanted.texts.iter().map(|text| text.as_str().into()).collect(),
    })
}

fn kind(wanted: proto::Kind) -> Kind {
    match wanted {
        proto::Kind::Inference => Kind::Inference,
        proto::Kind::Probe => Kind::Probe,
        proto::Kind::Admin => Kind::Admin,
    }
}

fn slot(wanted: proto::Slot) -> Slot {
    match wanted {
        proto::Slot::Model => Slot::Model,
        proto::Slot::Version => Slot::Version,
        proto::Slot::RequestId => Slot::RequestId,
        proto::Slot::BatchSize => Slot::BatchSize,
        proto::Slot::Error => Slot::Error,
        proto::Slot::Final => Slot::Final,
        proto::Slot::TokensIn => Slot::TokensIn,
        proto::Slot::TokensOut => Slot::TokensOut,
        proto::Slot::TokensCached => Slot::TokensCached,
        proto::Slot::Output => Slot::Output,
        proto::Slot::Shape => Slot::Shape,
        proto::Slot::BatchShape => Slot::BatchShape,
        proto::Slot::Datatype => Slot::Datatype,
        proto::Slot::MaxBatchSize => Slot::MaxBatchSize,
        proto::Slot::ErrorText => Slot::ErrorText,
        proto::Slot::Stream => Slot::Stream,
        proto::Slot::Names => Slot::Names,
    }
}

fn program(wanted: Option<&proto::Program>) -> Result<Program, Refusal> {
    let variants = wanted.map_or(&[][..], |program| &program.variants);
    let program = Program { variants: variants.iter().map(variant).collect::<Result<_, _>>()? };
    if !Plan::compile(&program).is_complete() {
        return Err(format!(
            "a message is read for more than {MAX_LEAVES} values, {MAX_TEXTS} different strings or {MAX_LISTS} shapes"
        ));
    }
    Ok(program)
}

fn variant(wanted: &proto::Variant) -> Result<Variant, Refusal> {
    Ok(Variant {
        any_of: fields(&wanted.any_of)?,
        none_of: fields(&wanted.none_of)?,
        extracts: wanted.extracts.iter().map(extract).collect::<Result<_, _>>()?,
    })
}

fn fields(numbers: &[u32]) -> Result<u64, Refusal> {
    numbers.iter().try_fold(0, |mask, number| match number {
        1..=63 => Ok(mask | 1 << number),
        _ => Err(format!("field number {number} cannot tell variants apart: only 1 to 63 can")),
    })
}

fn extract(wanted: &proto::Extract) -> Result<Extract, Refusal> {
    if wanted.path.is_empty() || wanted.path.len() > MAX_DEPTH {
        return Err(format!("a path has {} steps; 1 to {MAX_DEPTH} are possible", wanted.path.len()));
    }
    let read = match wanted.read() {
        proto::Read::String if wanted.slot() == proto::Slot::ErrorText => Read::Beginning,
        proto::Read::String => Read::String,
        proto::Read::Int => Read::Int,
        proto::Read::Present => Read::Present,
        proto::Read::Count => Read::Count,
        proto::Read::VarintAt => Read::VarintAt(wanted.index),
        proto::Read::Varints => Read::Varints,
        proto::Read::Length => Read::Length,
        proto::Read::Sum => Read::Sum,
        proto::Read::FirstString => Read::FirstString,
        proto::Read::Dimensions => Read::Dimensions,
        proto::Read::DimensionOfEach => Read::DimensionOfEach,
    };
    // No encoder writes field 0, and no two readers agree on it.
    if wanted.path.iter().any(|step| step.field == 0) {
        return Err("field number 0 is not a field".to_string());
    }
    let step = |step: &proto::Step| Step {
        field: step.field,
        map_key: (!step.map_key.is_empty()).then(|| step.map_key.as_str().into()),
    };
    Ok(Extract { slot: slot(wanted.slot()), path: wanted.path.iter().map(step).collect(), read })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_too_deep_is_refused_by_name() {
        let path = vec![proto::Step { field: 1, ..Default::default() }; MAX_DEPTH + 1];
        let variant =
            proto::Variant { extracts: vec![proto::Extract { path, ..Default::default() }], ..Default::default() };
        let request = Some(proto::Program { variants: vec![variant] });
        let method = proto::Method { path: "/a.B/C".into(), request, ..Default::default() };
        let policy = proto::Policy { observe: true, methods: vec![method], ..Default::default() };
        let (_, refusals) = catalogue(&policy);
        assert!(refusals[0].starts_with("method /a.B/C: a path has 9 steps"), "{refusals:?}");
    }

    #[test]
    fn more_strings_than_are_kept_are_refused_not_forgotten() {
        let extract =
            |field| proto::Extract { path: vec![proto::Step { field, ..Default::default() }], ..Default::default() };
        let variant = proto::Variant { extracts: (1..=9).map(extract).collect(), ..Default::default() };
        let response = Some(proto::Program { variants: vec![variant] });
        let method = proto::Method { path: "/a.B/C".into(), response, ..Default::default() };
        let policy = proto::Policy { observe: true, methods: vec![method], ..Default::default() };
        assert!(catalogue(&policy).1[0].contains("8 different strings"));
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused_by_name() {
        let refused = |slot: proto::Slot, name: &str| {
            let header = proto::HeaderExtract { slot: slot.into(), name: name.into(), before_body: false };
            let method =
                proto::Method { path: "/a.B/C".into(), request_headers: vec![header.clone()], ..Default::default() };
            let route = proto::Route { template: "/a".into(), response_headers: vec![header], ..Default::default() };
            let policy =
                proto::Policy { observe: true, methods: vec![method], routes: vec![route], ..Default::default() };
            catalogue(&policy).1.join("; ")
        };
        assert_eq!(refused(proto::Slot::Model, "x-model"), "");
        let tokens = refused(proto::Slot::TokensOut, "x-tokens");
        assert_eq!(
            tokens, "method /a.B/C: TokensOut is not read from the header \"x-tokens\"",
            "answers alone tell them"
        );
        assert!(refused(proto::Slot::Error, "x-error").contains("route /a: Error is not read from the header"));
        assert!(refused(proto::Slot::Model, "").contains("is not of 1 to 64 bytes"));
        assert!(refused(proto::Slot::Model, &"x".repeat(65)).contains("is not of 1 to 64 bytes"));
    }

    #[test]
    fn more_headers_than_are_told_apart_are_said_to_be() {
        let header =
            |n| proto::HeaderExtract { slot: proto::Slot::Model.into(), name: format!("x-{n}"), before_body: true };
        let refused = |count: usize| {
            let request_headers = (0..count).map(header).collect();
            let methods = vec![proto::Method { path: "/a.B/C".into(), request_headers, ..Default::default() }];
            catalogue(&proto::Policy { observe: true, methods, ..Default::default() }).1
        };
        assert_eq!(refused(MAX_HEADER_NAMES), Vec::<String>::new());
        assert!(refused(MAX_HEADER_NAMES + 1)[0].starts_with("more than 48 different headers"));
    }

    #[test]
    fn what_codes_count_as_is_taken_over_and_bad_words_are_refused_by_name() {
        let rule = |code: &str, outcome: &str| proto::OutcomeRule {
            code: code.into(),
            message: "Queue".into(),
            outcome: outcome.into(),
        };
        let adopt = |rules: Vec<proto::OutcomeRule>| {
            catalogue(&proto::Policy { observe: true, outcomes: rules, ..Default::default() })
        };
        let (made, refusals) = adopt(vec![rule("UNAVAILABLE", "shed"), rule("429", "client_error")]);
        let rules = &made.expect("a catalogue").outcomes;
        assert_eq!((rules[0].code, &*rules[0].message), (wire::Code::Grpc(14), "queue"));
        assert_eq!((rules[1].code, rules[1].outcome), (wire::Code::Http(429), wire::Outcome::ClientError));
        assert_eq!(refusals, Vec::<String>::new());
        for bad in [rule("LOST", "ok"), rule("600", "ok"), rule("OK?", "ok"), rule("500", "fine")] {
            assert!(adopt(vec![bad]).1[0].contains("an outcome of"));
        }
    }

    #[test]
    fn not_observing_means_no_catalogue() {
        assert!(catalogue(&proto::Policy::default()).0.is_none());
    }
}
