"""Quantities as people write them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from sidecar.config import quantities
from sidecar.config.quantities import QuantityError


@pytest.mark.parametrize(
    ("text", "nanos"),
    [("1us", 10**3), ("100ms", 10**8), ("1.5s", 1_500_000_000), ("2m", 12 * 10**10), ("1h30m", 54 * 10**11),
     ("28d", 28 * 86_400 * 10**9), ("1w", 7 * 86_400 * 10**9), ("0.001us", 1)],
)  # fmt: skip
def test_durations_are_exact_nanoseconds(text: str, nanos: int) -> None:
    assert quantities.duration_nanos(text) == nanos


@pytest.mark.parametrize(
    "text",
    ["100", 100, "", "ms", "-5ms", "0s", "1 ms", "5 minutes", "0.0001us", "999999w", True, None],
)
def test_what_is_no_duration_is_refused_with_a_hint(text: object) -> None:
    with pytest.raises(QuantityError) as caught:
        quantities.duration_nanos(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "ratio"), [("99.9%", "0.999"), ("99.95 %", "0.9995"), ("50%", "0.5")]
)
def test_percentages_are_decimals(text: str, ratio: str) -> None:
    assert quantities.ratio(text) == Decimal(ratio)


@pytest.mark.parametrize("text", [99.9, "99.9", "100%", "0%", "101%", "x%", "%", "NaN%", None])
def test_what_is_no_share_is_refused_with_a_hint(text: object) -> None:
    with pytest.raises(QuantityError) as caught:
        quantities.ratio(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 64 << 20), ("1.5 GB", 1_500_000_000), ("512B", 512), (0, 0), (7, 7)],
)
def test_sizes_have_units_or_are_bytes(text: object, size: int) -> None:
    assert quantities.size_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":8001", ":8001"),
        ("10.0.0.1:80", "10.0.0.1:80"),
        ("[::1]:0", "[::1]:0"),
        ("my-host.svc:1", "my-host.svc:1"),
    ],
)
def test_listen_addresses(text: str, address: str) -> None:
    assert quantities.listen_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9001", "127.0.0.1:9001"),
        ("model:9001", "model:9001"),
        ("unix:/run/m.sock", "unix:/run/m.sock"),
    ],
)
def test_upstream_addresses(text: str, address: str) -> None:
    assert quantities.upstream_address(text) == address


def test_off_is_no_address() -> None:
    assert quantities.listen_address_or_off("off") == ""
    assert quantities.listen_address_or_off(":9464") == ":9464"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (quantities.listen_address, "8001"),
        (quantities.listen_address, 8001),
        (quantities.listen_address, ":99999"),
        (quantities.listen_address, "::1:80"),
        (quantities.listen_address, "a b:80"),
        (quantities.upstream_address, ":0"),
        (quantities.upstream_address, "unix:relative"),
        (quantities.upstream_address, "http://x:80"),
        (quantities.size_bytes, "64 M"),
        (quantities.size_bytes, -1),
        (quantities.size_bytes, True),
        (quantities.money, "3.90"),
        (quantities.money, "3.90 USD/day"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(
    read: Callable[[object], object], value: object
) -> None:
    with pytest.raises(QuantityError) as caught:
        read(value)
    assert caught.value.hint


def test_money_is_kept_as_written() -> None:
    assert quantities.money("3.90 USD/h") == "3.90 USD/h"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8002/metrics", "http://127.0.0.1:8002/metrics"),
        ("http://triton:8002", "http://triton:8002/metrics"),
        ("http://[::1]:8002/", "http://[::1]:8002/"),
        ("http://vllm/stats?format=prometheus", "http://vllm/stats?format=prometheus"),
    ],
)
def test_urls_of_metrics_pages(text: str, url: str) -> None:
    assert quantities.metrics_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1:8002", "https://triton:8002/metrics", "http://", "http:///metrics", "http://a:b/", "http://a:0/",
     "http://a:99999/", "http://user:secret@a/", "http://a/ b", "http://a/#x", "ftp://a/", "http://[::1/", 8002, None],
)  # fmt: skip
def test_what_is_no_url_of_a_metrics_page_is_refused_with_a_hint(text: object) -> None:
    with pytest.raises(QuantityError) as caught:
        quantities.metrics_url(text)
    assert caught.value.hint
