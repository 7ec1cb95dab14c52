"""What alerts are called: the same from one host (sidecar/alerting) as from a fleet's rules (alerts).

What both say of one harm has one name, one severity and one tier, so that one route of Alertmanager fits both.
"""

from __future__ import annotations

from sidecar.model.objective import State

BUDGET_BURN = "WaysideBudgetBurn"
# By the state whose tier fires.
OF_STATE = {
    State.STALLED: "WaysideReplicasStalled",
    State.UNREACHABLE: "WaysideReplicasUnreachable",
}
BLIND = "WaysideBlind"
CONFIG_INVALID = "WaysideConfigInvalid"

# Labels of Alertmanager and of ours, which tell alerts apart.
ALERTNAME, SLO, MODEL, SEVERITY, TIER = "alertname", "slo", "model", "severity", "tier"
# In the scope `replica`: Prometheus' own word for who tells. `replica` is not free, as pairs of Prometheus are told
# apart by it, and commonly have it dropped on the way.
INSTANCE = "instance"
OWN_LABELS = frozenset({ALERTNAME, SLO, MODEL, SEVERITY, TIER, INSTANCE})

DEFAULT_RUNBOOKS = "docs/alerts.md"


def runbook_url(runbooks: str, alert: str) -> str:
    """Return the section of the page of runbooks that is about an alert."""
    return f"{runbooks}#{alert.lower()}"
