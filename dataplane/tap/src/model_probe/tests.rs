use super::*;
use crate::clock::Clock;
use crate::log::{Format, Log};
use std::net::TcpListener;
use std::thread;
use wire::catalogue::{JsonRead, JsonStep, Kind, Route, Step, Variant};

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

fn request(model: &str, method: &str) -> ProbeRequest {
    ProbeRequest { model: model.into(), method: method.into(), upstream: 0 }
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
        let ask = ask(&catalogue(), &request(model, method), &host).expect("there is something to ask");
        let (mut conn, mut server) = (Conn::new(catalogue()), Seen::default());
        conn.feed(Direction::ToServer, &[&ask.bytes, ask.then].concat(), 0, &mut server);
        conn.end(EndedBy::Server, 0, &mut server);
        assert_eq!(server.0, [(seen.to_string(), model.to_string(), true)]);
    }
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
        assert_eq!(ask(&catalogue(), &request(model, method), "h"), None, "{method} {model}");
    }
}

/// Asks a server that says this, whole, once it has been spoken to, and then closes.
fn hear(method: &str, answer: &[u8]) -> io::Result<Option<u32>> {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("an address").to_string();
    let places = [(address.clone(), address)];
    let (upstreams, _) = crate::upstream::upstreams(&places, Clock::start(), Log::new(Format::Human).0);
    let ask = ask(&catalogue(), &request("m", method), "h").expect("there is something to ask");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = server.accept().expect("a client").0;
            client.read_exact(&mut vec![0; ask.bytes.len()]).expect("what is asked");
            client.write_all(answer).expect("a listener");
        });
        converse(&upstreams[0], &ask, catalogue())
    })
}

#[test]
fn an_answer_is_read_as_any_other() {
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let head = b"\0\0\x01\x01\x04\0\0\0\x01\x88"; // :status 200
    let says_8 = b"\0\0\x09\0\0\0\0\0\x01\0\0\0\0\x04\x0a\x02\x20\x08";
    let trailers = |status: u8| [b"\0\0\x0f\x01\x05\0\0\0\x01\0\x0bgrpc-status\x01", &[status][..]].concat();
    let grpc = |status| hear("a.B/Infer", &[settings, head, says_8, &trailers(status)].concat());
    assert_eq!(grpc(b'0').expect("an answer"), Some(8));
    assert_eq!(grpc(b'5').expect("an answer"), None, "NOT_FOUND");
    let http = |status, body: &str| {
        let fields = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        hear("/v2/models/{model}/infer", format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}").as_bytes())
    };
    assert_eq!(http("200 OK", r#"{"limit": 0}"#).expect("an answer"), Some(0));
    assert_eq!(http("404 Not Found", r#"{"limit": 8}"#).expect("an answer"), None);
}

#[test]
fn a_server_that_hangs_up_or_speaks_otherwise_has_not_said() {
    assert_eq!(hear("a.B/Infer", b"").expect("an end"), None);
    assert_eq!(hear("/v2/models/{model}/infer", b"SSH-2.0-x\r\n").expect("an end"), None);
}
