"""The parts of the file about objectives: what is promised of which calls, and when somebody is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from sidecar.config import quantities
from sidecar.config.delivery import MAX_ALERTMANAGERS, AlertmanagerPart, Labels
from sidecar.config.part import DURATION_PATTERN, Duration, Name, Part, Ratio, Share, written
from sidecar.config.quantities import QuantityError
from sidecar.model.alert_names import DEFAULT_RUNBOOKS
from sidecar.model.delivery import AlertDelivery
from sidecar.model.duration import DAY, HOUR, duration_text
from sidecar.model.indicator import (
    All,
    Available,
    FirstTokenBelow,
    Indicator,
    LatencyBelow,
    LongestGapBelow,
    TokenTimeBelow,
)
from sidecar.model.indicator import Part as OneIndicator
from sidecar.model.objective import Objective
from sidecar.model.outcomes import DEFAULT_GIVE_UP_NANOS
from sidecar.model.tiers import DEFAULT_MIN_BAD, DEFAULT_PERIOD_NANOS, DEFAULT_TIERS, Tier
from sidecar.model.windows import MAX_PERIOD_NANOS, RINGS

# The finest ring covers an hour (model/windows): a shorter period would be read off a window of an alert.
MIN_PERIOD_NANOS = HOUR
# A table of tiers is for people; each tier costs two windows per objective and tick.
MAX_TIERS = 8
MAX_MIN_BAD = 10_000
# One kind each, so there are never more; the bound is for whoever writes the same one again and again.
MAX_INDICATORS = 8


def _window_nanos(value: object) -> int:
    """Read the period of an objective."""
    nanos = quantities.duration_nanos(value)
    if not MIN_PERIOD_NANOS <= nanos <= MAX_PERIOD_NANOS:
        hint = f"Use 1h to {MAX_PERIOD_NANOS // DAY}d; 30d is the default."
        raise QuantityError(f"{value!r} is out of range", hint)
    return nanos


def _min_bad(value: object) -> int:
    """Read how many bad events there must be before a share of them is believed."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_MIN_BAD:
        hint = f"Write a number of bad events from 1 to {MAX_MIN_BAD}; {DEFAULT_MIN_BAD} is the default."
        raise QuantityError(f"is {value!r}", hint)
    return value


def _indicators(value: object) -> object:
    """Check how many parts goodput has, and that none holds another."""
    if not isinstance(value, list):
        return value
    if len(value) < 2:
        hint = "One indicator stands by itself: good: {latency_below: 100ms}."
        raise QuantityError(f"has {'one part' if value else 'no part'}", hint)
    if len(value) > MAX_INDICATORS:
        raise QuantityError(f"has {len(value)} parts", f"There may be {MAX_INDICATORS}.")
    if any(isinstance(each, dict) and "all" in each for each in value):
        raise QuantityError("holds another all", "Write its parts beside the others, in one list.")
    return value


Window = Annotated[
    int,
    BeforeValidator(_window_nanos),
    written("The rolling period, 1h to 92d.", DURATION_PATTERN, "30d"),
]
MinBad = Annotated[int, Field(ge=1, le=MAX_MIN_BAD), BeforeValidator(_min_bad)]
FirstToken = Annotated[
    InstanceOf[FirstTokenBelow],
    BeforeValidator(quantities.first_token_below),
    written(
        "A duration, or one that grows with the prompt up to an end.",
        rf"{DURATION_PATTERN}(\s*\+\s*{DURATION_PATTERN}\s*/\s*prompt_token\s+up\s+to\s+{DURATION_PATTERN})?",
        "500ms",
        quantities.GROWING_EXAMPLE,
    ),
]


class Match(Part):
    """Which calls an objective is about; globs, empty = all inference."""

    model: str = Field(default="", max_length=200)
    method: str = Field(default="", max_length=200)


class Availability(Part):
    """`available: true`, or when a client of HTTP that leaves has given up."""

    give_up: Duration = DEFAULT_GIVE_UP_NANOS

    @model_validator(mode="before")
    @classmethod
    def _plainly_true(cls, value: object) -> object:
        if value is True:
            return {}
        if not isinstance(value, dict | Availability):
            hint = "Write available: true, or available: {give_up: 10s}."
            raise QuantityError(f"is {value!r}", hint)
        return value


