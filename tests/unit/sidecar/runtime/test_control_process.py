"""Control as the tap runs it: a process of its own, with real descriptors, against a tap that is none."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sidecar.config.compile import compile_policy
from sidecar.config.sources import Sources
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.encode import policy_message
from tests.fakes import facts
from tests.fakes.pages import parse_openmetrics
from tests.fakes.tap import FakeTap, eventually
from tests.harness.running import START_SECONDS

GOOD = """\
listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]
control: {tick: 100ms}
slos: [{name: fast, match: {model: resnet50}, objective: 99.9%, good: {latency_below: 100ms}}]
"""
BETTER = GOOD.replace("99.9%", "99.99%")
BAD = GOOD.replace("99.9%", "99.9")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """wayside.yaml."""
    path = tmp_path / "wayside.yaml"
    path.write_text(GOOD)
    return path


def policy_from(file: Path) -> pb.Policy:
    """What `wayside run -c` would hand to the tap."""
    reload_argv = (sys.executable, "-m", "sidecar", "compile-policy", "-c", str(file))
    compiled = compile_policy(Sources(str(file), reload_argv=reload_argv))
    assert compiled.policy is not None
    return policy_message(compiled.policy)


@pytest.fixture
def tap(file: Path) -> Iterator[FakeTap]:
    """A tap with an ordinary snapshot, and no control yet."""
    fake = FakeTap(policy_from(file), facts.snapshot())
    yield fake
    fake.close()


def get(tap: FakeTap, path: str = "/metrics", accept: str = "application/openmetrics-text") -> str:
    """Fetch a page; queued while no control accepts."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{tap.admin_port}{path}", headers={"accept": accept}
    )
    with urllib.request.urlopen(request, timeout=START_SECONDS) as response:
        body: bytes = response.read()
    return body.decode()


def value(tap: FakeTap, name: str, **labels: str) -> float | None:
    """One sample of /metrics; None when absent."""
    for family in parse_openmetrics(get(tap)):
        for sample in family.samples:
            if sample.name == f"wayside_{name}" and labels.items() <= sample.labels.items():
                return float(sample.value)
    return None


def is_value(tap: FakeTap, expected: float | None, name: str, **labels: str) -> Callable[[], bool]:
    """A check for `eventually`."""
    return lambda: value(tap, name, **labels) == expected


def pulled(tap: FakeTap, more: int) -> None:
    """Wait until control has pulled so many times again."""
    seen = len(tap.pulls)
    eventually(lambda: len(tap.pulls) >= seen + more)


def test_the_first_scrape_waits_for_the_first_snapshot_and_shows_it(tap: FakeTap) -> None:
    tap.start_control()
    assert value(tap, "calls_total", model="resnet50") == 10
    assert value(tap, "slo_state", slo="fast", state="ok") == 1
    assert value(tap, "slo_events_total", slo="fast", outcome="bad") == 0
    assert json.loads(get(tap, "/api/v1/snapshot"))["tap_version"] == "fake"
    assert "objective fast: ok" in get(tap, "/")


def test_pulls_ask_only_for_what_changed(tap: FakeTap) -> None:
    tap.start_control()
    eventually(lambda: len(tap.pulls) >= 3)
    assert tap.pulls[:3] == [0, 7, 7]
    nothing = facts.snapshot(sequence=8, counters=[], timings=[])
    nothing.policy_generation = tap.snapshot.policy_generation
    tap.changes = nothing
    eventually(lambda: tap.pulls[-1] == 8)
    assert value(tap, "calls_total", model="resnet50") == 10


def test_the_tap_is_told_of_each_snapshot_that_was_scraped(tap: FakeTap) -> None:
    tap.start_control()
    get(tap, "/api/v1/snapshot")
    get(tap)
    eventually(lambda: tap.scraped)
    get(tap)
    tap.snapshot.sequence = 9
    eventually(lambda: json.loads(get(tap, "/api/v1/snapshot"))["sequence"] == 9)
    get(tap)
    eventually(lambda: tap.scraped == [7, 9])


