"""Bytes: HTTP/2 frames, header blocks, gRPC messages; legal ones, and whatever else a caller asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.compiled import INFER_PATH, grpc_frame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = range(8)
WINDOW_UPDATE, CONTINUATION = 8, 9
FRAME_TYPES = {
    number: name for name, number in globals().items() if name.isupper() and isinstance(number, int)
}
"""By number, RFC 9113 section 6."""
END_STREAM, END_HEADERS, PADDED = 0x1, 0x4, 0x8
HEADER_TABLE_SIZE, MAX_HEADER_LIST_SIZE = 1, 6
INDEXED, PLAIN = 0x40, 0x00

Fields = Sequence[tuple[str | bytes, str | bytes]]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Any frame."""
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def data(stream: int, payload: bytes, *, end: bool = False) -> bytes:
    """DATA."""
    return frame(DATA, END_STREAM if end else 0, stream, payload)


def headers(stream: int, block: bytes, *, end: bool = False) -> bytes:
    """HEADERS with a whole block."""
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block)


def settings(*pairs: tuple[int, int]) -> bytes:
    """SETTINGS of these ids and values."""
    payload = b"".join(id.to_bytes(2, "big") + value.to_bytes(4, "big") for id, value in pairs)
    return frame(SETTINGS, 0, 0, payload)


def rst(stream: int, code: int) -> bytes:
    """RST_STREAM."""
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))


def goaway(last: int, code: int, debug: bytes = b"") -> bytes:
    """GOAWAY."""
    return frame(GOAWAY, 0, 0, last.to_bytes(4, "big") + code.to_bytes(4, "big") + debug)


def padded_data(stream: int, payload: bytes, padding: int) -> bytes:
    """DATA that claims so much padding and has it."""
    return frame(DATA, PADDED, stream, bytes((padding,)) + payload + bytes(padding))


def hpack_integer(value: int, prefix_bits: int, pattern: int) -> bytes:
    """Encode an integer (RFC 7541 section 5.1)."""
    mask = (1 << prefix_bits) - 1
    if value < mask:
        return bytes((pattern | value,))
    return bytes((pattern | mask,)) + varint(value - mask)


def indexed(index: int) -> bytes:
    """Encode a field that is in a table."""
    return hpack_integer(index, 7, 0x80)


def table_size(size: int) -> bytes:
    """Encode a size update."""
    return hpack_integer(size, 5, 0x20)


def literal(name: str | bytes, value: str | bytes, how: int = PLAIN) -> bytes:
    """Encode a field in full, INDEXED or PLAIN."""
    return bytes((how,)) + _string(name) + _string(value)


def _string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return hpack_integer(len(raw), 7, 0) + raw


def block(fields: Fields, how: int = PLAIN) -> bytes:
    """Encode fields in full."""
    return b"".join(literal(name, value, how) for name, value in fields)


def request_fields(path: str | bytes = INFER_PATH) -> Fields:
    """Return the head of a gRPC call."""
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "server"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]


REQUEST_HEAD = block(request_fields())
ANSWER_HEAD = block([(":status", "200"), ("content-type", "application/grpc")])
TRAILERS = block([("grpc-status", "0")])


def asking(model: str) -> bytes:
    """Return a gRPC message for a model."""
    return grpc_frame(oip.ModelInferRequest(model_name=model).SerializeToString())


def answering(model: str) -> bytes:
    """Return a gRPC message of a model."""
    return grpc_frame(oip.ModelInferResponse(model_name=model).SerializeToString())


def request(stream: int, message: bytes, path: str | bytes = INFER_PATH) -> bytes:
    """A whole request."""
    head = REQUEST_HEAD if path == INFER_PATH else block(request_fields(path))
    return headers(stream, head) + data(stream, message, end=True)


def answer(stream: int, message: bytes) -> bytes:
    """A whole answer."""
    return (
        headers(stream, ANSWER_HEAD) + data(stream, message) + headers(stream, TRAILERS, end=True)
    )


def varint(value: int) -> bytes:
    """Encode an integer as protobuf does; HPACK continues its own so, too."""
    out = bytearray()
    while value >= 128:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def streams(count: int) -> Iterable[int]:
    """Return the ids of a client's first streams."""
    return range(1, 2 * count, 2)
