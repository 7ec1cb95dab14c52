"""What rules are written in: strings, matchers and windows of PromQL.

A window of up to an hour reads raw counters. Three days of raw counters of 400 pods are more samples than Prometheus
lets a query read, so a longer window sums increases of 5 minutes that were recorded before, one each 5 minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.model.duration import HOUR, MINUTE, NANOS_OF_UNIT, duration_text

GRID_NANOS = 5 * MINUTE
LONGEST_RAW_NANOS = HOUR
PROMETHEUS2, PROMETHEUS3 = "prometheus2", "prometheus3"
DIALECTS = (PROMETHEUS2, PROMETHEUS3)
_MILLISECOND = 1_000_000
_LAST_OF_BMP = 0xFFFF


def quoted(text: str) -> str:
    """Return a string of PromQL, in ASCII: a line of YAML may hold it whatever it says."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    # A backquote would end the raw string in which an annotation holds its query.
    if " " <= one <= "~" and one != "`":
        return one
    return f"\\u{ord(one):04x}" if ord(one) <= _LAST_OF_BMP else f"\\U{ord(one):08x}"


@dataclass(frozen=True, slots=True)
class Window:
    """A window that ends now."""

    nanos: int
    dialect: str

    @property
    def text(self) -> str:
        """Return its length as the label `window` has it."""
        return duration_text(self.nanos)

    @property
    def seconds(self) -> int:
        """Return its length in seconds."""
        return self.nanos // NANOS_OF_UNIT["s"]

    @property
    def is_raw(self) -> bool:
        """Say whether it reads raw counters."""
        return self.nanos <= LONGEST_RAW_NANOS

    @property
    def increase(self) -> str:
        """Return the range of an increase over raw counters.

        Prometheus 2 extrapolates what it saw to the length of the window; `anchored` takes the sample before it.
        """
        return f"[{self.text}] anchored" if self.dialect == PROMETHEUS3 else f"[{self.text}]"

    @property
    def samples(self) -> str:
        """Return the range that holds each sample of a rule once."""
        return f"[{self._open(self.nanos)}]"

    @property
    def grid(self) -> str:
        """Return the range that holds a recorded increase for each 5 minutes, of the last as a whole."""
        whole = -(-self.nanos // GRID_NANOS) * GRID_NANOS
        return f"[{self._open(whole)}:{duration_text(GRID_NANOS)}]"

    def _open(self, nanos: int) -> str:
        """Write a length that leaves out its oldest moment.

        Since 3.0 a range does so by itself. Before, one that begins on a sample has one sample too many: a millisecond
        less has the right number at every moment, and in both.
        """
        return duration_text(nanos if self.dialect == PROMETHEUS3 else nanos - _MILLISECOND)
