"""Header blocks: written in every representation there is, made up, and recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from hpack.hpack import encode_integer
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.table import HeaderTable
from hypothesis import strategies as st

from tests.property.hpack_decoders import Header
from tests.provision.parts import ROOT

STATIC: Sequence[Header] = HeaderTable.STATIC_TABLE
RECORDED = ROOT / "tests/data/triton_connection.json"
PREFACE_BYTES, HEAD_BYTES, HEADERS = 24, 9, 1

# How a literal begins, and how many bits of its first byte belong to the index of its name (RFC 7541 section 6.2).
INDEXED, PLAIN, NEVER = (0x40, 6), (0x00, 4), (0x10, 4)
HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def integer(value: int, prefix_bits: int, pattern: int = 0) -> bytes:
    """Encode an integer (RFC 7541 section 5.1)."""
    encoded = encode_integer(value, prefix_bits)
    encoded[0] |= pattern
    return bytes(encoded)


def string(text: bytes, huffman: bool = False) -> bytes:
    """Encode a string (RFC 7541 section 5.2)."""
    coded = HUFFMAN.encode(text) if huffman else text
    return integer(len(coded), 7, 0x80 if huffman else 0) + coded


def resize(table_bytes: int) -> bytes:
    """Tell of a table size."""
    return integer(table_bytes, 5, 0x20)


def indexed(index: int) -> bytes:
    """Refer to a whole field."""
    return integer(index, 7, 0x80)


def literal(
    name: bytes | int, value: bytes, how: tuple[int, int] = INDEXED, huffman: bool = False
) -> bytes:
    """Spell out a field; its name may be an index."""
    pattern, prefix_bits = how
    if isinstance(name, int):
        return integer(name, prefix_bits, pattern) + string(value, huffman)
    return bytes([pattern]) + string(name, huffman) + string(value, huffman)


@dataclass
class Field:
    """What is to be written next: a field, or where `table_bytes` is set, a new table size at the block's begin."""

    name: bytes | int
    """A number is the place of a field that has the name, wherever it leads."""
    value: bytes | None
    """None: the field at that place, whole."""
    how: tuple[int, int]
    huffman: bool


@dataclass
class Writer:
    """Writes blocks and keeps the table as RFC 7541 section 4 has it, the plain way."""

    limit: int = 4096
    table: list[Header] = field(default_factory=list)
    """Newest first."""

    def evict(self) -> None:
        """Drop the oldest until the rest fits."""
        while sum(len(name) + len(value) + 32 for name, value in self.table) > self.limit:
            self.table.pop()

    def block(self, sizes: Sequence[int], fields: Sequence[Field]) -> tuple[bytes, list[Header]]:
        """Write a block; returns it and what it says."""
        out, said = b"", []
        for size in sizes:
            self.limit = size
            self.evict()
            out += resize(size)
        for each in fields:
            encoded, header = self.field(each)
            out += encoded
            said.append(header)
        return out, said

    def field(self, wanted: Field) -> tuple[bytes, Header]:
        """Write a field."""
        known = [*STATIC, *self.table]
        name = wanted.name
        if isinstance(name, int):
            place = name % len(known)
            if wanted.value is None:
                return indexed(place + 1), known[place]
            name, text = place + 1, known[place][0]
        else:
            text = name
        header = (text, wanted.value or b"")
        if wanted.how == INDEXED:
            self.table.insert(0, header)
            self.evict()
        return literal(name, header[1], wanted.how, wanted.huffman), header


NAMES = st.one_of(
    st.sampled_from([b":path", b":status", b"grpc-status", b"grpc-timeout", b"x-a", b"x-b", b"te"]),
    st.sampled_from([b"x" * 64, b"y" * 65, b"z" * 300, b""]),
)
VALUES = st.one_of(
    st.sampled_from([b"", b"200", b"/inference.GRPCInferenceService/ModelInfer"]),
    st.binary(max_size=60),
    st.sampled_from([1023, 1024, 1025, 4100]).map(
        lambda size: bytes(range(128)) * (size // 128 + 1)
    ),
)
SIZES = st.lists(st.sampled_from([0, 31, 32, 100, 1000, 4096, 16_384, 65_536]), max_size=3)
FIELDS = st.builds(
    Field,
    name=st.one_of(st.integers(0, 200), NAMES),
    value=st.one_of(st.none(), VALUES),
    how=st.sampled_from([INDEXED, INDEXED, PLAIN, NEVER]),
    huffman=st.booleans(),
)
WRITTEN = st.lists(st.tuples(SIZES, st.lists(FIELDS, max_size=8)), min_size=1, max_size=8)
"""Connections for a Writer."""

HEADER_LISTS = st.lists(st.tuples(NAMES.filter(bool), VALUES, st.booleans()), max_size=8)
ENCODED = st.lists(st.tuples(SIZES, HEADER_LISTS), min_size=1, max_size=8)
"""Connections for an encoder: table sizes, then names, values, and whether they are sensitive."""


@dataclass
class Written:
    """A connection."""

    blocks: list[bytes]
    said: list[list[Header]]
    table: list[Header]
    """After the last block, newest first."""


def written(connection: Sequence[tuple[list[int], list[Field]]]) -> Written:
    """Write a connection."""
    writer = Writer()
    pairs = [writer.block(sizes, fields) for sizes, fields in connection]
    return Written([block for block, _ in pairs], [said for _, said in pairs], writer.table)


def recorded(side: str) -> list[bytes]:
    """Return the header blocks that one side of the recorded connection sent."""
    reads = json.loads(RECORDED.read_text())["reads"]
    data = bytes.fromhex("".join(read["bytes"] for read in reads if read["from"] == side))
    at = PREFACE_BYTES if side == "client" else 0
    blocks = []
    while at < len(data):
        length, kind, flags = int.from_bytes(data[at : at + 3], "big"), data[at + 3], data[at + 4]
        if kind == HEADERS:
            assert flags | 1 == 5, "whole, without padding and priority"
            blocks.append(data[at + HEAD_BYTES : at + HEAD_BYTES + length])
        at += HEAD_BYTES + length
    return blocks
