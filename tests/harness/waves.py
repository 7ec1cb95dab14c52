"""A load that goes on for as long as a test takes: wave after wave of a compiled client, until the test is done.

A test of fixed length would have to say how much is done in it, which depends on how busy the machine is.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.harness.load import Tally, steady_load


@dataclass
class Waves:
    """What the client says of the waves that are over."""

    succeeded: int = 0
    failed: int = 0
    seconds: float = 0.0
    """How long all of them took, once they are over."""
    outputs: list[str] = field(default_factory=list)
    """The client's own words about each wave in which a call failed."""

    def add(self, tally: Tally) -> None:
        """Count a wave."""
        self.succeeded += tally.succeeded
        self.failed += tally.failed
        if tally.failed:
            self.outputs.append(tally.output)


@contextlib.contextmanager
def waves(address: str, request: bytes, *, calls_per_second: int) -> Iterator[Waves]:
    """Make gRPC calls, at this rate where the machine allows, until the block ends and the last wave with it.

    A wave is a second's calls, on connections of its own.
    """
    made, over, began = Waves(), threading.Event(), time.monotonic()

    def surge() -> None:
        while not over.is_set():
            with steady_load(
                address, request, calls=calls_per_second, calls_per_second=calls_per_second
            ) as load:
                made.add(load.finish())

    with ThreadPoolExecutor(1) as pool:
        surging = pool.submit(surge)
        try:
            yield made
        finally:
            over.set()
            surging.result()
            made.seconds = time.monotonic() - began
