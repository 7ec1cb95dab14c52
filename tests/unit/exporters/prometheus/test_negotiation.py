"""Which format an Accept header gets, those of real scrapers first."""

from __future__ import annotations

import pytest

from exporters.prometheus.negotiation import Format, choose

TEXT, OPENMETRICS, PROTOBUF = Format

# What Prometheus 3.16 sends with scrape_native_histograms, and without; and what 2.42 sends.
PROTO = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROMETHEUS_3_NATIVE = f"{PROTO};q=0.6,{PROMETHEUS_3}"
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "format_", "content_type"),
    [
        (PROMETHEUS_3_NATIVE, PROTOBUF, PROTOBUF.value),
        (PROMETHEUS_3, OPENMETRICS, f"{OPENMETRICS.value}; escaping=allow-utf-8"),
        (PROMETHEUS_2, OPENMETRICS, OPENMETRICS.value),
        ("text/plain;version=0.0.4;q=0.2,*/*;q=0.1", TEXT, TEXT.value),
        # What older ones of the second age sent, and what is asked with other schemes of names.
        ("application/openmetrics-text;version=1.0.0;validchars=utf8", OPENMETRICS, OPENMETRICS.value),
        (f"{PROTO};escaping=underscores", PROTOBUF, f"{PROTOBUF.value}; escaping=underscores"),
        (f"{PROTO};escaping=values", PROTOBUF, f"{PROTOBUF.value}; escaping=values"),
        (f"{PROTO};escaping=dots", PROTOBUF, f"{PROTOBUF.value}; escaping=underscores"),
        ("text/plain;version=0.0.4;escaping=sideways", TEXT, f"{TEXT.value}; escaping=underscores"),
    ],
)  # fmt: skip
def test_scrapers_get_what_they_like_best_and_are_told_what_it_is(
    accept: str, format_: Format, content_type: str
) -> None:
    assert choose(accept) == (format_, content_type)


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
        # Weights decide, not the order.
        (f"text/plain;q=0.3,{PROTO};q=0.2", TEXT),
        (f"text/plain;q=0.2,{PROTO};q=0.3", PROTOBUF),
        ("application/openmetrics-text;q=0.1,*/*;q=0.2", TEXT),
        # Of equals the one that tells more.
        ("text/plain,application/openmetrics-text", OPENMETRICS),
        (f"text/plain,{PROTO},application/openmetrics-text", PROTOBUF),
        # However it is written.
        ("Application/OpenMetrics-Text ; Version=1.0.0 ; Q=1", OPENMETRICS),
        ('application/vnd.google.protobuf; encoding="delimited"; proto="io.prometheus.client.MetricFamily"', PROTOBUF),
        # What is not offered is passed over: versions, other messages, other encodings, a weight of 0.
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("text/plain;version=1.0.0,application/openmetrics-text;q=0.1", OPENMETRICS),
        ("application/vnd.google.protobuf", TEXT),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", TEXT),
        ("application/vnd.google.protobuf;proto=a.B;encoding=delimited", TEXT),
        (f"{PROTO};q=0,application/openmetrics-text;q=0.000,*/*", TEXT),
        ("application/json", TEXT),
        # Nonsense refuses nobody.
        (",,;;=,q=,text/plain;q=x,application/openmetrics-text;q=2", TEXT),
        ("application/openmetrics-text;q=nan", TEXT),
        ("," * 10_000, TEXT),
    ],
)  # fmt: skip
def test_the_format_that_is_liked_best_of_those_offered(accept: str, format_: Format) -> None:
    assert choose(accept).format is format_
