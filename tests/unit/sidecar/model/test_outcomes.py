"""The words in which a rule may speak of a call's end."""

from __future__ import annotations

import pytest

from sidecar.model.outcomes import GRPC_CODES, Outcome, is_code, is_good


def test_the_six_outcomes_and_the_seventeen_codes() -> None:
    assert {each.value for each in Outcome} == {
        "ok", "client_error", "cancelled", "timeout", "server_error", "shed",
    }  # fmt: skip
    numbers = {name: number for number, name in enumerate(GRPC_CODES)}
    assert len(numbers) == 17
    assert [numbers[each] for each in ("OK", "RESOURCE_EXHAUSTED", "UNAUTHENTICATED")] == [0, 8, 16]


@pytest.mark.parametrize("code", ["100", "429", "599", "UNAVAILABLE", "IN_BAND_ERROR"])
def test_codes_of_answers(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize("code", ["99", "600", "4xx", "", "unavailable", "LOST", "UNPROCESSED"])
def test_what_is_no_code_of_an_answer(code: str) -> None:
    assert not is_code(code)


def test_codes_that_went_well_are_not_for_rules() -> None:
    codes = ("OK", "100", "200", "399", "400", "UNKNOWN", "IN_BAND_ERROR")
    assert [code for code in codes if is_good(code)] == ["OK", "100", "200", "399"]
