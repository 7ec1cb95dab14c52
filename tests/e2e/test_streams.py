"""Time to first token, gaps and tokens of 64 streams at once, against what the server says of itself.

Every chunk holds the moments at which the server heard its request and sent it; client and server stamp both ends of
the way. What Wayside hears lies between: outside of these bounds it may never be, however busy the machine is. How far
it is from the one stamp of the server is a figure, and `make prove ARGS=streams` has it.

Only whole processes show this: the bounds are stamped in two of them, and what lies between in a third.
"""

from __future__ import annotations

import pytest

from tests.e2e.stamped_streams import NAMES, STREAMS, crowd, waves
from tests.fakes.stamped import Ask, Wish, ask_chat, ask_infer, running_stamped
from tests.harness.quantiles import quantile_bounds
from tests.harness.wayside import running_wayside

WAVES = 2
CHUNKS = 20
PROTOCOLS = [pytest.param(ask_chat, id="events"), pytest.param(ask_infer, id="grpc")]


@pytest.mark.parametrize("ask", PROTOCOLS)
def test_each_first_token_and_gap_lies_within_its_bounds(ask: Ask) -> None:
    """Call by call."""
    with running_stamped() as upstream, running_wayside(upstream) as wayside:
        heard = waves(wayside, ask, WAVES)
    for name in NAMES:
        assert len(heard[name]) == WAVES * STREAMS
        assert [each for each in heard[name] if not each.within_bounds] == []


@pytest.mark.parametrize("ask", PROTOCOLS)
def test_quantiles_of_long_streams_are_those_of_the_stamps(ask: Ask) -> None:
    """64 streams of 20 chunks of one model: in the buckets between those of the bounds, and nothing uncounted."""
    with running_stamped() as upstream, running_wayside(upstream) as wayside:
        stamps = crowd(wayside.address, ask, [Wish("one", 1)])
        wayside.wait_for_total(1, "calls")  # the model is known now
        stamps += crowd(wayside.address, ask, [Wish("one", CHUNKS)] * STREAMS)
        wayside.wait_for_total(1 + STREAMS, "calls")
        (said,) = wayside.snapshot()["timings"]
    firsts, gaps = [each.first for each in stamps], [gap for each in stamps for gap in each.gaps]
    wrong: dict[str, str] = {}
    for name, spans in zip(NAMES, (firsts, gaps), strict=True):
        assert said[name]["count"] == len(spans)
        least, most = [each.least for each in spans], [each.most for each in spans]
        for at, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            low, high = quantile_bounds(least, most, q)
            if not low <= said[name][at] <= high:
                wrong[f"{name} {at}"] = f"{low:.6f} to {high:.6f} s, wayside {said[name][at]:.6f}"
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
