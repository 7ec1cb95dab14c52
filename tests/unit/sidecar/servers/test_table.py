"""Rows for people."""

from __future__ import annotations

import pytest

from sidecar.servers import table
from sidecar.servers.table import MEANINGS, Row, markdown, numbers_markdown, rows, shipped


@pytest.mark.parametrize(
    ("proofs", "untested", "proven"),
    [
        (("live", "proto"), 0, "live"),
        (("proto",), 3, "proto; 3 of 9 untested"),
        ((), 0, "untested"),
        ((), 9, "untested"),
    ],
)
def test_a_row_says_its_strongest_proof_and_what_that_leaves_out(
    proofs: tuple[str, ...], untested: int, proven: str
) -> None:
    assert Row("s", "c", "gRPC", 1, 9, untested, proofs).proven == proven


def test_there_is_a_row_for_each_server_of_each_catalogue() -> None:
    calls = [each for each in shipped() if each.methods or each.routes]
    expected = sorted((user, each.name) for each in calls for user in each.used_by)
    assert "triton" not in {each.name for each in calls}, "it describes metrics alone"
    assert [(row.server, row.catalogue) for row in rows()] == expected
    assert len(markdown().splitlines()) == len(expected) + 2


def test_without_a_proof_a_server_is_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_proofs", dict)
    assert {row.proven for row in rows()} == {"untested"}
    assert "untested" in MEANINGS


def test_the_second_table_says_where_each_number_stands() -> None:
    (triton,) = [line for line in numbers_markdown().splitlines() if line.startswith("| [triton]")]
    cells = [cell.strip() for cell in triton.strip("|").split("|")]
    assert cells[1] == "`:8002/metrics`"
    assert cells[2].endswith('{request_type="waiting"}`<br>`nv_inference_pending_request_count`')
    assert cells[5] == "`nv_inference_count` / `nv_inference_exec_count`"
    assert "mean of `bentoml_service_adaptive_batch_size`" in numbers_markdown()
