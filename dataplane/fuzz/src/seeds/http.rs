//! What clients and servers of HTTP/1.1 say: a document, events, lines, and both ways to end a body.

use super::CUTS;
use crate::http1::op;

/// In turns for each of the plans of the target.
pub const DOCUMENTS: [&str; 15] = [
    r#"{"id":"c-1","model":"llama","choices":[{"index":0,"delta":{"content":"\u0041\ud83d\ude00\n"}}],"usage":null}"#,
    r#"{"id":"r-1","inputs":[{"name":"x","shape":[8,3],"data":[1.5,-2e3,[],{"a":"]"}]},{"shape":[7]}]}"#,
    r#"{"a":["text",{"b":"more","c":[{}]}, null ,true],"b":{"a":18446744073709551616}}"#,
    r#"{"a":[{"b":""},{"b":"x"}],"b":[]}"#,
    r#" {"error" : {"message":"no"}, "usage":{"prompt_tokens":12,"completion_tokens":3}, "model" : "m\"" } "#,
    r#"{"prompt":[[1,2],[3]],"inputs":{},"id":""}"#,
    r#"[1,"two",3,[4],{"a":5}]"#,
    r#"[{"a":[0,{}]},[],""]"#,
    r#"{"choices":[{"delta":{"content":""}},{"delta":{"content":"x"}},{"delta":[]}],"id":7}"#,
    r#"{"prompt":["one","two"],"inputs":[{"shape":[-1]}],"more":{"deep":[[[[[[[[[[0]]]]]]]]]]}}"#,
    r#"{"a":{"b":{"a":[{},[]]},"a":-0}}"#,
    r#""a document of its own, longer than a name may be: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#,
    r#"{}"#,
    r#"[]"#,
    r#"{"inputs":[{"datatype":"FP32","shape":[8,3, 224],"data":[]},{"shape":[7]}],"a":[[1],[2,[3]]]}"#,
];

pub const STREAMS: [&str; 4] = [
    "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n",
    ": ping\r\n\r\nevent: x\r\ndata:no space\r\ndata:  two\r\nid: 7\r\n\r\ndata: [DONE]x\r\n\r\n",
    "data\rdata\r\rdata:\n\ndatabase: no\nretry: 5\n\ndata: never closed",
    "data: [DONE]\ndata: [DONE]\n\ndata: [DO\n\ndata:[DONE]",
];

/// Whole connections, as the target takes them.
pub fn connections() -> Vec<Vec<u8>> {
    let (client, server) = (op::LATER, op::LATER | op::SERVER);
    let made = |side: u8, which: u8, body: &str| (side | op::MESSAGE | which << op::WHICH, body.as_bytes().to_vec());
    let said = |side: u8, text: &str| (side, text.as_bytes().to_vec());
    let mut of_bodies = vec![said(server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")];
    for which in 0..8 {
        let answer = match which % 4 {
            0 => DOCUMENTS[3],
            1 => STREAMS[usize::from(which) % 3],
            2 => "{\"response\":\"y\"}\n\n{\"response\":\"\",\"eval_count\":7}\n",
            _ => "no",
        };
        of_bodies.push(made(client, which, DOCUMENTS[usize::from(which)]));
        of_bodies.push(made(server, which, answer));
    }
    let of_heads = vec![
        said(client, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
        said(server, "HTTP/1.1 204 No Content\r\n\r\n"),
        said(server, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"),
        said(server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"),
        said(client, "POST /api/generate HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        said(server, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: until the end"),
    ];
    let of_another = vec![
        said(client, "CONNECT x:1 HTTP/1.1\r\n\r\n"),
        said(server, "HTTP/1.0 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        said(server, "HTTP/1.1 200 OK\r\n\r\n\x16\x03"),
    ];
    [of_bodies, of_heads, of_another].map(|bursts| connection(&bursts)).to_vec()
}

fn connection(bursts: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut out = [&[1], CUTS].concat();
    for (how, bytes) in bursts {
        out.extend([*how, bytes.len() as u8]);
        out.extend(bytes);
    }
    out
}
