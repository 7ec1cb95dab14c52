"""Prometheus and Alertmanager of a fleet, set up as docs/alerts.md says, with the rules of `wayside rules`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.fleet.history import write_history
from tests.fleet.notifications import Notifications
from tests.harness.ports import free_ports
from tests.harness.prometheus import Prometheus, configured_prometheus
from tests.harness.running import Running, running
from tests.harness.wayside import COMMAND, HTTP_SECONDS
from tests.provision.parts import ROOT, find, require

EXAMPLE = ROOT / "examples" / "fleet" / "alertmanager.yaml"
PLACE = {"namespace": "ml", "workload": "chat"}
"""The labels that the relabelings of a PodMonitor (`wayside rules --scrape`) make, beside `pod`."""
SCRAPE_SECONDS = 5


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager."""

    address: str
    running: Running

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds now."""
        with urllib.request.urlopen(
            f"http://{self.address}/api/v2/alerts", timeout=HTTP_SECONDS
        ) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def inhibited(self) -> set[str]:
        """Return the names of those of which another one speaks."""
        return {
            each["labels"]["alertname"] for each in self.alerts() if each["status"]["inhibitedBy"]
        }

    def is_ready(self) -> bool:
        """Tell whether it takes alerts."""
        try:
            urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=HTTP_SECONDS).close()
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Monitoring:
    """Both of them, and the file in which Prometheus finds whom to scrape."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    targets: Path

    def scrape(self, pods: Mapping[str, str]) -> None:
        """Have Prometheus scrape these, by pod the host:port, and nobody else."""
        write_targets(self.targets, pods)


def write_targets(file: Path, pods: Mapping[str, str]) -> None:
    """Write the file whole or not at all: Prometheus looks at it whenever it changes."""
    found = [
        {"targets": [address], "labels": {**PLACE, "pod": pod}} for pod, address in pods.items()
    ]
    new = file.with_suffix(".new")
    new.write_text(json.dumps(found))
    new.rename(file)


def prometheus_settings(
    rules: Path, targets: Path, *, proxy: str, alertmanager: str
) -> dict[str, object]:
    """Return what prometheus.yml says."""
    fleet = {
        "job_name": "fleet",
        "proxy_url": f"http://{proxy}",
        "file_sd_configs": [{"files": [str(targets)]}],
    }
    return {
        "global": {
            "scrape_interval": f"{SCRAPE_SECONDS}s",
            "scrape_timeout": f"{SCRAPE_SECONDS}s",
        },
        "rule_files": [str(rules)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [fleet],
    }


def alertmanager_settings(
    example: str, urls: Mapping[str, str], group_interval: str = ""
) -> dict[str, Any]:
    """Return the example with a webhook for each of its receivers; its route and its inhibition are what they are."""
    settings: dict[str, Any] = yaml.safe_load(example)
    for receiver in settings["receivers"]:
        receiver["webhook_configs"] = [{"url": urls[receiver["name"]]}]
    if group_interval:
        settings["route"]["group_interval"] = group_interval
    return settings


def render_rules(config: Path, folder: Path) -> Path:
    """Have `wayside rules` write the rules of a configuration, and promtool's tests beside them; return the rules."""
    command = [str(COMMAND), "rules", "-c", str(config), "-o", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "wayside.rules.yaml"


def newest(*parts: str) -> Path:
    """Return the first of the parts that is there; the last one is required."""
    found = next(filter(None, (find(part) for part in parts)), None)
    return found or require(parts[-1])


@contextlib.contextmanager
def running_alertmanager(settings: Mapping[str, Any], folder: Path) -> Iterator[Alertmanager]:
    """Run one, which is no member of a cluster, until the block ends."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    file = folder / "alertmanager.yml"
    file.write_text(json.dumps(settings))
    program = newest("alertmanager-31", "prometheus-alertmanager")
    command: list[str | Path] = [program, f"--config.file={file}"]
    listen = [f"--web.listen-address={address}", "--cluster.listen-address="]
    with running([*command, *listen, f"--storage.path={folder}/alertmanager"]) as process:
        alertmanager = Alertmanager(address, process)
        process.wait_for(alertmanager.is_ready)
        yield alertmanager


@dataclass(frozen=True)
class Setup:
    """What differs between a proof and a demo."""

    config: Path
    """wayside.yaml with the objectives."""
    group_interval: str = ""
    """Alertmanager's own (5m) unless said."""
    history_events_per_second: float = 0
    """Above zero: a day of good events lies behind."""


@contextlib.contextmanager
def running_monitoring(
    setup: Setup, folder: Path, proxy: str, told: Notifications
) -> Iterator[Monitoring]:
    """Run both until the block ends; nobody is scraped yet."""
    targets = folder / "targets.json"
    write_targets(targets, {})
    rules = render_rules(setup.config, folder / "rules")
    example = EXAMPLE.read_text()
    if setup.history_events_per_second:
        write_history(folder / "data", setup.history_events_per_second, PLACE)
    urls = {each["name"]: told.url(each["name"]) for each in yaml.safe_load(example)["receivers"]}
    tells = alertmanager_settings(example, urls, setup.group_interval)
    with running_alertmanager(tells, folder) as alertmanager:
        settings = prometheus_settings(
            rules, targets, proxy=proxy, alertmanager=alertmanager.address
        )
        program = newest("prometheus-3", "prometheus")
        with configured_prometheus(program, settings, folder) as prometheus:
            yield Monitoring(prometheus, alertmanager, targets)
