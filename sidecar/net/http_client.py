"""One exchange over HTTP/1.1, a body handed on as it comes and never held. h11 speaks; every bound is here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import h11

from sidecar.model.server_metrics import PollFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

# The largest pages of model servers seen are 1 MB.
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
# From dialling to the last byte. Pages come from the same machine or pod, in milliseconds.
TIMEOUT_SECONDS = 2.0

# The text format, plain: what every server has, and what may be read line by line.
_ACCEPT = (("accept", "text/plain; version=0.0.4"), ("accept-encoding", "identity"))


Headers: TypeAlias = "Sequence[tuple[str, str]]"


class FetchError(Exception):
    """There is no whole answer: why, and a detail for the log."""

    def __init__(self, failure: PollFailure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


async def fetch(host: str, port: int, target: str, take: Callable[[bytes], None]) -> None:
    """GET: hand the body of a good answer to `take`, piece by piece; raises FetchError, and what `take` raises."""
    request = _request("GET", host, port, target, _ACCEPT)
    await _bounded(_exchange((host, port), request, b"", _admit, take))


async def post(host: str, port: int, target: str, body: bytes, content_type: str) -> int:
    """POST: return the status of the answer, whatever it is; raises FetchError where there is none."""
    length = str(len(body))
    headers = (("content-type", content_type), ("content-length", length))
    request = _request("POST", host, port, target, headers)
    status = 0

    def note(response: h11.Response) -> None:
        nonlocal status
        status = response.status_code

    await _bounded(_exchange((host, port), request, body, note, lambda _: None))
    return status


def _request(method: str, host: str, port: int, target: str, more: Headers) -> h11.Request:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    head = [("host", authority), ("user-agent", "wayside"), ("connection", "close"), *more]
    return h11.Request(method=method, target=target, headers=head)


async def _bounded(exchange: Coroutine[None, None, None]) -> None:
    """Wait for an exchange, but not for ever; raises FetchError with the reason of whatever goes wrong."""
    try:
        await asyncio.wait_for(exchange, TIMEOUT_SECONDS)
    except asyncio.TimeoutError as error:
        raise FetchError(PollFailure.TIMEOUT, f"no answer in {TIMEOUT_SECONDS:g} s") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host that is no name to the resolver
        raise FetchError(PollFailure.UNREACHABLE, str(error) or repr(error)) from error
    except h11.ProtocolError as error:
        raise FetchError(PollFailure.MALFORMED, f"no HTTP/1.1: {error}") from error


async def _exchange(
    address: tuple[str, int],
    request: h11.Request,
    body: bytes,
    admit: Callable[[h11.Response], None],
    take: Callable[[bytes], None],
) -> None:
    """Send a request and read its answer to the end; `admit` may refuse the answer by its head."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        for part in (request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()):
            writer.write(http.send(part) or b"")
        received = 0
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                admit(event)
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
