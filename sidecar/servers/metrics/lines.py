"""The few lines of a page that are wanted, kept as they arrive and parsed when all have.

A page may have thousands of lines and the parser takes 50 µs for each, this filter one hundredth of that: only what a
catalogue names is parsed, and only that is ever held.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from prometheus_client.parser import text_string_to_metric_families

from sidecar.model.server_metrics import PollFailure

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# The longest line of a real page (labels of a hundred characters, a dozen of them) is under 2 KB.
MAX_LINE_BYTES = 16 * 1024
# 64 models of Triton have 320; parsing this many takes 100 ms of control's second.
MAX_WANTED_LINES = 2048

_NAME = re.compile(rb"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)")

Samples: TypeAlias = "dict[str, list[tuple[Mapping[str, str], float]]]"
"""By name, in the order of the page: labels and value."""


class PageError(Exception):
    """A poll that brought nothing: why, and a detail for the log."""

    def __init__(self, failure: PollFailure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


class WantedLines:
    """Takes a page in pieces of any size."""

    def __init__(self, names: Collection[str]) -> None:
        """`names` are those of samples, as written on the page."""
        self._names = frozenset(name.encode() for name in names)
        self._rest = b""
        self._kept: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        """Take the next piece; raises PageError where a bound is reached."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE_BYTES:
            raise PageError(PollFailure.MALFORMED, f"a line is longer than {MAX_LINE_BYTES} bytes")
        self._keep(lines)

    def samples(self) -> Samples:
        """Parse what was kept, after the last piece; raises PageError for what is no Prometheus text."""
        self._keep([self._rest])
        self._rest = b""
        try:
            text = b"\n".join(self._kept).decode()
            samples: Samples = {}
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    samples.setdefault(sample.name, []).append((sample.labels, float(sample.value)))
        except Exception as error:  # the parser raises whatever its slicing of a broken line meets
            raise PageError(PollFailure.MALFORMED, f"no Prometheus text: {error!r}") from error
        return samples

    def _keep(self, lines: list[bytes]) -> None:
        names, name_of = self._names, _NAME.match
        self._kept += [line for line in lines if (found := name_of(line)) and found[1] in names]
        if len(self._kept) > MAX_WANTED_LINES:
            detail = f"more than {MAX_WANTED_LINES} lines are wanted"
            raise PageError(PollFailure.TOO_LARGE, detail)
