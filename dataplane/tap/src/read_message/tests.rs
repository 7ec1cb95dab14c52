use super::*;
use crate::proto::{Extract, JsonExtract, JsonStep, Kind, Method, Policy, Program, Route, Step, Variant, json_step};

fn program(slot: proto::Slot, field: u32, read: proto::Read) -> Option<Program> {
    let path = vec![Step { field, ..Default::default() }];
    let extract = Extract { slot: slot.into(), path, read: read.into(), index: 0 };
    Some(Program { variants: vec![Variant { extracts: vec![extract], ..Default::default() }] })
}

/// A server with a method and a route, as a line.
fn policy() -> String {
    let method = Method {
        path: "/a.B/C".into(),
        kind: Kind::Inference.into(),
        request: program(proto::Slot::Model, 1, proto::Read::String),
        response: program(proto::Slot::TokensOut, 2, proto::Read::Sum),
        ..Default::default()
    };
    let step = JsonStep { step: Some(json_step::Step::Key("model".into())) };
    let model = JsonExtract { slot: proto::Slot::Model.into(), path: vec![step], read: 0, texts: Vec::new() };
    let route = Route { template: "/v1/ask".into(), request: vec![model], ..Default::default() };
    let policy = Policy { observe: true, methods: vec![method], routes: vec![route], ..Default::default() };
    format!("policy {}", hex(&policy.encode_to_vec()))
}

fn answers(lines: &[&str]) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    run(lines.join("\n").as_bytes(), &mut out)?;
    Ok(String::from_utf8(out).expect("text").lines().map(String::from).collect())
}

fn last(lines: &[&str]) -> String {
    answers(lines).expect("understood").pop().expect("an answer")
}

#[test]
fn a_message_says_the_same_however_it_is_cut() {
    assert_eq!(last(&[&policy(), "message /a.B/C request 0a036d3031"]), "Model=text:6d3031");
    assert_eq!(last(&[&policy(), "message /a.B/C request 0a,036d,,3031"]), "Model=text:6d3031");
    assert_eq!(last(&[&policy(), "message /a.B/C response 10051007"]), "TokensOut=sum:12");
    assert_eq!(last(&[&policy(), "message /a.B/C response "]), "");
}

#[test]
fn a_call_tells_of_itself_and_then_of_its_request() {
    let told = last(&[&policy(), "call /a.B/C >0a016d <1005 <1007"]);
    assert_eq!(
        told,
        "kind=Inference streaming=true model=6d version=\trequest_id= batch_size=0 tokens_in=0 tokens_out=12 outcome=Ok"
    );
}

#[test]
fn a_connection_of_http1_tells_of_its_call() {
    let body = r#"{"model":"m"}"#;
    let asked = format!("POST /v1/ask HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let told = last(&[&policy(), &format!("http >{} <{}", hex(asked.as_bytes()), hex(answer.as_bytes()))]);
    let (call, request) = told.split_once('\t').expect("a request");
    assert_eq!(call, "kind=Inference streaming=false model=6d version= method=2f76312f61736b code=Http(200)");
    assert!(
        request.starts_with(
            "request_id= batch_size=0 tokens_in=- tokens_out=- chunks=0 gaps=0 first_ms=1 code=Http(200) outcome=Ok"
        ),
        "{request}"
    );
}

#[test]
fn what_is_left_out_of_a_policy_is_said_after_a_tab() {
    let method = Method {
        path: "/a.B/C".into(),
        request: program(proto::Slot::Model, 0, proto::Read::String),
        ..Default::default()
    };
    let policy = Policy { observe: true, methods: vec![method], ..Default::default() };
    let told = last(&[&format!("policy {}", hex(&policy.encode_to_vec()))]);
    assert_eq!(told, "ok\tmethod /a.B/C: field number 0 is not a field");
}

#[test]
fn what_is_not_understood_ends_it_with_a_sentence() {
    let policy = policy();
    for (line, sentence) in [
        ("hello", "not understood"),
        ("message /a.B/C neither 00", "not understood"),
        ("message /x request 00", "the policy has no method /x"),
        ("message /a.B/C request 0", "\"0\" is not hex"),
        ("message /a.B/C request zz", "\"zz\" is not hex"),
        ("policy 0a", "not a policy"),
        ("policy ", "does not observe"),
        ("call /a.B/C >0", "is not hex"),
        ("http 00", "is of neither side"),
        ("http >00", "the connection cannot be read: Protocol"),
        ("http", "0 calls ended"),
    ] {
        let error = answers(&[&policy, line]).expect_err(line);
        assert!(error.contains(sentence), "{line}: {error}");
    }
}
