"""Frames of the seam: any chunking, bad lengths, other versions."""

from __future__ import annotations

import pytest

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import LENGTH, MAX_FRAME_BYTES, FrameReader, SeamError, encode


def test_a_frame_is_a_big_endian_length_and_an_envelope_of_version_1() -> None:
    frame = encode(pb.Envelope(pull=pb.Pull(since=7)))
    assert frame[:4] == (len(frame) - 4).to_bytes(4, "big")
    envelope = pb.Envelope.FromString(frame[4:])
    assert (envelope.version, envelope.pull.since) == (1, 7)


def test_frames_cut_anywhere_come_out_whole_and_in_order() -> None:
    stream = b"".join(encode(pb.Envelope(pull=pb.Pull(since=n))) for n in range(50))
    for size in (1, 3, 7, len(stream)):
        reader = FrameReader()
        chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
        found = [envelope.pull.since for chunk in chunks for envelope in reader.feed(chunk)]
        assert found == list(range(50))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (LENGTH.pack(MAX_FRAME_BYTES + 1), "the seam allows"),
        (LENGTH.pack(3) + b"\xff\xff\xff", "no Envelope"),
        (LENGTH.pack(2) + b"\x08\x02", "version 2"),
        (LENGTH.pack(0), "version 0"),
    ],
)
def test_what_breaks_the_rules_is_a_seam_error(data: bytes, what: str) -> None:
    with pytest.raises(SeamError, match=what):
        list(FrameReader().feed(data))
