"""One exchange over HTTP/1.1, a body handed on as it comes and never held. h11 speaks; every bound is here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import h11

from sidecar.model.server_metrics import PollFailure

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine, Sequence

# The largest pages of model servers seen are 1 MB.
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
# From dialling to the last byte. Pages come from the same machine or pod, in milliseconds.
TIMEOUT_SECONDS = 2.0

# Of an answer to a POST: what people read of it in a log.
MAX_TEXT_BYTES = 1024

# The text format, plain: what every server has, and what may be read line by line.
_ACCEPT = (("accept", "text/plain; version=0.0.4"), ("accept-encoding", "identity"))


Headers: TypeAlias = "Sequence[tuple[str, str]]"


class FetchError(Exception):
    """There is no whole answer: why, and a detail for the log."""

    def __init__(self, failure: PollFailure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


class Peer(NamedTuple):
    """Whom to speak to. A name is looked up at each connection, by threads of asyncio's and never by the loop."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str = ""  # whose certificate is wanted; empty: the host's

    @property
    def authority(self) -> str:
        """Return what Host says: a port that the scheme implies is left out, as everybody does."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class Answer(NamedTuple):
    """What was answered to a POST."""

    status: int
    text: str  # its beginning


async def fetch(host: str, port: int, target: str, take: Callable[[bytes], None]) -> None:
    """GET: hand the body of a good answer to `take`, piece by piece; raises FetchError, and what `take` raises."""
    peer = Peer(host, port)
    request = _request("GET", peer, target, _ACCEPT)
    await _bounded(_exchange(peer, request, b"", _admit, take), TIMEOUT_SECONDS)


async def post(
    peer: Peer, target: str, body: bytes, headers: Headers, timeout_seconds: float = TIMEOUT_SECONDS
) -> Answer:
    """POST: return the answer, whatever it is; raises FetchError where there is none."""
    length = (("content-length", str(len(body))),)
    request = _request("POST", peer, target, (*headers, *length))
    status, text = 0, bytearray()

    def note(response: h11.Response) -> None:
        nonlocal status
        status = response.status_code

    def take(data: bytes) -> None:
        text.extend(data[: MAX_TEXT_BYTES - len(text)])

    await _bounded(_exchange(peer, request, body, note, take), timeout_seconds)
    return Answer(status, text.decode("utf-8", "replace").strip())


def _request(method: str, peer: Peer, target: str, more: Headers) -> h11.Request:
    head = [("host", peer.authority), ("user-agent", "wayside"), ("connection", "close"), *more]
    return h11.Request(method=method, target=target, headers=head)


async def _bounded(exchange: Coroutine[None, None, None], timeout_seconds: float) -> None:
    """Wait for an exchange, but not for ever; raises FetchError with the reason of whatever goes wrong."""
    try:
        await asyncio.wait_for(exchange, timeout_seconds)
    except asyncio.TimeoutError as error:
        raise FetchError(PollFailure.TIMEOUT, f"no answer in {timeout_seconds:g} s") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host that is no name to the resolver
        raise FetchError(PollFailure.UNREACHABLE, str(error) or repr(error)) from error
    except h11.ProtocolError as error:
        raise FetchError(PollFailure.MALFORMED, f"no HTTP/1.1: {error}") from error


async def _exchange(
    peer: Peer,
    request: h11.Request,
    body: bytes,
    admit: Callable[[h11.Response], None],
    take: Callable[[bytes], None],
) -> None:
    """Send a request and read its answer to the end; `admit` may refuse the answer by its head."""
    name = (peer.server_name or peer.host) if peer.tls else None
    reader, writer = await asyncio.open_connection(
        peer.host, peer.port, ssl=peer.tls, server_hostname=name
    )
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
