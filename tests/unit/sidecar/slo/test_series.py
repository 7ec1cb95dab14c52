"""One series: what it says of a tier that burns."""

from __future__ import annotations

from sidecar.model.duration import MINUTE
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from tests.fakes.promises import SECOND, START, Ticker, tier

ANSWERS = Objective("answers", Available(), "0.999")


def test_a_tier_that_the_guard_holds_is_not_said_to_fire_at_once() -> None:
    """Six bad events of one minute are above the threshold, and enough but for the minutes: when, nobody can say."""
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=100)
    page = tier(ticker.tick(START + 2 * SECOND, bad=6).readings[0], "page-fast")
    assert (page.firing, page.held_by, page.fires_in_nanos) == (False, "guard", None)


def test_one_that_lacks_bad_events_is_said_to_fire_when_they_have_come() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START, good=100)
    page = tier(ticker.tick(START + MINUTE, bad=4).readings[0], "page-fast")
    assert (page.held_by, page.fires_in_nanos) == ("guard", 15 * SECOND), (
        "four a minute, and one more"
    )
