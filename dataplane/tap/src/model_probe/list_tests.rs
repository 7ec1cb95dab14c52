//! Lists as servers write them, and as nobody should.

use super::*;
use crate::clock::Clock;
use crate::log::{Format, Log};
use std::net::TcpListener;
use std::thread;
use wire::catalogue::{JsonRead, JsonStep};

fn place(steps: &str) -> JsonExtract {
    let step = |step: &str| if step == "*" { JsonStep::Each } else { JsonStep::Key(step.into()) };
    let path = steps.split('.').map(step).collect();
    JsonExtract { slot: Slot::Names, path, read: JsonRead::String, texts: Vec::new() }
}

fn list(template: &str, places: &[&str]) -> Route {
    let response = places.iter().map(|steps| place(steps)).collect();
    Route { template: template.into(), kind: Kind::Admin, response, ..Route::default() }
}

fn models() -> Route {
    list("/v1/models", &["data.*.id", "models.*", "models.*.name"])
}

fn names(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}

fn found(body: &str, wanted: &[&str]) -> Vec<Box<str>> {
    held(&models(), body.as_bytes(), &names(wanted))
}

#[test]
fn lists_are_read_as_servers_write_them() {
    let wanted = ["llama", "qwen/2", "not there"];
    for (body, held) in [
        (r#"{"object":"list","data":[{"id":"llama","object":"model"},{"id":"qwen\/2"}]}"#, &["llama", "qwen/2"][..]),
        (r#"{"models":["llama","other"]}"#, &["llama"]),
        (r#"{"models":[{"name":"x"},{"name":"qwen/2","details":{"family":"llama"}}]}"#, &["qwen/2"]),
        (r#"{"models":[{"name":"llama"}],"data":[{"id":"qwen/2"}]}"#, &["llama", "qwen/2"]),
        (r#"{"data":[{"id":"\u006clama"}]}"#, &["llama"]),
        (r#"{"data":[{"root":"llama","id":"x"},{"id":null},{"id":["llama"]}],"id":"llama"}"#, &[]),
        (r#"{"data":[{"id":"a \" llama \""},{"id":"lla"},{"id":"llamas"},{"id":""}]}"#, &[]),
        (r#"{"error":"no model llama"}"#, &[]),
        ("<html>llama</html>", &[]),
        ("", &[]),
    ] {
        assert_eq!(found(body, &wanted), names(held), "{body}");
    }
    assert_eq!(
        found(r#"{"data":[{"id":"a \" llama \""}]}"#, &["a \" llama \""]).len(),
        1,
        "a name with quotation marks"
    );
}

#[test]
fn names_of_a_thousand_models_are_all_looked_at_and_of_more_than_a_mebibyte_the_first() {
    let listed = |count: usize| {
        let entries: Vec<_> = (0..count).map(|at| format!(r#"{{"id":"model-{at}","owned_by":"vllm"}}"#)).collect();
        format!(r#"{{"data":[{}]}}"#, entries.join(","))
    };
    assert_eq!(found(&listed(1000), &["model-0", "model-999"]), names(&["model-0", "model-999"]));
    assert_eq!(found(&listed(100_000), &["model-0", "model-99999"]), names(&["model-0"]));
}

#[test]
fn the_body_of_an_answer_is_found_in_either_framing() {
    let text = |answer: &str| body(answer.as_bytes()).map(|body| String::from_utf8(body).expect("text"));
    assert_eq!(text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").as_deref(), Some("{}"));
    assert_eq!(text("HTTP/1.0 200 OK\r\n\r\n{}").as_deref(), Some("{}"));
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n{\r\nA;x=y\r\n\"data\": []\r\n1\r\n}\r\n0\r\n\r\n";
    assert_eq!(text(chunked).as_deref(), Some(r#"{"data": []}"#));
    assert_eq!(text(&chunked[..chunked.len() - 9]).as_deref(), Some(r#"{"data": []"#), "it was cut off");
    assert_eq!(text("HTTP/1.1 404 Not Found\r\n\r\n{}"), None);
    assert_eq!(text("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"), None);
    assert_eq!(text("SSH-2.0-x\r\n\r\n"), None);
    assert_eq!(text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nx").as_deref(), Some(""));
}

#[test]
fn the_list_of_the_api_in_which_a_model_was_called_comes_first() {
    let mut inference = models();
    inference.kind = Kind::Inference;
    let known = vec![
        inference,
        list("/v1/{any}/models", &["data.*.id"]),
        list("/v1/plain", &[]),
        list("/v1/models", &["data.*.id"]),
        list("/openai/v1/models", &["data.*.id"]),
        list("/api/tags", &["models.*.name"]),
    ];
    let catalogue = Catalogue { routes: known, ..Catalogue::default() };
    let at = |method: &str| routes_of(&catalogue, method);
    assert_eq!(at("/openai/v1/chat/completions"), ["/openai/v1/models", "/v1/models", "/api/tags"]);
    assert_eq!(at("/api/chat")[0], "/api/tags");
    assert_eq!(at("/v1/models/{model}:predict")[0], "/v1/models");
    let many = (0..100).map(|at| list(&format!("/{at}"), &["data.*.id"])).collect();
    assert_eq!(routes(&Catalogue { routes: many, ..Catalogue::default() }, "/v1").len(), LIST_PATHS);
}

fn routes_of(catalogue: &Catalogue, method: &str) -> Vec<String> {
    routes(catalogue, method).iter().map(|route| route.template.to_string()).collect()
}

#[test]
fn a_server_is_asked_at_one_path_after_the_other_until_all_names_are_found() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("an address").to_string();
    let places = [(address.clone(), address)];
    let upstream = crate::upstream::upstreams(&places, Clock::start(), Log::new(Format::Human).0).0.remove(0);
    let routes = ["/a", "/b", "/c", "/d"].map(|template| list(template, &["data.*.id"])).into();
    let catalogue = Catalogue { routes, ..Catalogue::default() };
    let answers = ["HTTP/1.1 404 No\r\n\r\n", "", "HTTP/1.1 200 OK\r\n\r\n{\"data\":[{\"id\":\"m\"}]}"];
    let (found, asked) = thread::scope(|scope| {
        let answering = scope.spawn(|| {
            let answer = |answer: &&str| {
                let (mut client, mut head) = (server.accept().expect("a client").0, [0; 1024]);
                let n = client.read(&mut head).expect("what is asked");
                client.write_all(answer.as_bytes()).expect("a listener");
                String::from_utf8_lossy(&head[..n]).lines().next().map(str::to_string)
            };
            answers.iter().map(answer).collect::<Vec<_>>()
        });
        let found = find(&upstream, &catalogue, "/v1", &names(&["m"]));
        (found, answering.join().expect("a server"))
    });
    assert_eq!(found, names(&["m"]));
    let paths: Vec<_> = asked.into_iter().flatten().collect();
    assert_eq!(paths, ["GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c HTTP/1.1"]);
}
