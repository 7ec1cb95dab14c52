"""The fleet itself: ten replicas that come and go, whoever calls them, and whoever watches them."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fleet.clients import Clients
from tests.fleet.monitoring import Monitoring, Setup, running_monitoring
from tests.fleet.notifications import Notifications, received_notifications
from tests.fleet.replica import Replica, new_replica
from tests.fleet.scrapes import Scrapes, recorded_scrapes
from tests.harness.running import wait_until
from tests.harness.wayside import COMMAND

REPLICAS = 10
CALLS_PER_SECOND = 20 * REPLICAS
READY_SECONDS = 60.0


@dataclass
class Fleet:
    """Who is there now, and who was."""

    folder: Path
    objectives: str
    clients: Clients
    monitoring: Monitoring
    scrapes: Scrapes
    notifications: Notifications
    with_final_scrape: frozenset[int]
    """The slots whose replicas stay until they were scraped."""
    replicas: dict[int, Replica] = field(default_factory=dict)
    """By slot, of which there are ten: a new pod takes the place of an old one."""
    gone: list[Replica] = field(default_factory=list)
    received: int = 0
    """Calls, by the servers that have ended."""
    distinct: int = 0
    complaints: list[str] = field(default_factory=list)
    """How Waysides ended that should have ended well."""

    def __post_init__(self) -> None:
        """Number pods as they begin."""
        self._numbers = itertools.count()

    @property
    def pods(self) -> list[Replica]:
        """Return all there were."""
        return [*self.gone, *self.replicas.values()]

    def replace(self, slots: Iterable[int], failing: float = 0) -> list[Replica]:
        """Put a new pod in each of these places, then have the old ones drain and wait until they are gone."""
        old = [self.replicas[slot] for slot in slots if slot in self.replicas]
        new = [self._start(slot, failing) for slot in slots]
        self._scrape([*self.replicas.values(), *old])
        wait_until(lambda: {each.pod for each in new} <= self.clients.ready(), READY_SECONDS)
        for each in old:
            each.tell_to_end()
        for each in old:
            self.complaints += each.ended()
            self._remove(each)
        self._scrape(self.replicas.values())
        return new

    def restart(self, slots: Iterable[int], program: Path = COMMAND) -> None:
        """Have the Waysides of these pods drain, and run others in the same places, with the same files."""
        chosen = [self.replicas[slot] for slot in slots]
        for each in chosen:
            each.tell_to_end()
        for each in chosen:
            self.complaints += each.ended()
            each.begin(program)
        wait_until(lambda: {each.pod for each in chosen} <= self.clients.ready(), READY_SECONDS)

    def fail(self, ratio: float) -> None:
        """Have every server fail a share of its calls from now on; 0 is none."""
        for each in self.replicas.values():
            each.fail(ratio)

    def close(self) -> None:
        """End all that is left, and add up what servers received."""
        for each in self.replicas.values():
            each.tell_to_end()
        for slot in list(self.replicas):
            self._remove(self.replicas.pop(slot))

    def _start(self, slot: int, failing: float) -> Replica:
        number = next(self._numbers)
        pod = f"chat-{slot}-{number}"
        replica = new_replica(
            pod,
            self.folder / pod,
            self.objectives,
            final_scrape=slot in self.with_final_scrape,
            seed=number,
        )
        self.replicas[slot] = replica
        replica.fail(failing)
        replica.begin()
        self.clients.know(pod, replica.door.listen, replica.door.health)
        return replica

    def _remove(self, replica: Replica) -> None:
        received, distinct = replica.close()
        self.clients.forget(replica.pod)
        self.received += received
        self.distinct += distinct
        self.gone.append(replica)

    def _scrape(self, replicas: Iterable[Replica]) -> None:
        self.monitoring.scrape({each.pod: each.door.admin for each in replicas})


@contextlib.contextmanager
def running_fleet(setup: Setup, with_final_scrape: Iterable[int]) -> Iterator[Fleet]:
    """Run ten replicas, all ready and called, until the block ends."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wayside-fleet-")))
        told = stack.enter_context(received_notifications())
        scrapes = stack.enter_context(recorded_scrapes())
        monitoring = stack.enter_context(running_monitoring(setup, folder, scrapes.address, told))
        clients = stack.enter_context(Clients(CALLS_PER_SECOND).calling())
        objectives, chosen = setup.config.read_text(), frozenset(with_final_scrape)
        fleet = Fleet(folder, objectives, clients, monitoring, scrapes, told, chosen)
        stack.callback(fleet.close)
        fleet.replace(range(REPLICAS))
        clients.resume()
        yield fleet
