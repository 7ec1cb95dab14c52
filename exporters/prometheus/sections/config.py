"""Which configuration and which build are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import gauges, infos
from sidecar.model import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.sections.config import Config
    from sidecar.model.sections.moment import Moment


def families(config: Config, moment: Moment) -> Iterator[Family]:
    """Yield what there is to tell."""
    yield gauges(metrics.CONFIG_VALID, [((), float(config.valid))])
    yield gauges(metrics.CONFIG_RELOAD, [((), float(config.last_reload_successful))])
    yield gauges(metrics.CONFIG_GENERATION, [((), config.generation)])
    yield infos(metrics.BUILD, [(moment.version,)])
