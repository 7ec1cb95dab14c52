"""Alerts of one host at real Alertmanagers of two ages: taken, grouped, inhibited, ended, and one over restarts."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.lives import kill_control
from tests.fakes.http_server import Answering, serving
from tests.harness.alertmanager import (
    AGES,
    called,
    configuration,
    running_alertmanager,
)
from tests.harness.compiled import h2load, running_echo
from tests.harness.ports import free_ports
from tests.harness.running import running, wait_until
from tests.harness.wayside import Wayside, running_wayside
from tests.provision.parts import require

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = yaml.safe_load((ROOT / "examples/fleet/alertmanager.yaml").read_text())
REQUEST = oip.ModelInferRequest(model_name="resnet50").SerializeToString()
CALLS = 60
# Nothing is answered in a microsecond; the fast tier ends ten to twenty seconds after the last of it.
SLOS = """
control: {tick: 100ms}
slos:
  - name: hopeless
    objective: 99%
    good: {latency_below: 1us}
    alerts:
      tiers:
        - {name: page-fast, long: 20s, short: 10s, budget: 0.01%, severity: page}
        - {name: page-slow, long: 6h, short: 30m, budget: 5%, severity: page}
        - {name: ticket-fast, long: 1h, short: 5m, budget: 2%, severity: ticket}
"""


def alerts_part(*alertmanagers: object, **more: object) -> str:
    """The part of the configuration about where alerts go."""
    return json.dumps({"alertmanagers": alertmanagers, **more})


def config(*alertmanagers: object, state: Path | None = None, **more: object) -> str:
    """A whole one, beside listeners."""
    kept = f"state_dir: {state}\n" if state else ""
    return f"{SLOS}{kept}alerts: {alerts_part(*alertmanagers, **more)}\n"


def told(wayside: Wayside) -> dict[str, dict[str, Any]]:
    """What became of alerts, by Alertmanager."""
    found = json.loads(wayside.get(wayside.admin, "/api/v1/slo"))["alerts"]["alertmanagers"]
    return {each["url"]: each for each in found}


def starts_at(wayside: Wayside) -> dict[str, int]:
    """Since when each alert fires, by its tier, as Alertmanagers are told."""
    found = json.loads(wayside.get(wayside.admin, "/api/v1/slo"))["alerts"]["firing"]
    return {each["labels"]["tier"]: each["starts_at_unix_nanos"] for each in found}


def burn(wayside: Wayside) -> None:
    """Spend the budget."""
    h2load(wayside.address, REQUEST, calls=CALLS)


@pytest.mark.parametrize("age", AGES)
def test_what_fires_is_taken_grouped_inhibited_and_ended(age: str) -> None:
    with (
        called() as hook,
        running_alertmanager(
            require(age), configuration(hook.url, EXAMPLE["inhibit_rules"]), prefix="/alertmanager"
        ) as am,
        running_echo() as upstream,
        running_wayside(upstream, config=config(am.url, labels={"team": "vision"})) as wayside,
    ):
        burn(wayside)
        alert = am.wait_for("page-fast")
        assert alert["labels"] == {
            "alertname": "WaysideBudgetBurn", "slo": "hopeless", "severity": "page", "tier": "page-fast",
            "team": "vision",
        }  # fmt: skip
        assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
        assert alert["generatorURL"].endswith("/api/v1/slo")
        wait_until(
            lambda: (
                am.tiers()
                == {"page-fast": "active", "page-slow": "suppressed", "ticket-fast": "suppressed"}
            )
        )
        # Of the tiers of one objective the fastest speaks, until it has ended.
        wait_until(lambda: [each["tier"] for each in hook.told("firing")] == ["page-fast"])
        wait_until(lambda: "page-fast" in {each["tier"] for each in hook.told("resolved")})
        assert all(each["groupLabels"] == {"slo": "hopeless"} for each in hook.notifications)
        metrics = wayside.metrics()
        assert re.search(rf'alertmanager_sent_total{{alertmanager="{am.url}"}} [1-9]', metrics)
        assert f'alertmanager_errors_total{{alertmanager="{am.url}"}} 0' in metrics
        assert f'alertmanager_dropped_total{{alertmanager="{am.url}"}} 0' in metrics


@pytest.mark.parametrize("age", AGES)
def test_an_alert_is_one_over_restarts_of_control_and_of_wayside(age: str, tmp_path: Path) -> None:
    with called() as hook, running_alertmanager(require(age), configuration(hook.url)) as am:
        text = config(am.url, state=tmp_path / "state")
        with running_echo() as upstream:
            with running_wayside(upstream, config=text) as wayside:
                burn(wayside)
                first = am.wait_for("ticket-fast")
                since = starts_at(wayside)
                kill_control(wayside)
                wait_until(lambda: told(wayside)[am.url]["sent"] > 0)
                assert same(first, am.wait_for("ticket-fast"))
                assert starts_at(wayside)["ticket-fast"] == since["ticket-fast"]
            with running_wayside(upstream, config=text) as wayside:
                wait_until(lambda: told(wayside)[am.url]["sent"] > 0)
                again = am.wait_for("ticket-fast")
                assert same(first, again)
                # Alertmanager keeps the earliest by itself; this is what it was told.
                assert starts_at(wayside)["ticket-fast"] == since["ticket-fast"]
                assert again["updatedAt"] > first["updatedAt"]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two looks are at one alert."""
    return all(one[key] == other[key] for key in ("fingerprint", "startsAt"))


