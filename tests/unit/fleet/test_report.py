"""What was to be seen and was not is said to be so; a day of history and the last release are what they should be."""

from __future__ import annotations

import pytest

from tests.fleet.history import PODS, SECONDS, STEP_SECONDS, lines
from tests.fleet.released import NoReleaseError, newest_release
from tests.fleet.report import Report, clock, table


def test_a_row_holds_where_what_is_seen_is_what_is_expected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report(lambda: "well")
    report.expect("pages", 1, 1)
    report.expect("pages", 1, 2)
    report.expect("share", "about 1", 2, holds=True)
    report.tell("lost", 3)
    assert [each.holds for each in report.rows] == [True, False, True, True]
    rows = table(report.rows).splitlines()
    assert [row.endswith("NO") for row in rows] == [False, False, True, False, False]
    said = capsys.readouterr().out
    assert said.count("  NO  pages: 2 (expected: 1)") == said.count("ok") - 1 == 1


def test_waiting_says_how_long_or_that_it_never_came() -> None:
    report = Report(lambda: "well")
    waited = report.wait(lambda: True, 60)
    assert waited is not None
    assert report.wait(lambda: False, 0) is None


def test_moments_are_minutes_and_seconds() -> None:
    assert (clock(0), clock(61.9), clock(6000)) == ("00:00", "01:01", "100:00")


def test_a_day_of_history_is_good_events_at_a_rate() -> None:
    end = 1_800_000_000
    made = list(lines(end, 100, {"namespace": "ml", "workload": "chat"}))
    last = end - STEP_SECONDS
    good = [each for each in made if 'outcome="good"' in each and each.endswith(f" {last}")]
    assert len(good) == PODS
    per_pod = 100 // PODS * (SECONDS - STEP_SECONDS)
    assert all(each.split()[-2] == str(per_pod) for each in good)
    (recorded,) = (
        each for each in made if each.startswith("wayside:slo_good") and str(last) in each
    )
    assert recorded == (
        f'wayside:slo_good:increase{{namespace="ml",workload="chat",slo="answers",window="5m"}} 30000 {last}'
    )
    assert made[-1] == "# EOF"


def test_the_last_release_is_the_newest_with_a_date() -> None:
    changelog = (
        "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n## [0.1.0] - 2026-11-30\n"
    )
    assert newest_release(changelog) == ("0.2.0", "## [0.2.0] - 2026-12-01")
    with pytest.raises(NoReleaseError):
        newest_release("## [Unreleased]\n")
