//! A small catalogue, the way a policy would give it.

use std::sync::Arc;
use wire::catalogue::{Catalogue, Extract, HeaderExtract, Kind, Method, Program, Read, Slot, Step, Variant};
use wire::catalogue::{JsonExtract, JsonRead, JsonStep, Route};
use wire::outcome::rules::Rule;
use wire::{Code, Outcome};

pub const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
pub const STREAM_INFER: &str = "/inference.GRPCInferenceService/ModelStreamInfer";
pub const GENERATE: &str = "/vllm.grpc.engine.VllmEngine/Generate";
pub const CONFIG: &str = "/inference.GRPCInferenceService/ModelConfig";
pub const LIVE: &str = "/inference.GRPCInferenceService/ServerLive";

pub fn step(field: u32) -> Step {
    Step { field, map_key: None }
}

pub fn key(field: u32, key: &str) -> Step {
    Step { field, map_key: Some(key.into()) }
}

pub fn extract(slot: Slot, path: &[u32], read: Read) -> Extract {
    Extract { slot, path: path.iter().map(|&f| step(f)).collect(), read }
}

/// A header that counts before what the body says, or after.
pub fn header(slot: Slot, name: &str, before_body: bool) -> HeaderExtract {
    HeaderExtract { slot, name: name.into(), before_body }
}

pub fn fields(numbers: &[u32]) -> u64 {
    numbers.iter().map(|n| 1 << n).sum()
}

pub fn always(extracts: Vec<Extract>) -> Program {
    Program { variants: vec![Variant { extracts, ..Variant::default() }] }
}

fn oip(prefix: &[u32]) -> Vec<Extract> {
    let at = |field: u32| [prefix, &[field]].concat();
    vec![
        extract(Slot::Model, &at(1), Read::String),
        extract(Slot::Version, &at(2), Read::String),
        extract(Slot::RequestId, &at(3), Read::String),
    ]
}

pub fn infer_request_program() -> Program {
    let mut extracts = oip(&[]);
    extracts.push(extract(Slot::Shape, &[5, 3], Read::Dimensions));
    extracts.push(extract(Slot::Datatype, &[5, 2], Read::FirstString));
    always(extracts)
}

/// Two servers share the path: Triton wraps the response, MLServer does not.
pub fn stream_response_program() -> Program {
    let mut triton = oip(&[2]);
    triton.push(extract(Slot::Error, &[1], Read::Present));
    let path = vec![step(2), key(4, "triton_final_response"), step(1)];
    triton.push(Extract { slot: Slot::Final, path, read: Read::Int });
    Program {
        variants: vec![
            Variant { any_of: 0, none_of: fields(&[3, 4, 5, 6]), extracts: triton },
            Variant { any_of: 0, none_of: 0, extracts: oip(&[]) },
        ],
    }
}

/// A path as the YAML of a server writes it: `choices[*].delta.content`, `inputs[0].shape[0]`.
pub fn json(slot: Slot, path: &str, read: JsonRead) -> JsonExtract {
    let steps = path.split(['.', '[']).filter(|step| !step.is_empty()).map(|step| match step.strip_suffix(']') {
        Some("*") => JsonStep::Each,
        Some(n) => JsonStep::Item(n.parse().unwrap()),
        None => JsonStep::Key(step.into()),
    });
    JsonExtract { slot, path: steps.collect(), read, texts: Vec::new() }
}

fn chat() -> Route {
    let usage = |slot, key: &str| json(slot, &format!("usage.{key}"), JsonRead::Int);
    Route {
        template: "/v1/chat/completions".into(),
        streaming: true,
        streams_when_asked: true,
        request: vec![json(Slot::Model, "model", JsonRead::String), json(Slot::Stream, "stream", JsonRead::Int)],
        response: vec![
            json(Slot::Model, "model", JsonRead::String),
            json(Slot::RequestId, "id", JsonRead::String),
            json(Slot::Error, "error", JsonRead::Present),
            json(Slot::Output, "choices[*].delta.content", JsonRead::Present),
            json(Slot::Output, "choices[*].delta.reasoning_content", JsonRead::Present),
            json(Slot::Output, "choices[*].delta.reasoning", JsonRead::Present),
            json(Slot::Output, "choices[*].delta.tool_calls", JsonRead::Present),
            json(Slot::Output, "choices[*].text", JsonRead::Present),
            usage(Slot::TokensIn, "prompt_tokens"),
            usage(Slot::TokensOut, "completion_tokens"),
        ],
        request_headers: vec![header(Slot::RequestId, "x-request-id", false)],
        response_headers: vec![
            header(Slot::RequestId, "x-request-id", false),
            header(Slot::TokensIn, "x-prompt-tokens", false),
            header(Slot::TokensOut, "x-generated-tokens", false),
        ],
        ..Route::default()
    }
}