class One(Part):
    """One indicator: exactly one of these."""

    available: Availability | None = None
    latency_below: Duration | None = None
    first_token_below: FirstToken | None = None
    token_time_below: Duration | None = None
    longest_gap_below: Duration | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> One:
        if len(self.said) != 1:
            known = ", ".join(type(self).model_fields)
            raise QuantityError("must say exactly one thing", f"Write one of {known}.")
        return self

    @property
    def said(self) -> list[str]:
        """Return what is written."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]

    def one_indicator(self) -> OneIndicator:
        """Return the noun that it stands for."""
        if self.first_token_below is not None:
            return self.first_token_below
        if self.latency_below is not None:
            return LatencyBelow(self.latency_below)
        if self.token_time_below is not None:
            return TokenTimeBelow(self.token_time_below)
        if self.longest_gap_below is not None:
            return LongestGapBelow(self.longest_gap_below)
        return Available(self.available.give_up) if self.available else Available()


class Good(One):
    """What makes an event good: one indicator, or several that one request must meet."""

    all: Annotated[list[One], BeforeValidator(_indicators)] | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Good:
        kinds = [each.said[0] for each in self.all or []]
        for kind in kinds:
            if kinds.count(kind) > 1:
                hint = "All must be met, so only the stricter one counts: remove the other."
                raise QuantityError(f"says {kind} {kinds.count(kind)} times", hint)
        return self

    def indicator(self) -> Indicator:
        """Return the noun that it stands for."""
        if self.all is not None:
            return All(tuple(each.one_indicator() for each in self.all))
        return self.one_indicator()


class TierPart(Part):
    """One line of the table of tiers: told when this share of the budget burns within the long window."""

    name: Name
    long: Duration
    short: Duration
    budget: Share
    severity: Literal["page", "ticket"]

    @model_validator(mode="after")
    def _short_is_shorter(self) -> TierPart:
        if self.short >= self.long:
            hint = "The short one ends the alert soon after the harm: a twelfth of the long one is usual."
            raise QuantityError("has a short window that is not shorter than the long one", hint)
        if self.short < RINGS[0].slot_nanos:
            least = duration_text(RINGS[0].slot_nanos)
            hint = f"Events are kept in slots of {least}: no window is shorter."
            raise QuantityError(f"has a short window of {duration_text(self.short)}", hint)
        return self

    def tier(self) -> Tier:
        """Return the noun that it stands for."""
        budget = format(self.budget.normalize(), "f")
        return Tier(self.name, self.severity, self.long, self.short, budget)


class Alerting(Part):
    """When somebody is told; what is left out is as above it, and at the top as shipped."""

    tiers: Annotated[list[TierPart], Field(max_length=MAX_TIERS)] | None = None
    min_bad: MinBad | None = None


class Alerts(Alerting):
    """The same for every objective that does not say otherwise, and where alerts of a single host go."""

    deliver: Literal["none"] | None = None
    alertmanagers: list[AlertmanagerPart] = Field(
        default_factory=list, max_length=MAX_ALERTMANAGERS
    )
    labels: Labels = Field(default_factory=dict)
    scope: Literal["host", "replica"] = "host"
    runbooks: Name = DEFAULT_RUNBOOKS

    def delivery(self) -> AlertDelivery:
        """Return where alerts go: nowhere, unless an Alertmanager is named and `deliver` does not say none."""
        told = () if self.deliver == "none" else self.alertmanagers
        alertmanagers = tuple(each.noun() for each in told)
        return AlertDelivery(alertmanagers, tuple(self.labels.items()), self.scope, self.runbooks)


class Slo(Part):
    """One objective."""

    name: Name
    objective: Ratio
    good: Good
    match: Match = Field(default_factory=Match)
    window: Window = DEFAULT_PERIOD_NANOS
    per: Literal["model"] | None = None
    alerts: Alerting = Field(default_factory=Alerting)

    def noun(self, alerts: Alerting) -> Objective:
        """Return the objective; `alerts` says what this one does not."""
        return Objective(
            name=self.name,
            indicator=self.good.indicator(),
            ratio=format(self.objective.normalize(), "f"),
            model_glob=self.match.model,
            method_glob=self.match.method.removeprefix("/"),
            window_nanos=self.window,
            per_model=self.per is not None,
            tiers=_tiers(self.alerts.tiers, alerts.tiers),
            min_bad=self.alerts.min_bad or alerts.min_bad or DEFAULT_MIN_BAD,
        )


def _tiers(own: list[TierPart] | None, shared: list[TierPart] | None) -> tuple[Tier, ...]:
    """Return the tiers in force; none at all is an answer."""
    said = own if own is not None else shared
    return DEFAULT_TIERS if said is None else tuple(each.tier() for each in said)