def test_a_killed_control_is_replaced_and_no_scrape_is_refused(tap: FakeTap) -> None:
    for life in range(3):
        process = tap.start_control()
        assert value(tap, "calls_total") == 10, f"life {life}"
        process.kill()
        process.wait()
        waiting = socket.create_connection(
            ("127.0.0.1", tap.admin_port)
        )  # queues: nobody accepts now
        waiting.close()


def test_the_end_of_the_tap_is_the_end_of_control(tap: FakeTap) -> None:
    process = tap.start_control()
    get(tap)
    tap.hang_up()
    assert process.wait(START_SECONDS) == 0
    eventually(lambda: any("the tap closed the seam" in line for line in tap.lines))


def test_signals_to_the_group_do_not_end_control(tap: FakeTap) -> None:
    process = tap.start_control()
    get(tap)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    pulled(tap, 3)
    assert process.poll() is None


def test_a_flush_is_answered_with_one_last_pull_and_an_orderly_end(tap: FakeTap) -> None:
    process = tap.start_control()
    get(tap)
    tap.push(pb.Envelope(drain=pb.Drain(deadline_nanos=5)))
    eventually(is_value(tap, 1, "tap_draining"))
    tap.push(pb.Envelope(flush=pb.Flush()))
    assert process.wait(START_SECONDS) == 0


def test_a_silent_tap_is_left(tap: FakeTap) -> None:
    process = tap.start_control()
    get(tap)
    tap.mute = True
    assert process.wait(START_SECONDS) == 0
    assert any("no answer to a pull" in line for line in tap.lines)


def test_another_epoch_forgets_what_was_known(tap: FakeTap) -> None:
    tap.start_control()
    get(tap)
    fresh = facts.snapshot(epoch_unix_nanos=9, counters=[facts.calls("other", 1)])
    fresh.policy_generation = tap.snapshot.policy_generation
    tap.snapshot = fresh
    eventually(is_value(tap, 1, "calls_total", model="other"))
    assert value(tap, "calls_total", model="resnet50") is None


def test_nonsense_on_the_seam_ends_control_in_order(tap: FakeTap) -> None:
    process = tap.start_control()
    get(tap)
    assert tap._ours is not None
    tap._ours.sendall(b"\xff\xff\xff\xff")
    assert process.wait(START_SECONDS) == 0


def test_a_good_edit_is_offered_and_adopted(tap: FakeTap, file: Path) -> None:
    tap.start_control()
    assert value(tap, "slo_objective_ratio") == 0.999
    file.write_text(BETTER)
    eventually(is_value(tap, 0.9999, "slo_objective_ratio"))
    assert value(tap, "config_generation") == 2
    assert value(tap, "config_last_reload_successful") == 1
    assert [policy.generation for policy in tap.offered] == [2]


def test_another_profile_is_shown_without_a_restart(tap: FakeTap, file: Path) -> None:
    tap.start_control()
    assert value(tap, "calls_total", method=facts.INFER) is not None
    file.write_text(f"{GOOD}metrics: {{profile: slo}}\n")
    eventually(lambda: value(tap, "calls_total", method=facts.INFER) is None)
    assert value(tap, "calls_total", model="resnet50", code="OK") == 10
    assert value(tap, "control_cpu_seconds_total") is None


def test_a_bad_edit_changes_nothing_but_says_so_and_its_mending_is_seen(
    tap: FakeTap, file: Path
) -> None:
    tap.start_control()
    get(tap)
    file.write_text(BAD)
    eventually(is_value(tap, 0, "config_last_reload_successful"))
    assert value(tap, "config_valid") == 1
    assert value(tap, "config_generation") == 1
    assert value(tap, "slo_objective_ratio") == 0.999
    assert tap.offered == []
    assert any(
        "wayside.yaml:3: slos[0].objective: 99.9 is no percentage" in line for line in tap.lines
    )
    file.write_text(GOOD)
    eventually(is_value(tap, 1, "config_last_reload_successful"))
    assert tap.offered == []


