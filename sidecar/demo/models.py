"""What the demo's model server pretends to serve: no mathematics, only time passing the way it passes in real servers.

A batch of b requests takes `fixed_ms + per_item_ms * b`, the shape that accelerators show until they saturate; now and
then a batch is slow, and one of the models fails or has no room at times, so that there is something to see.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoModel:
    """One simulated model: how long its batches take, how they are formed, how often it goes wrong."""

    name: str
    version: str
    fixed_ms: float
    per_item_ms: float
    max_batch: int
    max_delay_ms: float
    failure_ratio: float = 0.0
    shed_ratio: float = 0.0
    """How often it says that it has no room."""
    slow_ratio: float = 0.0
    slow_factor: float = 1.0
    tokens: int = 0
    """Above zero: answered token by token, on a stream."""

    def batch_seconds(self, size: int, draw: float) -> float:
        """Return how long a batch of this size takes; `draw`, even in [0, 1), decides whether it is a slow one."""
        factor = self.slow_factor if draw < self.slow_ratio else 1.0
        return (self.fixed_ms + self.per_item_ms * size) * factor / 1000


MODELS = {
    model.name: model
    for model in (
        DemoModel("resnet50", "1", fixed_ms=3.0, per_item_ms=0.5, max_batch=8, max_delay_ms=1.0),
        DemoModel(
            *("bert", "3"),
            fixed_ms=14.0,
            per_item_ms=2.0,
            max_batch=16,
            max_delay_ms=4.0,
            slow_ratio=0.02,
            slow_factor=5.0,
        ),
        DemoModel(
            *("flaky", "1"),
            fixed_ms=6.0,
            per_item_ms=1.0,
            max_batch=4,
            max_delay_ms=1.0,
            failure_ratio=0.05,
            shed_ratio=0.03,
        ),
        DemoModel(
            *("chat", "2"), fixed_ms=9.0, per_item_ms=0.5, max_batch=16, max_delay_ms=0.0, tokens=24
        ),
    )
}

# Shares of the unary load; the streams of `chat` come beside it.
LOAD_SHARES = {"resnet50": 0.70, "bert": 0.22, "flaky": 0.08}
