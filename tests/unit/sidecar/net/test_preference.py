"""Weights and parameters of Accept headers."""

from __future__ import annotations

import pytest

from sidecar.net.preference import MAX_PREFERENCES, Preference, accepts_gzip, preferences


def test_values_parameters_and_weights_are_told_apart() -> None:
    assert preferences('text/plain; version=0.0.4 ;q=0.5, A/B;C="d"') == [
        Preference("text/plain", {"version": "0.0.4"}, 0.5),
        Preference("a/b", {"c": "d"}, 1.0),
    ]


@pytest.mark.parametrize("weight", ["x", "", "-1", "1.1", "nan", "inf", "1e9"])
def test_a_weight_that_is_none_counts_as_nothing(weight: str) -> None:
    assert preferences(f"a/b;q={weight}") == [Preference("a/b", {}, 0.0)]


def test_a_header_without_end_is_read_to_an_end() -> None:
    found = preferences(",".join(f"a/{number}" for number in range(10_000)))
    assert [each.value for each in found] == [f"a/{number}" for number in range(MAX_PREFERENCES)]


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, GZIP;q=0.1", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("", False),
        ("br, zstd", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted
