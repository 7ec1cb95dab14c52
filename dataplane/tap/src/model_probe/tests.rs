use super::*;
use crate::clock::Clock;
use crate::log::{Format, Log};
use std::net::TcpListener;
use std::thread;
use wire::catalogue::{Extract, JsonExtract, JsonRead, JsonStep, Kind, Method, Program, Read as How, Route, Slot};
use wire::catalogue::{Step, Variant};

fn program(slot: Slot, path: &[u32], read: How) -> Program {
    let path = path.iter().map(|&field| Step { field, map_key: None }).collect();
    Program { variants: vec![Variant { extracts: vec![Extract { slot, path, read }], ..Variant::default() }] }
}

/// A server that describes models over gRPC and over HTTP.
fn catalogue() -> Arc<Catalogue> {
    let describe = Method {
        kind: Kind::Admin,
        request: program(Slot::Model, &[1], How::String),
        response: program(Slot::MaxBatchSize, &[1, 4], How::Int),
        ..Method::default()
    };
    let route = |template: &str, slot| Route {
        template: template.into(),
        response: vec![JsonExtract {
            slot,
            path: vec![JsonStep::Key("limit".into())],
            read: JsonRead::Int,
            texts: Vec::new(),
        }],
        ..Route::default()
    };
    let nested = Method { request: program(Slot::Model, &[1, 2], How::String), ..describe.clone() };
    Arc::new(Catalogue {
        methods: [
            ("/a.B/Infer", Method::default()),
            ("/a.B/Describe", describe),
            ("/a.C/Infer", Method::default()),
            ("/a.D/Describe", nested),
        ]
        .map(|(path, method)| (path.into(), method))
        .into(),
        routes: vec![
            route("/v2/models/{model}/infer", Slot::Model),
            route("/v2/models/{model}/versions/{version}/config", Slot::MaxBatchSize),
            route("/v2/models/{model}/config", Slot::MaxBatchSize),
        ],
        ..Catalogue::default()
    })
}

fn about(model: &str, method: &str) -> About {
    About { model: model.into(), method: method.into(), upstream: 0 }
}

/// What a server that takes these bytes sees.
#[derive(Default)]
struct Seen(Vec<(String, String, bool)>);

impl Sink for Seen {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, _: &Request) {}
    fn gap(&mut self, _: &Call, _: Nanos) {}
    fn ended(&mut self, call: &Call, _: &End) {
        let complete = call.request_complete.is_some();
        self.0.push((call.method.text.to_string(), call.model.text.to_string(), complete));
    }
    fn blinded(&mut self, reason: Blind) {
        panic!("{reason:?}");
    }
    fn recognised(&mut self, _: Protocol) {}
    fn head_truncated(&mut self) {}
}

#[test]
fn the_catalogue_says_what_to_ask() {
    let long = "m".repeat(wire::call::MAX_NAME_BYTES);
    for (method, model, seen) in [
        ("a.B/Infer", "resnet", "a.B/Describe"),
        ("a.B/Infer", &long, "a.B/Describe"),
        ("/v2/models/{model}/infer", "resnet", "/v2/models/{model}/config"),
    ] {
        let host = format!("{}:8001", "h".repeat(300));
        let ask =
            ask(&catalogue(), Wanted::BatchLimit, &about(model, method), &host).expect("there is something to ask");
        let (mut conn, mut server) = (Conn::new(catalogue()), Seen::default());
        conn.feed(Direction::ToServer, &[&ask.bytes, ask.then].concat(), 0, &mut server);
        conn.end(EndedBy::Server, 0, &mut server);
        assert_eq!(server.0, [(seen.to_string(), model.to_string(), true)]);
    }
}

/// The path that is asked for the description of a model called in this way; None: nobody is asked.
fn described_at(catalogue: Catalogue, method: &str) -> Option<String> {
    let catalogue = Arc::new(catalogue);
    let ask = ask(&catalogue, Wanted::Description, &about("m", method), "h")?;
    let (mut conn, mut server) = (Conn::new(catalogue), Seen::default());
    conn.feed(Direction::ToServer, &[&ask.bytes, ask.then].concat(), 0, &mut server);
    conn.end(EndedBy::Server, 0, &mut server);
    server.0.pop().map(|(method, _, _)| method)
}

