"""Reads of /metrics, on their way to the tap: once for each snapshot, and the newest last."""

from __future__ import annotations

import asyncio
import socket

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader
from sidecar.tapclient.seam import connect
from sidecar.tapclient.tap_client import TapClient


def told(*sequences: int) -> list[int]:
    """What the tap is told of reads of these snapshots."""

    async def tell(fd: int) -> None:
        seam = await connect(fd)
        client = TapClient(seam, "fake")
        for sequence in sequences:
            client.scraped(sequence)
        seam.close()
        client.scraped(1_000)  # of a page that arrives when nobody is left to be told

    ours, theirs = socket.socketpair()
    asyncio.run(tell(theirs.detach()))
    data = b""
    with ours:
        while piece := ours.recv(65_536):
            data += piece
    envelopes: list[pb.Envelope] = list(FrameReader().feed(data))
    return [envelope.scraped.sequence for envelope in envelopes]


def test_each_snapshot_is_told_once_whoever_reads_it() -> None:
    assert told(7, 7, 8, 7, 8, 12) == [7, 8, 12]
