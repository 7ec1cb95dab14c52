"""Values that lie in header fields: `model: [model_name, header(seldon-model)]`, of a method or of a route.

What a list of values says of headers is split off here: the rest are paths into the body. A header counts before the
paths or after them, as it is written; the tap knows no other order (dataplane/wire/src/name_precedence.rs).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from sidecar.model.policy import HeaderExtract, Read, Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sidecar.servers.checks import Checks
    from sidecar.text.document import Path as Place

# As in dataplane/wire: longer names are counted, not looked at (hpack); the whole policy may ask for 48 (headers).
MAX_NAME_BYTES = 64
MAX_VALUE_BYTES = 128  # as in dataplane/wire (names): a name that is longer is not read
MAX_NAMES = 16  # of one file: half of what is left beside those that are shipped

_HEADER = re.compile(r"\s*header\(\s*(.*?)\s*\)\s*\Z")
_NAME = re.compile(
    r"[a-z0-9!#$%&'*+.^_`|~-]+\Z"
)  # RFC 9110 section 5.6.2; header names know no case
_SIDES = {
    "request": (Slot.MODEL, Slot.VERSION, Slot.REQUEST_ID),
    "response": (Slot.MODEL, Slot.VERSION, Slot.REQUEST_ID, Slot.TOKENS_IN, Slot.TOKENS_OUT),
}
# What the tap reads for itself, and what must never become a label or a line of a log.
_READ_ALREADY = frozenset(
    {"content-type", "content-encoding", "content-length", "transfer-encoding"}
    | {"grpc-status", "grpc-message", "grpc-timeout", "traceparent"}
    | {"inference-header-content-length"}
)
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

Value: TypeAlias = "bytes | int | tuple[int, ...]"
"""What a slot holds: text, a number, or the dimensions of a shape."""


class HeaderValues:
    """The headers of one side of a method or route, gathered slot by slot."""

    def __init__(self, checks: Checks, place: Place, many_requests: bool = False) -> None:
        self._checks = checks
        self._side = str(place[2])
        self._many_requests = many_requests
        self.extracts: list[HeaderExtract] = []

    def split(self, place: Place, slot: Slot, values: object) -> list[tuple[int, str]]:
        """Take the headers out of a value or a list of values; return the paths that are left, each with its place."""
        texts = [str(each) for each in (values if isinstance(values, list) else [values])]
        paths = [(at, text) for at, text in enumerate(texts) if not _HEADER.match(text)]
        for at, text in enumerate(texts):
            if match := _HEADER.match(text):
                before = not paths or at < paths[0][0]
                if paths and paths[0][0] < at < paths[-1][0]:
                    hint = "Write headers before all paths of the list, or after them."
                    self._checks.complain(place, f"{text!r} stands between paths", hint)
                self._add(place, slot, match[1].lower(), before)
        return paths

    def _add(self, place: Place, slot: Slot, name: str, before_body: bool) -> None:
        what, hint = self._refusal(slot, name)
        if what:
            self._checks.complain(place, what, hint)
            return
        if HeaderExtract(slot, name, not before_body) in self.extracts:
            hint = "A head is the same for every form of a message: write it in the same place."
            self._checks.complain(place, f"header({name}) counts before and after paths", hint)
        elif HeaderExtract(slot, name, before_body) not in self.extracts:
            self.extracts.append(HeaderExtract(slot, name, before_body))

    def _refusal(self, slot: Slot, name: str) -> tuple[str, str]:
        """Say why a header is not read for a slot, and what to do; empty where it is."""
        slots = _SIDES[self._side]
        if slot not in slots:
            known = ", ".join(each.value for each in slots)
            return f"is not read from a header of the {self._side}", f"Headers tell {known}."
        if not _NAME.match(name) or len(name) > MAX_NAME_BYTES:
            hint = f"Write header(x-model): letters, digits and dashes, at most {MAX_NAME_BYTES}."
            return f"{name!r} is no name of a header", hint
        if name in _SECRET:
            return (
                f"{name!r} holds a secret",
                "Name a header that may be shown in metrics and logs.",
            )
        if name in _READ_ALREADY:
            return f"{name!r} has a meaning of its own", "Name another header."
        if name.endswith("-bin"):
            return f"{name!r} is binary, by its ending", "Name a header that holds text."
        if self._many_requests and slot is Slot.REQUEST_ID:
            hint = "Read it from the message: the stream has one head for all of its requests."
            return "is of a header, but each message is a request", hint
        return "", ""


def check_count(checks: Checks, sides: Iterable[tuple[HeaderExtract, ...]]) -> None:
    """Complain where a file asks for more different headers than it may."""
    names = {each.name for extracts in sides for each in extracts}
    if len(names) > MAX_NAMES:
        what = f"asks for {len(names)} different headers"
        checks.complain((), what, f"At most {MAX_NAMES} are read.")


def read_head(
    headers: Sequence[HeaderExtract],
    head: Mapping[str, str],
    body: Mapping[Slot, tuple[Value, Read]],
) -> dict[Slot, tuple[Value, Read]]:
    """Return what a head (names in lower case) and its body say together, as the tap does of the body."""
    said = dict(body)
    for slot in dict.fromkeys(each.slot for each in headers):
        there = [
            each
            for each in headers
            if each.slot is slot and 0 < _length(head, each) <= MAX_VALUE_BYTES
        ]
        if there and (there[0].before_body or slot not in body):
            text = head[there[0].name].encode()
            if slot not in (Slot.TOKENS_IN, Slot.TOKENS_OUT):
                said[slot] = (text, Read.STRING)
            elif text.isdigit():
                said[slot] = (int(text), Read.INT)
    return said


def _length(head: Mapping[str, str], extract: HeaderExtract) -> int:
    return len(head.get(extract.name, "").encode())
