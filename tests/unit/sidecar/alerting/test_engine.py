"""When an alert begins, is told again, ends and is forgotten; and what a later life goes on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.alerting.engine import (
    MAX_ALERTS,
    RESEND_NANOS,
    RESOLVED_FOR_NANOS,
    AlertingEngine,
    Now,
)
from sidecar.model.delivery import AlertDelivery, Alertmanager
from sidecar.model.duration import HOUR, MINUTE, SECOND
from sidecar.model.objective import State
from sidecar.model.sections.alerts import Alert, Alerts
from sidecar.model.sections.config import Config
from sidecar.model.sections.objectives import ObjectiveReading, Objectives, TierReading
from tests.fakes.burning import on_fire, quiet, reading, tiers

T0 = 1_800_000_000 * SECOND
TO = AlertDelivery((Alertmanager("http://am:9093"),))
FINE = Config(1, True, True, "hash")
FAST = (
    ("alertname", "WaysideBudgetBurn"),
    ("severity", "page"),
    ("slo", "fast"),
    ("tier", "page-fast"),
)


class Host:
    """An engine, and what is so on its host."""

    def __init__(self, left: tuple[Alert, ...] = (), delivery: AlertDelivery = TO) -> None:
        self.engine = AlertingEngine(left, "gpu-7")
        self.delivery = delivery
        self.config = FINE
        self.moved = 0

    def at(self, elapsed: int, *readings: ObjectiveReading, tick: int = SECOND) -> Alerts:
        """Tick; the wall clock may have moved."""
        objectives = Objectives(readings, self.moved)
        now = Now(T0 + elapsed + self.moved, tick)
        return self.engine.judge(self.delivery, objectives, self.config, now)


def burning(*names: str, since: int = T0, name: str = "fast", model: str = "") -> ObjectiveReading:
    """An objective of which these tiers fire."""
    fires = dict.fromkeys(names or ("page-fast",), since)
    return reading(name, replace(on_fire(), tiers=tiers(fires)), model)


def calm(name: str = "fast") -> ObjectiveReading:
    """One of which nothing does."""
    return reading(name, quiet())


def test_what_is_new_is_told_at_once_with_the_rules_labels_and_annotations() -> None:
    (alert,) = Host().at(5 * SECOND, burning(since=T0 - MINUTE)).due
    assert alert.labels == FAST
    assert alert.starts_at_unix_nanos == T0 - MINUTE
    assert alert.ends_at_unix_nanos == T0 + 5 * SECOND + 4 * MINUTE
    said = dict(alert.annotations)
    assert said["runbook_url"] == "docs/alerts.md#waysidebudgetburn"
    assert said["summary"] == "fast burns its budget at 15 times what it may"
    assert said["description"].splitlines() == [
        "What burns: fast, latency_below: 100ms.",
        "How fast: 15 over 1h, 30 over 5m; told above 14.4 in both.",
        "Since: 2027-01-15 07:59:00 UTC.",
        "Budget left: 21.4% of 30d; at this rate gone in 2h.",
        "Model: bert.",
        "See `wayside slo explain fast` there.",
    ]


def test_what_fires_is_told_again_each_minute_and_holds_for_four() -> None:
    host = Host()
    told = [at for at in range(301) if host.at(at * SECOND, burning()).due]
    assert told == [0, 60, 120, 180, 240, 300]
    (alert,) = host.at(360 * SECOND, burning()).due
    assert alert.ends_at_unix_nanos == T0 + 360 * SECOND + 4 * MINUTE


def test_a_tick_that_is_longer_than_a_minute_lengthens_what_holds() -> None:
    (alert,) = Host().at(0, burning(), tick=2 * MINUTE).due
    assert alert.ends_at_unix_nanos == T0 + 8 * MINUTE


def test_an_end_is_told_at_once_and_for_a_quarter_of_an_hour() -> None:
    host = Host()
    host.at(0, burning())
    told = {at: host.at(at * SECOND, calm()).due for at in range(7, 7 + 1000)}
    assert [at for at, due in told.items() if due] == [7 + 60 * n for n in range(15)]
    ends = {(each.ends_at_unix_nanos, each.resolved) for due in told.values() for each in due}
    assert ends == {(T0 + 7 * SECOND, True)}, "it ended once"
    assert host.at(2000 * SECOND, calm()).alerts == ()
    assert RESOLVED_FOR_NANOS == 15 * MINUTE


def test_what_begins_anew_is_told_at_once_with_its_new_beginning() -> None:
    host = Host()
    host.at(0, burning())
    host.at(10 * SECOND, calm())
    (alert,) = host.at(20 * SECOND, burning(since=T0 + 19 * SECOND)).due
    assert (alert.resolved, alert.starts_at_unix_nanos) == (False, T0 + 19 * SECOND)


def test_an_objective_that_is_taken_away_ends_its_alert() -> None:
    host = Host()
    host.at(0, burning())
    (alert,) = host.at(SECOND).due
    assert alert.resolved


def test_each_model_of_an_objective_has_its_own_alert() -> None:
    found = Host().at(0, burning(model="bert"), burning(model="resnet"))
    assert [dict(each.labels)["model"] for each in found.due] == ["bert", "resnet"]


@pytest.mark.parametrize(
    ("state", "name"),
    [("stalled", "WaysideReplicasStalled"), ("unreachable", "WaysideReplicasUnreachable")],
)
def test_a_state_is_one_alert_of_the_server_whichever_objectives_see_it(
    state: str, name: str
) -> None:
    readings = (
        reading("a", replace(quiet(), tiers=_state(state, T0 + 9))),
        reading("b", replace(quiet(), tiers=_state(state, T0 + 3))),
    )
    (alert,) = Host().at(MINUTE, *readings).due
    assert alert.labels == (("alertname", name), ("severity", "page"), ("tier", state))
    assert alert.starts_at_unix_nanos == T0 + 3
    assert "Objectives: a, b;" in dict(alert.annotations)["description"]


def _state(name: str, since: int) -> tuple[TierReading, ...]:
    return tuple(
        replace(each, short_nanos=0) if each.name == name else each for each in tiers({name: since})
    )


def test_blindness_and_a_bad_configuration_wait_as_the_rules_do() -> None:
    host = Host()
    host.config = Config(1, False, True, "hash")
    blind = reading("fast", quiet(), state=State.NO_TELEMETRY)
    first: dict[str, int] = {}
    for at in range(0, 700, 10):
        for each in host.at(at * SECOND, blind).due:
            first.setdefault(each.name, at)
            assert dict(each.labels)["severity"] == "ticket"
    assert first == {"WaysideConfigInvalid": 300, "WaysideBlind": 600}


def test_what_was_blind_for_a_moment_waits_anew() -> None:
    host = Host()
    blind = reading("fast", quiet(), state=State.NO_TELEMETRY)
    for at in range(0, 1200, 300):
        assert host.at(at * SECOND, blind).due == ()
        assert host.at((at + 299) * SECOND, calm()).due == ()


# --- what the configuration says ------------------------------------------------------------------


def test_labels_of_the_configuration_are_of_every_alert_and_replace_none() -> None:
    delivery = replace(TO, labels=(("team", "vision"), ("slo", "mine")), runbooks="https://w/a")
    (alert,) = Host(delivery=delivery).at(0, burning()).due
    assert dict(alert.labels) == {**dict(FAST), "team": "vision"}
    assert dict(alert.annotations)["runbook_url"] == "https://w/a#waysidebudgetburn"


def test_replicas_have_alerts_of_their_own_where_that_is_asked_for() -> None:
    (alert,) = Host(delivery=replace(TO, scope="replica")).at(0, burning()).due
    assert dict(alert.labels) == {**dict(FAST), "instance": "gpu-7"}


def test_nothing_is_told_where_nobody_is_to_be_and_then_all_at_once() -> None:
    host = Host(delivery=AlertDelivery())
    assert host.at(0, burning()) == Alerts()
    host.delivery = TO
    assert len(host.at(SECOND, burning()).due) == 1
    host.delivery = AlertDelivery((*TO.alertmanagers, Alertmanager("http://new:9093")))
    assert len(host.at(2 * SECOND, burning()).due) == 1, "the new one has heard of nothing"
    assert host.at(3 * SECOND, burning()).due == ()
    host.delivery = AlertDelivery()
    assert host.at(4 * SECOND, burning()) == Alerts()
    assert host.engine.unsaved() == (), "and nothing is kept"


def test_there_are_never_more_than_500_and_pages_come_first() -> None:
    tickets = [burning("ticket-fast", name=f"t{n}") for n in range(MAX_ALERTS)]
    found = Host().at(0, *tickets, burning())
    assert len(found.alerts) == MAX_ALERTS
    assert found.left_out == 1
    assert FAST in {each.labels for each in found.alerts}
    host = Host()
    for round_ in range(3):
        names = [f"r{round_}-{n}" for n in range(MAX_ALERTS)]
        found = host.at(round_ * SECOND, *(burning(name=each) for each in names))
    assert len(found.alerts) == 2 * MAX_ALERTS, "of what has ended the newest stays"


# --- clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("moved", [-HOUR, HOUR])
def test_a_clock_that_is_set_changes_no_rhythm_and_makes_nothing_invalid(moved: int) -> None:
    host = Host()
    host.at(0, burning())
    host.moved = moved
    told = []
    for at in range(1, 300):
        for each in host.at(at * SECOND, burning()).due:
            told.append(at)
            now = T0 + at * SECOND + moved
            assert each.starts_at_unix_nanos == (T0 if moved > 0 else T0 + SECOND + moved)
            assert each.ends_at_unix_nanos == now + 4 * MINUTE
    assert told == [60, 120, 180, 240]
    (end,) = host.at(300 * SECOND, calm()).due
    assert end.ends_at_unix_nanos >= end.starts_at_unix_nanos


# --- lives ----------------------------------------------------------------------------------------


def test_a_later_life_goes_on_with_what_fires_and_tells_it_at_once() -> None:
    host = Host()
    host.at(0, burning())
    left = host.engine.unsaved()
    assert left is not None
    assert host.engine.unsaved() is None, "nothing has changed"
    host.at(10 * SECOND, burning())
    assert host.engine.unsaved() is None, "a figure is no change"
    later = Host(left)
    (alert,) = later.at(20 * SECOND, burning(since=T0 + 15 * SECOND)).due
    assert alert.starts_at_unix_nanos == T0
    assert later.engine.unsaved() is None


def test_what_ended_between_two_lives_is_ended_by_the_later_one() -> None:
    host = Host()
    host.at(0, burning())
    (alert,) = Host(host.engine.unsaved() or ()).at(30 * SECOND, calm()).due
    assert (alert.resolved, alert.ends_at_unix_nanos) == (True, T0 + 30 * SECOND)
    assert dict(alert.annotations)["summary"], "what was said of it is known"


def test_an_end_that_was_not_told_to_the_last_is_told_on_by_a_later_life() -> None:
    host = Host()
    host.at(0, burning())
    host.at(10 * SECOND, calm())
    later = Host(host.engine.unsaved() or ())
    told = [at for at in range(300, 1200) if later.at(at * SECOND, calm()).due]
    assert told == [300 + 60 * n for n in range(11)], "until a quarter of an hour after the end"
    assert RESEND_NANOS == MINUTE


def test_a_later_life_does_not_wait_anew_for_what_was_told() -> None:
    host = Host()
    host.config = Config(1, False, True, "hash")
    host.at(0)
    assert len(host.at(5 * MINUTE).due) == 1
    later = Host(host.engine.unsaved() or ())
    later.config = host.config
    assert not later.at(5 * MINUTE + SECOND).due[0].resolved