#[test]
fn whether_there_is_a_model_is_asked_of_what_describes_it_and_of_nothing_that_changes_it() {
    let admin =
        |request: Program, response: Program| Method { kind: Kind::Admin, request, response, ..Method::default() };
    let named = || program(Slot::Model, &[1], How::String);
    let methods = |methods: Vec<(&str, Method)>| Catalogue {
        methods: methods.into_iter().map(|(path, method)| (path.into(), method)).collect(),
        ..Catalogue::default()
    };
    let config = || ("/a.B/Config", admin(named(), program(Slot::MaxBatchSize, &[1], How::Int)));
    let metadata = ("/a.B/Metadata", admin(named(), named()));
    let unload = ("/a.B/AnUnload", admin(named(), Program::default()));
    let infer = ("/a.B/AnInfer", Method { request: named(), response: named(), ..Method::default() });
    let both = methods(vec![config(), metadata, unload.clone(), infer.clone()]);
    assert_eq!(described_at(both, "a.B/Infer").as_deref(), Some("a.B/Metadata"), "more servers have it");
    assert_eq!(described_at(methods(vec![config(), unload.clone()]), "a.B/Infer").as_deref(), Some("a.B/Config"));
    assert_eq!(described_at(methods(vec![unload, infer]), "a.B/Infer"), None);

    let route = |template: &str, kind| Route { template: template.into(), kind, ..Route::default() };
    let routes = vec![
        route("/v2/models/{model}/unload", Kind::Admin),
        route("/v2/models/{model}", Kind::Admin),
        route("/v1/models/{model}", Kind::Probe),
    ];
    let routes = || Catalogue { routes: routes.clone(), ..Catalogue::default() };
    assert_eq!(described_at(routes(), "/v2/models/{model}/infer").as_deref(), Some("/v2/models/{model}"));
    assert_eq!(described_at(routes(), "/v1/models/{model}:predict"), None);
}

#[test]
fn where_nobody_would_know_nobody_is_asked() {
    for (method, model) in [
        ("a.C/Infer", "resnet"),
        ("a.D/Infer", "resnet"),
        ("other", "resnet"),
        ("/v1/models/{model}:predict", "resnet"),
        ("/v1/completions", "resnet"),
        ("/v2/models/{model}/infer", "x HTTP/1.1\r\nhost: evil\r\n"),
    ] {
        for wanted in [Wanted::BatchLimit, Wanted::Description] {
            assert_eq!(ask(&catalogue(), wanted, &about(model, method), "h"), None, "{method} {model}");
        }
    }
}

/// One upstream, where this server listens.
fn upstream_of(server: &TcpListener) -> Arc<Upstream> {
    let address = server.local_addr().expect("an address").to_string();
    let places = [(address.clone(), address)];
    crate::upstream::upstreams(&places, Clock::start(), Log::new(Format::Human).0).0.remove(0)
}

/// Asks a server that says this, whole, once it has been spoken to, and then closes.
fn hear(method: &str, answer: &[u8]) -> io::Result<Heard> {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let upstream = upstream_of(&server);
    let ask = ask(&catalogue(), Wanted::BatchLimit, &about("m", method), "h").expect("there is something to ask");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = server.accept().expect("a client").0;
            client.read_exact(&mut vec![0; ask.bytes.len()]).expect("what is asked");
            client.write_all(answer).expect("a listener");
        });
        converse(&upstream, &ask, catalogue())
    })
}

/// What was heard: whether it was good, and the limit.
fn told(heard: io::Result<Heard>) -> (bool, Option<u32>) {
    let heard = heard.expect("an answer");
    (heard.good, heard.limit)
}

#[test]
fn an_answer_is_read_as_any_other() {
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let head = b"\0\0\x01\x01\x04\0\0\0\x01\x88"; // :status 200
    let says_8 = b"\0\0\x09\0\0\0\0\0\x01\0\0\0\0\x04\x0a\x02\x20\x08";
    let trailers = |status: u8| [b"\0\0\x0f\x01\x05\0\0\0\x01\0\x0bgrpc-status\x01", &[status][..]].concat();
    let grpc = |status| hear("a.B/Infer", &[settings, head, says_8, &trailers(status)].concat());
    assert_eq!(told(grpc(b'0')), (true, Some(8)));
    assert_eq!(told(grpc(b'5')), (false, None), "NOT_FOUND");
    let http = |status, body: &str| {
        let fields = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        hear("/v2/models/{model}/infer", format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}").as_bytes())
    };
    assert_eq!(told(http("200 OK", r#"{"limit": 0}"#)), (true, Some(0)));
    assert_eq!(told(http("404 Not Found", r#"{"limit": 8}"#)), (false, None));
    assert_eq!(told(http("200 OK", "{}")), (true, None));
}

#[test]
fn a_server_that_hangs_up_or_speaks_otherwise_has_not_said() {
    assert_eq!(told(hear("a.B/Infer", b"")), (false, None));
    assert_eq!(told(hear("/v2/models/{model}/infer", b"SSH-2.0-x\r\n")), (false, None));
}
