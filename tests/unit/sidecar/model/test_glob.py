"""Globs of models and methods: what the tap's do, and no pattern that takes for ever."""

from __future__ import annotations

import itertools
import re

import pytest

from sidecar.model.glob import matches


@pytest.mark.parametrize(
    ("glob", "name", "expected"),
    [("", "a", True), ("a*", "abc", True), ("a?c", "abc", True), ("a?", "abc", False), ("*", "", True),
     ("[a]", "a", False), ("[a]", "[a]", True), ("a.c", "abc", False), ("*b*", "abc", True), ("é", "é", True),
     ("?", "é", False), ("A", "a", False), ("a", "", False)],
)  # fmt: skip
def test_globs_match_as_the_taps_do(glob: str, name: str, expected: bool) -> None:
    assert matches(glob, name) is expected


def test_they_are_what_a_regular_expression_says() -> None:
    for length in range(1, 5):
        for parts in itertools.product("ab*?", repeat=length):
            glob = "".join(parts)
            pattern = re.compile(glob.replace("*", ".*").replace("?", "."))
            for name in map("".join, itertools.product("ab", repeat=4)):
                assert matches(glob, name) is bool(pattern.fullmatch(name)), (glob, name)


def test_many_stars_and_a_long_name_take_no_longer_than_both_lengths_multiplied() -> None:
    """A regular expression would try each way to share the name out among the stars."""
    assert not matches("*a" * 90 + "b", "a" * 1000)
