"""A real Prometheus that scrapes a page of ours, one job for each way to ask for it."""

from __future__ import annotations

import contextlib
import json
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.ports import free_ports
from tests.harness.running import Running, running
from tests.harness.wayside import HTTP_SECONDS

SCRAPE_INTERVAL = "250ms"
Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    address: str
    running: Running

    def get(self, path: str, **parameters: str) -> Any:
        """Ask its API; raises OSError for anything but success."""
        url = f"http://{self.address}{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=HTTP_SECONDS) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str, at_seconds: float | None = None) -> dict[Labels, float]:
        """Return the values of an expression, now unless said, by their labels."""
        when = {} if at_seconds is None else {"time": f"{at_seconds:.3f}"}
        found = self.get("/api/v1/query", query=expression, **when)["result"]
        return {frozenset(each["metric"].items()): float(each["value"][1]) for each in found}

    def value(self, expression: str) -> float:
        """Return the one value of an expression."""
        (value,) = self.query(expression).values()
        return value

    def failures(self) -> dict[str, str]:
        """Return why targets could not be scraped, by job; empty where all were."""
        targets = self.get("/api/v1/targets")["activeTargets"]
        return {
            each["labels"]["job"]: each["lastError"] or each["health"]
            for each in targets
            if each["health"] != "up"
        }

    def wait_for_scrape(self, jobs: int) -> None:
        """Wait until the samples of every job can be asked for; raises with the reason where one cannot be scraped."""

        def scraped() -> bool:
            failed = {job: why for job, why in self.failures().items() if why != "unknown"}
            assert not failed, failed
            return len(self.query("wayside_metrics_lines")) == jobs

        self.running.wait_for(scraped)


@contextlib.contextmanager
def running_prometheus(
    program: Path,
    target: str,
    jobs: Mapping[str, Mapping[str, object]],
    *,
    features: Sequence[str] = (),
) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes a target as each of the jobs says, until the block ends."""
    scrapes = [
        {"job_name": name, "static_configs": [{"targets": [target]}], **settings}
        for name, settings in jobs.items()
    ]
    settings = {"global": {"scrape_interval": SCRAPE_INTERVAL}, "scrape_configs": scrapes}
    options = [f"--enable-feature={','.join(features)}"] if features else []
    with (
        tempfile.TemporaryDirectory(prefix="wayside-prometheus-") as folder,
        configured_prometheus(program, settings, Path(folder), options) as prometheus,
    ):
        yield prometheus


@contextlib.contextmanager
def configured_prometheus(
    program: Path, settings: Mapping[str, object], folder: Path, options: Sequence[str] = ()
) -> Iterator[Prometheus]:
    """Run a Prometheus with a configuration of its own until the block ends; its data are below the folder."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(settings))
    command: list[str | Path] = [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder}/data",
    ]
    listen = [f"--web.listen-address={address}", "--log.level=warn"]
    with running([*command, *listen, *options]) as process:
        prometheus = Prometheus(address, process)
        process.wait_for(lambda: answers(prometheus))
        yield prometheus


def answers(prometheus: Prometheus) -> bool:
    """Tell whether it serves queries yet."""
    try:
        urllib.request.urlopen(f"http://{prometheus.address}/-/ready", timeout=HTTP_SECONDS).close()
    except OSError:
        return False
    return True
