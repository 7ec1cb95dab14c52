"""Rows 1-9 and 15-18: many small frames, many streams, and streams that never end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.hazards import frames as h2
from tests.hazards.attack import (
    AFTER,
    IN_STEP,
    Attack,
    Counted,
    blind,
    call_after,
    calls,
    down,
    h2_script,
    up,
)
from tests.hazards.passage import Step

FLOOD_BYTES = 2_000_000
STALLED_STREAMS = 1000
RESETS = 10_000
RAPID_RESETS = 70_000
# More than the 8,192 that are followed at once.
STREAMS_FOLLOWED, STREAMS_OPENED = 8192, 10_000
BATCH = 1000
REPEATED_HEAD = b"".join(h2.indexed(62 + n) for n in reversed(range(len(h2.request_fields()))))
PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, CALM = 1, 2, 3, 5, 11


def flood(unit: bytes) -> bytes:
    """Repeat."""
    return unit * (FLOOD_BYTES // len(unit))


def dribble() -> Sequence[Step]:
    """One message, a byte per frame."""
    count = FLOOD_BYTES // 10
    message = b"\0" + (count - 5).to_bytes(4, "big") + bytes(count - 5)
    frames = b"".join(h2.data(1, message[at : at + 1]) for at in range(count))
    asked = h2.headers(1, h2.REQUEST_HEAD) + frames + h2.data(1, b"", end=True)
    return h2_script(up(asked), down(h2.answer(1, h2.answering(AFTER))))


def pings() -> Sequence[Step]:
    """PING and its acknowledgement."""
    return h2_script(
        up(flood(h2.frame(h2.PING, 0, 0, b"12345678"))),
        down(flood(h2.frame(h2.PING, 1, 0, b"12345678"))),
    )


def priorities() -> Sequence[Step]:
    """A circle of dependencies, and streams that nobody opens."""
    circle = b"".join(
        h2.frame(h2.PRIORITY, 0, stream, ((stream + 2) % 2000).to_bytes(4, "big") + b"\x10")
        for stream in h2.streams(BATCH)
    )
    return h2_script(up(flood(circle)))


def batches(count: int) -> Iterator[range]:
    """Cut the ids of so many streams into batches."""
    for at in range(0, count, BATCH):
        yield range(2 * at + 1, 2 * min(at + BATCH, count) + 1, 2)


def open_first() -> bytes:
    """Open stream 1 with a head that the table keeps, and take it back."""
    head = h2.block(h2.request_fields(), h2.INDEXED)
    return h2.headers(1, head) + h2.rst(1, 8)


def reset_by_server(errors: Sequence[int], spoil: Sequence[bytes]) -> Sequence[Step]:
    """Each stream is reset by the server; `spoil` is what made it, by stream, with the id left out."""
    steps = [up(open_first())]
    for ids in batches(RESETS):
        opened = []
        for n, id in enumerate(ids):
            kind, payload = spoil[n % len(spoil)][:1], spoil[n % len(spoil)][1:]
            bad = h2.frame(kind[0], 0, id + 2, payload)
            opened.append(h2.headers(id + 2, REPEATED_HEAD, end=True) + bad)
        steps.append(up(b"".join(opened)))
        resets = (h2.rst(id + 2, errors[n % len(errors)]) for n, id in enumerate(ids))
        steps.append(down(b"".join(resets)))
    return h2_script(*steps)


def reset_flood() -> Sequence[Step]:
    """A stream error each time: DATA that is too long for its padding would blind; an update by zero does not."""
    return reset_by_server([PROTOCOL_ERROR], [bytes((h2.WINDOW_UPDATE, 0, 0, 0, 0))])


def made_you_reset() -> Sequence[Step]:
    """The six ways of MadeYouReset that leave the connection standing."""
    window = h2.WINDOW_UPDATE
    spoil = [
        bytes((window, 0, 0, 0, 0)),
        bytes((window, 0x7F, 0xFF, 0xFF, 0xFF)),
        bytes((h2.DATA,)) + b"late",
        bytes((h2.PRIORITY, 0, 0, 0, 0)),
        bytes((h2.PRIORITY, 0, 0, 0, 3, 0)),
    ]
    return reset_by_server([PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED], spoil)


def settings_flood() -> Sequence[Step]:
    """Small ones, and ones as large as a frame."""
    giant = h2.settings(*((id % 65_536, id) for id in range(2730)))
    small = h2.settings((h2.HEADER_TABLE_SIZE, 4096))
    return h2_script(up(flood(small)), up(flood(giant)), down(flood(small)))


def unread_window() -> Sequence[Step]:
    """The client opens its window wide, asks, and reads nothing until the server can write no more."""
    window = h2.frame(h2.WINDOW_UPDATE, 0, 0, (2**31 - 65_536).to_bytes(4, "big"))
    size = 16_000
    part = h2.data(1, bytes(size))
    parts = 2_000
    message = b"\0" + (parts * size).to_bytes(4, "big")
    said = h2.headers(1, h2.ANSWER_HEAD) + h2.data(1, message) + part * parts
    return h2_script(
        up(window + h2.request(1, h2.asking(AFTER))),
        ("down, read late", said),
        down(h2.headers(1, h2.TRAILERS, end=True)),
    )


def empty_frames() -> Sequence[Step]:
    """DATA without data."""
    asked = h2.headers(1, h2.REQUEST_HEAD) + flood(h2.data(1, b"")) + h2.data(1, b"", end=True)
    return h2_script(up(asked), down(h2.headers(1, h2.ANSWER_HEAD + h2.TRAILERS, end=True)))


def stalled_streams() -> Sequence[Step]:
    """A thousand requests that are begun and left; then they all go on."""
    ids = h2.streams(STALLED_STREAMS)
    message = h2.asking(AFTER)
    begun = b"".join(h2.headers(id, h2.REQUEST_HEAD) + h2.data(id, message[:7]) for id in ids)
    ended = b"".join(h2.data(id, message[7:], end=True) for id in ids)
    said = b"".join(h2.answer(id, h2.answering(AFTER)) for id in ids)
    return h2_script(up(begun), up(ended), down(said))


def rapid_reset() -> Sequence[Step]:
    """Open, take back, 70,000 times."""
    ids = range(3, 2 * RAPID_RESETS + 1, 2)
    again = b"".join(h2.headers(id, REPEATED_HEAD) + h2.rst(id, 8) for id in ids)
    return h2_script(up(open_first() + again))


def too_many_streams() -> Sequence[Step]:
    """More streams at once than are followed; none of them ever ends."""
    opened = b"".join(h2.headers(id, h2.REQUEST_HEAD) for id in h2.streams(STREAMS_OPENED))
    return h2_script(up(opened), *call_after(), after=False)


def tiny_header_list() -> Sequence[Step]:
    """A client that allows no headers: each answer ends in the server's own reset."""
    limit = h2.settings((h2.MAX_HEADER_LIST_SIZE, 1))
    asked = b"".join(h2.request(id, h2.asking(AFTER)) for id in h2.streams(BATCH))
    resets = b"".join(h2.rst(id, INTERNAL_ERROR) for id in h2.streams(BATCH))
    return h2_script(up(limit + asked), down(resets))


