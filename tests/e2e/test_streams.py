"""Time to first token, gaps and tokens of 64 streams at once, against what the server says of itself.

Every chunk holds the moments at which the server heard its request and sent it; client and server stamp both ends of
the way. What Wayside hears lies between: outside of these bounds it may never be, however busy the machine is. How far
it is from the one stamp of the server is told beside it.

/metrics and the snapshot tell distributions, whose mean is exact. So a model of its own for each stream, and answers of
two chunks, make each first token and each gap a number by itself, and their differences are told call by call.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.test_accuracy import STEP, quantile
from tests.fakes.stamped import Ask, Span, Stamps, Wish, ask_chat, ask_infer, running_stamped
from tests.harness.wayside import Wayside, running_wayside

STREAMS = 64
SPREAD_SECONDS = 0.03
"""Within which all are asked for: before the first has its first token, and not all in the same microsecond."""
FIRST_MS = 60
WAVES = 4
BAR_US = 1000
ROUNDING_US = 1
CHUNKS = 20
PROTOCOLS = [pytest.param(ask_chat, id="events"), pytest.param(ask_infer, id="grpc")]


def crowd(address: str, ask: Ask, wishes: Sequence[Wish]) -> list[Stamps]:
    """Ask for everything within SPREAD_SECONDS, each on a connection that stands already."""

    async def one(door: tuple[asyncio.StreamReader, asyncio.StreamWriter], wish: Wish) -> Stamps:
        await asyncio.sleep(random.uniform(0, SPREAD_SECONDS))
        return await ask(*door, wish)

    async def run() -> list[Stamps]:
        host, _, port = address.rpartition(":")
        doors = [await asyncio.open_connection(host, int(port)) for _ in wishes]
        try:
            return await asyncio.gather(
                *(one(door, wish) for door, wish in zip(doors, wishes, strict=True))
            )
        finally:
            for _, writer in doors:
                writer.close()

    return asyncio.run(run())


def sums(wayside: Wayside, name: str) -> dict[str, float]:
    """Return the sum of a histogram by model, in us."""
    rows: list[dict[str, Any]] = wayside.snapshot()["timings"]
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        if name in row:
            found[row["model"]] += row[name]["mean"] * row[name]["count"] * 1e6
    return found


@dataclass(frozen=True)
class Heard:
    """What Wayside says of one first token or gap, beside its bounds."""

    us: float
    span: Span

    @property
    def off_us(self) -> int:
        """How far from the stamps."""
        return int(abs(self.us - self.span.stamped / 1000))

    @property
    def width_us(self) -> int:
        """How far its bounds are apart."""
        return (self.span.most - self.span.least) // 1000

    @property
    def within_bounds(self) -> bool:
        """Whether it can be."""
        least, most = self.span.least / 1000, self.span.most / 1000
        return least - ROUNDING_US <= self.us <= most + ROUNDING_US


def wave(wayside: Wayside, ask: Ask, calls: int) -> dict[str, list[Heard]]:
    """Make a wave of calls of two chunks after others; return what Wayside says of each."""
    names = ("first_response_seconds", "response_gap_seconds")
    before = {name: sums(wayside, name) for name in names}
    wishes = [Wish(f"stream-{n}", 2, FIRST_MS) for n in range(STREAMS)]
    stamps = crowd(wayside.address, ask, wishes)
    wayside.wait_for_total(calls + STREAMS, "calls")
    after = {name: sums(wayside, name) for name in names}
    spans = {"first_response_seconds": [each.first for each in stamps]}
    spans["response_gap_seconds"] = [each.gaps[0] for each in stamps]
    return {
        name: [
            Heard(after[name][wish.model] - before[name][wish.model], span)
            for wish, span in zip(wishes, spans[name], strict=True)
        ]
        for name in names
    }


@pytest.mark.slow
@pytest.mark.parametrize("ask", PROTOCOLS)
def test_each_first_token_and_gap_lies_within_its_bounds(ask: Ask) -> None:
    """Call by call; how far off is printed, and is well below a millisecond on a machine with nothing else to do."""
    heard: dict[str, list[Heard]] = defaultdict(list)
    with running_stamped() as upstream, running_wayside(upstream) as wayside:
        wave(wayside, ask, 0)  # a model is known by its name once it has answered
        for number in range(WAVES):
            for name, each in wave(wayside, ask, (1 + number) * STREAMS).items():
                heard[name] += each
    for name, each in heard.items():
        for what, values in (
            ("off", [one.off_us for one in each]),
            ("bounds", [one.width_us for one in each]),
        ):
            p50, p95, p99 = (quantile(sorted(values), q) for q in (0.5, 0.95, 0.99))
            print(f"{name}, {what}: {p50:.0f}, {p95:.0f}, {p99:.0f} us at p50, p95, p99")
        assert [one for one in each if not one.within_bounds] == []


@pytest.mark.slow
@pytest.mark.parametrize("ask", PROTOCOLS)
def test_quantiles_of_long_streams_are_those_of_the_stamps(ask: Ask) -> None:
    """64 streams of 20 chunks of one model: within a bucket and a millisecond of the quantiles of the bounds."""
    with running_stamped() as upstream, running_wayside(upstream) as wayside:
        crowd(wayside.address, ask, [Wish("one", 1)])
        wayside.wait_for_total(1, "calls")  # the model is known now
        stamps = crowd(wayside.address, ask, [Wish("one", CHUNKS)] * STREAMS)
        wayside.wait_for_total(1 + STREAMS, "calls")
        (said,) = wayside.snapshot()["timings"]
    spans = {"first_response_seconds": [each.first for each in stamps]}
    spans["response_gap_seconds"] = [gap for each in stamps for gap in each.gaps]
    wrong: dict[str, str] = {}
    for name, each in spans.items():
        assert said[name]["count"] - len(each) == (1 if name.startswith("first") else 0)
        for at, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            ours = said[name][at] * 1e6
            stamped, least, most = (
                quantile(sorted(ends), q) / 1000 for ends in zip(*each, strict=True)
            )
            print(f"{name} {at}: stamps {stamped:.0f} us, wayside {ours - stamped:+.0f} us")
            if at != "p99" and not least / STEP - BAR_US <= ours <= most * STEP + BAR_US:
                wrong[f"{name} {at}"] = f"{least:.0f} to {most:.0f} us, wayside {ours:.0f} us"
    assert wrong == {}


def test_tokens_are_exact_and_never_mixed() -> None:
    """Tokens that the server states are added up; of answers without, chunks are, under that name and no other."""
    told = [Wish("told", CHUNKS + n, 2, prompt_tokens=100 + n) for n in range(STREAMS // 2)]
    untold = [Wish("untold", CHUNKS + n, 2) for n in range(STREAMS // 2)]
    with running_stamped() as upstream, running_wayside(upstream) as wayside:
        crowd(wayside.address, ask_chat, [*told, *untold])
        wayside.wait_for_total(STREAMS, "calls")
        page = wayside.metrics()
    lines = [line for line in page.splitlines() if line.startswith("wayside_tokens_total{")]
    wanted = {
        ("told", "input", "usage"): sum(wish.prompt_tokens for wish in told),
        ("told", "output", "usage"): sum(wish.chunks for wish in told),
        ("untold", "output", "chunks"): sum(wish.chunks for wish in untold),
    }
    found = {}
    for line in lines:
        labels = dict(
            pair.split("=") for pair in line.partition("{")[2].partition("}")[0].split(",")
        )
        key = (labels["model"], labels["direction"], labels["source"])
        found[tuple(each.strip('"') for each in key)] = int(float(line.rpartition(" ")[2]))
    assert found == wanted
