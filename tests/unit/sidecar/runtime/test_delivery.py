"""What pushes alerts is loaded where somebody is to be told; and where this Wayside's own pages are."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.model.delivery import AlertDelivery, Alertmanager
from sidecar.model.sections.alerts import Alerts
from sidecar.runtime import delivery
from sidecar.runtime.delivery import Delivery
from tests.fakes.lines import Lines

TO = AlertDelivery((Alertmanager("http://a"),))


def test_nobody_is_told_until_there_is_somebody_and_then_no_longer() -> None:
    async def scenario() -> None:
        one = Delivery(Lines())
        one.follow(AlertDelivery(), ":9464")
        one.hand_on(Alerts())
        assert one.readings() == ()
        one.follow(TO, ":9464")
        assert [each.url for each in one.readings()] == ["http://a"]
        one.follow(AlertDelivery(), ":9464")
        assert one.readings() == ()
        one.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("admin", "url"),
    [
        (":9464", "http://gpu-7:9464/api/v1/slo"),
        ("[::]:9464", "http://gpu-7:9464/api/v1/slo"),
        ("127.0.0.1:1", "http://127.0.0.1:1/api/v1/slo"),
        ("[::1]:1", "http://[::1]:1/api/v1/slo"),
        ("", ""),
        (":0", ""),
    ],
)
def test_alerts_lead_back_to_the_page_of_this_host(
    admin: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "host_name", lambda: "gpu-7")
    assert delivery._generator_url(admin) == url
