"""A real Alertmanager of either age, and whoever it calls."""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.http_server import Answering, serving
from tests.harness.ports import free_ports
from tests.harness.running import Running, running, wait_until
from tests.harness.wayside import HTTP_SECONDS

# Debian's of the age of Prometheus 2, and the newest whose module is whole.
AGES = ("prometheus-alertmanager", "alertmanager-31")


@dataclass
class Called:
    """A webhook receiver: what it was told, in its order."""

    url: str = ""
    notifications: list[dict[str, Any]] = field(default_factory=list)

    def told(self, status: str) -> list[dict[str, str]]:
        """Labels of alerts that it was told of with this status."""
        return [
            alert["labels"]
            for each in self.notifications
            for alert in each["alerts"]
            if alert["status"] == status
        ]


@contextlib.contextmanager
def called() -> Iterator[Called]:
    """Wait for notifications until the block ends."""
    found = Called()
    lock = threading.Lock()

    class Handler(Answering):
        """Takes whatever is told."""

        def do_POST(self) -> None:
            """Remember it."""
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                found.notifications.append(json.loads(body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    with serving(Handler) as address:
        found.url = f"http://{address}/"
        yield found


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager."""

    url: str
    running: Running

    def alerts(self, **parameters: str) -> list[dict[str, Any]]:
        """Ask its API for alerts."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        url = f"{self.url}/api/v2/alerts?{query}"
        with urllib.request.urlopen(url, timeout=HTTP_SECONDS) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def tiers(self) -> dict[str, str]:
        """The state of each alert of a budget, by its tier."""
        return {
            each["labels"].get("tier", ""): each["status"]["state"]
            for each in self.alerts()
            if each["labels"]["alertname"] == "WaysideBudgetBurn"
        }

    def wait_for(self, tier: str) -> dict[str, Any]:
        """Wait for the alert of a tier."""
        wait_until(lambda: tier in self.tiers())
        return next(each for each in self.alerts() if each["labels"].get("tier") == tier)


def configuration(receiver: str, inhibit_rules: object = ()) -> dict[str, object]:
    """A route that calls at once, and what keeps one harm from ringing twice."""
    route = {
        "receiver": "hook", "group_by": ["slo"], "group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h",
    }  # fmt: skip
    hook = {"url": receiver, "send_resolved": True}
    receivers = [{"name": "hook", "webhook_configs": [hook]}]
    return {"route": route, "receivers": receivers, "inhibit_rules": inhibit_rules}


@contextlib.contextmanager
def running_alertmanager(
    program: Path,
    settings: Mapping[str, object],
    *,
    web: Mapping[str, object] | None = None,
    prefix: str = "",
    port: int = 0,
) -> Iterator[Alertmanager]:
    """Run one until the block ends; `web`: how it lets clients in, and it is not asked anything itself."""
    address = f"127.0.0.1:{port or free_ports(1)[0]}"
    with tempfile.TemporaryDirectory(prefix="wayside-alertmanager-") as folder:
        # YAML takes JSON.
        (Path(folder) / "am.yml").write_text(json.dumps(settings))
        options = [f"--config.file={folder}/am.yml", f"--storage.path={folder}/data"]
        options += [f"--web.listen-address={address}", "--cluster.listen-address="]
        options += [f"--web.route-prefix={prefix}"] if prefix else []
        if web is not None:
            (Path(folder) / "web.yml").write_text(json.dumps(web))
            options.append(f"--web.config.file={folder}/web.yml")
        with running([program, *options]) as process:
            found = Alertmanager(f"http://{address}{prefix}", process)
            process.wait_for(lambda: _answers(address, prefix))
            yield found


def _answers(address: str, prefix: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{address}{prefix}/-/ready", timeout=HTTP_SECONDS).close()
    except urllib.error.HTTPError:
        return True  # it wants to know who asks
    except OSError as error:
        return "reset" in str(error).lower() or "closed" in str(error).lower()
    return True
