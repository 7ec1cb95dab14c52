"""Our HPACK decoder says what nghttp2's and python-hyper's say, for a whole connection at a time.

Where both take a block, the header lists are equal. Where one does not, ours may go blind, and must not fall over.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.hpack_blocks import (
    ENCODED,
    HUFFMAN,
    NEVER,
    PLAIN,
    STATIC,
    WRITTEN,
    Written,
    indexed,
    integer,
    literal,
    recorded,
    resize,
    string,
    written,
)
from tests.property.hpack_decoders import (
    MAX_VALUE_BYTES,
    Hyper,
    Nghttp2,
    Nghttp2Encoder,
    Ours,
    RejectedError,
    as_seen,
    nghttp2,
    running_ours,
)

CHUNKS = st.sampled_from([0, 1, 2, 3, 7, 50])
thorough = settings(max_examples=200, deadline=None)


@dataclass
class Bench:
    """The three decoders, and how many blocks were compared."""

    library: ctypes.CDLL
    ours: Ours
    taken: int = 0
    rejected: int = 0

    def compare(self, blocks: Sequence[bytes], chunk: int = 0) -> bool:
        """Show a connection to all three; tells whether both oracles took all of it."""
        self.ours.new()
        oracles = (Nghttp2(self.library), Hyper())
        for at, block in enumerate(blocks):
            seen = self.ours.decode(block, chunk)
            try:
                expected, other = (oracle.decode(block) for oracle in oracles)
            except RejectedError:
                self.rejected += 1
                for rest in blocks[at + 1 :]:
                    self.ours.decode(rest, chunk)
                return False
            assert expected == other, "the oracles differ"
            assert (seen.verdict, seen.fields) == ("ok", as_seen(expected))
            self.taken += 1
        return True


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running_ours() as ours:
        yield Bench(nghttp2(), ours)


def by_nghttp2(
    bench: Bench, connection: Sequence[tuple[list[int], list[tuple[bytes, bytes, bool]]]]
) -> list[bytes]:
    """Encode a connection with nghttp2."""
    encoder = Nghttp2Encoder(bench.library, 65_536)
    blocks = []
    for sizes, headers in connection:
        for size in sizes:
            encoder.resize(size)
        blocks.append(encoder.encode(headers))
    return blocks


def by_hyper(
    connection: Sequence[tuple[list[int], list[tuple[bytes, bytes, bool]]]], huffman: bool
) -> list[bytes]:
    """Encode a connection with python-hyper."""
    encoder = hpack.Encoder()
    blocks = []
    for sizes, headers in connection:
        for size in sizes:
            if size != encoder.header_table_size:  # told twice, it forgets to signal the change
                encoder.header_table_size = size
        blocks.append(encoder.encode(headers, huffman=huffman))
    return blocks


def test_what_both_encoders_write(bench: Bench) -> None:
    @thorough
    @given(ENCODED, st.booleans(), CHUNKS)
    def check(
        connection: list[tuple[list[int], list[tuple[bytes, bytes, bool]]]],
        huffman: bool,
        chunk: int,
    ) -> None:
        assert bench.compare(by_nghttp2(bench, connection), chunk)
        assert bench.compare(by_hyper(connection, huffman), chunk)

    check()


def test_every_representation(bench: Bench) -> None:
    @thorough
    @given(WRITTEN.map(written), CHUNKS)
    def check(connection: Written, chunk: int) -> None:
        assert bench.compare(connection.blocks, chunk)
        bench.ours.new()
        for block, said in zip(connection.blocks, connection.said, strict=True):
            assert bench.ours.decode(block, chunk).fields == as_seen(said)
        oldest = len(STATIC) + len(connection.table)
        if connection.table:
            assert bench.ours.decode(indexed(oldest)).fields == as_seen(connection.table[-1:])
        assert bench.ours.decode(indexed(oldest + 1)).verdict == "Index", "kept too long"

    check()


@pytest.mark.parametrize("side", ["client", "server"])
def test_recorded_blocks(bench: Bench, side: str) -> None:
    blocks = recorded(side)
    assert len(blocks) >= 6
    for chunk in (0, 1, 5):
        assert bench.compare(blocks, chunk)


def flip(block: bytes, place: int, other: bytes) -> bytes:
    """Turn one bit over."""
    bit = place % (8 * len(block))
    return block[: bit // 8] + bytes([block[bit // 8] ^ 1 << bit % 8]) + block[bit // 8 + 1 :]


def truncate(block: bytes, place: int, other: bytes) -> bytes:
    """Cut the end off."""
    return block[: place % len(block)]


def splice(block: bytes, place: int, other: bytes) -> bytes:
    """Go on with another block."""
    return block[: place % len(block)] + other[place % (len(other) + 1) :]


def insert(block: bytes, place: int, other: bytes) -> bytes:
    """Put another block inside."""
    return block[: place % len(block)] + other + block[place % len(block) :]


Mutation = Callable[[bytes, int, bytes], bytes]
PLACES = st.integers(0, 10**6)
MUTATIONS = st.tuples(
    st.sampled_from([flip, flip, truncate, splice, insert]), PLACES, PLACES, PLACES
)


def test_mutated_blocks(bench: Bench) -> None:
    before = bench.taken, bench.rejected
    bases = st.one_of(
        WRITTEN.map(lambda connection: written(connection).blocks),
        ENCODED.map(lambda connection: by_nghttp2(bench, connection)),
        st.sampled_from([recorded("client"), recorded("server")]),
    )

    @settings(thorough, max_examples=800)
    @given(bases, st.lists(MUTATIONS, min_size=1, max_size=3), CHUNKS)
    def check(
        base: list[bytes], mutations: list[tuple[Mutation, int, int, int]], chunk: int
    ) -> None:
        blocks = list(base)
        for mutate, at, place, source in mutations:
            at %= len(blocks)
            if blocks[at]:
                blocks[at] = mutate(blocks[at], place, base[source % len(base)])
        bench.compare(blocks, chunk)

    check()
    taken, rejected = bench.taken - before[0], bench.rejected - before[1]
    assert taken > 1000, f"mutations spoil nearly everything: {taken} blocks taken"
    assert rejected > 200, f"mutations spoil nearly nothing: {rejected} blocks rejected"


LARGE_NAME, LARGE_VALUE = b"n" * 60_000, b"v" * 60_000
EOS = b"\xff\xff\xff\xff"
LATER = [literal(b"x-later", b"exact"), indexed(62)]


EDGES: dict[str, list[bytes]] = {
    "sizes in series": [resize(0) + resize(4096) + literal(b"a", b"1"), indexed(62)],
    "emptied between": [literal(b"a", b"1"), resize(0) + resize(4096), literal(b"b", b"2"), indexed(62)],
    "one entry fits": [literal(b"a", b"1"), resize(33), literal(b"", b"2"), indexed(62)],
    "entry larger than table": [literal(b"a", b"1"), literal(b"b", b"2" * 4064), *LATER],
    "larger by a name it evicts": [literal(b"a", b"1"), literal(62, b"2" * 4064), *LATER],
    "entry as large as the table": [literal(b"a", b"2" * 4063), indexed(62), *LATER],
    "evicted one by one": [*[literal(b"x-%d" % n, b"y" * 500) for n in range(30)], indexed(62), indexed(68)],
    "huge value huffman": [literal(b"x-long", LARGE_VALUE, PLAIN, huffman=True), *LATER],
    "huge value": [literal(b"x-long", LARGE_VALUE, NEVER), *LATER],
    "huge name huffman": [literal(LARGE_NAME, b"v", NEVER, huffman=True), *LATER],
    "huge name in the table": [resize(1 << 17) + literal(LARGE_NAME, b"v"), literal(62, b"w"), *LATER],
    "huge value in the table": [resize(1 << 17) + literal(b"x-long", LARGE_VALUE), indexed(62), *LATER],
    "every symbol in huffman": [literal(b"x", bytes(range(256)), huffman=True), indexed(62)],
    "empty huffman": [literal(b"x", b"", huffman=True), indexed(62)],
}  # fmt: skip


@pytest.mark.parametrize("blocks", EDGES.values(), ids=EDGES)
def test_edges(bench: Bench, blocks: list[bytes]) -> None:
    for chunk in (0, 1, 1000):
        assert bench.compare(blocks, chunk)


FAULTS: dict[str, tuple[bytes, str]] = {
    "eos": (b"\x00\x01x" + integer(4, 7, 0x80) + EOS, "Huffman"),
    "padding over 7 bits": (b"\x00\x01x" + integer(2, 7, 0x80) + b"\x1f\xff", "Huffman"),
    "padding of a whole byte": (b"\x00\x01x" + integer(1, 7, 0x80) + b"\xff", "Huffman"),
    "padding not ones": (b"\x00\x01x" + integer(1, 7, 0x80) + b"\x18", "Huffman"),
    "padding in a name": (b"\x00" + integer(1, 7, 0x80) + b"\x18" + string(b"v"), "Huffman"),
    "index 0": (indexed(0), "Index"),
    "index of nothing": (indexed(62), "Index"),
    "name of nothing": (literal(62, b"v"), "Index"),
    "integer over 32 bits": (b"\x7f\xff\xff\xff\xff\xff\x0f", "Integer"),
    "integer without end": (b"\x7f\x80\x80\x80\x80\x80\x80\x00", "Integer"),
    "cut": (literal(b"x", b"value")[:-1], "Truncated"),
}


@pytest.mark.parametrize(("block", "verdict"), FAULTS.values(), ids=FAULTS)
def test_what_nobody_takes(bench: Bench, block: bytes, verdict: str) -> None:
    for chunk in (0, 1):
        assert not bench.compare([block], chunk)
        bench.ours.new()
        assert bench.ours.decode(block, chunk).verdict == verdict
        assert bench.ours.decode(indexed(2)).verdict == verdict, "its state is lost for ever"


def test_a_late_size_update_is_followed(bench: Bench) -> None:
    """Endpoints must refuse it (RFC 7541 section 4.2); what it means is plain, and the server judges."""
    late = indexed(62) + resize(0) + indexed(2)
    assert not bench.compare([literal(b"a", b"1"), late])
    bench.ours.new()
    bench.ours.decode(literal(b"a", b"1"))
    assert bench.ours.decode(late).fields == as_seen([(b"a", b"1"), (b":method", b"GET")])
    assert bench.ours.decode(indexed(62)).verdict == "Index", "the table is empty"


def test_a_value_of_a_megabyte_is_counted_and_what_follows_is_exact(bench: Bench) -> None:
    value = b"v" * (1 << 20)
    eight = HUFFMAN.encode(b"v" * 8)  # of seven bits each: a whole number of bytes
    for coded in (string(value), integer(len(eight) << 17, 7, 0x80) + eight * (1 << 17)):
        bench.ours.new()
        long = bench.ours.decode(b"\x00" + string(b"x-long") + coded, chunk=16_384)
        assert long.fields == [(b"x-long", len(value), value[:MAX_VALUE_BYTES])]
        for block in LATER:
            assert bench.ours.decode(block).fields == as_seen([(b"x-later", b"exact")])


def test_a_table_above_64_kib(bench: Bench) -> None:
    """Entries beyond what ours holds read as unknown; all others keep their numbers, also after the table shrinks."""
    oracles = Nghttp2(bench.library), Hyper()
    fields = [(b"x-%02d" % (n % 50), b"%04d" % n * 250) for n in range(200)]
    bench.ours.new()
    for block in [resize(1 << 18), *(literal(name, value) for name, value in fields)]:
        expected, other = (oracle.decode(block) for oracle in oracles)
        assert expected == other
        assert bench.ours.decode(block).fields == as_seen(expected)
    held = 65_536 // (len(fields[0][1]) + 36)
    for place in range(200):
        block = indexed(62 + place) + indexed(2)
        expected, other = (oracle.decode(block) for oracle in oracles)
        assert expected == other == [fields[-1 - place], (b":method", b"GET")]
        seen = bench.ours.decode(block)
        assert seen.verdict == "ok"
        assert seen.fields in (as_seen(expected), as_seen(expected[1:]))
        assert (len(seen.fields) == 2) == (place < held)
    for block in [
        resize(30_000),
        indexed(62),
        indexed(61 + 28),
        literal(61 + 28, b"renamed"),
        indexed(62),
    ]:
        expected, other = (oracle.decode(block) for oracle in oracles)
        assert expected == other
        assert bench.ours.decode(block).fields == as_seen(expected)
