"""One tick: the tuple of what every storey says of it, published whole, read by every outlet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.sections.alerts import AlertmanagerReading, Alerts
    from sidecar.model.sections.config import Config
    from sidecar.model.sections.control import Control
    from sidecar.model.sections.moment import Moment
    from sidecar.model.sections.objectives import Objectives
    from sidecar.model.sections.store import StoreReading
    from sidecar.model.sections.tap import Tap
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.server_metrics import ServerReading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The sections, and nothing else."""

    moment: Moment
    traffic: Traffic
    tap: Tap
    objectives: Objectives
    config: Config
    control: Control
    server: ServerReading | None = None  # the model server's own numbers, where they are asked for
    store: StoreReading | None = None  # where state is kept
    alerts: Alerts | None = None
    alertmanagers: tuple[AlertmanagerReading, ...] = ()  # those that alerts go to
