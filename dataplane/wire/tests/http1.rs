//! HTTP/1.1: which answer is whose, what bodies say, and what cannot be told.

mod support;

use support::*;
use wire::{Blind, Code, EndedBy, Outcome, Protocol};

fn http1() -> Rig {
    Rig::fresh(catalogue())
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

fn answer(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn json_answer(body: &str) -> Vec<u8> {
    answer("200 OK", "content-type: application/json\r\n", body)
}

fn chunked(fields: &str, chunks: &[&str]) -> Vec<u8> {
    let body: String = chunks.iter().map(|chunk| format!("{:x};x=y\r\n{chunk}\r\n", chunk.len())).collect();
    format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n{body}0\r\nTrailer: x\r\n\r\n").into_bytes()
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

#[test]
fn a_count_is_a_batch_and_a_description_says_how_large_one_may_be() {
    let mut rig = http1();
    rig.client(&post("/v1/models/half:predict", r#"{"instances":[[1],[2],[3]]}"#)).server(&json_answer("{}"));
    assert_eq!((rig.told.requests[0].open.batch_size, rig.told.requests[0].open.shape.is_known()), (3, false));
    for (body, told) in [
        (r#"{"name":"half","input":[{"dims":[16]}],"max_batch_size":8}"#, Some(8)),
        (r#"{"name":"half","max_batch_size":0}"#, Some(0)),
        (r#"{"name":"half","max_batch_size":-1}"#, None),
        (r#"{"name":"half","dynamic_batching":{"max_batch_size":8}}"#, None),
    ] {
        rig.client(&get("/v2/models/half/config")).server(&json_answer(body));
        let (call, end) = rig.told.ended.last().unwrap();
        assert_eq!((&*call.model.text, call.max_batch_size, end.outcome), ("half", told, Outcome::Ok), "{body}");
    }
}

fn codes(rig: &Rig) -> Vec<Code> {
    rig.told.ended.iter().map(|(_, end)| end.code).collect()
}

#[test]
fn an_inference_and_its_answer() {
    let mut rig = http1();
    let body = r#"{"id":"r-1","inputs":[{"name":"x","shape":[8,3],"datatype":"FP32","data":[[1,2,3]]}]}"#;
    rig.client(&post("/v2/models/resnet/infer?x=1", body)).wait(7);
    rig.server(&json_answer(r#"{"model_name":"resnet","model_version":"3","outputs":[]}"#));
    let (call, end) = rig.only();
    assert_eq!(
        (&*call.method.text, &*call.model.text, &*call.version.text),
        ("/v2/models/{model}/infer", "resnet", "3")
    );
    assert_eq!((end.code, end.outcome, end.ended_by), (Code::Http(200), Outcome::Ok, EndedBy::Server));
    assert!(call.known_method && !call.streaming);
    assert_eq!((call.request_bytes, call.request_messages, call.response_messages), (body.len() as u64, 1, 1));
    let request = &rig.told.requests[0];
    assert_eq!((request.open.id.text(), request.latency), ("r-1", Some(7 * MS)));
    assert_eq!(request.open.shape.to_string(), "FP32[8,3]");
    assert_eq!((&rig.told.recognised[..], &rig.told.blinded[..]), (&[Protocol::Http1][..], &[][..]));
    assert_eq!(rig.conn.open_calls(), 0);
}

#[test]
fn keep_alive_and_pipelining_answer_in_order() {
    let mut rig = http1();
    rig.client(&[get("/a"), get("/b"), post("/v2/models/m/infer", "{}")].concat());
    assert_eq!(rig.conn.open_calls(), 3);
    rig.server(&[answer("200 OK", "", "a"), answer("404 Not Found", "", ""), answer("500 Oh", "", "c")].concat());
    rig.client(&get("/d")).server(&answer("204 No Content", "", ""));
    assert_eq!(codes(&rig), [200, 404, 500, 204].map(Code::Http));
    let methods: Vec<&str> = rig.told.ended.iter().map(|(call, _)| &*call.method.text).collect();
    assert_eq!(methods, ["/a", "/b", "/v2/models/{model}/infer", "/d"]);
}

#[test]
fn bodies_end_as_rfc_9112_says() {
    let mut rig = http1();
    // HEAD: a length, and no body.
    rig.client(b"HEAD /v2/health/ready HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    // 1xx are not the answer; 304 has no body whatever it says.
    rig.client(&get("/x")).server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: y\r\n\r\n");
    assert_eq!(rig.conn.open_calls(), 1);
    rig.server(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    rig.client(b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n");
    rig.server(&chunked("", &["one", "two"]));
    // Without either the body ends with the connection.
    rig.client(&get("/x")).server(b"HTTP/1.1 200 OK\r\n\r\nso much").wait(5);
    assert_eq!(rig.conn.open_calls(), 1);
    rig.end(EndedBy::Server);
    assert_eq!(codes(&rig), [200, 304, 200, 200].map(Code::Http));
    let bytes: Vec<u64> = rig.told.ended.iter().map(|(call, _)| call.response_bytes).collect();
    assert_eq!(bytes, [0, 0, 6, 7]);
    assert_eq!(rig.told.ended[2].0.request_bytes, 10);
    assert_eq!(rig.told.blinded, []);
}

#[test]
fn a_connection_that_ends_too_early() {
    let mut rig = http1();
    rig.client(&get("/x")).server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nso").end(EndedBy::Server);
    assert_eq!((rig.only().1.code, rig.only().1.outcome), (Code::Lost, Outcome::ServerError));
    let mut rig = http1();
    rig.client(&get("/x")).end(EndedBy::Client);
    assert_eq!((rig.only().1.code, rig.only().1.outcome), (Code::Lost, Outcome::Cancelled));
}

#[test]
fn a_request_that_breaks_off_has_said_what_it_has_said() {
    let whole = post("/v1/chat/completions", r#"{"model":"llama-7b","messages":[{"content":"hello"}]}"#);
    let text = String::from_utf8(whole).unwrap();
    let named_after = text.find(r#"",""#).unwrap() + 1;
    for kept in text.find('{').unwrap() + 1..text.len() {
        let mut rig = http1();
        rig.client(&text.as_bytes()[..kept]).end(EndedBy::Server);
        let model = if kept >= named_after { "llama-7b" } else { "" };
        assert_eq!(&*rig.only().0.model.text, model, "after {}", &text[..kept]);
        assert_eq!(rig.only().1.code, Code::Lost);
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_not_read() {
    for (request, cause) in [
        (
            &b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
            "transfer-encoding with content-length, or in HTTP/1.0",
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "two lengths of one body"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", "a content-length that is no number"),
        (b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", "a content-length that is no number"),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "a transfer-encoding other than chunked, or twice",
        ),
        (
            b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "transfer-encoding with content-length, or in HTTP/1.0",
        ),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\n", "a chunk without a size"),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc",
            "a chunk does not end its line or its data as it should",
        ),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "the size of a chunk has more digits than anybody means",
        ),
        (b"GET / HTTP/1.1\r\nX : y\r\n\r\n", "a field without a name, or folded"),
        (b"GET / HTTP/1.1\r\nX: y\r\n folded\r\n\r\n", "a field without a name, or folded"),
        (b"GET / HTTP/1.1\nHost: x\n\n", "a line ends with a bare line feed"),
        (b"GET / x HTTP/1.1\r\n\r\n", "a version other than HTTP/1.1 and HTTP/1.0"),
        (b"GET / HTTP/1.1 x\r\n\r\n", "a request line is not of a method, a target and a version"),
        (b"GET / HTTP/2.0\r\n\r\n", "a version other than HTTP/1.1 and HTTP/1.0"),
    ] {
        let mut rig = http1();
        rig.client(&get("/first")).client(request).client(&get("/never"));
        assert_eq!(rig.told.blinded, [Blind::Frame], "{}", request.escape_ascii());
        assert_eq!(rig.told.causes, [cause], "{}", request.escape_ascii());
        let (call, end) = &rig.told.ended[0];
        assert_eq!((&*call.method.text, end.ended_by, end.outcome), ("/first", EndedBy::Wayside, Outcome::Cancelled));
        assert_eq!((rig.conn.open_calls(), rig.told.opened.len()), (0, rig.told.ended.len()));
    }
    let mut rig = http1();
    rig.client(&get("/x")).server(&[answer("200 OK", "", ""), answer("200 OK", "", "")].concat());
    assert_eq!(rig.told.blinded, [Blind::Frame], "an answer nobody asked for");
    assert_eq!(rig.told.causes, ["an answer that no request waits for"]);
}

#[test]
fn switching_ends_the_reading() {
    for (fields, reason) in [
        ("Upgrade: websocket\r\n", Blind::Upgraded),
        ("Connection: Upgrade\r\nUPGRADE:WebSocket\r\n", Blind::Upgraded),
        ("Upgrade: h2c\r\n", Blind::Protocol),
        ("Upgrade: TLS/1.2, websocket\r\n", Blind::Protocol),
        ("", Blind::Protocol),
    ] {
        let mut rig = http1();
        let switched = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n\u{1}\u{5}");
        rig.client(&get("/socket")).server(switched.as_bytes());
        assert_eq!((codes(&rig), &rig.told.blinded[..]), (vec![Code::Http(101)], &[reason][..]), "{fields}");
    }
    // What an answer before it offered does not count.
    let mut rig = http1();
    rig.client(&get("/x")).server(&answer("200 OK", "Upgrade: websocket\r\n", ""));
    rig.client(&get("/socket")).server(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    assert_eq!(rig.told.blinded, [Blind::Protocol]);
    let mut rig = http1();
    rig.client(b"CONNECT x:1 HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03");
    assert_eq!((codes(&rig), &rig.told.blinded[..]), (vec![Code::Http(200)], &[Blind::Protocol][..]));
}

#[test]
fn a_long_field_says_the_same_however_it_is_cut() {
    let long = [format!("grpc-message: ab{}x", " ".repeat(1500)), format!("grpc-status: {}0", " ".repeat(1500))];
    for field in long {
        let fields = format!("grpc-status: 0\r\n{field}\r\n");
        let (mut whole, mut cut) = (http1(), http1());
        for rig in [&mut whole, &mut cut] {
            rig.client(&post("/v1/models/half:predict", "{}"));
        }
        let answer = answer("200 OK", &fields, "");
        whole.server(&answer);
        answer.chunks(1).for_each(|byte| _ = cut.server(byte));
        assert_eq!((codes(&whole), &whole.told.log), (vec![Code::Grpc(0)], &cut.told.log));
    }
    let length = format!("HTTP/1.1 200 OK\r\nContent-Length:{}0\r\n\r\n", " ".repeat(1500));
    let mut rig = http1();
    rig.client(&get("/x")).server(length.as_bytes());
    assert_eq!(rig.told.blinded, [Blind::Frame], "as it is when it comes in pieces");
}

#[test]
fn a_server_that_speaks_first_is_none_of_http() {
    // Its first bytes could be a whole frame of HTTP/2, or the beginning of one.
    for first in [&frame(0, 0, 1, &[])[..], b"220 "] {
        let mut rig = http1();
        rig.server(first).client(&get("/x"));
        assert_eq!((&rig.told.blinded[..], rig.conn.open_calls()), (&[Blind::Protocol][..], 0));
    }
}

#[test]
fn a_pipeline_is_followed_so_far() {
    let mut rig = http1();
    rig.client(&get("/x").repeat(64));
    assert_eq!((rig.conn.open_calls(), rig.told.blinded.len()), (64, 0));
    rig.client(&get("/x"));
    assert_eq!((rig.conn.open_calls(), &rig.told.blinded[..]), (0, &[Blind::Streams][..]));
}

#[test]
fn tokens_of_a_chat() {
    let mut rig = http1();
    rig.client(&post(
        "/v1/chat/completions",
        r#"{"messages":[{"content":"{\"model\":\"no\"}"}],"model":"llama","stream":true}"#,
    ));
    let delta =
        |delta: &str| event(&format!(r#"{{"id":"c-1","choices":[{{"index":0,"delta":{delta}}}],"usage":null}}"#));
    let head = "content-type: text/event-stream\r\n";
    let role = format!("HTTP/1.1 200 OK\r\n{head}\r\n: ping\n\n{}", delta(r#"{"role":"assistant","content":""}"#));
    rig.wait(10).server(role.as_bytes());
    rig.wait(30).server(delta(r#"{"content":"Hel"}"#).as_bytes());
    rig.wait(5).server(delta(r#"{"content":"lo \u00e9"}"#).as_bytes());
    rig.wait(6).server(event(r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#).as_bytes());
    rig.wait(1).server(event("[DONE]").as_bytes()).wait(1).end(EndedBy::Server);
    let (call, end) = rig.only();
    assert_eq!((&*call.model.text, end.code, call.streaming), ("llama", Code::Http(200), true));
    let open = &rig.told.requests[0].open;
    assert_eq!(open.first_response, Some(40 * MS), "the role is not a token");
    assert_eq!(rig.told.gaps, [5 * MS]);
    assert_eq!((open.tokens_in.usage, open.tokens_out.usage, open.chunks), (Some(12), Some(3), 2));
    assert_eq!((call.response_messages, rig.told.requests[0].latency), (4, Some(53 * MS)));
}

#[test]
fn lines_of_json() {
    let mut rig = http1();
    rig.client(&post("/api/generate", r#"{"model":"llama3:8b","prompt":"why"}"#));
    let lines = [
        r#"{"response":"be"}"#,
        r#"{"response":"cause","done":false}"#,
        r#"{"response":"","done":true,"eval_count":2,"prompt_eval_count":9}"#,
    ];
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    rig.wait(3)
        .server(&chunked("content-type: application/x-ndjson\r\n", &lines.iter().map(|l| &**l).collect::<Vec<_>>()));
    let open = &rig.told.requests[0].open;
    assert_eq!((open.tokens_in.usage, open.tokens_out.usage, open.chunks), (Some(9), Some(2), 2));
    assert_eq!(&*rig.only().0.model.text, "llama3:8b");
}

#[test]
fn errors_inside_an_ok_answer() {
    let mut rig = http1();
    rig.client(&post("/v1/chat/completions", r#"{"model":"llama"}"#));
    let body = event(r#"{"error":{"message":"out of memory"}}"#);
    rig.server(&chunked("content-type: text/event-stream\r\n", &[&body]));
    assert_eq!(rig.told.requests[0].code, Code::InBandError);
    assert_eq!((rig.only().1.code, rig.only().1.outcome), (Code::Http(200), Outcome::ServerError));
    assert_eq!(rig.told.requests[0].open.first_response, None);
}

#[test]
fn only_the_json_before_tensors_is_read() {
    let mut rig = http1();
    let json = r#"{"id":"b","inputs":[{"shape":[4,2],"parameters":{"binary_data_size":32}}]}"#;
    let tensors = r#"{"id":"wrong"}"#;
    let length = format!("Inference-Header-Content-Length: {}\r\n", json.len());
    let all = format!(
        "POST /v2/models/m/infer HTTP/1.1\r\n{length}Content-Length: {}\r\n\r\n{json}{tensors}",
        json.len() + tensors.len()
    );
    rig.client(all.as_bytes());
    let reply = r#"{"model_name":"m","model_version":"2"}"#;
    let length =
        format!("content-type: application/octet-stream\r\ninference-header-content-length: {}\r\n", reply.len());
    rig.server(&answer("200 OK", &length, &format!("{reply}{tensors}")));
    let open = &rig.told.requests[0].open;
    assert_eq!((open.id.text(), &*rig.only().0.version.text), ("b", "2"));
    assert_eq!(open.shape.to_string(), "[4,2]");
}

#[test]
fn what_is_encoded_is_counted_and_not_read() {
    let mut rig = http1();
    rig.client(b"POST /v2/models/m/infer HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n{\"id\":\"x\"");
    rig.server(&answer("200 OK", "content-type: application/json\r\ncontent-encoding: br\r\n", r#"{"error":"x"}"#));
    assert_eq!((rig.told.requests[0].open.id.text(), rig.only().1.outcome), ("", Outcome::Ok));
    assert_eq!((rig.only().0.request_bytes, rig.only().0.response_bytes), (9, 13));
}

/// The same conversation in one piece and in pieces of every size.
#[test]
fn any_chunking_gives_the_same_facts() {
    let chat = r#"{"model":"llama","messages":[{"role":"user","content":"a\"b\\"}],"n":-1.5e3,"stream":true}"#;
    let infer = r#"{"inputs":[{"shape":[2,9],"data":[1,2,"x]",{}]},{"shape":[7]}],"id":"\u0041\ud83d\ude00"}"#;
    let client = [
        post("/v1/chat/completions", chat),
        post("/v2/models/m/versions/9/infer", infer),
        b"\r\nPOST /api/generate HTTP/1.1\r\ntraceparent: 00-abc\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_vec(),
    ]
    .concat();
    let events: String =
        [r#"{"choices":[{"delta":{"content":"x"}}]}"#, r#"{"error":null,"choices":[]}"#, "[DONE]"].map(event).concat();
    let server = [
        chunked("Content-Type: text/event-stream\r\n", &[&events[..30], &events[30..]]),
        json_answer(r#" { "model_name" : "m" , "error" : [ ] , "model_version":"9" } "#),
        chunked("Content-Type: application/x-ndjson\r\n", &["{\"response\":\"y\"}\r\n\n{\"eval", "_count\": 7}"]),
    ]
    .concat();
    let run = |size: usize| {
        let mut rig = http1();
        for part in client.chunks(size) {
            rig.client(part);
        }
        for part in server.chunks(size) {
            rig.server(part);
        }
        rig.end(EndedBy::Client);
        rig.told.log
    };
    let whole = run(usize::MAX);
    assert_eq!(whole.iter().filter(|line| line.starts_with("ended")).count(), 3, "{whole:#?}");
    for size in (1..40).chain([97, 500]) {
        assert_eq!(run(size), whole, "pieces of {size}");
    }
}

#[test]
fn where_a_farewell_fits() {
    let mut rig = http1();
    rig.client(&get("/a"));
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert!(!rig.conn.farewell_fits());
    assert_eq!(rig.conn.farewell_fits_after(whole), Some(17), "after the status line");
    assert_eq!(rig.conn.farewell_fits_after(b"HTTP/1.1 100 Continue\r\n\r\n"), None, "not into an interim answer");
    assert_eq!(rig.conn.farewell_fits_after(&whole[..16]), None);
    // Wherever the answer was cut so far: never into its body, and always between two lines of its head.
    for cut in 1..whole.len() {
        let mut rig = http1();
        rig.client(&get("/a")).server(&whole[..cut]);
        let (head, between) = (cut < 38, cut == 17 || cut == 36);
        assert_eq!(rig.conn.farewell_fits(), between, "{cut}");
        let fits = rig.conn.farewell_fits_after(&whole[cut..]);
        let expected = [17, 36].into_iter().find(|end| *end > cut).map(|end| end - cut);
        assert_eq!(fits, expected.filter(|_| head), "{cut}");
    }
    rig.server(whole);
    assert!(!rig.conn.farewell_fits(), "no answer is under way");
    rig.client(&get("/b")).server(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n");
    assert!(!rig.conn.farewell_fits());
}
