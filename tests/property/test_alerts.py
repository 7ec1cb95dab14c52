"""Whatever is lost, late or answered badly: within one resend an Alertmanager shows what fires, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.alertmanager.mailbox import Mailbox
from sidecar.alerting.engine import RESEND_NANOS, AlertingEngine, Now
from sidecar.model.delivery import AlertDelivery, Alertmanager
from sidecar.model.duration import SECOND
from sidecar.model.sections.alerts import Alert
from sidecar.model.sections.config import Config
from sidecar.model.sections.objectives import Objectives
from tests.fakes.alertmanager import ModelAlertmanager
from tests.fakes.burning import quiet, reading, tiers

T0 = 1_800_000_000 * SECOND
TO = AlertDelivery((Alertmanager("http://am:9093"),))
FINE = Config(1, True, True, "hash")
NAMES = ("a", "b", "c")
TICK = 10
# How a request ends: taken; lost on its way; taken, but nobody hears of it; and taken after all later ones.
TAKEN, LOST, UNHEARD, LATE = range(4)

STEPS = st.tuples(
    st.sets(st.sampled_from(NAMES)),  # what fires
    st.integers(1, 60),  # for how many ticks
    st.sampled_from([TAKEN, LOST, UNHEARD, LATE]),
    st.booleans(),  # control dies and begins anew afterwards
)


class World:
    """A host, its queue, and an Alertmanager behind a bad network."""

    def __init__(self) -> None:
        self.engine = AlertingEngine()
        self.box = Mailbox()
        self.at = ModelAlertmanager()
        self.late: list[Alert] = []
        self.left: tuple[Alert, ...] = ()
        self.since: dict[str, int] = {}
        self.now = T0

    def tick(self, firing: set[str], how: int) -> None:
        """Ten seconds later."""
        self.now += TICK * SECOND
        self.since = {name: self.since.get(name, self.now) for name in sorted(firing)}
        readings = tuple(
            reading(name, replace(quiet(), tiers=tiers({"page-fast": since})))
            for name, since in self.since.items()
        )
        now = Now(self.now, SECOND)
        self.box.put(self.engine.judge(TO, Objectives(readings), FINE, now).due)
        left = self.engine.unsaved()
        self.left = self.left if left is None else left
        self._send(how)

    def _send(self, how: int) -> None:
        batch = self.box.take(self.now)
        if how == LATE:
            # The client has given up, the request is still under way, and the retry overtakes it.
            self.late += batch
        elif how in (TAKEN, UNHEARD):
            assert self.at.receive(batch)
        if how != TAKEN:
            self.box.put_back(batch)
        else:
            assert self.at.receive(self.late)
            self.late = []

    def die(self) -> None:
        """Begin anew with what is in the store; what was queued is gone."""
        self.engine, self.box = AlertingEngine(self.left), Mailbox()


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=8), st.sets(st.sampled_from(NAMES)))
def test_within_one_resend_it_shows_what_fires(
    history: list[tuple[set[str], int, int, bool]], last: set[str]
) -> None:
    world = World()
    for firing, ticks, how, dies in history:
        for _ in range(ticks):
            world.tick(firing, how)
        if dies:
            world.die()
    # From now on the network is well.
    for _ in range(RESEND_NANOS // SECOND // TICK + 2):
        world.tick(last, TAKEN)
    shown = {dict(labels)["slo"] for labels in world.at.firing(world.now)}
    assert shown == last
    assert world.at.refused == 0
    starts = {
        dict(labels)["slo"]: each.starts_at_unix_nanos for labels, each in world.at.stored.items()
    }
    assert all(starts[name] <= world.since[name] for name in last)
    for _ in range(40):
        world.tick(last, TAKEN)
        assert {dict(each)["slo"] for each in world.at.firing(world.now)} == last, "and goes on so"
