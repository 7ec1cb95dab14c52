"""Rows 6 and 10-14: header blocks that inflate, never end, or fill tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.hazards import frames as h2
from tests.hazards.attack import IN_STEP, Attack, calls, down, h2_script, up
from tests.hazards.passage import Step

FRAME_BYTES = 16_384
BLOCKS = 120
BOMB_BYTES = 4000
HUGE_BYTES = 8_000_000
HUGE_TABLE = 2**32 - 1
ENTRIES = 25_000
# What the static table calls `cookie`.
COOKIE = 32


def blocks(whole: bytes, first: bytes = b"") -> Iterator[bytes]:
    """Open a stream with this block, and reset it, again and again; the first block begins with more."""
    for id in h2.streams(BLOCKS):
        yield h2.headers(id, (first if id == 1 else b"") + whole) + h2.rst(id, 8)


def bomb(name: str, value: bytes, count: int = 1) -> Sequence[Step]:
    """Fill the table with some large fields, then refer to them with a byte each."""
    stored = b"".join(h2.literal(name, value + bytes((65 + n,)), h2.INDEXED) for n in range(count))
    references = b"".join(h2.indexed(62 + n) for n in range(count))
    whole = references * ((FRAME_BYTES - len(stored)) // len(references))
    return h2_script(up(b"".join(blocks(whole, stored))))


def cookie_bomb() -> Sequence[Step]:
    """4,000 bytes for one: what nobody wants to know."""
    return bomb("cookie", bytes(BOMB_BYTES))


def message_bomb() -> Sequence[Step]:
    """The same, of a field that is looked at."""
    return bomb("grpc-message", b"m" * 1000)


def trace_bomb() -> Sequence[Step]:
    """Again of a field that is looked at."""
    return bomb("traceparent", b"0" * 54)


def path_bomb() -> Sequence[Step]:
    """Sixty paths in turn, none in the catalogue."""
    return bomb(":path", b"/" + b"p" * 20, 60)


def tiny_entries() -> Sequence[Step]:
    """Entries that cost the table 32 bytes and the sender four, and a cookie in crumbs."""
    tiny = h2.literal("", "a", h2.INDEXED) * 1000
    crumb = h2.hpack_integer(COOKIE, 6, h2.INDEXED) + b"\1c"
    return h2_script(up(b"".join(blocks(tiny + crumb * 4000))))


def nameless() -> Sequence[Step]:
    """Fields with no name and no value."""
    return h2_script(up(b"".join(blocks(h2.literal("", "", h2.INDEXED) * 5000))))


def huge_table() -> Sequence[Step]:
    """A server that allows 4 GiB, and a client that fills 2 MB with what is looked at, then asks for the oldest."""
    allowed = h2.settings((h2.HEADER_TABLE_SIZE, HUGE_TABLE))
    fields = (
        h2.literal("traceparent", f"00-{n:032x}-{n:016x}-01", h2.INDEXED) for n in range(ENTRIES)
    )
    whole = h2.table_size(HUGE_TABLE) + b"".join(fields) + h2.indexed(62 + ENTRIES - 1)
    return h2_script(down(allowed), up(in_continuations(1, whole) + h2.rst(1, 8)))


def in_continuations(stream: int, whole: bytes, size: int = FRAME_BYTES) -> bytes:
    """One header block over many frames."""
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    first, *rest = [h2.frame(h2.HEADERS, 0, stream, parts[0])] + [
        h2.frame(h2.CONTINUATION, 0, stream, part) for part in parts[1:]
    ]
    return first + b"".join(rest) + h2.frame(h2.CONTINUATION, h2.END_HEADERS, stream)


def empty_continuations() -> Sequence[Step]:
    """A block that goes on and on and says nothing."""
    empty = h2.frame(h2.CONTINUATION, 0, 1) * 220_000
    last = h2.frame(h2.CONTINUATION, h2.END_HEADERS, 1)
    begun = h2.frame(h2.HEADERS, 0, 1, h2.REQUEST_HEAD)
    return h2_script(up(begun + empty + last + h2.rst(1, 8)))


def full_continuations() -> Sequence[Step]:
    """A block that goes on and on and says much."""
    field = h2.literal("x-padding", "v" * 40)
    return h2_script(up(in_continuations(1, h2.REQUEST_HEAD + field * 40_000) + h2.rst(1, 8)))


def huge_header() -> Sequence[Step]:
    """One field of eight megabytes."""
    whole = h2.literal("x-huge", b"v" * HUGE_BYTES, h2.INDEXED)
    return h2_script(up(in_continuations(1, whole + h2.REQUEST_HEAD) + h2.rst(1, 8)))


def huge_huffman_header() -> Sequence[Step]:
    """The same, Huffman coded: zero bits are eight times `0` in five bytes."""
    length = h2.hpack_integer(FRAME_BYTES * 20, 7, 0x80)
    field = b"\0" + b"\6x-huge" + length + bytes(FRAME_BYTES * 20)
    return h2_script(up(in_continuations(1, field * 6 + h2.REQUEST_HEAD) + h2.rst(1, 8)))


RESET = calls(1, code="CANCELLED", ended_by="client")
RESETS = [calls(BLOCKS, method="_OTHER", code="CANCELLED", ended_by="client"), IN_STEP]

HEADS = (
    Attack(6, "fields without name and value", nameless, RESETS),
    Attack(10, "HPACK bomb: cookie", cookie_bomb, RESETS),
    Attack(10, "HPACK bomb: grpc-message", message_bomb, RESETS),
    Attack(10, "HPACK bomb: traceparent", trace_bomb, RESETS),
    Attack(10, "HPACK bomb: 60 paths", path_bomb, RESETS),
    Attack(11, "tiny entries and cookie crumbs", tiny_entries, RESETS),
    Attack(12, "header table of 4 GiB", huge_table, [RESET, IN_STEP]),
    Attack(
        13,
        "CONTINUATION flood, empty",
        empty_continuations,
        [RESET, IN_STEP],
        frames="CONTINUATION",
    ),
    Attack(
        13, "CONTINUATION flood, full", full_continuations, [RESET, IN_STEP], frames="CONTINUATION"
    ),
    Attack(14, "header of 8 MB", huge_header, [RESET, IN_STEP]),
    Attack(14, "header of 2 MB, Huffman", huge_huffman_header, [RESET, IN_STEP]),
)