def tiny_data() -> Sequence[Step]:
    """Tokens of sixty bytes on a hundred streams, until the server's library has enough of its own frames."""
    ids = list(h2.streams(100))
    asked = b"".join(h2.request(id, h2.asking(AFTER)) for id in ids)
    heads = b"".join(h2.headers(id, h2.ANSWER_HEAD) for id in ids)
    token = h2.answering(AFTER).ljust(60, b"\0")
    token = token[:1] + (55).to_bytes(4, "big") + token[5:]
    tokens = b"".join(h2.data(id, token) for id in ids) * 250
    enough = h2.goaway(ids[49], CALM, b"too_many_data_frames")
    trailers = b"".join(h2.headers(id, h2.TRAILERS, end=True) for id in ids[:50])
    return h2_script(up(asked), down(heads + tokens + enough + trailers), after=False)


INTERNAL = {"code": "INTERNAL", "ended_by": "server"}
BY_CLIENT = {"code": "CANCELLED", "ended_by": "client"}
DRIBBLED = Counted("wayside_request_bytes_total", FLOOD_BYTES // 10 - 5, {"model": AFTER})

FLOODS = (
    Attack(
        1,
        "a message in frames of one byte",
        dribble,
        [calls(2, model=AFTER, code="OK")],
        frames="DATA",
    ),
    Attack(2, "PING flood", pings, [IN_STEP], frames="PING"),
    Attack(3, "PRIORITY in circles", priorities, [IN_STEP], frames="PRIORITY"),
    Attack(4, "streams the server must reset", reset_flood, [calls(RESETS, **INTERNAL), IN_STEP]),
    Attack(5, "SETTINGS flood, and giant ones", settings_flood, [IN_STEP], frames="SETTINGS"),
    Attack(7, "window wide open, nothing read", unread_window, [calls(2, model=AFTER)]),
    Attack(
        8,
        "empty frames",
        empty_frames,
        [calls(1, model="unknown", code="OK"), IN_STEP],
        frames="DATA",
    ),
    Attack(9, "1,000 stalled streams", stalled_streams, [calls(STALLED_STREAMS + 1, model=AFTER)]),
    Attack(
        15,
        "rapid reset",
        rapid_reset,
        [calls(RAPID_RESETS, **BY_CLIENT), IN_STEP],
        frames="RST_STREAM",
    ),
    Attack(
        15,
        "10,000 streams at once",
        too_many_streams,
        [blind("streams"), calls(STREAMS_FOLLOWED, code="LOST", ended_by="client")],
    ),
    Attack(16, "MadeYouReset", made_you_reset, [calls(RESETS, **INTERNAL), IN_STEP]),
    Attack(17, "client allows no headers", tiny_header_list, [calls(BATCH, **INTERNAL), IN_STEP]),
    Attack(
        18,
        "tiny DATA until GOAWAY",
        tiny_data,
        [calls(50, code="UNPROCESSED", ended_by="server"), calls(50, model=AFTER, code="OK")],
        frames="DATA",
    ),
)
