"""The key `server`: the model server's own numbers, where its page is configured.

{metrics_up, catalogue, failed_polls: {reason: n}, models: [name],
 numbers: [{model, queue_depth, running, kv_cache_usage_ratio, executed_batch_size}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.server_metrics import ServerReading


def server_document(server: ServerReading | None) -> dict[str, Any]:
    """Return this key; without an endpoint none."""
    return {} if server is None else {"server": _server(server)}


def _server(server: ServerReading) -> dict[str, Any]:
    document: dict[str, Any] = {
        "metrics_up": server.up,
        "failed_polls": {failure.value: count for failure, count in server.failed_polls.items()},
        "models": list(server.models),
    }
    if server.server:
        document["catalogue"] = server.server
    by_model: dict[str, dict[str, Any]] = {}
    for number, values in server.numbers.items():
        for model, value in values.items():
            by_model.setdefault(model, {"model": model})[number.value] = value
    document["numbers"] = [by_model[model] for model in sorted(by_model)]
    return document
