"""Ids of objectives: stable over releases, equal exactly while the counts keep their meaning."""

from __future__ import annotations

from dataclasses import replace

from sidecar.model.objective import Good, Objective

FAST = Objective("fast", Good.LATENCY_BELOW, "0.999", 100_000_000, "resnet50")


def test_the_id_of_a_definition_never_changes_between_releases() -> None:
    assert FAST.id == "3b45602f149ba84a"


def test_a_new_target_keeps_the_counts_and_shows_in_the_spec_hash() -> None:
    stricter = replace(FAST, ratio="0.9999")
    assert stricter.id == FAST.id
    assert stricter.spec_hash != FAST.spec_hash


def test_whatever_is_counted_differently_has_another_id() -> None:
    changed = [
        replace(FAST, threshold_nanos=200_000_000),
        replace(FAST, model_glob="*"),
        replace(FAST, method_glob="a/b"),
        replace(FAST, name="faster"),
        replace(FAST, good=Good.FIRST_RESPONSE_BELOW),
    ]
    assert len({FAST.id, *(each.id for each in changed)}) == 6
