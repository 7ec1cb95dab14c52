"""Where alerts go, as the file says it: in short and in full, what is refused, and what its files must be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sidecar.config.compile import Compiled, compile_policy
from sidecar.config.sources import Sources
from sidecar.model.delivery import AlertDelivery, Alertmanager, Tls
from sidecar.model.settings import ControlSettings

LISTENERS = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'


def compiled(folder: Path, alerts: str) -> Compiled:
    """Compile a file with this under alerts."""
    file = folder / "wayside.yaml"
    file.write_text(f"{LISTENERS}alerts:\n{alerts}")
    return compile_policy(Sources(str(file)))


def delivery(found: Compiled) -> AlertDelivery:
    """What control is told."""
    assert found.policy is not None
    return ControlSettings.from_json(found.policy.control_settings).alerts


def test_nothing_goes_anywhere_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert delivery(compiled(tmp_path, "  min_bad: 5\n")) == AlertDelivery()
    found = delivery(compiled(tmp_path, "  deliver: none\n  alertmanagers: [http://a]\n"))
    assert found.alertmanagers == ()


def test_all_of_it_reaches_control_and_of_secrets_only_the_path(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush")
    found = compiled(
        tmp_path,
        f"""\
  alertmanagers:
    - http://a:9093/
    - url: https://b/alertmanager
      basic_auth: {{username: me, password_file: {tmp_path}/password}}
      tls: {{ca_file: /ca.pem, server_name: am, insecure_skip_verify: true}}
      headers: {{X-Scope-OrgID: vision}}
      timeout: 5s
    - {{url: http://c, authorization: {{credentials_file: /token}}}}
  labels: {{team: vision}}
  scope: replica
""",
    )
    assert delivery(found) == AlertDelivery(
        (
            Alertmanager("http://a:9093"),
            Alertmanager(
                "https://b/alertmanager", "me", f"{tmp_path}/password",
                tls=Tls("/ca.pem", server_name="am", insecure_skip_verify=True),
                headers=(("X-Scope-OrgID", "vision"),), timeout_seconds=5.0,
            ),
            Alertmanager("http://c", credentials_file="/token"),
        ),
        (("team", "vision"),), "replica",
    )  # fmt: skip
    assert found.policy is not None
    assert b"hush" not in found.policy.control_settings
    assert [each.target for each in delivery(found).alertmanagers] == [
        "/api/v2/alerts",
        "/alertmanager/api/v2/alerts",
        "/api/v2/alerts",
    ]
    addresses = [each.address for each in delivery(found).alertmanagers]
    assert addresses == [("a", 9093), ("b", 443), ("c", 80)]
    absent = [(each.line, each.field, each.what) for each in found.absent]
    assert absent == [
        (7, "alerts.alertmanagers[1].tls.ca_file", "'/ca.pem' cannot be read: No such file or directory"),
        (10, "alerts.alertmanagers[2].authorization.credentials_file",
         "'/token' cannot be read: No such file or directory"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("alerts", "field", "what"),
    [
        ("alertmanagers: [a:9093]", "alertmanagers[0]", "'a:9093' is no URL of an Alertmanager"),
        ("alertmanagers: [5]", "alertmanagers[0]", "is 5 and no mapping"),
        ("alertmanagers: ['http://me:hush@a']", "alertmanagers[0]", "has credentials in its URL"),
        ("alertmanagers: [http://a/api/v2/alerts]", "alertmanagers[0]",
         "'http://a/api/v2/alerts' names the API itself"),
        ("alertmanagers: [http://a, http://a/]", "alertmanagers[1]", "'http://a' is in the list already"),
        ("alertmanagers: [{url: http://a, tls: {ca_file: c}}]", "alertmanagers[0]", "has tls, and its url is http:"),
        ("alertmanagers: [{url: https://a, tls: {cert_file: c}}]", "alertmanagers[0].tls",
         "has one of cert_file and key_file"),
        ("alertmanagers: [{url: http://a, basic_auth: {username: a, password_file: b},"
         " authorization: {credentials_file: c}}]", "alertmanagers[0]", "has basic_auth and authorization"),
        ("alertmanagers: [{url: http://a, basic_auth: {username: a, password_file: c, password: b}}]",
         "alertmanagers[0].basic_auth.password", "is an unknown key"),
        ("alertmanagers: [{url: http://a, headers: {Authorization: b}}]", "alertmanagers[0].headers.Authorization",
         "'Authorization' is a header that is made here"),
        ("scope: fleet", "scope", "is 'fleet'"),
        ("labels: {alertname: a}", "labels.alertname", "'alertname' is a label that alerts have already"),
        ("labels: {tier: a}", "labels.tier", "'tier' is a label that alerts have already"),
        ("labels: {a-b: c}", "labels.a-b", "'a-b' is no name of a label"),
        ("labels: {__a: c}", "labels.__a", "'__a' is no name of a label"),
        ("labels: {instance: a}\n  scope: replica", "labels.instance", "is a label of scope replica"),
        ("deliver: all", "deliver", "is 'all'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_place(
    alerts: str, field: str, what: str, tmp_path: Path
) -> None:
    found = compiled(tmp_path, f"  {alerts}\n")
    told = [(each.field, each.what) for each in found.problems]
    assert told[0] == (f"alerts.{field}", what)
    assert len(told) == 1
    assert all(each.hint for each in found.problems)
    assert "hush" not in "".join(map(str, found.problems))


def test_an_alertmanager_with_a_mistake_is_left_out_as_a_whole(tmp_path: Path) -> None:
    found = compiled(tmp_path, "  alertmanagers: [{url: https://a, tls: {ca_file: 5}}, http://b]\n")
    assert [each.url for each in delivery(found).alertmanagers] == ["http://b"]


def test_an_instance_of_ones_own_is_fine_where_hosts_tell(tmp_path: Path) -> None:
    found = compiled(tmp_path, "  labels: {instance: gpu-7}\n  alertmanagers: [http://a]\n")
    assert found.problems == ()


@pytest.mark.parametrize(
    "change", [{"scope": None}, {"alertmanagers": [{}]}, {"labels": 5}, {"alertmanagers": [5]}]
)
def test_what_another_build_wrote_is_an_error_not_a_crash(change: dict[str, Any]) -> None:
    raw = json.loads(ControlSettings().to_json())
    raw["alerts"] |= change
    if "scope" in change:
        del raw["alerts"]["scope"]
    with pytest.raises(ValueError, match=r".+"):
        ControlSettings.from_json(json.dumps(raw).encode())
