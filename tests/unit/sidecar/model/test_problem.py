"""Problems read as compilers' do, so that editors can jump to them."""

from __future__ import annotations

from sidecar.model.problem import Problem


def test_a_problem_names_file_line_field_fault_and_remedy() -> None:
    problem = Problem(
        "wayside.yaml", 7, "slos[0].objective", "99.9 is no percentage", "Write 99.9%."
    )
    assert str(problem) == "wayside.yaml:7: slos[0].objective: 99.9 is no percentage. Write 99.9%."


def test_what_has_no_line_or_field_leaves_them_out() -> None:
    assert str(Problem("wayside.yaml", 0, "", "cannot be read")) == "wayside.yaml: cannot be read"
