"""What the tap refuses is refused by name before it gets there."""

from __future__ import annotations

import pytest

from sidecar.model.policy import Extract, Read, Slot, Step, Variant
from sidecar.servers.catalogue import compile_server
from sidecar.servers.limits import MAX_EDGES, MAX_STRINGS, MAX_VALUES, depth, refusal
from sidecar.text.document import parse_document


def program(*paths: tuple[int, ...], read: Read = Read.INT) -> list[Variant]:
    """Return a program of one form that reads these paths."""
    return [Variant(tuple(Extract(Slot.MODEL, tuple(map(Step, path)), read) for path in paths))]


@pytest.mark.parametrize(
    ("fits", "exceeds", "reason"),
    [
        (program((1,) * 8), program((1,) * 9), "8 steps deep"),
        (
            program(*((n,) for n in range(1, MAX_VALUES + 1))),
            program(*((n,) for n in range(1, MAX_VALUES + 2))),
            "32 values",
        ),
        (
            program(*((n,) for n in range(1, MAX_STRINGS + 1)), read=Read.STRING),
            program(*((n,) for n in range(1, MAX_STRINGS + 2)), read=Read.STRING),
            "8 different strings",
        ),
        (
            program(*((n, 1, 1) for n in range(1, MAX_EDGES // 3 + 1))),
            program(*((n, 1, 1) for n in range(1, MAX_EDGES // 3 + 2))),
            "64 fields",
        ),
    ],
    ids=["depth", "values", "strings", "fields"],
)
def test_the_last_that_fits_and_the_first_that_does_not(
    fits: list[Variant], exceeds: list[Variant], reason: str
) -> None:
    assert refusal(fits) == ""
    assert reason in refusal(exceeds)


def test_forms_share_what_they_read_alike() -> None:
    one = program(*((n,) for n in range(1, MAX_STRINGS + 1)), read=Read.STRING)
    assert refusal(one * 5) == ""


def test_a_step_into_a_map_counts_twice() -> None:
    assert depth((Step(1), Step(2, "key"), Step(3))) == 4


def test_a_file_that_asks_for_too_much_is_told_where() -> None:
    fields = ", ".join(f"f{n}: {n}" for n in range(1, 10))
    wanted = ", ".join(f"f{n}" for n in range(1, 10))
    text = f"""\
server: acme
messages: {{Ask: {{{fields}}}}}
methods:
  /acme.Oracle/Ask:
    request: {{message: Ask, model: [{wanted}]}}
"""
    (problem,) = compile_server(parse_document("own.yaml", text.encode())).problems
    assert (problem.line, problem.field) == (5, "methods./acme.Oracle/Ask.request")
    assert "8 different strings" in problem.what
    assert problem.hint
