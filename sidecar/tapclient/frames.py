"""Frames of the seam: a big-endian u32 length, then one Envelope. Bytes in, envelopes out; no sockets here."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from sidecar.tapclient import tap_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVELOPE_VERSION = 1

LENGTH = struct.Struct(">I")

# A snapshot of 500 series with full histograms is about 2 MiB; ten times that is not a snapshot.
MAX_FRAME_BYTES = 24 * 1024 * 1024


class SeamError(Exception):
    """The other end broke the rules of the seam, or is gone."""


def encode(envelope: pb.Envelope) -> bytes:
    """Return one frame."""
    envelope.version = ENVELOPE_VERSION
    body = envelope.SerializeToString()
    return LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a byte stream, however chunked, into envelopes. Holds at most one unfinished frame."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[pb.Envelope]:
        """Take what was read; yield every envelope it completes. Raises SeamError."""
        self._held += data
        while len(self._held) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._held)
            if length > MAX_FRAME_BYTES:
                raise SeamError(f"a frame of {length} bytes; the seam allows {MAX_FRAME_BYTES}")
            end = LENGTH.size + length
            if len(self._held) < end:
                return
            body = bytes(self._held[LENGTH.size : end])
            del self._held[:end]
            yield _parse(body)


def _parse(body: bytes) -> pb.Envelope:
    """Return the envelope of a frame's body."""
    try:
        envelope = pb.Envelope.FromString(body)
    except Exception as error:  # protobuf's DecodeError has no stable home across its backends
        raise SeamError(f"a frame of {len(body)} bytes is no Envelope: {error}") from error
    if envelope.version != ENVELOPE_VERSION:
        raise SeamError(
            f"envelope version {envelope.version}; this build speaks {ENVELOPE_VERSION}"
        )
    return envelope
