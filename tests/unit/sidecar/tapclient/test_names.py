"""Models that the server names, on their way to the tap: once, and again when they change."""

from __future__ import annotations

import asyncio
import socket

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader
from sidecar.tapclient.seam import connect
from sidecar.tapclient.tap_client import TapClient


def told(*named: tuple[str, ...]) -> list[list[str]]:
    """What the tap is told where the server names these models, tick by tick."""

    async def tell(fd: int) -> None:
        seam = await connect(fd)
        client = TapClient(seam, "fake")
        for models in named:
            client.name(models)
        seam.close()

    ours, theirs = socket.socketpair()
    asyncio.run(tell(theirs.detach()))
    data = b""
    with ours:
        while piece := ours.recv(65_536):
            data += piece
    envelopes: list[pb.Envelope] = list(FrameReader().feed(data))
    return [list(envelope.names.models) for envelope in envelopes]


def test_they_are_told_when_they_change() -> None:
    assert told(("a", "b"), ("b", "a"), ("b",), (), ()) == [["a", "b"], ["b"], []]


def test_the_first_word_of_a_life_is_told_even_where_it_is_none() -> None:
    """The tap may still have those that an earlier life of control told."""
    assert told((), ()) == [[]]


def test_what_could_be_no_label_is_not_told() -> None:
    many = tuple(f"{number:03}" for number in range(100))
    assert told(("x" * 129, "\N{GREEK SMALL LETTER ALPHA}" * 65, "", *many)) == [list(many[:64])]