def test_one_dead_alertmanager_delays_nobody_and_loses_nothing() -> None:
    (port,) = free_ports(1)
    dead = f"http://127.0.0.1:{port}"
    newest = require("alertmanager-31")
    with (
        called() as hook,
        running_alertmanager(newest, configuration(hook.url)) as am,
        running_echo() as upstream,
        running_wayside(upstream, config=config(dead, am.url)) as wayside,
    ):
        burn(wayside)
        am.wait_for("page-fast")
        wait_until(lambda: told(wayside)[dead]["errors"] > 0 and told(wayside)[am.url]["sent"] >= 3)
        assert told(wayside)[dead]["queued"] <= 3
        assert "last_error" in told(wayside)[dead]
        with running_alertmanager(newest, configuration(hook.url), port=port) as late:
            late.wait_for("ticket-fast")
            wait_until(lambda: told(wayside)[dead]["queued"] == 0)
        assert told(wayside)[dead]["dropped"] == told(wayside)[am.url]["dropped"] == 0


def test_where_alerts_go_is_taken_up_while_running() -> None:
    newest = require("alertmanager-31")
    with (
        called() as hook,
        running_alertmanager(newest, configuration(hook.url)) as first,
        running_alertmanager(newest, configuration(hook.url)) as second,
        running_echo() as upstream,
        running_wayside(upstream, config=config(first.url)) as wayside,
    ):
        burn(wayside)
        first.wait_for("ticket-fast")
        text = wayside.config.read_text().replace(first.url, second.url)
        wayside.config.write_text(text)
        second.wait_for("ticket-fast")
        assert set(told(wayside)) == {second.url}
        assert first.url not in wayside.metrics()


# --- being let in -----------------------------------------------------------------------------------

# Of the password `secret`, by bcrypt.
PASSWORD_HASH = "$2b$05$YGnTJs.lkPWE4zfdiTJUauoIB3AYrBkQdMBgw4rdreO3GMhgMrLXu"


@dataclass
class Recorder:
    """A server that remembers each request, and answers as it is told."""

    url: str = ""
    status: int = 200
    answer: bytes = b""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextlib.contextmanager
