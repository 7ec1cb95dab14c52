"""The half that thinks can die, hang, leak or be misconfigured: traffic, probes and counts do not notice.

What only processes can show: that the kernel keeps what is asked of the page while nobody answers it, that the tap
finds its child dead, stopped or too large, and that nothing of this reaches a client. When the next life is started,
and when one is taken to hang, is decided in the supervisor, whose tests have a clock of their own.
`make prove ARGS="survival"` is the same for as long as it takes to claim figures.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest

from tests.e2e.leak import leak, leaked
from tests.e2e.ordeal import (
    CONFIG,
    REQUEST,
    RESPONSE,
    calls_in,
    hang,
    hung,
    killed,
    ordeal,
)
from tests.harness.compiled import h2load, running_nghttpd
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

KILLS = 5
LONGEST_LIFE_SECONDS = 1.5
LEAK_BYTES = 88 << 20
"""With what control needs at rest it is over the bound of 96 MiB, and with all else well under the container's."""
ENDS = 3
RELOADED = "wayside_config_last_reload_successful"


@pytest.mark.slow
def test_control_killed_again_and_again_costs_nothing() -> None:
    """-9 at random moments under load: each kill is one restart, each life goes on from the last one, nothing fails."""
    rng = random.Random(7)
    with ordeal() as run:
        for _ in range(KILLS):
            time.sleep(rng.uniform(0, LONGEST_LIFE_SECONDS))
            run.kill()
    assert killed(run) == []
    assert run.kills == KILLS


@pytest.mark.slow
def test_control_that_hangs_is_replaced() -> None:
    """SIGSTOP: not before 15 s without a pull it is killed and replaced, as hung; traffic, probes and counts go on."""
    with ordeal() as run:
        seen = hang(run)
    assert hung(run, seen) == []


def test_a_bad_edit_changes_nothing_but_its_own_metric() -> None:
    """An SLO typo while running: the last good objectives stay, and config_last_reload_successful says so."""
    with ordeal() as run:
        wayside = run.wayside

        def good(name: str) -> int:
            found = (each for each in wayside.snapshot()["objectives"] if each["name"] == name)
            return next((int(each["events"]["good"]) for each in found), 0)

        wayside.running.wait_for(lambda: metric(wayside.metrics(), RELOADED) == 1)
        before = wayside.snapshot()
        wayside.config.write_text(CONFIG.replace("99.9%", "99.9"))
        wayside.running.wait_for(lambda: metric(wayside.metrics(), RELOADED) == 0)
        after = wayside.snapshot()
        named = ("name", "id", "objective_ratio", "good")
        assert [{key: each[key] for key in named} for each in after["objectives"]] == [
            {key: each[key] for key in named} for each in before["objectives"]
        ]
        assert after["config"]["generation"] == before["config"]["generation"]
        counted = good("answers")
        wayside.running.wait_for(lambda: good("answers") > counted)
        wayside.running.wait_for(lambda: "slos[1].objective" in wayside.running.text())
        counted = good("answers")
        wayside.config.write_text(CONFIG.replace("99.9%", "99.5%"))
        wayside.running.wait_for(lambda: metric(wayside.metrics(), RELOADED) == 1)
        assert wayside.snapshot()["config"]["generation"] == before["config"]["generation"] + 1
        wayside.config.write_text(CONFIG)
        wayside.running.wait_for(
            lambda: wayside.snapshot()["config"]["generation"] > after["config"]["generation"] + 1
        )
    # "answers" was away for a moment: what passed then did not count for it, what was counted before was kept.
    assert run.calls.failed == 0
    assert calls_in(run.last) == run.calls.succeeded
    events = {each["name"]: each["events"] for each in run.last["objectives"]}
    assert events["fast"]["good"] + events["fast"]["bad"] == run.calls.succeeded
    assert 0 < counted <= events["answers"]["good"] <= run.calls.succeeded


def test_the_tap_killed_starts_a_new_epoch() -> None:
    """-9 for the tap itself: control ends with it, and its successor counts from nothing, under a new epoch."""
    with running_nghttpd(RESPONSE) as upstream:
        with running_wayside(upstream, config=CONFIG) as first:
            h2load(first.address, REQUEST, calls=300)
            first.wait_for_total(300, "calls")
            epoch = first.snapshot()["epoch_unix_nanos"]
            control = first.controls()
            os.kill(first.running.pid, signal.SIGKILL)
            wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in control))
        with running_wayside(upstream, config=CONFIG) as second:
            h2load(second.address, REQUEST, calls=100)
            second.wait_for_total(100, "calls")
            document = second.snapshot()
    assert document["epoch_unix_nanos"] > epoch
    assert calls_in(document) == 100
    assert "-" not in json.dumps([each["events"] for each in document["objectives"]])
    assert {each["events"]["good"] for each in document["objectives"]} == {100}


@pytest.mark.slow
def test_a_leaking_control_is_ended_before_the_container_is() -> None:
    """In a 200 MB memory cgroup: the tap ends it at --control-memory, again and again, and no client notices."""
    with leak(LEAK_BYTES) as run:
        wait_until(lambda: run.tellings() >= ENDS)
    assert leaked(run) == []
    assert run.ended >= ENDS
