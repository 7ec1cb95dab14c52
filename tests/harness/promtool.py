"""Prometheus' own tool for rules, in both ages: up to 2 a range has both its ends, since 3 it lacks the older."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from alerts.promql import PROMETHEUS2, PROMETHEUS3
from tests.provision.parts import require

AGES = ("promtool", "promtool-3")
# The ages and the dialects that go together.
PAIRS = (("promtool", PROMETHEUS2), ("promtool-3", PROMETHEUS2), ("promtool-3", PROMETHEUS3))
# Discovery of what is written down is at once; promtool asks for how long it is to go on all the same.
_DISCOVERY = "5s"


def problems(age: str, *command: str | Path) -> str:
    """Run `promtool test rules` or another of its commands; return what it complains of, nothing if of nothing."""
    argv = [str(require(age)), *map(str, command)]
    folder = next((each.parent for each in command if isinstance(each, Path)), None)
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())
    return said if done.returncode else ""


def relabelled(age: str, config: Path, job: str) -> list[dict[str, str]]:
    """Return the labels of the targets of a job, as Prometheus makes them; those with `__` are dropped."""
    argv = [str(require(age)), "check", "service-discovery", f"--timeout={_DISCOVERY}"]
    done = subprocess.run([*argv, str(config), job], capture_output=True, text=True, check=True)
    targets: list[dict[str, Any]] = json.loads(done.stdout[done.stdout.index("[") :])
    return [
        {name: value for name, value in each["labels"].items() if not name.startswith("__")}
        for each in targets
    ]
