"""Whether the server cannot be reached by those who ask for it now, not by whoever once did.

A port that nobody calls may stay closed. Refused clients make no event, so only counts of refusals tell of them, and
they never go back: one stray connection to a closed port must not say for ever that the server is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import SECOND
from sidecar.model.tiers import STATE_TIER_AFTER_NANOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.series import UpstreamView

# As long as a tier of a state waits: who asked once has been forgotten when it would fire.
ONCE_NANOS = STATE_TIER_AFTER_NANOS
# Whoever asks again is believed until next time; clients of gRPC wait two minutes between two attempts, and some more.
AGAIN_NANOS = 150 * SECOND


class _Refusing(NamedTuple):
    """What is known of one upstream. Times are the tap's uptime."""

    refused: int
    since: int  # when that last grew
    until: int  # when those who asked are forgotten


class Refusals:
    """Keeps who was refused of late, in one life of the tap."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], _Refusing] = {}
        self._now = 0

    def unreachable(self, upstreams: Sequence[UpstreamView], now: int) -> bool:
        """Say whether nothing can be dialled, or something cannot that clients ask for; `now` is the tap's uptime."""
        if now < self._now:
            self._by_name.clear()  # another life of the tap
        self._now = now
        for each in upstreams:
            self._look(each, now)
        down = [each for each in upstreams if not each.up]
        asked_for = any(now < self._by_name[_name(each)].until for each in down)
        return bool(down) and (len(down) == len(upstreams) or asked_for)

    def _look(self, upstream: UpstreamView, now: int) -> None:
        """Note whether an upstream has refused more. What was refused before the first look may be of just now."""
        known = self._by_name.get(_name(upstream), _Refusing(0, -AGAIN_NANOS, 0))
        if upstream.refused != known.refused:
            is_again = now - known.since < AGAIN_NANOS
            until = now + (AGAIN_NANOS if is_again else ONCE_NANOS)
            known = _Refusing(upstream.refused, now, until)
        self._by_name[_name(upstream)] = known


def _name(upstream: UpstreamView) -> tuple[str, str]:
    return upstream.listener, upstream.address
