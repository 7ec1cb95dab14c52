"""What engines see of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.sections.store import StoreReading
    from sidecar.model.windows import SavedSeries, SeriesKey


class Store(Protocol):
    """Values by key, and series of events, written during a tick and kept together at its end.

    On a disk all that one tick wrote is kept or none of it. In the tap's memory each value is kept whole or stays as it
    was: what must agree belongs under one key.
    """

    keeps_slots: bool
    """True: give it the slots that changed, each tick. False: give it whole series, now and then."""

    def read(self, key: str) -> bytes | None:
        """Return what was last written under a key, in this life or an earlier one; None where it cannot be read."""

    def write(self, key: str, value: bytes) -> None:
        """Replace what is under a key, with the next commit; an empty value forgets it."""

    def read_series(self) -> Sequence[SavedSeries]:
        """Return every series that was saved, with all slots that are kept of it."""

    def take_late(self) -> Sequence[SavedSeries]:
        """Return what `read_series` could not when it was asked, once: nothing, until it can be read.

        What is saved afterwards has to hold it as well: it is written over what is there.
        """

    def save_series(self, series: Sequence[SavedSeries]) -> None:
        """Replace the heads of these series and those of their slots that are given, with the next commit."""

    def forget_series(self, keys: Sequence[SeriesKey]) -> None:
        """Forget them, with the next commit."""

    def commit(self) -> None:
        """Make the writes since the last commit outlive this process. Never waits for a disk."""

    def reading(self) -> StoreReading:
        """Return where state is kept, and whether that works."""

    def close(self) -> None:
        """Give back what the store holds, once what was committed is kept, or a few seconds later. The rest is lost."""
