"""One GET over HTTP/1.1, its body handed on as it comes and never held. h11 speaks; every bound is here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import h11

from sidecar.model.server_metrics import PollFailure

if TYPE_CHECKING:
    from collections.abc import Callable

# The largest pages of model servers seen are 1 MB.
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
# From dialling to the last byte. Pages come from the same machine or pod, in milliseconds.
TIMEOUT_SECONDS = 2.0

# The text format, plain: what every server has, and what may be read line by line.
_ACCEPT = (("accept", "text/plain; version=0.0.4"), ("accept-encoding", "identity"))


class FetchError(Exception):
    """There is no whole answer: why, and a detail for the log."""

    def __init__(self, failure: PollFailure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


async def fetch(host: str, port: int, target: str, take: Callable[[bytes], None]) -> None:
    """Hand the body of a good answer to `take`, piece by piece; raises FetchError, and what `take` raises."""
    try:
        await asyncio.wait_for(_fetch(host, port, target, take), TIMEOUT_SECONDS)
    except asyncio.TimeoutError as error:
        raise FetchError(PollFailure.TIMEOUT, f"no answer in {TIMEOUT_SECONDS:g} s") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host that is no name to the resolver
        raise FetchError(PollFailure.UNREACHABLE, str(error) or repr(error)) from error
    except h11.RemoteProtocolError as error:
        raise FetchError(PollFailure.MALFORMED, f"no HTTP/1.1: {error}") from error


async def _fetch(host: str, port: int, target: str, take: Callable[[bytes], None]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        head = [("host", authority), ("user-agent", "wayside"), ("connection", "close"), *_ACCEPT]
        writer.write(http.send(h11.Request(method="GET", target=target, headers=head)) or b"")
        writer.write(http.send(h11.EndOfMessage()) or b"")
        received = 0
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                _admit(event)
            elif isinstance(event, h11.Data):
                received += len(event.data)
                if received > MAX_BODY_BYTES:
                    detail = f"more than {MAX_BODY_BYTES} bytes"
                    raise FetchError(PollFailure.TOO_LARGE, detail)
                take(bytes(event.data))
            elif not isinstance(event, h11.InformationalResponse):
                return  # the end of the message
    finally:
        writer.transport.abort()  # nothing of ours is under way: this closes at once, whatever the server still sends


def _admit(response: h11.Response) -> None:
    """Refuse what is no plain page."""
    if response.status_code != 200:
        raise FetchError(PollFailure.STATUS, f"answered {response.status_code}")
    coding = dict(response.headers).get(b"content-encoding", b"identity")
    if coding.lower() != b"identity":
        raise FetchError(PollFailure.MALFORMED, "compressed although that was not asked for")
