//! Where the search begins: what real servers said, and what the parser's own tests make up.

use crate::input::MAX_PIECE_BYTES;
use crate::support::*;
use std::fs;
use std::io;
use std::path::Path;

mod http;

const CONNECTION: &str = include_str!("../../../tests/data/triton_connection.json");
const MESSAGES: &str = include_str!("../../../tests/data/triton_messages.json");
/// A plan of cuts that suits everything: a frame head, less than one, more than one, one byte.
const CUTS: &[u8] = &[4, 9, 5, 40, 1];

/// An input of a target.
#[derive(Debug)]
pub struct Seed {
    /// The target it is for.
    pub target: &'static str,
    /// Which it is of the target's.
    pub number: usize,
    /// The input.
    pub bytes: Vec<u8>,
}

/// All seeds.
pub fn all() -> Vec<Seed> {
    let (recorded, made) = (recorded(), made());
    let messages: Vec<Vec<u8>> = quoted(MESSAGES).filter_map(unhex).collect();
    let mut seeds = Vec::new();
    let mut add = |target, inputs: Vec<Vec<u8>>| {
        let numbered = inputs.into_iter().enumerate();
        seeds.extend(numbered.map(|(number, bytes)| Seed { target, number, bytes }));
    };
    let sides: Vec<Vec<u8>> =
        [&recorded, &made].into_iter().flat_map(|reads| [side(reads, 0), side(reads, 1)]).collect();
    add("http2", sides.iter().map(|bytes| [CUTS, bytes].concat()).collect());
    let blocks = sides.iter().map(|bytes| blocks(bytes)).chain([large_table()]);
    add("hpack", blocks.map(|blocks| hpack(&blocks)).collect());
    add("fields", messages.iter().map(|bytes| [CUTS, &program(), &[2, 0, 0], bytes].concat()).collect());
    let framed: Vec<Vec<u8>> = messages.iter().map(|bytes| message(bytes)).collect();
    add("grpc", framed.chunks(4).map(|some| [CUTS, &some.concat()].concat()).collect());
    add("grpc_web", web(&framed));
    add("conn", vec![conn(&recorded), conn(&made)]);
    add("http1", http::connections());
    add(
        "json",
        http::DOCUMENTS
            .iter()
            .zip(0..)
            .map(|(text, n)| [CUTS, &[n % 5, 0, 6, 2, 1, b'0' + n], text.as_bytes()].concat())
            .collect(),
    );
    add("sse", http::STREAMS.iter().map(|text| [CUTS, text.as_bytes()].concat()).collect());
    seeds
}

/// Bodies of gRPC-Web, as the target takes them: messages and trailers, binary and in base64.
fn web(framed: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let endings = ["grpc-status: 0\r\n", "GRPC-Status:14\r\ngrpc-message: so%20it ended", "x: y\ngrpc-status: x\n"];
    let bodies = framed.chunks(6).zip(endings.iter().cycle()).zip([0x80, 0x80, 0x81].iter().cycle());
    let both = bodies.flat_map(|((some, ending), flag)| {
        let body = [some.concat(), trailers_frame(*flag, ending)].concat();
        [(0, body.clone()), (1, flushed(&body, 40))]
    });
    both.map(|(how, body)| [&[how], CUTS, &body].concat()).collect()
}

/// Writes them all, each into the folder of its target.
pub fn write(folder: &Path) -> io::Result<()> {
    for seed in all() {
        let of_target = folder.join(seed.target);
        fs::create_dir_all(&of_target)?;
        fs::write(of_target.join(format!("seed-{}", seed.number)), seed.bytes)?;
    }
    Ok(())
}

/// What one side sent at once: 0 for the client, 1 for the server, and the bytes.
type Read = (u8, Vec<u8>);

/// The recorded connection, without the preface.
fn recorded() -> Vec<Read> {
    let mut reads = Vec::new();
    let mut server = 0;
    for text in quoted(CONNECTION) {
        match text {
            "client" => server = 0,
            "server" => server = 1,
            _ => reads.extend(unhex(text).map(|bytes| (server, bytes))),
        }
    }
    assert!(reads[0].1.starts_with(PREFACE));
    reads[0].1.drain(..PREFACE.len());
    reads
}