def recording() -> Iterator[Recorder]:
    """Record until the block ends."""
    found = Recorder()
    lock = threading.Lock()

    class Handler(Answering):
        """Takes whatever is told."""

        def do_POST(self) -> None:
            """Remember it."""
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                found.requests.append((self.command, self.path, headers, body))
            self.send_response(found.status)
            self.send_header("content-length", str(len(found.answer)))
            self.end_headers()
            self.wfile.write(found.answer)

    with serving(Handler) as address:
        found.url = f"http://{address}"
        yield found


def test_a_token_and_a_password_are_read_again_when_they_change_and_shown_nowhere(
    tmp_path: Path,
) -> None:
    token, password = tmp_path / "token", tmp_path / "password"
    token.write_text("token-one\n")
    password.write_text("word-one\n")
    with recording() as by_token, recording() as by_name, running_echo() as upstream:
        text = config(
            {
                "url": by_token.url,
                "authorization": {"credentials_file": str(token)},
                "headers": {"X-Scope-OrgID": "vision"},
            },
            {"url": by_name.url, "basic_auth": {"username": "me", "password_file": str(password)}},
        )
        with running_wayside(upstream, config=text) as wayside:
            burn(wayside)
            wait_until(lambda: bool(by_token.requests and by_name.requests))
            assert by_token.requests[0][2]["authorization"] == "Bearer token-one"
            assert by_token.requests[0][2]["x-scope-orgid"] == "vision"
            pair = base64.b64encode(b"me:word-one").decode()
            assert by_name.requests[0][2]["authorization"] == f"Basic {pair}"
            token.write_text("token-two\n")
            password.unlink()
            # The tier with the short windows ends, which is told.
            wait_until(lambda: by_token.requests[-1][2]["authorization"] == "Bearer token-two")
            wait_until(lambda: str(password) in told(wayside)[by_name.url].get("last_error", ""))
            shown = [wayside.running.text(), wayside.metrics()]
            pages = ("/", "/api/v1/slo", "/api/v1/snapshot")
            shown += [wayside.get(wayside.admin, page).decode() for page in pages]
            for secret in ("token-one", "token-two", "word-one", pair):
                assert not any(secret in text for text in shown)


def test_what_is_refused_is_counted_told_and_not_tried_for_ever() -> None:
    with recording() as server, running_echo() as upstream:
        server.status, server.answer = 400, b'"no name"' + b"x" * 5_000
        with running_wayside(upstream, config=config(server.url)) as wayside:
            burn(wayside)
            wait_until(lambda: told(wayside)[server.url]["errors"] >= 3)
            found = told(wayside)[server.url]
            assert found["queued"] == 0
            assert found["last_error"].startswith('answered 400: "no name"x')
            assert len(found["last_error"]) <= 300
            # Each of the three is refused once; the next word is a minute away, or an end.
            assert len(server.requests) <= 3


