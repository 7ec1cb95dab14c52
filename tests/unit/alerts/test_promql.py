"""Strings and windows, as PromQL writes them."""

from __future__ import annotations

import pytest

from alerts.promql import PROMETHEUS2, PROMETHEUS3, Window, quoted
from sidecar.model.duration import DAY, HOUR, MINUTE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("answers", '"answers"'),
        ('a "b" \\ c', '"a \\"b\\" \\\\ c"'),
        ("a`b\n\u2028", '"a\\u0060b\\u000a\\u2028"'),
        ("\U0001f682", '"\\U0001f682"'),
    ],
)
def test_strings_are_ascii_on_one_line(text: str, expected: str) -> None:
    assert quoted(text) == expected


def test_a_window_of_up_to_an_hour_reads_raw_counters() -> None:
    assert [Window(each, PROMETHEUS2).is_raw for each in (5 * MINUTE, HOUR, HOUR + 1)] == [
        True,
        True,
        False,
    ]


def test_a_range_has_one_end_in_either_dialect() -> None:
    two, three = Window(6 * HOUR, PROMETHEUS2), Window(6 * HOUR, PROMETHEUS3)
    assert (two.grid, three.grid) == ("[5h59m59s999ms:5m]", "[6h:5m]")
    assert (two.samples, three.samples) == ("[5h59m59s999ms]", "[6h]")
    assert (two.increase, three.increase) == ("[6h]", "[6h] anchored")


def test_a_grid_is_made_of_whole_increases() -> None:
    assert Window(DAY + MINUTE, PROMETHEUS3).grid == "[1d5m:5m]"
