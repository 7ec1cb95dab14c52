"""Ids of objectives: stable over releases, equal exactly while the counts keep their meaning."""

from __future__ import annotations

from dataclasses import replace

from sidecar.model.indicator import Available, FirstTokenBelow, LatencyBelow
from sidecar.model.objective import Objective

FAST = Objective("fast", LatencyBelow(100_000_000), "0.999", "resnet50")


def test_the_id_of_a_definition_never_changes_between_releases() -> None:
    assert FAST.id == "3b45602f149ba84a"
    assert Objective("answers", Available(), "0.999").id == "e45d7566ad881b8c"


def test_of_availability_only_another_time_of_giving_up_counts_differently() -> None:
    usual = Objective("answers", Available(), "0.999")
    assert replace(usual, indicator=Available(30_000_000_000)).id == usual.id
    patient = replace(usual, indicator=Available(60_000_000_000))
    assert patient.id != usual.id
    assert Objective.from_json(patient.to_json()) == patient
    assert Objective.from_json(patient.to_json()).id == patient.id


def test_a_new_target_keeps_the_counts_and_shows_in_the_spec_hash() -> None:
    stricter = replace(FAST, ratio="0.9999")
    assert stricter.id == FAST.id
    assert stricter.spec_hash != FAST.spec_hash


def test_whatever_is_counted_differently_has_another_id() -> None:
    changed = [
        replace(FAST, indicator=LatencyBelow(200_000_000)),
        replace(FAST, model_glob="*"),
        replace(FAST, method_glob="a/b"),
        replace(FAST, name="faster"),
        replace(FAST, indicator=FirstTokenBelow(100_000_000)),
    ]
    assert len({FAST.id, *(each.id for each in changed)}) == 6
