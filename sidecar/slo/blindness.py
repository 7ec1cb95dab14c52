"""How much of the traffic of late was not read: what is blind now, not what was blind last week.

Connections that were upgraded to what carries no HTTP, such as websocket, hide nothing that objectives are about: they
are neither among the blind nor among those that are read.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sidecar.model.grid import NANOS_PER_SECOND

if TYPE_CHECKING:
    from sidecar.model.series import TapView

# As long as a short alert window: a burst of blind connections is seen, and forgotten once it is over.
WINDOW_NANOS = 300 * NANOS_PER_SECOND
# Ticks may be faster than this; more moments would not say more.
SPACING_NANOS = NANOS_PER_SECOND
MAX_MOMENTS = 300
# Fewer new connections than this say nothing about a share of 1 %: the tap's whole life is asked instead.
MIN_CONNECTIONS = 20


class Blindness:
    """Keeps (uptime, connections, blind) of the last five minutes of one tap's life."""

    def __init__(self) -> None:
        self._moments: deque[tuple[int, int, int]] = deque(maxlen=MAX_MOMENTS)

    def ratio(self, tap: TapView, now_nanos: int) -> float:
        """Return the share of connections of late that are not read; `now_nanos` is the tap's uptime."""
        moments = self._moments
        connections = sum(count.value for count in tap.connections_by_protocol) - tap.upgraded
        blind = sum(count.value for count in tap.blind) - tap.upgraded
        if moments and now_nanos < moments[-1][0]:
            moments.clear()  # another tap's life
        while moments and now_nanos - moments[0][0] > WINDOW_NANOS:
            moments.popleft()
        _, connections_before, blind_before = moments[0] if moments else (0, 0, 0)
        if not moments or now_nanos - moments[-1][0] >= SPACING_NANOS:
            moments.append((now_nanos, connections, blind))
        if connections - connections_before >= MIN_CONNECTIONS:
            return (blind - blind_before) / (connections - connections_before)
        return blind / connections if connections else 0.0
