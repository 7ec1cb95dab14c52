"""Reading and counting a call takes no more instructions than it did: bench/instructions.json, plus three percent."""

from __future__ import annotations

from bench import instructions
from tests.provision.parts import require


def test_reading_and_counting_got_no_dearer() -> None:
    require("valgrind")
    counts = instructions.count(instructions.build())
    assert {one.what for one in counts} == set(instructions.WHAT)
    for one in counts:
        assert one.baseline is not None, f"no baseline: python -m bench.instructions --write\n{one}"
        assert not one.is_worse, f"dearer than the baseline allows: {one}"


def test_dearer_is_told_from_the_noise_of_compilers() -> None:
    assert not instructions.Count("unary", 1029, 1000).is_worse
    assert instructions.Count("unary", 1031, 1000).is_worse
    assert "+3.1%" in str(instructions.Count("unary", 1031, 1000))
