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
from sidecar.model.tiers import DEFAULT_TIERS, TierInForce, tiers_in_force
from tests.harness import promtool
from tests.harness.burning_days import (
    ANSWERS,
    GRID_MINUTES,
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
        assert len(spells) >= 4, tier.name  # the slowest fires at the end, too

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
    """Yield, of each tier, for how many minutes it must fire, and in which it must not."""
    for one in tiers_in_force(DEFAULT_TIERS, ANSWERS.ratio, ANSWERS.window_nanos):
        name = one.tier.name
        alert = f'ALERTS{{alertname="WaysideBudgetBurn", tier="{name}", alertstate="firing"}}'
        verdicts = [
            verdict(said[max(at - GRID_MINUTES, 0) : at + 1], one) for at in range(len(said))
        ]
        begin = 0
        for must, spell in groupby(verdicts):
            minutes = len(list(spell))
            begin += minutes
            if must is not None:
                # Half a minute less: neither age counts the sample at the beginning.
                count = f"sum(count_over_time({alert}[{minutes * 60 - 30}s]))"
                yield check(count, begin - 1, minutes if must else None)


def verdict(of_late: list[Said], one: TierInForce) -> bool | None:
    """Whether the rules must fire at the last of these minutes, or must not; None: they may.

    Each of their windows is what the engine's was within the last minutes, not both of them at once.
    """
    name, long, short = one.tier.name, one.tier.long_nanos, one.tier.short_nanos
    of_long, of_short = of_late[-1 - lag_minutes(long) :], of_late[-1 - lag_minutes(short) :]
    if all(name in each.firing for each in of_long):
        return True
    if any(name in each.firing for each in of_long):
        return None
    is_above = any(above(each, long, one) for each in of_long) and any(
        above(each, short, one) for each in of_short
    )
    # Above all the time, and silent: the guard holds it.
    held = all(above(each, long, one) and above(each, short, one) for each in of_long)
    return False if held or not is_above else None


def above(said: Said, nanos: int, one: TierInForce) -> bool:
    """Whether a window's share of bad events is above a tier's threshold."""
    good, bad = said.good.get(nanos, 0.0), said.bad.get(nanos, 0.0)
    return bad > one.threshold * (good + bad)


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
