"""Talking to the tap over the socket inherited from it: one pull at a time, pushes noted as they come."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader, SeamError, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

# The tap answers from memory. One that has not for this long is gone or stuck; a fresh start is the best remedy.
ANSWER_TIMEOUT_SECONDS = 10.0

# Records kept for people to look at: enough for one screen, bounded whatever the tap sends.
RECORDS_KEPT = 32


class Seam(asyncio.Protocol):
    """Our end of the seam. Every waiting method raises SeamError when the tap is gone or silent."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.hello: asyncio.Future[pb.Hello] = loop.create_future()
        self.records: deque[pb.Record] = deque(maxlen=RECORDS_KEPT)
        self.draining = False
        self.flush_asked = asyncio.Event()
        self._wake: asyncio.Future[None] | None = None
        self._lost: SeamError | None = None
        self._reader = FrameReader()
        self._answer: asyncio.Future[pb.Snapshot] | None = None
        self._transport: asyncio.Transport | None = None

    async def pull(self, since: int) -> pb.Snapshot:
        """Ask for what changed after a sequence number; 0 asks for everything."""
        if self._answer is not None:
            raise SeamError("a second pull before the answer to the first")
        self._answer = asyncio.get_running_loop().create_future()
        try:
            self._send(pb.Envelope(pull=pb.Pull(since=since)))
            return await asyncio.wait_for(self._answer, ANSWER_TIMEOUT_SECONDS)
        except asyncio.TimeoutError as error:
            raise SeamError(f"no answer to a pull in {ANSWER_TIMEOUT_SECONDS:g} s") from error
        finally:
            self._answer = None

    async def quiet_until(self, due: float) -> None:
        """Wait until a moment of the loop's clock, or until the tap asks for the flush or is gone."""
        if self._lost is not None or self.flush_asked.is_set():
            return
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        timer = loop.call_at(due, self._rouse)
        try:
            await self._wake
        finally:
            timer.cancel()
            self._wake = None

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def offer(self, policy: pb.Policy) -> None:
        """Send a newer policy; the next snapshots say whether the tap adopted it."""
        self._send(pb.Envelope(policy=policy))

    def keep(self, key: str, value: bytes) -> None:
        """Let the tap hold a value for the lives of control to come; an empty one forgets it."""
        self._send(pb.Envelope(keep=pb.Keep(key=key, value=value)))

    def name(self, models: Iterable[str]) -> None:
        """Tell which models the server itself names; they take the place of those before."""
        self._send(pb.Envelope(names=pb.Names(models=models)))

    def scraped(self, sequence: int) -> None:
        """Tell that somebody has a whole page of /metrics that was made from this snapshot."""
        self._send(pb.Envelope(scraped=pb.Scraped(sequence=sequence)))

    def close(self) -> None:
        """Close our end."""
        if self._transport is not None:
            self._transport.close()

    def _send(self, envelope: pb.Envelope) -> None:
        if self._lost is not None:
            raise self._lost
        if self._transport is None or self._transport.is_closing():
            raise SeamError("the seam is closed")
        self._transport.write(encode(envelope))

    # --- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what came; a broken frame ends the seam."""
        try:
            for envelope in self._reader.feed(data):
                self._take(envelope)
        except SeamError as error:
            self._fail(error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that the tap is gone."""
        self._fail(SeamError(f"the tap closed the seam{f': {exc}' if exc else ''}"))

    def _take(self, envelope: pb.Envelope) -> None:
        """Act on one message of the tap."""
        body = envelope.WhichOneof("body")
        if body == "snapshot":
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(envelope.snapshot)
        elif body == "records":
            self._keep(envelope.records)
        elif body == "hello":
            if not self.hello.done():
                self.hello.set_result(envelope.hello)
        elif body == "drain":
            self.draining = True
        elif body == "flush":
            self.flush_asked.set()
            self._rouse()

    def _keep(self, records: pb.Records) -> None:
        """Copy the newest few: a submessage would keep the whole frame alive."""
        for record in records.records[-RECORDS_KEPT:]:
            self.records.append(_copied(record))

    def _fail(self, error: SeamError) -> None:
        self._lost = self._lost or error
        self._rouse()
        for waiting in (self.hello, self._answer):
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)


def _copied(record: pb.Record) -> pb.Record:
    copy = pb.Record()
    copy.CopyFrom(record)
    return copy


async def connect(fd: int) -> Seam:
    """Take over the inherited descriptor of the seam."""
    end = socket.socket(fileno=fd)
    end.setblocking(False)
    _, seam = await asyncio.get_running_loop().create_connection(Seam, sock=end)
    return seam
