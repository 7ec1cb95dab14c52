"""The body, to the byte."""

from __future__ import annotations

from exporters.alertmanager.payload import payload, rfc3339
from sidecar.model.sections.alerts import Alert

ALERT = Alert(
    (("alertname", "WaysideBudgetBurn"), ("slo", "schnell-ü")),
    (("summary", 'it "burns"'),),
    1_760_000_100_123_999_999,
    1_760_000_340_000_000_000,
)


def test_the_body_is_as_prometheus_writes_it() -> None:
    assert payload([ALERT], "http://gpu-7:9464/api/v1/slo").decode() == (
        '[{"annotations":{"summary":"it \\"burns\\""},"endsAt":"2025-10-09T08:59:00.000Z",'
        '"startsAt":"2025-10-09T08:55:00.123Z","generatorURL":"http://gpu-7:9464/api/v1/slo",'
        '"labels":{"alertname":"WaysideBudgetBurn","slo":"schnell-ü"}}]'
    )


def test_without_a_page_nothing_is_said_of_one() -> None:
    assert "generatorURL" not in payload([ALERT], "").decode()


def test_moments_are_cut_to_milliseconds_so_that_none_is_late() -> None:
    assert rfc3339(999_999) == "1970-01-01T00:00:00.000Z"
