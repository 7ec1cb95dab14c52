"""What fits on a page of objectives: events of all, the rest of those that come first in the configuration.

Events are always shown: the budget of a fleet is computed from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import duration_text
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.objective import State
from sidecar.model.profiles import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.sections.objectives import Burn, ObjectiveReading, Objectives

# Objectives, and models of those counted by model, whose reasons, states and burn are shown: some 30 lines each.
MAX_INSTANCES = 100
# Of the nine that there are, in the profile `slo`: with the definition, three events and the state these are 12 lines.
MAX_SLO_REASONS = 7


class ShownBurn(NamedTuple):
    """How fast one budget burns, in seconds and ratios; None and what is missing are not known."""

    rates: Sequence[tuple[str, float]]  # by window, of those that a tier looks at
    firing: Sequence[tuple[str, bool]]  # by tier, of those that can fire
    remaining: float | None
    exhausted_in: float | None
    covered: float | None  # of the longest window

    def series(self) -> int:
        """Return how many series it makes."""
        known = (self.remaining, self.exhausted_in, self.covered)
        return len(self.rates) + len(self.firing) + sum(each is not None for each in known)


class Instance(NamedTuple):
    """An objective, or one model of it, without its events."""

    at: tuple[str, str]  # objective and model
    exclusions: Sequence[tuple[str, int]]  # by reason
    states: Sequence[tuple[str, bool]]  # and whether it is in it
    burn: ShownBurn | None

    def series(self) -> int:
        """Return how many series it makes."""
        burning = self.burn.series() if self.burn else 0
        return len(self.exclusions) + len(self.states) + burning


@dataclass(frozen=True, slots=True)
class ObjectivesPage:
    """The series that are shown, in the order in which they are."""

    instances: Sequence[Instance]
    left_out: int  # series that are known but not shown


def objectives_page_of(objectives: Objectives, profile: Profile) -> ObjectivesPage:
    """Choose what is shown of one tick."""
    instance = _brief if profile is Profile.SLO else _whole
    all_of_them = [instance(each) for each in objectives.readings]
    left_out = sum(each.series() for each in all_of_them[MAX_INSTANCES:])
    return ObjectivesPage(all_of_them[:MAX_INSTANCES], left_out)


def _whole(reading: ObjectiveReading) -> Instance:
    return Instance(
        (reading.objective.name, reading.model),
        reading.events.excluded_by,
        [(state.value, state is reading.state) for state in State],
        _shown(reading.burn) if reading.burn else None,
    )


def _brief(reading: ObjectiveReading) -> Instance:
    """Show the state that there is, and reasons that there were."""
    met = [(reason, count) for reason, count in reading.events.excluded_by if count]
    return Instance(
        (reading.objective.name, reading.model),
        met[:MAX_SLO_REASONS],
        [(reading.state.value, True)],
        None,
    )


def _shown(burn: Burn) -> ShownBurn:
    """Leave out windows at which no tier looks, and tiers whose windows are not kept."""
    tiers = [each for each in burn.tiers if not each.out_of_reach]
    looked_at = {each.long_nanos for each in tiers} | {each.short_nanos for each in tiers}
    return ShownBurn(
        rates=[
            (duration_text(each.nanos), each.burn)
            for each in burn.windows
            if each.burn is not None and each.nanos in looked_at
        ],
        firing=[(each.name, each.firing) for each in tiers],
        remaining=burn.budget_remaining,
        exhausted_in=burn.exhaustion.nanos / NANOS_PER_SECOND if burn.exhaustion else None,
        covered=burn.windows[-1].covered_nanos / NANOS_PER_SECOND if burn.windows else None,
    )