def authority(folder: Path) -> None:
    """Make an authority, and a certificate of it for the name am.test."""
    ask = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    openssl(
        *ask, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=wayside test"
    )
    for name in ("am", "client"):
        openssl(
            *(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *(
                "-keyout",
                folder / f"{name}.key",
                "-out",
                folder / f"{name}.csr",
                "-subj",
                f"/CN={name}",
            ),
        )
        (folder / "names").write_text("subjectAltName=DNS:am.test\nauthorityKeyIdentifier=keyid\n")
        openssl(
            *("openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem"),
            *("-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "2"),
            *("-extfile", folder / "names", "-out", folder / f"{name}.pem"),
        )


def openssl(*command: str | Path) -> None:
    """Run openssl."""
    program, *rest = command
    subprocess.run([str(require(str(program))), *map(str, rest)], check=True, capture_output=True)


@pytest.mark.parametrize("age", AGES)
def test_over_tls_both_sides_show_certificates_and_a_stranger_is_told_nothing(
    age: str, tmp_path: Path
) -> None:
    authority(tmp_path)
    server = {
        "cert_file": str(tmp_path / "am.pem"),
        "key_file": str(tmp_path / "am.key"),
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": str(tmp_path / "ca.pem"),
    }
    web = {"tls_server_config": server, "basic_auth_users": {"me": PASSWORD_HASH}}
    (tmp_path / "password").write_text("secret\n")
    tls = {
        "ca_file": str(tmp_path / "ca.pem"),
        "cert_file": str(tmp_path / "client.pem"),
        "key_file": str(tmp_path / "client.key"),
        "server_name": "am.test",
    }
    who = {"username": "me", "password_file": str(tmp_path / "password")}
    with (
        called() as hook,
        running_alertmanager(require(age), configuration(hook.url), web=web) as am,
        running_echo() as upstream,
    ):
        url = am.url.replace("http:", "https:")
        other = url.replace("127.0.0.1", "localhost")
        # The other is not called as its certificate says.
        strange = {key: value for key, value in tls.items() if key != "server_name"}
        text = config(
            {"url": url, "tls": tls, "basic_auth": who},
            {"url": other, "tls": strange, "basic_auth": who},
        )
        with running_wayside(upstream, config=text) as wayside:
            burn(wayside)
            wait_until(lambda: "page-fast" in {each["tier"] for each in hook.told("firing")})
            assert told(wayside)[url]["errors"] == 0
            wait_until(lambda: told(wayside)[other]["errors"] > 0)
            assert told(wayside)[other]["sent"] == 0
            assert "certificate" in told(wayside)[other]["last_error"].lower()


# --- as Prometheus itself ---------------------------------------------------------------------------

RULES = {
    "groups": [
        {
            "name": "g",
            "interval": "1s",
            "rules": [
                {
                    "alert": "Theirs",
                    "expr": "vector(1)",
                    "labels": {"severity": "page"},
                    "annotations": {"summary": "s"},
                }
            ],
        }
    ]
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


@pytest.mark.parametrize("program", ["prometheus", "prometheus-3"])
def test_our_request_is_of_the_form_of_prometheus_own(program: str, tmp_path: Path) -> None:
    with recording() as theirs, recording() as ours, running_echo() as upstream:
        with prometheus_with_a_rule(program, theirs.url, tmp_path) as process:
            process.wait_for(lambda: bool(theirs.requests))
        with running_wayside(upstream, config=config(f"{ours.url}/prefix")) as wayside:
            burn(wayside)
            wait_until(lambda: bool(ours.requests))
    assert form(theirs.requests[0]) == form(ours.requests[0])


@contextlib.contextmanager
def prometheus_with_a_rule(program: str, url: str, folder: Path) -> Iterator[Any]:
    """Run a Prometheus whose one alert always fires."""
    (folder / "rules.yml").write_text(json.dumps(RULES))
    targets = [{"targets": [url.removeprefix("http://")]}]
    to = {"static_configs": targets, "path_prefix": "/prefix"}
    settings = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "alerting": {"alertmanagers": [to]},
    }
    (folder / "prometheus.yml").write_text(json.dumps(settings))
    (port,) = free_ports(1)
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    # What it says before it has found its Alertmanager is lost: so it says it again soon.
    options.append("--rules.alert.resend-delay=1s")
    with running([require(program), *options]) as process:
        yield process


def form(request: tuple[str, str, dict[str, str], bytes]) -> dict[str, object]:
    """What of a request does not depend on what it tells."""
    method, path, headers, body = request
    alerts = json.loads(body)
    keys = {
        (key, type(value).__name__, moment_form(value) if key.endswith("At") else "")
        for alert in alerts
        for key, value in alert.items()
    }
    values = {
        type(value).__name__
        for alert in alerts
        for key in ("labels", "annotations")
        for value in alert[key].values()
    }
    has_url = all(re.match(r"https?://[^/]+/", alert["generatorURL"]) for alert in alerts)
    return {
        "method": method,
        "path": path,
        "content type": headers["content-type"],
        "keys": keys,
        "values": values,
        "generator": has_url,
    }


def moment_form(text: str) -> str:
    """The form of a moment: its digits aside."""
    assert MOMENT.match(text), text
    return re.sub(r"\d", "0", text)
