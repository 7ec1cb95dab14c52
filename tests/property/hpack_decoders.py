"""Three HPACK decoders behind one face: ours, nghttp2's and python-hyper's. And nghttp2's encoder.

nghttp2 is reached through its shared library, which Debian installs with the client `nghttp`.
"""

from __future__ import annotations

import contextlib
import ctypes
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import hpack

from tests.harness.cargo import cargo_built
from tests.provision.parts import require

MAX_NAME_BYTES = 64
"""Longer names are only counted by ours (wire/src/hpack/mod.rs)."""
MAX_VALUE_BYTES = 1024
"""As much of a value is kept by ours."""
ANY_TABLE_BYTES = 1 << 30
"""What the oracles let a sender's table grow to: ours leaves that to the receiver."""

LIBRARY = "libnghttp2.so.14"
NV_FLAG_NO_INDEX = 1
INFLATE_FINAL, INFLATE_EMIT = 1, 2

Header = tuple[bytes, bytes]


class RejectedError(Exception):
    """A decoder does not take a block; its state is of no further use."""


class Oracle(Protocol):
    """A decoder that keeps every header."""

    def decode(self, block: bytes) -> list[Header]:
        """Decode the next block of the connection, or raise RejectedError."""


class Hyper:
    """python-hyper's decoder."""

    def __init__(self) -> None:
        """Start a connection."""
        self.decoder = hpack.Decoder(max_header_list_size=ANY_TABLE_BYTES)
        self.decoder.max_allowed_table_size = ANY_TABLE_BYTES

    def decode(self, block: bytes) -> list[Header]:
        """Decode the next block."""
        try:
            return [
                (bytes(name), bytes(value)) for name, value in self.decoder.decode(block, raw=True)
            ]
        except (
            hpack.HPACKError,
            IndexError,
        ) as error:  # IndexError: a block cut inside a string's length
            raise RejectedError(str(error)) from error


class NameValue(ctypes.Structure):
    """nghttp2_nv."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("value", ctypes.c_void_p),
        ("name_length", ctypes.c_size_t),
        ("value_length", ctypes.c_size_t),
        ("flags", ctypes.c_uint8),
    )


def nghttp2() -> ctypes.CDLL:
    """Load the library."""
    require("nghttp")
    library = ctypes.CDLL(LIBRARY)
    library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
    library.nghttp2_hd_deflate_hd.restype = ctypes.c_ssize_t
    library.nghttp2_hd_deflate_bound.restype = ctypes.c_size_t
    return library


class Nghttp2:
    """nghttp2's decoder."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Start a connection."""
        self.library, self.inflater = library, ctypes.c_void_p()
        assert library.nghttp2_hd_inflate_new(ctypes.byref(self.inflater)) == 0
        limit = ctypes.c_size_t(ANY_TABLE_BYTES)
        assert library.nghttp2_hd_inflate_change_table_size(self.inflater, limit) == 0

    def __del__(self) -> None:
        """Free it."""
        self.library.nghttp2_hd_inflate_del(self.inflater)

    def decode(self, block: bytes) -> list[Header]:
        """Decode the next block."""
        headers: list[Header] = []
        at, flags, found = 0, ctypes.c_int(0), NameValue()
        held = ctypes.create_string_buffer(block, len(block) or 1)
        while not flags.value & INFLATE_FINAL:
            taken = self.library.nghttp2_hd_inflate_hd2(
                self.inflater,
                ctypes.byref(found),
                ctypes.byref(flags),
                ctypes.byref(held, at),
                ctypes.c_size_t(len(block) - at),
                1,
            )
            if taken < 0:
                raise RejectedError(f"nghttp2: {taken}")
            at += taken
            if flags.value & INFLATE_EMIT:
                name = ctypes.string_at(found.name, found.name_length)
                headers.append((name, ctypes.string_at(found.value, found.value_length)))
        self.library.nghttp2_hd_inflate_end_headers(self.inflater)
        return headers


class Nghttp2Encoder:
    """nghttp2's encoder: indexes what it thinks worth it, Huffman where that is shorter."""

    def __init__(self, library: ctypes.CDLL, table_bytes: int) -> None:
        """Start a connection whose table may grow to so many bytes."""
        self.library, self.deflater = library, ctypes.c_void_p()
        made = library.nghttp2_hd_deflate_new(
            ctypes.byref(self.deflater), ctypes.c_size_t(table_bytes)
        )
        assert made == 0

    def __del__(self) -> None:
        """Free it."""
        self.library.nghttp2_hd_deflate_del(self.deflater)

    def resize(self, table_bytes: int) -> None:
        """Have the next block begin with what tells of this table size."""
        size = ctypes.c_size_t(table_bytes)
        assert self.library.nghttp2_hd_deflate_change_table_size(self.deflater, size) == 0

    def encode(self, headers: Sequence[tuple[bytes, bytes, bool]]) -> bytes:
        """Encode a block; the third part of a header says that it is sensitive."""
        pairs = (NameValue * len(headers))()
        held = []
        for pair, (name, value, sensitive) in zip(pairs, headers, strict=True):
            buffers = [ctypes.create_string_buffer(text, len(text) or 1) for text in (name, value)]
            held.append(buffers)
            pair.name, pair.value = (ctypes.addressof(buffer) for buffer in buffers)
            pair.name_length, pair.value_length = len(name), len(value)
            pair.flags = NV_FLAG_NO_INDEX if sensitive else 0
        count = ctypes.c_size_t(len(headers))
        bound = self.library.nghttp2_hd_deflate_bound(self.deflater, pairs, count)
        out = ctypes.create_string_buffer(bound)
        size = self.library.nghttp2_hd_deflate_hd(
            self.deflater, out, ctypes.c_size_t(bound), pairs, count
        )
        assert size >= 0, size
        return out.raw[:size]


@dataclass(frozen=True)
class Seen:
    """What ours says of a block."""

    verdict: str
    """`ok`, or the name of an error."""
    fields: list[tuple[bytes, int, bytes]]
    """Name, true length of the value, as much of it as was kept."""


class Ours:
    """The decoder of `wire`, in a process of its own: examples/hpack.rs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Talk to a process."""
        self.process = process

    def say(self, line: str) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def new(self) -> None:
        """Start a connection."""
        self.say("new")

    def decode(self, block: bytes, chunk: int = 0) -> Seen:
        """Decode the next block, whole or in chunks."""
        step = chunk or len(block) or 1
        self.say(",".join(block[at : at + step].hex() for at in range(0, len(block), step)))
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        assert answer.endswith("\n"), f"it ended with {self.process.wait()} on {block.hex()}"
        verdict, *fields = answer.split()
        return Seen(verdict, [read_field(field) for field in fields])


def read_field(field: str) -> tuple[bytes, int, bytes]:
    """Read NAME:LENGTH:VALUE."""
    name, length, value = field.split(":")
    return bytes.fromhex(name), int(length), bytes.fromhex(value)


def as_seen(headers: Sequence[Header]) -> list[tuple[bytes, int, bytes]]:
    """Tell what ours has to say of these headers."""
    return [
        (name, len(value), value[:MAX_VALUE_BYTES])
        for name, value in headers
        if len(name) <= MAX_NAME_BYTES
    ]


@contextlib.contextmanager
def running_ours() -> Iterator[Ours]:
    """Run ours until the block ends."""
    program = cargo_built("--package=wire", "--example=hpack")
    with subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Ours(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0
