"""A mixed load for an hour: nothing grows, nothing fails, every call is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from tests.fakes.oip import running_oip
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside
from tests.prove.proof import Outcome, Proof, UsageError
from tests.soak.load import CONFIG, Tally, mixed_load
from tests.soak.verdict import Sample, after_warm_up, grew, growth, open_calls, sample

DEFAULT_SECONDS = 3600.0
SAMPLES, LINES = 240, 20
SETTLE_SECONDS = 20.0
TOLD_FAILURES = 5


def soak(wayside: Wayside, seconds: float, tally: Tally) -> list[Sample]:
    """Take samples until the time is over, and say now and then how it goes."""
    began = time.monotonic()
    samples: list[Sample] = []
    while (elapsed := time.monotonic() - began) < seconds:
        due = len(samples) * seconds / SAMPLES
        wait_until(lambda at=began + due: time.monotonic() >= at, seconds)  # type: ignore[misc]
        samples.append(sample(wayside, began))
        if len(samples) % (SAMPLES // LINES) == 0:
            last = samples[-1]
            print(
                f"{elapsed:>6.0f} s  {sum(tally.calls.values()):>8} calls  {len(tally.failures)} failed  "
                f"tap {last.tap_bytes / 1e6:.1f} MB, {last.tap_descriptors} fds  "
                f"control {last.control_bytes / 1e6:.1f} MB, {last.control_descriptors} fds  "
                f"{last.open_calls} open",
                flush=True,
            )
    return samples


def differences(wayside: Wayside, tally: Tally) -> list[str]:
    """Say where what was counted is not what the clients saw, or something was left over."""
    wanted = {
        f"{what} of {model}": (
            {"model": model, "code": "OK"} if model != "reset" else {"code": "CANCELLED"},
            number,
        )
        for what, counted in (("calls", tally.calls), ("requests", tally.requests))
        for model, number in counted.items()
    }
    gauges = ("wayside_upstream_connections_open", "wayside_tap_unsent_bytes")

    def wrong() -> list[str]:
        found = [
            f"{name}: {got} counted, {number} made"
            for name, (labels, number) in wanted.items()
            if (got := wayside.total(name.partition(" ")[0], **labels)) != number
        ]
        page = wayside.metrics()
        found += [f"{name} is not 0" for name in gauges if metric(page, name) != 0]
        found += ["calls are open"] if open_calls(wayside) else []
        found += ["control was replaced"] if "control_restarts_total{" in page else []
        return found

    deadline = time.monotonic() + SETTLE_SECONDS
    while (found := wrong()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def table(samples: Sequence[Sample], tally: Tally, seconds: float) -> str:
    """Write the figures."""
    rest = after_warm_up(samples)
    first, last = rest[0], rest[-1]
    lines = [
        f"| {seconds / 60:.0f} minutes | after warm-up | at the end | line through all between |",
        "|---|--:|--:|--:|",
    ]
    figures: list[tuple[str, Callable[[Sample], float]]] = [
        ("tap, resident MB", lambda it: it.tap_bytes / 1e6),
        ("control, resident MB", lambda it: it.control_bytes / 1e6),
        ("tap, descriptors", lambda it: it.tap_descriptors),
        ("control, descriptors", lambda it: it.control_descriptors),
        ("open calls", lambda it: it.open_calls),
    ]
    for name, value in figures:
        lines.append(
            f"| {name} | {value(first):.1f} | {value(last):.1f} | {growth(rest, value):+.2f} |"
        )
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(tally.calls.items()))
    total = sum(tally.calls.values())
    return "\n".join([*lines, "", f"{total} calls ({kinds}), {len(tally.failures)} failed."])


def run(arguments: Sequence[str]) -> Outcome:
    """Soak for the seconds given. Raises UsageError."""
    try:
        (seconds,) = map(float, arguments or [str(DEFAULT_SECONDS)])
    except ValueError:
        raise UsageError(f"soak takes a number of seconds, not {' '.join(arguments)!r}") from None
    with ExitStack() as stack:
        upstream, _ = stack.enter_context(running_oip())
        wayside = stack.enter_context(running_wayside(upstream, config=CONFIG))
        with mixed_load(wayside) as tally:
            samples = soak(wayside, seconds, tally)
        wrong = differences(wayside, tally)
    failures = (*wrong, *grew(samples), *tally.failures[:TOLD_FAILURES])
    return Outcome(table(samples, tally, seconds), failures)


PROOF = Proof(
    word="soak",
    claim="Under a mixed load for an hour nothing grows, no call fails, and each is counted.",
    minutes=61,
    run=run,
    parts=("h2load",),
    arguments="[SECONDS]",
)
