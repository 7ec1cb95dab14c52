"""Rules and engine decide alike: three days of the same events, minute by minute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from alerts.promql import PROMETHEUS2, PROMETHEUS3
from alerts.rules import Promised, render
from alerts.scope import Scope
from sidecar.model.duration import duration_text
from sidecar.model.tiers import DEFAULT_TIERS
from tests.harness import promtool
from tests.harness.burning_days import (
    ANSWERS,
    MINUTES,
    PODS,
    Minute,
    Said,
    counters,
    days,
    engine_says,
    lag_minutes,
)

# Samples on the minute: here Prometheus 2 extrapolates nothing, and `anchored` never does.
EXACT = (("promtool", PROMETHEUS2), ("promtool-3", PROMETHEUS3))


@pytest.fixture(scope="module")
def minutes() -> list[Minute]:
    """What happened."""
    return days(seed=7)


@pytest.fixture(scope="module")
def said(minutes: list[Minute]) -> list[Said]:
    """What the engine said of it."""
    return engine_says(ANSWERS, minutes)


def test_the_days_have_every_tier_fire_and_clear(said: list[Said]) -> None:
    for tier in DEFAULT_TIERS:
        spells = [fires for fires, _ in groupby(tier.name in each.firing for each in said)]
        assert len(spells) >= 5, tier.name

    # The guard holds back what was repeated within a minute, lets an outage through that is six calls an hour, and one
    # of four calls in six hours, of which none was good.
    def pages(begin: int, end: int) -> bool:
        return any("page-fast" in each.firing for each in said[begin * 60 : end * 60])

    assert (pages(55, 59), pages(59, 61), pages(68, 72)) == (False, True, True)


@pytest.mark.slow
@pytest.mark.parametrize(("age", "dialect"), EXACT)
def test_rules_decide_as_the_engine_does(
    age: str, dialect: str, minutes: list[Minute], said: list[Said], tmp_path: Path
) -> None:
    (file,) = render([Promised(ANSWERS, "")], Scope(dialect=dialect), "prometheus", split=False)
    (tmp_path / file.name).write_text(file.text)
    series = [
        {
            "series": f'wayside_slo_events_total{{namespace="ml", workload="chat", pod="{pod}", '
            f'slo="answers", outcome="{outcome}"}}',
            "values": " ".join(map(str, counters(minutes, at, which))),
        }
        for at, pod in enumerate(PODS)
        for which, outcome in enumerate(("good", "bad"))
    ]
    checks = [*decisions(said), *values(said)]
    assert len(checks) > 500
    test = {
        "rule_files": [file.name],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": checks}],
    }
    (tmp_path / "days.test.yaml").write_text(json.dumps(test))
    assert promtool.problems(age, "test", "rules", tmp_path / "days.test.yaml") == ""


def decisions(said: list[Said]) -> Iterator[dict[str, object]]:
    """Yield, of each tier, for how many minutes of each spell it must fire, and in which it must not."""
    for tier in DEFAULT_TIERS:
        lag = lag_minutes(tier.long_nanos)
        fires = [tier.name in each.firing for each in said]
        begin = 1
        for verdict, spell in groupby(fires[1:]):
            end = begin + len(list(spell)) - 1
            sure = end - (begin + lag) + 1
            if sure > 0:
                alert = f'ALERTS{{alertname="WaysideBudgetBurn", tier="{tier.name}", alertstate="firing"}}'
                # Half a minute less: neither age counts the sample at the beginning.
                count = f"sum(count_over_time({alert}[{sure * 60 - 30}s]))"
                yield check(count, end, sure if verdict else None)
            begin = end + 1


def values(said: list[Said]) -> Iterator[dict[str, object]]:
    """Yield, each 97 minutes, what is recorded: what the engine said within one step of the grid."""
    for at in range(97, MINUTES, 97):
        for nanos in said[at].good:
            of_late = said[max(at - lag_minutes(nanos), 1) : at + 1]
            window = duration_text(nanos)
            for name in ("good", "bad"):
                metric = f'wayside:slo_{name}:increase{{window="{window}"}}'
                yield within(metric, at, [getattr(each, name)[nanos] for each in of_late])
            if nanos == ANSWERS.window_nanos:
                left = [budget_left(each.good[nanos], each.bad[nanos]) for each in of_late]
                yield within("wayside:slo_budget_remaining:ratio", at, left)


def budget_left(good: float, bad: float) -> float:
    """What is left of one bad event in a thousand."""
    return 1 - bad / (good + bad) * 1000


def within(metric: str, minute: int, said: list[float]) -> dict[str, object]:
    """A value is none below the least that was said, and none above the most."""
    low, high = min(said) - 0.001, max(said) + 0.001
    return check(f"sum({metric} >= bool {low}) + sum({metric} <= bool {high})", minute, 2)


def check(expression: str, minute: int, value: int | None) -> dict[str, object]:
    """What promtool is to find at a minute; None: nothing."""
    samples = [] if value is None else [{"labels": "{}", "value": value}]
    return {"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples}
