"""Each request's verdict is the one that the server's own stamps give, for every indicator, over gRPC and events.

Client and server stamp both ends of the way. Where both say that a threshold was kept, or both that it was crossed, the
verdict of the tap must say so too, request by request: a model of its own for each, counted by model.

Only whole processes show this: the stamps are of two of them, and the verdict of a third.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest

from tests.e2e.stamped_streams import crowd
from tests.fakes.stamped import Ask, Span, Stamps, Wish, ask_chat, ask_infer, running_stamped
from tests.harness.wayside import Wayside, running_wayside

MS = 1_000_000
REQUESTS = 60
CHUNKS = 6
GAP_MS = 30
FIRST, TOKEN, GAP = 30 * MS, 30 * MS, 38 * MS
BASE, SLOPE, UP_TO = 20 * MS, MS // 10, 40 * MS
SLOS = f"""
models: [{", ".join(f"m{n}" for n in range(REQUESTS))}]
slos:
  - {{name: first, per: model, objective: 99%, good: {{first_token_below: 30ms}}}}
  - {{name: token, per: model, objective: 99%, good: {{token_time_below: 30ms}}}}
  - {{name: gap, per: model, objective: 99%, good: {{longest_gap_below: 38ms}}}}
  - {{name: growing, per: model, objective: 99%, good: {{first_token_below: 20ms + 0.1ms/prompt_token up to 40ms}}}}
  - name: flows
    per: model
    objective: 99%
    good: {{all: [{{first_token_below: 30ms}}, {{token_time_below: 30ms}}, {{longest_gap_below: 38ms}}]}}
"""
GOOD, BAD, EITHER = "good", "bad", "either"
PROTOCOLS = [pytest.param(ask_chat, True, id="events"), pytest.param(ask_infer, False, id="grpc")]


def judged(span: Span, threshold: int) -> str:
    """What both ends say of a threshold."""
    if span.most <= threshold:
        return GOOD
    return BAD if span.least > threshold else EITHER


def flow(stamps: Stamps) -> Span:
    """From the first chunk to the last."""
    sent, came = stamps.sent, stamps.came
    return Span(sent[-1] - sent[0], sent[-1] - came[0], came[-1] - sent[0])


def worst(parts: Sequence[str]) -> str:
    """What a request is that is to meet all of these; what is excluded is so unless a part is bad."""
    for verdict in (BAD, EITHER):
        if verdict in parts:
            return verdict
    return next((each for each in parts if each != GOOD), GOOD)


def expected(wish: Wish, stamps: Stamps, told: bool) -> dict[str, str]:
    """What each objective is to find, by the stamps alone; `told`: the server states its tokens."""
    gap = worst([judged(each, GAP) for each in stamps.gaps])
    token = judged(flow(stamps), TOKEN * (wish.chunks - 1))
    first = judged(stamps.first, FIRST)
    growing = judged(stamps.first, min(BASE + SLOPE * wish.prompt_tokens, UP_TO))
    if not told:
        # A message of a tensor may be anything: nothing tells how many tokens there were.
        token = "no_tokens"
        base, most = judged(stamps.first, BASE), judged(stamps.first, UP_TO)
        growing = base if base == GOOD else most if most == BAD else "no_length"
        if EITHER in (base, most):
            growing = EITHER
    return {
        "first": first,
        "token": token,
        "gap": gap,
        "growing": growing,
        "flows": worst([first, token, gap]),
    }


def verdicts(wayside: Wayside) -> dict[tuple[str, str], list[str]]:
    """What was counted of each objective and model."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in json.loads(wayside.get(wayside.admin, "/api/v1/slo"))["objectives"]:
        counts = {GOOD: row["events"]["good"], BAD: row["events"]["bad"], **row["excluded_by"]}
        words = [word for word, count in counts.items() for _ in range(count)]
        found[row["name"], row["model"]] = words
    return found


@pytest.mark.parametrize(("ask", "told"), PROTOCOLS)
def test_each_verdict_is_the_one_of_the_stamps(ask: Ask, told: bool) -> None:
    draws = random.Random(5)
    wishes = [
        Wish(f"m{n}", CHUNKS, GAP_MS, draws.choice([10, 100, 300]) if told else 0)
        for n in range(REQUESTS)
    ]
    with running_stamped() as upstream, running_wayside(upstream, config=SLOS) as wayside:
        stamps = crowd(wayside.address, ask, wishes)
        wayside.wait_for_total(REQUESTS, "calls")
        found = verdicts(wayside)
    wrong, told_apart = {}, 0
    for wish, each in zip(wishes, stamps, strict=True):
        for name, verdict in expected(wish, each, told).items():
            counted = found[name, wish.model]
            assert len(counted) == 1, "each request is one event"
            told_apart += verdict != EITHER
            if verdict not in (EITHER, *counted):
                wrong[name, wish.model] = f"{counted}, by the stamps {verdict}"
    assert wrong == {}
    print(f"{told_apart} of {5 * REQUESTS} verdicts are told by both ends alike")
    assert told_apart > REQUESTS, "a machine so busy that its stamps say nothing"
    seen = {name: {found[name, wish.model][0] for wish in wishes} for name in ("first", "gap")}
    assert seen == {"first": {GOOD, BAD}, "gap": {GOOD, BAD}}, "there is something to tell apart"
    assert all(not words for (_, model), words in found.items() if model == "unknown")