def test_the_swap_of_a_mounted_config_map_is_a_reload(tmp_path: Path) -> None:
    for name, text in (("first", GOOD), ("second", BETTER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wayside.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("first")
    file = tmp_path / "wayside.yaml"
    file.symlink_to("..data/wayside.yaml")
    tap = FakeTap(policy_from(file), facts.snapshot())
    try:
        tap.start_control()
        assert value(tap, "slo_objective_ratio") == 0.999
        (tmp_path / "..data_tmp").symlink_to("second")
        os.rename(tmp_path / "..data_tmp", tmp_path / "..data")
        eventually(is_value(tap, 0.9999, "slo_objective_ratio"))
    finally:
        tap.close()


def test_a_policy_the_tap_refuses_is_a_failed_reload(tap: FakeTap, file: Path) -> None:
    tap.start_control()
    get(tap)
    tap.refuse = "too many objectives"
    file.write_text(BETTER)
    eventually(is_value(tap, 0, "config_last_reload_successful"))
    assert value(tap, "slo_objective_ratio") == 0.999
    assert any("too many objectives" in line for line in tap.lines)


def test_changed_listeners_are_not_offered_and_a_restart_is_asked_for(
    tap: FakeTap, file: Path
) -> None:
    tap.start_control()
    get(tap)
    file.write_text(BETTER.replace(":8001", ":8002"))
    eventually(lambda: tap.offered)
    assert tap.offered[0].listeners[0].listen == ":8001"
    eventually(lambda: any("restart Wayside" in line for line in tap.lines))


def test_what_the_tap_reads_only_at_its_start_is_kept_and_a_restart_is_asked_for(
    tap: FakeTap, file: Path
) -> None:
    tap.start_control()
    get(tap)
    file.write_text(
        BETTER
        + "limits: {threads: 2, unsent: 1MiB, connections: 9, models: 7}\nlog: {format: json}\n"
    )
    eventually(is_value(tap, 0.9999, "slo_objective_ratio"))
    offered = tap.offered[0]
    limits = offered.limits
    assert (limits.threads, limits.unsent_bytes, limits.connections) == (0, 0, 0)
    assert limits.models == 7
    assert offered.log_format == "human"
    assert json.loads(offered.control_settings)["log_format"] == "human"
    for name in ("limits.threads", "limits.unsent", "limits.connections", "log.format"):
        said = f"{name} changed in the file: restart Wayside to use it"
        assert any(said in line for line in tap.lines), name
    eventually(lambda: any("configuration adopted" in line for line in tap.lines))
    assert not any(line.startswith("{") for line in tap.lines)


def test_a_restarted_control_catches_up_with_an_edit_it_slept_through(
    tap: FakeTap, file: Path
) -> None:
    file.write_text(BETTER)
    tap.start_control()
    eventually(is_value(tap, 0.9999, "slo_objective_ratio"))
    assert value(tap, "config_generation") == 2


def test_json_logs_follow_the_policy(file: Path) -> None:
    file.write_text(GOOD + "log: {format: json}\n")
    tap = FakeTap(policy_from(file), facts.snapshot())
    try:
        tap.start_control()
        get(tap)
        eventually(lambda: tap.lines)
        assert json.loads(tap.lines[0])["msg"] == "control is up"
    finally:
        tap.close()


def test_records_of_chosen_calls_are_shown(tap: FakeTap) -> None:
    tap.start_control()
    get(tap)
    record = pb.Record(model="resnet50", code="INTERNAL", reason="failed", message="boom")
    tap.push(pb.Envelope(records=pb.Records(records=[record] * 100)))
    eventually(lambda: json.loads(get(tap, "/api/v1/snapshot"))["records"])
    records = json.loads(get(tap, "/api/v1/snapshot"))["records"]
    assert len(records) == 32
    assert records[0]["message"] == "boom"
    assert "latency_seconds" not in records[0]


def test_without_descriptors_it_says_what_to_run() -> None:
    import subprocess

    environment = {key: text for key, text in os.environ.items() if key != "WAYSIDE_SEAM_FD"}
    done = subprocess.run(
        [sys.executable, "-m", "sidecar.runtime"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "wayside run" in done.stderr
