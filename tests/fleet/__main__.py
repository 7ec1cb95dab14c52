"""make demo-fleet: ten replicas, a real Prometheus and a real Alertmanager, and what they tell of two incidents.

usage: make demo-fleet                     nine to fourteen minutes; Ctrl-C ends it at any time

What was to be seen and what was seen are told as they come, and once more in a table at the end. The exit status is 0
where all of it came as expected, 1 where not, 130 where it was interrupted.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from tests.fleet.alerts_seen import status
from tests.fleet.fleet import Fleet, running_fleet
from tests.fleet.incidents import all_bad, healed, healthy, one_bad, resolved
from tests.fleet.monitoring import Setup
from tests.fleet.report import Report, table
from tests.provision import __main__ as provision
from tests.provision.parts import ROOT, find

SETUP = Setup(ROOT / "tests" / "fleet" / "demo.yaml", group_interval="1m")
"""Alertmanager tells of a group again after a minute, in place of five: that it is over, for instance."""
PARTS = ("prometheus", "promtool", "prometheus-alertmanager")
HEALTHY_SECONDS = 30.0
ONE_BAD_SECONDS = 10.0
"""To read the ticket; whether there was another one is looked at in the end."""
# 14.4 % of what a window of 5 minutes holds, and of that of a minute; evaluated each minute, told after 10 s.
PAGE_SECONDS = 44 + 60 + 60
CLEAR_SECONDS = 52 + 60 + 30
RESOLVED_SECONDS = 60 + 30
INTERRUPTED, FAILED, USAGE_ERROR = 130, 1, 2


def perform(fleet: Fleet, report: Report) -> None:
    """Show both incidents."""
    prometheus, alertmanager = fleet.monitoring.prometheus, fleet.monitoring.alertmanager
    report.note(f"Prometheus    http://{prometheus.address}/alerts")
    report.note(f"Alertmanager  http://{alertmanager.address}/#/alerts")
    for each in list(fleet.replicas.values())[:1]:
        report.note(
            f"a replica     http://{each.door.admin}/metrics; nine more are in Prometheus' /targets"
        )
    healthy(fleet, report, HEALTHY_SECONDS)
    one_bad(fleet, report, ONE_BAD_SECONDS)
    all_bad(fleet, report, PAGE_SECONDS)
    healed(fleet, report, CLEAR_SECONDS)
    resolved(fleet, report, RESOLVED_SECONDS)


def main(words: Sequence[str]) -> int:
    """Return the exit status."""
    if words:
        print(__doc__)
        return 0 if words[0] in ("-h", "--help") else USAGE_ERROR
    if missing := [part for part in PARTS if find(part) is None]:
        provision.main(missing)
        if absent := [part for part in missing if find(part) is None]:
            print(
                f"demo-fleet: missing: {', '.join(absent)}; the reasons are above", file=sys.stderr
            )
            return FAILED
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("starting ten servers, a Wayside before each, Prometheus and Alertmanager", flush=True)
    report: Report | None = None
    ending = ""
    try:
        with running_fleet(SETUP, ()) as fleet:
            report = Report(lambda: status(fleet))
            perform(fleet, report)
    except KeyboardInterrupt:
        ending = "interrupted"
    rows = report.rows if report else []
    print(f"\n{table(rows)}\n")
    held = all(each.holds for each in rows)
    print(ending or ("all as expected" if held else "not all as expected"))
    return INTERRUPTED if ending else 0 if held else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
