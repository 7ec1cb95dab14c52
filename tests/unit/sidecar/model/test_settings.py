"""Control settings survive their way through the policy."""

from __future__ import annotations

import pytest

from sidecar.model.indicator import LatencyBelow
from sidecar.model.objective import Objective
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.server_metrics import MetricsEndpoint, Number, NumberSource, ServerPage
from sidecar.model.settings import ControlSettings


def test_settings_come_back_as_they_went() -> None:
    objective = Objective("fast", LatencyBelow(5), "0.999", "m*", "", 7)
    sources = (
        NumberSource(Number.RUNNING, "busy", where=(("state", "open"),), model="m", scale=0.5),
        NumberSource(Number.EXECUTED_BATCH_SIZE, "items", "runs"),
    )
    endpoint = MetricsEndpoint("::1", 8002, "/metrics", 5.0, (ServerPage("acme", sources),))
    settings = ControlSettings(
        *(0.5, "json", ("/a", "/b"), "salt", ("python", "-m"), (objective,), endpoint),
        page=PageSettings(Profile.SLO, -2),
    )
    assert endpoint.url == "http://[::1]:8002/metrics"
    assert ControlSettings.from_json(settings.to_json()) == settings


def test_no_settings_are_the_defaults() -> None:
    assert ControlSettings.from_json(b"") == ControlSettings()


def test_a_number_of_another_build_is_an_error_not_a_crash() -> None:
    page = ServerPage("acme", (NumberSource(Number.RUNNING, "busy"),))
    settings = ControlSettings(server_metrics=MetricsEndpoint("h", 1, "/", 5.0, (page,)))
    data = settings.to_json()
    for before, after in (
        (b'"running"', b'"walking"'),
        (b'"family"', b'"kin"'),
        (b'"pages":[', b'"pages":[1,'),
        (b'"profile":"default"', b'"profile":"fleet"'),
    ):
        assert data.count(before) == 1
        with pytest.raises(ValueError, match=r".+"):
            ControlSettings.from_json(data.replace(before, after))


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"tick_seconds": null}'])
def test_settings_of_another_build_are_an_error_not_a_crash(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ControlSettings.from_json(data)
