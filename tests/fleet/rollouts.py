"""Replicas that are replaced, and versions that come and go, under load."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fleet.clients import OK
from tests.fleet.fleet import REPLICAS, Fleet
from tests.fleet.replica import Replica
from tests.fleet.report import Report
from tests.harness.wayside import COMMAND

THIRDS = tuple(tuple(range(first, REPLICAS, 3)) for first in range(3))
EVERY_SECONDS = 120.0
VERSION_SECONDS = 10.0
"""What a third does before the next one follows."""
KEPT_SECONDS = 60.0


def failed(fleet: Fleet) -> int:
    """Return how many calls have failed so far."""
    return fleet.clients.count() - fleet.clients.count(OK)


def replaced(fleet: Fleet, report: Report, seconds: float) -> None:
    """A third of the replicas is replaced every 2 minutes: no call fails."""
    report.note("a third of the replicas is replaced every 2 minutes")
    before, pods = failed(fleet), len(fleet.gone)
    rounds = int(seconds // EVERY_SECONDS) + 1
    for number in range(rounds):
        began = time.monotonic()
        new = fleet.replace(THIRDS[number % len(THIRDS)])
        report.note(f"      {number + 1} of {rounds}: {', '.join(each.pod for each in new)}")
        if number + 1 < rounds:
            report.hold(began + EVERY_SECONDS - time.monotonic())
    report.tell("replaced: replicas", len(fleet.gone) - pods)
    report.expect("replaced: calls that failed", 0, failed(fleet) - before)
    report.expect("replaced: what Waysides said at their ends", "nothing", complaints(fleet))


def versions(fleet: Fleet, report: Report, released: Path, number: str) -> None:
    """All Waysides go back to the version before and come forth again, a third at a time: no call fails."""
    before = failed(fleet)
    for program, name in ((released, number), (COMMAND, "this one")):
        report.note(f"all Waysides become {name}, a third at a time")
        for third in THIRDS:
            fleet.restart(third, program)
            report.hold(VERSION_SECONDS)
        _expect_version(fleet, report, program, name)
    report.expect("versions: calls that failed", 0, failed(fleet) - before)
    report.expect("versions: what Waysides said at their ends", "nothing", complaints(fleet))
    _expect_events(fleet, report)


def _expect_version(fleet: Fleet, report: Report, program: Path, name: str) -> None:
    """Every replica is of one version, and goes on with the state that the other one left."""
    replicas = fleet.replicas.values()
    tap = program.with_name("wayside-tap").resolve()
    report.expect(
        f"versions, {name}: replicas that run it",
        REPLICAS,
        sum(each.program == tap for each in replicas),
    )
    report.wait(lambda: all(keeps_state(each) for each in replicas), KEPT_SECONDS)
    report.expect(
        f"versions, {name}: replicas that go on with the state of the other one",
        REPLICAS,
        sum(keeps_state(each) for each in replicas),
    )
    partly = sum(each.door.metric("wayside_config_valid") == 0 for each in replicas)
    report.tell(
        f"versions, {name}: replicas that know not every key of their configuration", partly
    )


def keeps_state(replica: Replica) -> bool:
    """Say whether a replica keeps its state in its folder, and has set aside nothing that lay there."""
    aside = [*replica.folder.glob("state/*-????????T??????Z*")]
    return replica.door.metric("wayside_state_store_up") == 1 and not aside


def _expect_events(fleet: Fleet, report: Report) -> None:
    """What a replica's own engine has of its three lives is what clients counted of them."""

    def differing() -> list[str]:
        return [
            f"{each.pod}: {held} for {made}"
            for each in fleet.replicas.values()
            if (held := each.kept_good()) != (made := fleet.clients.count(OK, each.pod))
        ]

    fleet.clients.pause()
    report.wait(lambda: not differing(), KEPT_SECONDS)
    report.expect(
        "versions: replicas whose own windows hold something else than clients counted",
        "none",
        "; ".join(differing()[:3]) or "none",
    )
    fleet.clients.resume()


def complaints(fleet: Fleet) -> str:
    """Say what Waysides said at their ends that they should not."""
    return "; ".join(fleet.complaints[:3]) or "nothing"
