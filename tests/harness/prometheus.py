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

    def query(self, expression: str) -> dict[Labels, float]:
        """Return the values of an expression now, by their labels."""
        found = self.get("/api/v1/query", query=expression)["result"]
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
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    scrapes = [
        {"job_name": name, "static_configs": [{"targets": [target]}], **settings}
        for name, settings in jobs.items()
    ]
    settings = {"global": {"scrape_interval": SCRAPE_INTERVAL}, "scrape_configs": scrapes}
    with tempfile.TemporaryDirectory(prefix="wayside-prometheus-") as folder:
        file = Path(folder) / "prometheus.yml"
        file.write_text(json.dumps(settings))
        options = [f"--config.file={file}", f"--storage.tsdb.path={folder}/data"]
        options += [f"--web.listen-address={address}", "--log.level=warn"]
        options += [f"--enable-feature={','.join(features)}"] if features else []
        with running([program, *options]) as process:
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
