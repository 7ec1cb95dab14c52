"""Whose events are judged together, and how a rule is to be written for whoever evaluates it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.promql import PROMETHEUS2, quoted
from alerts.relabel import SERVICE, WORKLOAD
from sidecar.model.alert_names import DEFAULT_RUNBOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable

PROMETHEUS, PROMETHEUS_RULE = "prometheus", "prometheusrule"
FORMATS = (PROMETHEUS, PROMETHEUS_RULE)
FLEETS = (WORKLOAD, SERVICE)
PLACE = ("cluster", "namespace")


@dataclass(frozen=True, slots=True)
class Scope:
    """The flags of `wayside rules`, as far as rules depend on them."""

    by: str = WORKLOAD  # one of FLEETS
    matchers: tuple[
        tuple[str, str], ...
    ] = ()  # (label of `key`, value): whom alone the rules are about
    dialect: str = PROMETHEUS2
    runbooks: str = DEFAULT_RUNBOOKS  # address of the page whose sections are named as the alerts

    @property
    def key(self) -> tuple[str, ...]:
        """Return the labels that tell one fleet from another.

        `cluster` is an external label: series have it where several clusters come together, and nowhere else.
        """
        return (*PLACE, self.by)

    @property
    def workload_key(self) -> tuple[str, ...]:
        """Return the same for what is about pods and not about objectives."""
        return (*PLACE, WORKLOAD)

    def selector(self, labels: Iterable[str]) -> str:
        """Return the matchers of series that have these labels, without braces; may be empty."""
        held = [(label, value) for label, value in self.matchers if label in labels]
        return ", ".join(f"{label}={quoted(value)}" for label, value in held)
