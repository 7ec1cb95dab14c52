"""An incident of the demo, step by step: it begins, a tier fires, it ends, the tier clears; and a line about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sidecar.demo.fault import INCIDENTS

# Long enough before for something good to lie in the windows, and after a tier has fired for it to be seen.
BEGIN_SECONDS = 15.0
HOLD_SECONDS = 10.0
# Nothing fired by then: a rate too low for the guard, or an objective that the incident does not touch.
LONGEST_SECONDS = 60.0
KEYS = {kind[0]: kind for kind in INCIDENTS}
WELL = "well"


class Incidents:
    """One at a time, planned or asked for by a key. Pure: `now_seconds` and what fires are arguments."""

    def __init__(
        self, tell_server: Callable[[str], None], planned: str, now_seconds: float
    ) -> None:
        """Plan one, or none; `tell_server` is given the words that sidecar.demo.fault knows."""
        self._tell_server = tell_server
        self._planned = planned
        self._due_seconds = now_seconds + BEGIN_SECONDS
        self._kind = ""
        self._began = 0.0
        self._ended: float | None = None
        self._before: frozenset[str] = frozenset()
        self._fired: dict[str, float] = {}
        self._firing: set[str] = set()

    def step(self, now_seconds: float, firing: Mapping[str, str], keys: str = "") -> list[str]:
        """Return what happened since the last step, in lines; `firing` has the numbers of each tier that fires."""
        if not self._kind:
            return self._begin(now_seconds, firing, keys)
        lines = self._changes(now_seconds, firing)
        if self._ended is None:
            if self._lasted(now_seconds):
                self._tell_server(WELL)
                self._ended = now_seconds
                fired = "" if self._fired else f" No tier fired within {LONGEST_SECONDS:g} s."
                lines.append(f"incident ends: the model server is well again.{fired}")
        elif not self._firing:
            self._kind = ""
            lines.append("the incident is over")
        return lines

    def _begin(self, now: float, firing: Mapping[str, str], keys: str) -> list[str]:
        """Begin what is due, or what was asked for."""
        kind = next((KEYS[key] for key in keys if key in KEYS), "")
        if self._planned and now >= self._due_seconds:
            kind, self._planned = self._planned, ""
        if not kind:
            return []
        self._tell_server(kind)
        self._kind, self._began, self._ended = kind, now, None
        self._before, self._fired, self._firing = frozenset(firing), {}, set()
        return [f"incident begins ({kind}): {INCIDENTS[kind]}"]

    def _changes(self, now: float, firing: Mapping[str, str]) -> list[str]:
        """Tell of tiers that fire now and did not before the incident, and of those that no longer do."""
        lines = []
        for name in firing.keys() - self._before - self._firing:
            self._fired.setdefault(name, now)
            lines.append(f"{name} fires {now - self._began:.0f} s after it began: {firing[name]}")
        for name in self._firing - firing.keys():
            ended = self._ended
            after = "while it lasts" if ended is None else f"{now - ended:.0f} s after it ended"
            lines.append(f"{name} clears {after}")
        self._firing = set(firing.keys() - self._before)
        return sorted(lines)

    def _lasted(self, now: float) -> bool:
        """Say whether it has lasted long enough."""
        if self._fired:
            return now - min(self._fired.values()) >= HOLD_SECONDS
        return now - self._began >= LONGEST_SECONDS
