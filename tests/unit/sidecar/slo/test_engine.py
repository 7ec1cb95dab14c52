"""The engine of objectives: events as the tap counted them, each objective its own."""

from __future__ import annotations

from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from sidecar.model.sections.objectives import Events
from sidecar.model.sections.tap import Tap
from sidecar.model.sections.traffic import Traffic
from sidecar.slo.engine import ObjectivesEngine
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts

ANSWERS = Objective("answers", Available(), "0.999")
OTHERS = Objective("others", Available(), "0.999", "bert")


def test_events_and_reasons_of_exclusion_are_the_taps() -> None:
    counted = pb.EventSeries(objective=ANSWERS.id, good=5, bad=2, excluded=4)
    counted.excluded_by.add(label="client_error", value=4)
    counted.excluded_by.add(label="cancelled", value=0)
    section = ObjectivesEngine().judge(
        [ANSWERS, OTHERS],
        Traffic(events={counted.objective: counted}),
        Tap(facts.tap_stats(), draining=False),
        observing=True,
        now_nanos=facts.SECOND,
    )
    assert [each.events for each in section.readings] == [
        Events(5, 2, 4, (("client_error", 4), ("cancelled", 0))),
        Events(),
    ]
