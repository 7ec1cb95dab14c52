"""How examples are tried: as many as ever, and however long the machine takes for each."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# By default an example that takes 0.2 s is a failure, and so are examples that are slow to make. On a busy machine
# neither says anything about what is tried.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
