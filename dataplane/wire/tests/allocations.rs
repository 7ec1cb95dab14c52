//! Memory: what a call costs in allocations, and what an attack may hold.
//!
//! One test, because the counting is for the whole process.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use support::*;
use wire::{Call, Catalogue, Conn, Direction, End, Nanos, Protocol, Request, Sink};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static HELD_BYTES: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        HELD_BYTES.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD_BYTES.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Keeps nothing.
struct Nobody;

impl Sink for Nobody {
    fn opened(&mut self, _: &mut Call) {}
    fn request(&mut self, _: &Call, _: &Request) {}
    fn gap(&mut self, _: &Call, _: Nanos) {}
    fn ended(&mut self, _: &Call, _: &End) {}
    fn blinded(&mut self, _: wire::Blind) {}
    fn recognised(&mut self, _: Protocol) {}
    fn head_truncated(&mut self) {}
}

/// What all connections share is no connection's.
static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(catalogue);

fn connection() -> Conn {
    let mut conn = Conn::new(CATALOGUE.clone());
    conn.feed(Direction::ToServer, PREFACE, 0, &mut Nobody);
    conn.feed(Direction::ToServer, &settings(), 0, &mut Nobody);
    conn.feed(Direction::ToClient, &settings(), 0, &mut Nobody);
    conn
}

/// Allocations of one more call with this request id and with these header fields, whole or cut in chunks, once
/// everything has been seen.
fn allocations_per_call(id: &str, extra: &[(&str, &str)], chunk: usize) -> usize {
    let mut conn = connection();
    let mut count = 0;
    for n in 0..20 {
        let stream = 2 * n + 1;
        let ask = [
            headers(stream, false, &plain_block(&[&request_fields(INFER)[..], extra].concat())),
            data(stream, true, &message(&infer_request("m", "1", id, &[4], 300))),
        ]
        .concat();
        let answer = [
            headers(stream, false, &response_head()),
            data(stream, false, &message(&infer_response("m", "1", id))),
            headers(stream, true, &plain_block(&[&[("grpc-status", "0")], extra].concat())),
        ]
        .concat();
        let before = ALLOCATIONS.load(Relaxed);
        for part in ask.chunks(chunk) {
            conn.feed(Direction::ToServer, part, 0, &mut Nobody);
        }
        for part in answer.chunks(chunk) {
            conn.feed(Direction::ToClient, part, 0, &mut Nobody);
        }
        count = ALLOCATIONS.load(Relaxed) - before;
    }
    count
}

/// Bytes held by a connection after the client has sent `bytes` as often as given.
fn held_after(first: &[u8], bytes: &[u8], times: usize) -> usize {
    let before = HELD_BYTES.load(Relaxed);
    let mut conn = connection();
    conn.feed(Direction::ToServer, first, 0, &mut Nobody);
    for _ in 0..times {
        conn.feed(Direction::ToServer, bytes, 0, &mut Nobody);
    }
    HELD_BYTES.load(Relaxed).saturating_sub(before) // what a thread keeps may have been taken from another
}

#[test]
fn memory_is_bounded() {
    drop(connection()); // the catalogue's plans are kept by the thread
    assert_eq!(allocations_per_call("", &[], usize::MAX), 0, "names and streams are reused");
    assert_eq!(allocations_per_call("", &[], 7), 0, "also when everything is cut");
    assert_eq!(allocations_per_call("id", &[], usize::MAX), 0, "a request id has room in its request");
    let asked_for = [("seldon-model", "iris"), ("x-request-id", "r-1"), ("x-version", "4"), ("x-other", "y")];
    assert_eq!(allocations_per_call("", &asked_for, usize::MAX), 0, "and so have headers");

    let idle = held_after(&[], &[], 0);
    assert!(idle < 8 * 1024, "an idle connection holds {idle}");

    // CONTINUATION flood: a block that never ends, of fields that are all wanted and of one that never ends.
    let begun = frame(1, 0, 1, &[]);
    let fields = plain_block(&[("grpc-message", &*"x".repeat(1000))]);
    let flood = held_after(&begun, &frame(9, 0, 1, &fields), 10_000);
    assert!(flood < 32 * 1024, "{flood}");
    let endless = [hpack_int(0, 4, 0), hpack_int(5, 7, 0), b":path".to_vec(), hpack_int(1 << 30, 7, 0)].concat();
    let flood = held_after(&[begun.clone(), frame(9, 0, 1, &endless)].concat(), &frame(9, 0, 1, &[b'x'; 16384]), 1000);
    assert!(flood < 32 * 1024, "{flood}");

    // HPACK: the largest table there is, filled with tiny entries, then with wanted values.
    let grow = frame(9, 0, 1, &hpack_int(u32::MAX as usize, 5, 0x20));
    let tiny = held_after(&[begun.clone(), grow.clone()].concat(), &frame(9, 0, 1, &[0x40, 0, 0].repeat(5000)), 200);
    assert!(tiny < 256 * 1024, "{tiny}");
    let path = [hpack_int(4, 6, 0x40), hpack_int(900, 7, 0), vec![b'/'; 900]].concat();
    let wanted = held_after(&[begun, grow].concat(), &frame(9, 0, 1, &path), 20_000);
    assert!(wanted < 512 * 1024, "{wanted}");

    // A message of four gigabytes is claimed, and some of it sent.
    let claim =
        [headers(1, false, &request_head(INFER)), data(1, false, b"\0\xff\xff\xff\xff\x3a\xf0\xff\xff\xff\x0f")];
    let huge = held_after(&claim.concat(), &data(1, false, &[0; 16384]), 1000);
    assert!(huge < 32 * 1024, "{huge}");

    // As many streams as are followed, and more.
    let before = HELD_BYTES.load(Relaxed);
    let mut conn = connection();
    for n in 0..20_000 {
        conn.feed(Direction::ToServer, &headers(2 * n + 1, false, &request_head(INFER)), 0, &mut Nobody);
    }
    let per_stream = (HELD_BYTES.load(Relaxed) - before) / conn.open_calls();
    assert!(per_stream < 900, "{per_stream} bytes for each stream");

    // Rapid reset: every stream is forgotten at once.
    let mut conn = connection();
    let before = HELD_BYTES.load(Relaxed);
    for n in 0..50_000 {
        let both = [headers(2 * n + 1, true, &request_head(INFER)), rst(2 * n + 1, 8)].concat();
        conn.feed(Direction::ToServer, &both, 0, &mut Nobody);
    }
    let held = HELD_BYTES.load(Relaxed) - before;
    assert!(held < 8 * 1024, "{held}");
}
