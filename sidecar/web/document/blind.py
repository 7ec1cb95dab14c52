"""/api/v1/blind: connections that are forwarded and no longer read, and what was wrong with them.

connections  {protocol: n}, all that there were
blind        {reason: n}, of these
upgraded     n, of the blind: switched from HTTP/1.1 to what carries no HTTP, such as websocket
causes       [{reason, cause, sent_by, offset, count, last_unix_nanos}], those that were met last, the newest last:
             what was wrong, who sent it, and how many bytes of that direction came before it (of the newest)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.tap import Tap
    from sidecar.model.series import BlindCauseView

_SENDERS = {"to_server": "client", "to_client": "server"}


def blind_document(tap: Tap) -> dict[str, Any]:
    """Return the whole document."""
    return {
        "connections": {each.label: each.value for each in tap.stats.connections_by_protocol},
        "blind": {each.label: each.value for each in tap.stats.blind},
        "upgraded": tap.stats.upgraded,
        "causes": [_cause(each) for each in tap.blind_causes],
    }


def _cause(each: BlindCauseView) -> dict[str, Any]:
    return {
        "reason": each.reason,
        "cause": each.cause,
        "sent_by": _SENDERS.get(each.direction, each.direction),
        "offset": each.offset,
        "count": each.count,
        "last_unix_nanos": each.last_unix_nanos,
    }
