"""Rows 19-31: illegal framing, other protocols, and messages and names that mean harm."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.compiled import grpc_frame
from tests.hazards import frames as h2
from tests.hazards.attack import AFTER, IN_STEP, Attack, Counted, blind, calls, down, h2_script, up
from tests.hazards.floods import REPEATED_HEAD, batches, open_first
from tests.hazards.passage import Step

CALLS = 500
PATHS = 15_000
UNIMPLEMENTED = h2.block([(":status", "200"), ("grpc-status", "12")])
SPITEFUL = 'a"b\\c{d="e"} 1 # f'
COMMANDING = ("a\n# b", "\x1b[2Jc", "d\x7f")
SPITEFUL_AS_LABEL = SPITEFUL.replace("\\", "\\\\").replace('"', '\\"')
# gRPC's flag of a compressed message.
COMPRESSED = b"\1"


def padding() -> Sequence[Step]:
    """As much padding as there can be, and frames that are nothing else."""
    message = h2.asking(AFTER)
    asked = b"".join(h2.padded_data(1, message[n : n + 1], 255) for n in range(len(message)))
    asked += h2.padded_data(1, b"", 255) * 7000
    head = h2.headers(1, h2.REQUEST_HEAD)
    said = h2.padded_data(1, h2.answering(AFTER), 200) + h2.padded_data(1, b"", 0)
    return h2_script(
        up(head + asked + h2.data(1, b"", end=True)),
        down(
            h2.headers(1, h2.ANSWER_HEAD) + said * 3000 + h2.headers(1, h2.TRAILERS, end=True),
        ),
    )


def padding_too_long() -> Sequence[Step]:
    """More padding than frame, then what looks like frames."""
    bad = h2.frame(h2.DATA, h2.PADDED, 1, b"\xff" + b"short")
    rest = h2.request(3, h2.asking("smuggled")) * 8000
    return h2_script(up(h2.headers(1, h2.REQUEST_HEAD) + bad + rest), after=False)


def unknown_frames() -> Sequence[Step]:
    """Types and flags nobody has defined, the reserved bit, streams that cannot be."""
    odd = (
        h2.frame(0x60, 0xFF, 0x8000_0000, b"?" * 50)
        + h2.frame(h2.PING, 0xFE, 0x8000_0000, b"12345678")
        + h2.frame(h2.DATA, 0, 0, b"no stream")
        + h2.headers(2, h2.REQUEST_HEAD)
        + h2.frame(0xFF, 0, 77)
    )
    return h2_script(up(odd * 8000))


def interleaved() -> Sequence[Step]:
    """A frame of another kind inside a header block."""
    begun = h2.frame(h2.HEADERS, 0, 1, h2.REQUEST_HEAD)
    rest = h2.request(3, h2.asking("smuggled")) * 8000
    return h2_script(up(begun + h2.data(1, b"x") + rest), after=False)


def byte_by_byte() -> Sequence[Step]:
    """Calls whose every byte is written alone."""
    ids = h2.streams(10)
    asked = b"".join(h2.request(id, h2.asking(AFTER)) for id in ids)
    return h2_script(up(asked), down(b"".join(h2.answer(id, h2.answering(AFTER)) for id in ids)))


def other(said: bytes, answered: bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n") -> Sequence[Step]:
    """A connection that is not HTTP/2."""
    return up(said), down(answered), up(said * 20_000), down(answered * 20_000)


TLS_HELLO = b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + bytes(40)
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
)
WEBSOCKET = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"
PLAIN = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
PROXY_1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)
SMUGGLING = {
    "CL and TE": b"POST / HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "bad chunk": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n",
    "obs-fold": b"GET / HTTP/1.1\r\nHost: a\r\nX-Folded: a\r\n b\r\nContent-Length : 3\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: a\nContent-Length: 0\n\nGET /b HTTP/1.1\n\n",
}


def pushed() -> Sequence[Step]:
    """PUSH_PROMISE whose block enters the table: what follows refers to it."""
    promised = (2).to_bytes(4, "big") + h2.block([("grpc-status", "0")], h2.INDEXED)
    again = (4).to_bytes(4, "big") + h2.indexed(62)
    promise = h2.frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1, promised)
    promises = h2.frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1, again) * 60_000
    answer = h2.headers(1, h2.ANSWER_HEAD) + h2.data(1, h2.answering(AFTER))
    return h2_script(
        up(h2.request(1, h2.asking(AFTER))),
        down(promise + promises + answer + h2.headers(1, h2.indexed(62), end=True)),
    )


def informed() -> Sequence[Step]:
    """103 Early Hints, forty thousand times, before the answer."""
    hints = h2.headers(1, h2.block([(":status", "103"), ("link", "</style.css>")]))
    asked = up(h2.request(1, h2.asking(AFTER)))
    return h2_script(asked, down(hints * 40_000 + h2.answer(1, h2.answering(AFTER))))


def spiteful_names() -> Sequence[Step]:
    """A model whose name would be lines of a metrics page, and a method that would be, too."""
    named = h2.request(1, h2.asking(SPITEFUL)), h2.answer(1, h2.answering(SPITEFUL))
    path = h2.request(3, h2.asking(AFTER), f'/a"b\n{SPITEFUL}')
    return h2_script(up(named[0] + path), down(named[1] + h2.answer(3, h2.answering(AFTER))))


def commanding_names() -> Sequence[Step]:
    """Models whose names would begin a line of a page or a log, or be an order to a terminal."""
    asked = b"".join(h2.request(2 * n + 1, h2.asking(name)) for n, name in enumerate(COMMANDING))
    said = (h2.answer(2 * n + 1, h2.answering(name)) for n, name in enumerate(COMMANDING))
    return h2_script(up(asked), down(b"".join(said)))


def one_after_another(bodies: Sequence[bytes], said: bytes) -> Sequence[Step]:
    """Calls with these messages in turn."""
    ids = range(3, 2 * CALLS + 3, 2)
    asked = (
        h2.headers(id, REPEATED_HEAD) + h2.data(id, bodies[n % len(bodies)], end=True)
        for n, id in enumerate(ids)
    )
    return h2_script(
        up(open_first() + b"".join(asked)),
        down(b"".join(h2.answer(id, said) for id in ids)),
    )


def bad_protobuf() -> Sequence[Step]:
    """Messages that are none: varints without end, lengths of 2^64, groups in groups, field 0."""
    model = oip.ModelInferRequest(model_name="never").SerializeToString()
    nothing = [
        b"\xff" * 3000,
        b"\x0a" + b"\xff" * 9 + b"\x01" + model * 300,
        b"\x0b" * 3000,
        b"\x02\x03abc" * 600,
        b"\x0a" + h2.varint(2**64 - 1) + model,
        b"\x2a\x02\x0a\x7f" * 700,
    ]
    return one_after_another([grpc_frame(each) for each in nothing], grpc_frame(b"\xff" * 2000))


def bad_lengths() -> Sequence[Step]:
    """A message that says it has 4 GiB; one that says it is compressed with nothing; 3,000 in one frame."""
    claimed = b"\0\xff\xff\xff\xff" + b"\x0a\x7f" + bytes(3000)
    nothing = grpc_frame(b"")
    return one_after_another(
        [claimed, COMPRESSED + (5).to_bytes(4, "big") + b"plain", nothing * 600],
        nothing * 100,
    )


def zip_bomb() -> Sequence[Step]:
    """Messages of 20 KB that inflate to 20 MB."""
    packed = zlib.compress(bytes(20_000_000), 9)[:16_000]
    message = COMPRESSED + len(packed).to_bytes(4, "big") + packed
    return one_after_another([message], message[:1] + b"\0\0\0\5" + packed[:5])


def random_paths() -> Sequence[Step]:
    """Every call has a path of its own."""
    steps = []
    for ids in batches(PATHS):
        steps.append(up(b"".join(h2.request(id, b"", f"/random/{id:x}") for id in ids)))
        steps.append(down(b"".join(h2.headers(id, UNIMPLEMENTED, end=True) for id in ids)))
    return h2_script(*steps)


SWITCHED = calls(1, code="101")
UNKNOWN = calls(CALLS, model="unknown", code="OK")

MEANINGS = (
    Attack(19, "padding", padding, [calls(2, model=AFTER, code="OK")]),
    Attack(19, "more padding than frame", padding_too_long, [blind("frame")]),
    Attack(20, "unknown frames, flags, streams", unknown_frames, [IN_STEP], frames="_OTHER"),
    Attack(20, "a frame inside a header block", interleaved, [blind("frame")]),
    Attack(21, "every byte written alone", byte_by_byte, [calls(11, model=AFTER)], 1),
    Attack(22, "TLS hello", partial(other, TLS_HELLO), [blind("tls")]),
    Attack(22, "h2c upgrade", partial(other, UPGRADE, SWITCHING), [blind("protocol"), SWITCHED]),
    Attack(22, "websocket", partial(other, WEBSOCKET, SWITCHING), [blind("protocol"), SWITCHED]),
    Attack(22, "PROXY v1", partial(other, PROXY_1), [blind("frame")]),
    Attack(22, "PROXY v2", partial(other, PROXY_2), [blind("protocol")]),
    Attack(22, "garbage", partial(other, bytes(range(128, 228))), [blind("protocol")]),
    Attack(23, "PUSH_PROMISE", pushed, [calls(2, model=AFTER, code="OK")], frames="PUSH_PROMISE"),
    Attack(24, "40,000 times 103", informed, [calls(2, model=AFTER, code="OK")]),
    *(
        Attack(25, f"HTTP/1.1: {name}", partial(other, said), [blind("frame")])
        for name, said in SMUGGLING.items()
    ),
    Attack(25, "HTTP/1.1: 20,000 in a pipeline", partial(other, PLAIN), [blind("streams")]),
    Attack(
        26,
        "names that are lines of a page",
        spiteful_names,
        [calls(1, model=SPITEFUL_AS_LABEL), calls(1, method="_OTHER", code="OK"), IN_STEP],
    ),
    Attack(
        26,
        "names with control characters",
        commanding_names,
        [calls(len(COMMANDING), model="unknown", code="OK")],
    ),
    Attack(27, "padding is left as it is", padding, [calls(2, model=AFTER, code="OK")]),
    Attack(28, "protobuf that is none", bad_protobuf, [UNKNOWN, IN_STEP]),
    Attack(29, "lengths that lie", bad_lengths, [UNKNOWN, IN_STEP]),
    Attack(
        30,
        "compressed messages that inflate",
        zip_bomb,
        [Counted("wayside_request_bytes_total", CALLS * 16_000, {"model": "unknown"}), IN_STEP],
    ),
    Attack(
        31,
        "a path of its own for every call",
        random_paths,
        [calls(PATHS, method="_OTHER", code="UNIMPLEMENTED"), IN_STEP],
    ),
)