/// A connection with everything the recorded one lacks: padding, CONTINUATION, resets, a GOAWAY, late frames.
fn made() -> Vec<Read> {
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut reads = vec![(0, settings()), (1, settings())];
    for (n, path) in [INFER, STREAM_INFER, GENERATE, LIVE, "/some.Other/Method"].into_iter().enumerate() {
        let stream = 2 * n as u32 + 1;
        let ask = client.block(
            &[&request_fields(path)[..], &[("grpc-timeout", "10m"), ("seldon-model", "iris"), ("x-request-id", "r-1")]]
                .concat(),
        );
        let head = server.block(&[(":status", "200"), ("content-type", "application/grpc")]);
        let end = server.block(&[("grpc-status", "0"), ("grpc-message", "so%20it ended"), ("x-version", "5")]);
        reads.push((0, split_headers(stream, false, &ask, 20)));
        reads.push((0, data(stream, true, &message(&infer_request("resnet", "2", "a", &[4, 300], 20)))));
        reads.push((1, headers(stream, false, &head)));
        reads.push((1, padded_data(stream, false, &message(&stream_response("a", Some(true))), 3)));
        reads.push((1, split_headers(stream, true, &end, 8)));
    }
    reads.push((0, [headers(11, false, &request_head(INFER)), rst(11, 8)].concat()));
    reads.push((0, headers(13, false, &request_head(INFER))));
    // The same bytes before and after the table has changed: they say something else then.
    let indices = client.block(&request_fields(INFER));
    let insertion = [&request_head(LIVE), &[0x40, 1][..], b"x", &[1], b"y"].concat();
    for (stream, block) in [(21, &indices), (23, &indices), (25, &insertion), (27, &indices)] {
        reads.push((0, headers(stream, true, block)));
    }
    reads.push((1, [frame(5, END_HEADERS, 13, &[&[0, 0, 0, 2], &*request_head(LIVE)].concat()), rst(13, 7)].concat()));
    reads.push((1, [frame(8, 0, 0, &[0, 0, 1, 0]), goaway(13, 0, b"max_age")].concat()));
    reads
}

/// All that one side sent.
fn side(reads: &[Read], side: u8) -> Vec<u8> {
    reads.iter().filter(|read| read.0 == side).flat_map(|read| read.1.clone()).collect()
}

/// The header blocks that lie whole in the frames of one side.
fn blocks(frames: &[u8]) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut rest = frames;
    while let [a, b, c, kind, flags, _, _, _, _, tail @ ..] = rest {
        let (payload, next) = tail.split_at(u32::from_be_bytes([0, *a, *b, *c]) as usize);
        if *kind == 1 && *flags & !END_STREAM == END_HEADERS {
            blocks.push(payload.to_vec());
        }
        rest = next;
    }
    blocks
}

/// The largest table there is, filled with tiny entries, then with values longer than are kept.
fn large_table() -> Vec<Vec<u8>> {
    let largest = hpack_int(u32::MAX as usize, 5, 0x20);
    let tiny = [0x40, 0, 0].repeat(1000);
    let long = [hpack_int(4, 6, 0x40), hpack_int(1500, 7, 0), vec![b'/'; 1500], vec![0xbe]].concat();
    vec![largest, tiny, long]
}

/// Header blocks, as the target takes them.
fn hpack(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut out = [&[0x55], CUTS].concat();
    for block in blocks {
        let whole_pieces = block.len() / MAX_PIECE_BYTES * MAX_PIECE_BYTES;
        let (whole, last) = block.split_at(whole_pieces);
        for piece in whole.chunks(MAX_PIECE_BYTES).chain([last]) {
            out.push(piece.len() as u8);
            out.extend(piece);
        }
    }
    out
}

/// A connection, as the target takes it.
fn conn(reads: &[Read]) -> Vec<u8> {
    let mut out = [&[1], CUTS].concat();
    for (side, bytes) in reads {
        for (n, piece) in bytes.chunks(MAX_PIECE_BYTES).enumerate() {
            out.extend([side | if n == 0 { 4 } else { 0 }, piece.len() as u8]);
            out.extend(piece);
        }
    }
    out
}

/// Model, version and request id, shapes in two forms and a map entry, of a plain message and of one within another.
fn program() -> Vec<u8> {
    let near = |field: u8| (192..).find(|byte| byte % 9 + 1 == field).expect("nine in a row");
    let keyed = |field: u8| (128..).find(|byte| byte % 9 + 1 == field).expect("nine in a row");
    let paths: [(u8, &[u8]); 11] = [
        (0, &[near(1)]),                     // model: string
        (11, &[near(2)]),                    // version: string
        (22, &[near(3)]),                    // request id: string
        (37, &[near(6), near(3)]),           // batch size: first of varints
        (107, &[near(5), near(3)]),          // shape: dimensions
        (128, &[near(5), near(2)]),          // datatype: string of the first
        (119, &[near(2), near(5), near(3)]), // shape of a batch: a dimension of each
        (46, &[near(1)]),                    // error: present
        (56, &[near(2), keyed(4), near(1)]), // final: int in a map
        (82, &[near(1), near(1)]),           // tokens out: varints
        (76, &[near(2), near(4)]),           // tokens in: sum
    ];
    let mut out = vec![paths.len() as u8];
    for (kind, path) in paths {
        out.extend([kind, path.len() as u8]);
        out.extend(path);
    }
    out
}

/// All quoted strings of a JSON text without escapes.
fn quoted(json: &str) -> impl Iterator<Item = &str> {
    json.split('"').skip(1).step_by(2)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let whole = text.len() >= 8 && text.len() % 2 == 0;
    whole.then(|| text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect())?
}