/// Whose events have types, of which one is the last; and whose codes have rules.
fn messages() -> Route {
    let last = json(Slot::Final, "type", JsonRead::String);
    let rule = |code, message: &str, outcome| Rule { code, message: message.into(), outcome };
    Route {
        template: "/v1/messages".into(),
        streaming: true,
        response: vec![
            JsonExtract { texts: vec!["message_stop".into(), "message_end".into()], ..last },
            json(Slot::Output, "delta", JsonRead::Present),
            json(Slot::Error, "error", JsonRead::Present),
            json(Slot::ErrorText, "error", JsonRead::String),
        ],
        outcomes: vec![
            rule(Code::Http(424), "", Outcome::ClientError),
            rule(Code::Http(503), "queue is full", Outcome::Shed),
            rule(Code::InBandError, "queue is full", Outcome::Shed),
        ],
        ..Route::default()
    }
}

fn routes() -> Vec<Route> {
    let infer = |template: &str| Route {
        template: template.into(),
        request: vec![
            json(Slot::RequestId, "id", JsonRead::String),
            json(Slot::Shape, "inputs[0].shape", JsonRead::Dimensions),
            json(Slot::Datatype, "inputs[0].datatype", JsonRead::String),
        ],
        request_headers: vec![header(Slot::Model, "seldon-model", false)],
        response: vec![
            json(Slot::Model, "model_name", JsonRead::String),
            json(Slot::Version, "model_version", JsonRead::String),
            json(Slot::Error, "error", JsonRead::Present),
        ],
        ..Route::default()
    };
    vec![
        infer("/v2/models/{model}/infer"),
        infer("/v2/models/{model}/versions/{version}/infer"),
        chat(),
        Route {
            template: "/api/generate".into(),
            streaming: true,
            request: vec![json(Slot::Model, "model", JsonRead::String), json(Slot::Stream, "stream", JsonRead::Int)],
            response: vec![
                json(Slot::Output, "response", JsonRead::Present),
                json(Slot::Final, "done", JsonRead::Int),
                json(Slot::TokensIn, "prompt_eval_count", JsonRead::Int),
                json(Slot::TokensOut, "eval_count", JsonRead::Int),
            ],
            ..Route::default()
        },
        messages(),
        Route {
            template: "/v1/models/{model}:predict".into(),
            request: vec![json(Slot::BatchSize, "instances", JsonRead::Items)],
            ..Route::default()
        },
        Route {
            template: "/v2/models/{model}/config".into(),
            kind: Kind::Admin,
            response: vec![
                json(Slot::Model, "name", JsonRead::String),
                json(Slot::MaxBatchSize, "max_batch_size", JsonRead::Int),
            ],
            ..Route::default()
        },
        Route { template: "/v2/health/ready".into(), kind: Kind::Probe, ..Route::default() },
    ]
}

pub fn catalogue() -> Arc<Catalogue> {
    let mut catalogue = Catalogue::default();
    let mut add = |path: &str, method: Method| {
        catalogue.methods.insert(path.into(), method);
    };
    let infer = Method {
        request: infer_request_program(),
        request_headers: vec![
            header(Slot::Model, "seldon-model", true),
            header(Slot::RequestId, "x-request-id", false),
        ],
        response_headers: vec![header(Slot::Version, "x-version", false)],
        response: Program {
            variants: vec![Variant {
                extracts: [oip(&[]), vec![extract(Slot::Error, &[9], Read::Present)]].concat(),
                ..Variant::default()
            }],
        },
        ..Method::default()
    };
    add(INFER, infer);
    add(
        STREAM_INFER,
        Method {
            streaming: true,
            many_requests: true,
            request: infer_request_program(),
            response: stream_response_program(),
            request_headers: vec![header(Slot::Model, "seldon-model", false)],
            ..Method::default()
        },
    );
    add(
        GENERATE,
        Method {
            streaming: true,
            request: always(vec![
                extract(Slot::RequestId, &[1], Read::String),
                extract(Slot::TokensIn, &[2, 2], Read::Varints),
            ]),
            response: always(vec![extract(Slot::TokensOut, &[1, 1], Read::Varints)]),
            ..Method::default()
        },
    );
    add(
        CONFIG,
        Method {
            kind: Kind::Admin,
            request: always(vec![extract(Slot::Model, &[1], Read::String)]),
            response: always(vec![
                extract(Slot::Model, &[1, 1], Read::String),
                extract(Slot::MaxBatchSize, &[1, 4], Read::Int),
            ]),
            head_bytes: 100,
            ..Method::default()
        },
    );
    add(LIVE, Method { kind: Kind::Probe, ..Method::default() });
    catalogue.routes = routes();
    Arc::new(catalogue)
}
