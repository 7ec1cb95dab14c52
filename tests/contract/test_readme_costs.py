"""README tells the costs that the committed bench/RESULTS.md tells."""

from __future__ import annotations

from bench.readme import README, RESULTS, rewritten


def test_the_readme_shows_the_committed_results() -> None:
    """`python -m bench.readme` writes it again; `make bench` does so itself."""
    text = README.read_text()
    assert rewritten(text, RESULTS.read_text()) == text
