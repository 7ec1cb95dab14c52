"""A day before the fleet began: what Prometheus would hold of its pods of yesterday, which failed no call.

A budget is of 30 days. Of a fleet that is ten minutes old a window of six hours holds those ten minutes, and one bad
minute of them would be an outage to the slow tiers. With a day behind it, tiers fire when docs/alerts.md says.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.provision.parts import find, require

SECONDS = 24 * 3600
STEP_SECONDS = 60
WINDOW_SECONDS = 300
PODS = 10
SLO = "answers"


def lines(end_seconds: int, events_per_second: float, place: Mapping[str, str]) -> Iterator[str]:
    """Yield OpenMetrics: the counters of each pod, and the increases of 5 minutes that rules have recorded of them."""
    where = ",".join(f'{name}="{value}"' for name, value in place.items())
    moments = range(end_seconds - SECONDS, end_seconds, STEP_SECONDS)
    yield "# TYPE wayside_slo_events counter"
    for outcome, rate in (("good", events_per_second / PODS), ("bad", 0.0), ("excluded", 0.0)):
        for pod in range(PODS):
            series = f'{{{where},pod="chat-yesterday-{pod}",slo="{SLO}",outcome="{outcome}"}}'
            for at, moment in enumerate(moments):
                value = round(rate * STEP_SECONDS * at)
                yield f"wayside_slo_events_total{series} {value} {moment}"
    for outcome, value in (("good", round(events_per_second * WINDOW_SECONDS)), ("bad", 0)):
        name = f"wayside:slo_{outcome}:increase"
        yield f"# TYPE {name} gauge"
        for moment in moments:
            yield f'{name}{{{where},slo="{SLO}",window="5m"}} {value} {moment}'
    yield "# EOF"


def write_history(data: Path, events_per_second: float, place: Mapping[str, str]) -> None:
    """Have promtool make blocks of it, for a Prometheus that is not running yet."""
    text = data.with_suffix(".om")
    end = int(time.time()) - STEP_SECONDS
    text.write_text("\n".join(lines(end, events_per_second, place)) + "\n")
    promtool = find("promtool-3") or require("promtool")
    command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"promtool made no blocks: {done.stderr or done.stdout}")
