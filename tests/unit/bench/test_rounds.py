"""A round is made again when the machine was too slow for an open loop, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import ATTEMPTS, measure
from bench.contenders import Started
from bench.loads import Client, Latency, Load, LoadFailedError, RateMissedError

LOAD = Load("open", "open", 1, 1, 1, fewest=1)
STANDING = Started("127.0.0.1:1", "1.0")


class Scripted(Client):
    """A client whose rounds end as they are told to."""

    ends: list[Exception | Latency]

    def run(self, load: Load, address: str, calls: int) -> Latency:
        """End like the next."""
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


def client(*ends: Exception | Latency) -> Scripted:
    made = Scripted(Path("h2load"), 0, Path())
    object.__setattr__(made, "ends", list(ends))
    return made


def test_a_round_that_missed_its_rate_is_made_again() -> None:
    good = Latency(1, 2, 3.0)
    assert measure(client(*[RateMissedError("slow")] * 3, good), LOAD, 1, STANDING).latency == good


def test_not_for_ever() -> None:
    with pytest.raises(RateMissedError):
        measure(client(*[RateMissedError("slow")] * (ATTEMPTS + 1)), LOAD, 1, STANDING)


def test_a_call_that_failed_is_not_made_good_by_another() -> None:
    with pytest.raises(LoadFailedError, match="99 of 100"):
        measure(client(LoadFailedError("99 of 100"), Latency(1, 2, 3.0)), LOAD, 1, STANDING)
